"""Where the variables of a view are drawn: in ranks from cause (left) to effect (right).

The way of Sugiyama, Tagawa and Toda (1981): ranks by the longest path, the order within a rank by
the places of neighbours, and heights as near to the neighbours' as the order allows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from scipy.optimize import isotonic_regression

from zhuanxing.export.views import CLOUD, View

__all__ = ["Box", "Placed", "place"]

MARGIN = 60
RANK_GAP, NODE_GAP = 50, 9
# Room for the valve that stands on a flow.
VALVE = 12
SWEEPS = 12
CHARACTER, LINE, LINE_LENGTH = 6.2, 14, 22
STOCK_PADDING = 10

Neighbours = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Box:
    """The centre and half the size of what is drawn for a name, in Vensim's points."""

    x: int
    y: int
    half_width: int
    half_height: int


Placed = dict[str, Box]


def place(view: View) -> Placed:
    """Return the box of every variable and cloud of a view."""
    sizes = {name: _size(name, name in view.stocks) for name in (*view.own, *view.shadows)}
    ends = [end for pipe in view.pipes for end in (pipe.source, pipe.target)]
    sizes |= {end: (10, 8) for end in ends if end.startswith(CLOUD)}
    piped = [
        link for pipe in view.pipes for link in ((pipe.source, pipe.flow), (pipe.flow, pipe.target))
    ]
    links = _forward(list(sizes), [*view.arrows, *piped])
    ranks = _ordered(_ranked(list(sizes), links), _beside(sizes, links))
    flows = {pipe.flow for pipe in view.pipes}
    room = {name: size[1] + (VALVE // 2 if name in flows else 0) for name, size in sizes.items()}
    heights = _heights(ranks, room, _beside(sizes, links))
    boxes: Placed = {}
    left = MARGIN
    for rank in ranks:
        widest = max(sizes[name][0] for name in rank)
        for name in rank:
            boxes[name] = Box(left + widest, round(heights[name]) + MARGIN, *sizes[name])
        left += 2 * widest + RANK_GAP
    return boxes


def _forward(names: Sequence[str], links: Sequence[tuple[str, str]]) -> Neighbours:
    """Return what each name leads to, without the links that close a circle."""
    after: dict[str, list[str]] = {name: [] for name in names}
    for start, end in links:
        if end not in after[start] and start != end:
            after[start].append(end)
    kept: dict[str, list[str]] = {name: [] for name in names}
    state: dict[str, bool] = {}
    for name in names:
        if name in state:
            continue
        state[name] = False
        path = [(name, iter(after[name]))]
        while path:
            here, rest = path[-1]
            step = next(rest, None)
            if step is None:
                state[here] = True
                path.pop()
            elif state.get(step) is not False:
                kept[here].append(step)
                if step not in state:
                    state[step] = False
                    path.append((step, iter(after[step])))
    return kept


def _ranked(names: Sequence[str], links: Neighbours) -> list[list[str]]:
    """Return the names by rank: each after all that leads to it, causes close to their effects."""
    waiting = dict.fromkeys(names, 0)
    for name in names:
        for end in links[name]:
            waiting[end] += 1
    order = [name for name in names if not waiting[name]]
    rank = dict.fromkeys(names, 0)
    for name in order:
        for end in links[name]:
            rank[end] = max(rank[end], rank[name] + 1)
            waiting[end] -= 1
            if not waiting[end]:
                order.append(end)
    for name in reversed(order):
        if links[name]:
            rank[name] = min(rank[end] for end in links[name]) - 1
    found: list[list[str]] = [[] for _ in range(max(rank.values(), default=0) + 1)]
    for name in names:
        found[rank[name]].append(name)
    return [names for names in found if names]


def _beside(names: Mapping[str, object], links: Neighbours) -> Neighbours:
    """Return what each name is linked with, in both directions."""
    found: dict[str, list[str]] = {name: [] for name in names}
    for start, ends in links.items():
        for end in ends:
            found[start].append(end)
            found[end].append(start)
    return found


def _ordered(ranks: list[list[str]], beside: Neighbours) -> list[list[str]]:
    """Return the ranks with each name near the middle of its neighbours' places."""
    places = {name: i / len(rank) for rank in ranks for i, name in enumerate(rank)}
    for sweep in range(SWEEPS):
        for rank in ranks if sweep % 2 == 0 else reversed(ranks):
            middle = {
                name: np.mean([places[other] for other in beside[name]] or [places[name]])
                for name in rank
            }
            rank.sort(key=lambda name, middle=middle: middle[name])  # type: ignore[misc]
            places.update({name: (i + 0.5) / len(rank) for i, name in enumerate(rank)})
    return ranks


def _heights(
    ranks: Sequence[Sequence[str]], room: Mapping[str, int], beside: Neighbours
) -> dict[str, float]:
    """Return the height of each name's middle: as near its neighbours' as their order allows."""
    least = {}
    for rank in ranks:
        edges = np.cumsum([0.0, *(2.0 * room[name] + NODE_GAP for name in rank)])
        least.update({name: edges[i] + room[name] for i, name in enumerate(rank)})
    heights = dict(least)
    for sweep in range(SWEEPS):
        for rank in ranks if sweep % 2 == 0 else reversed(ranks):
            wanted = [
                np.mean([heights[other] for other in beside[name]] or [heights[name]])
                for name in rank
            ]
            free = isotonic_regression(np.subtract(wanted, [least[name] for name in rank])).x
            heights.update({name: least[name] + free[i] for i, name in enumerate(rank)})
    top = min(heights[name] - room[name] for name in heights)
    return {name: height - top for name, height in heights.items()}


def _size(name: str, stock: bool) -> tuple[int, int]:
    """Return half the width and height that a name needs, broken into lines of words."""
    words = name.split()
    width = min(max(len(name), 4), max(LINE_LENGTH, *map(len, words)))
    lines = ceil(len(name) / LINE_LENGTH)
    padding = STOCK_PADDING if stock else 0
    return ceil(width * CHARACTER / 2) + padding, ceil(lines * LINE / 2) + padding
