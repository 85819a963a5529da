"""Graphs of who reads whom: what lies between two variables, and the widest path."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

__all__ = ["MOST_SHOWN", "abridged", "ancestors", "between", "reversed_graph", "widest_path"]

Graph = Mapping[str, Iterable[str]]
MOST_SHOWN = 7


def reversed_graph(graph: Graph) -> dict[str, set[str]]:
    """Return by variable who reads it, from what each reads."""
    found: dict[str, set[str]] = {}
    for name, reads in graph.items():
        for read in reads:
            found.setdefault(read, set()).add(name)
    return found


def ancestors(graph: Graph, start: str) -> set[str]:
    """Return everything that `start` depends on, itself too."""
    found, waiting = {start}, [start]
    while waiting:
        new = set(graph.get(waiting.pop(), ())) - found
        found |= new
        waiting.extend(new)
    return found


def between(graph: Graph, source: str, target: str) -> set[str]:
    """Return what depends on `source` and is needed by `target`."""
    return ancestors(graph, target) & ancestors(reversed_graph(graph), source) - {source}


def widest_path(
    readers: Graph, source: str, target: str, weights: Mapping[str, float]
) -> tuple[str, ...] | None:
    """Return the path from `source` to `target` whose smallest weight is largest, None if none.

    Only variables in `weights` are passed; of equally wide paths the shortest is taken.
    """
    waiting: list[tuple[float, int, str]] = [(-1.0, 0, source)]
    came_from: dict[str, str] = {}
    done: set[str] = set()
    best = {source: (-1.0, 0)}
    while waiting:
        width, length, name = heapq.heappop(waiting)
        if name in done:
            continue
        done.add(name)
        if name == target:
            return _walked(came_from, target)
        for reader in readers.get(name, ()):
            if reader in weights and reader not in done:
                rank = (max(width, -weights[reader]), length + 1)
                if rank < best.get(reader, (1.0, 0)):
                    best[reader] = rank
                    came_from[reader] = name
                    heapq.heappush(waiting, (*rank, reader))
    return None


def _walked(came_from: Mapping[str, str], target: str) -> tuple[str, ...]:
    path = [target]
    while path[-1] in came_from:
        path.append(came_from[path[-1]])
    return tuple(reversed(path))


def abridged(names: Sequence[str], known: Collection[str], most: int = MOST_SHOWN) -> list[str]:
    """Return at most so many variables of a chain, evenly along it: those that people know first.

    What merely passes a value on is left out, unless too few would remain to follow the chain.
    """
    if len(names) <= most:
        return list(names)
    middle = [name for name in names if name in known]
    middle = middle if len(middle) >= most // 2 else list(names)
    places = np.linspace(0, len(middle) - 1, min(most, len(middle))).round().astype(int)
    return [middle[place] for place in dict.fromkeys(places)]
