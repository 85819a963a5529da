"""What an output is made of and what it is used for, with equation, unit, file and line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from zhuanxing.analyses.explain.graph import reversed_graph
from zhuanxing.engine.causes import causes
from zhuanxing.inputs.names import require_known
from zhuanxing.results.equations import equation_texts
from zhuanxing.results.glossary import read_glossary

if TYPE_CHECKING:
    from zhuanxing.model import Model

__all__ = ["definition_places", "tree"]

_NAME = re.compile(r"^\s*([A-Za-z][^\[(=:]*?)\s*(\[|=|\()")


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
    texts = equation_texts(model.places.model / "sectors")
    places = definition_places(model.places.model / "sectors")
    variables = model.program.variables
    return pd.DataFrame(
        {
            "side": side,
            "depth": level,
            "variable": name,
            "variable_zh": glossary.chinese(name),
            "units": variables[name].units if name in variables else "",
            "place": places.get(name, "model/data"),
            "equation": texts.get(name, ""),
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


def definition_places(sectors: Path) -> dict[str, str]:
    """Return file:line of the first definition of every variable in the sector files."""
    places: dict[str, str] = {}
    for path in sorted(sectors.glob("*.mdl")):
        fresh = True
        for line, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            found = _NAME.match(text) if fresh and not text.startswith(("~", "\t", "*")) else None
            if found:
                name = " ".join(found[1].lower().split())
                places.setdefault(name, f"{path.name}:{line}")
            fresh = text.strip().endswith("|") or not text.strip()
    return places
