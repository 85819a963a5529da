"""The order in which variables are evaluated, and what depends on what."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from zhuanxing.engine.failures import TranslationError

__all__ = ["dependents", "evaluation_order", "reachable"]

Needs = Callable[[str], Iterable[str]]


def evaluation_order(goals: Iterable[str], needs: Needs) -> list[str]:
    """Return the names that the goals need, each after those it needs, goals included.

    Raises TranslationError that spells out a cycle, if there is one.
    """
    done: dict[str, None] = {}
    for goal in goals:
        if goal in done:
            continue
        path = {goal: iter(sorted(needs(goal)))}
        while path:
            name, children = next(reversed(path.items()))
            child = next((child for child in children if child not in done), None)
            if child is None:
                done[name] = None
                del path[name]
            elif child in path:
                trail = list(path)
                loop = [*trail[trail.index(child) :], child]
                raise TranslationError(
                    "variables depend on each other at one instant: "
                    + " <- ".join(f"'{link.lstrip('@')}'" for link in loop)
                    + "; put a stock or a delay between them."
                )
            else:
                path[child] = iter(sorted(needs(child)))
    return list(done)


def reachable(goals: Iterable[str], needs: Needs) -> set[str]:
    """Return the goals and everything that they need, directly or not; cycles are allowed."""
    found: set[str] = set()
    waiting = list(goals)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(needs(name))
    return found


def dependents(sources: Iterable[str], names: Iterable[str], needs: Needs) -> set[str]:
    """Return the names that a source reaches, sources included."""
    readers: dict[str, list[str]] = {}
    for name in names:
        for need in needs(name):
            readers.setdefault(need, []).append(name)
    return reachable(sources, lambda name: readers.get(name, ()))
