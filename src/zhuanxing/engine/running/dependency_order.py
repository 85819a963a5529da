"""The order in which variables are evaluated, and what depends on what."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from zhuanxing.engine.running.failures import TranslationError

__all__ = ["CycleError", "dependents", "evaluation_order", "reachable"]

Needs = Callable[[str], Iterable[str]]


class CycleError(TranslationError):
    """Variables that need each other; `names` is the cycle, its first name again at the end.

    A variable and the state that it reads are one link.
    """

    def __init__(self, loop: Iterable[str]) -> None:
        links = [link.strip("@'") for link in loop]
        self.names = [
            link for place, link in enumerate(links) if place == 0 or link != links[place - 1]
        ]
        chain = " <- ".join(f"'{name}'" for name in self.names)
        super().__init__(f"variables need each other's value: {chain}")


def evaluation_order(goals: Iterable[str], needs: Needs) -> list[str]:
    """Return the names that the goals need, each after those it needs, goals included.

    Raises CycleError if there is a cycle.
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
                raise CycleError(loop)
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
