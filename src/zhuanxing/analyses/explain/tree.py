"""What an output is made of and what it is used for, with equation, unit, file and line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
    """Return the causes and the uses of an output down to `depth` steps, nearest first.

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
    """Return (steps, variable) from `start`, each variable once, in depth-first order."""
    found: list[tuple[int, str]] = []
    seen = {start}

    def visit(name: str, level: int) -> None:
        for other in sorted(graph.get(name, ())):
            if other not in seen and level <= depth:
                seen.add(other)
                found.append((level, other))
                visit(other, level + 1)

    visit(start, 1)
    return found
