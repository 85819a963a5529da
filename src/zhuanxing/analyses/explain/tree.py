"""What an output is made of and what it is used for, with equation, unit, file and line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from zhuanxing.analyses.explain.graph import reversed_graph
from zhuanxing.engine.causes import causes
from zhuanxing.errors import require_known
from zhuanxing.results.glossary import read_glossary

if TYPE_CHECKING:
    from zhuanxing.model import Model

__all__ = ["tree"]


def tree(model: Model, output: str, depth: int) -> pd.DataFrame:
    """Return the causes and the uses of an output down to `depth` steps, an outline of each.

    Columns: side (cause, itself, use), depth, variable, variable_zh, units, place (file:line),
    equation. Constants are causes too. Raises ZhuanxingError for an unknown output.
    """
    known = {one.name: one.variable for one in model.outputs}
    require_known("output", output, known, "explain")
    start = known[output]
    graph = causes(model.program)
    rows = [("itself", 0, start)]
    rows += [("cause", d, name) for d, name in _walked(graph, start, depth)]
    rows += [("use", d, name) for d, name in _walked(reversed_graph(graph), start, depth)]
    glossary = read_glossary(model.places.model)
    variables = model.variables.to_dict("index")
    return pd.DataFrame(
        {
            "side": side,
            "depth": level,
            "variable": name,
            "variable_zh": glossary.chinese(name),
            "units": variables[name]["unit"],
            "place": variables[name]["where"],
            "equation": variables[name]["equation"],
        }
        for side, level, name in rows
    )


def _walked(graph: Mapping[str, Iterable[str]], start: str, depth: int) -> list[tuple[int, str]]:
    """Return (fewest steps, variable) from `start`, each variable once, below one next to it."""
    below: dict[str, list[str]] = {}
    seen, last = {start}, [start]
    for _ in range(depth):
        following = []
        for name in last:
            below[name] = [other for other in sorted(graph.get(name, ())) if other not in seen]
            seen.update(below[name])
            following += below[name]
        last = following

    def listed(name: str, steps: int) -> Iterator[tuple[int, str]]:
        for other in below.get(name, ()):
            yield steps, other
            yield from listed(other, steps + 1)

    return list(listed(start, 1))
