"""Values that are not finite: which variable had the first of a run, and where it came from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from zhuanxing.engine.reading import syntax_tree
from zhuanxing.engine.running.dependency_order import evaluation_order
from zhuanxing.engine.running.graph import Graph
from zhuanxing.engine.translating.model_builder import Built
from zhuanxing.engine.translating.piecewise_definitions import covered

__all__ = ["first_unsound"]


def first_unsound(built: Built, paths: Mapping[str, np.ndarray]) -> tuple[str, int, float] | None:
    """Return the first variable whose value is not finite though all that it reads is.

    `paths` are those of a run by key, (times, *dims). Gives name, row and value, or None. What is
    written as infinite, what a file of data lacks, and elements that no equation defines are
    meant to be so.
    """
    graph = Graph(built, frozenset())
    order = [name for name in evaluation_order(graph.nodes, graph.in_step) if name in paths]
    broken = {name: _broken(built, name, paths[name]) for name in order}
    broken = {name: mask for name, mask in broken.items() if mask.any()}
    rows = {
        name: int(mask.reshape(len(mask), -1).any(axis=1).argmax()) for name, mask in broken.items()
    }
    for row in sorted({*rows.values()}):
        for name in (name for name in order if rows.get(name) == row):
            if not any(broken[need][row].any() for need in _reads(graph, name) if need in broken):
                return name, row, float(paths[name][row][broken[name][row]].ravel()[0])
    return None


def _reads(graph: Graph, name: str) -> frozenset[str]:
    own = graph.nodes[name].needs
    states = (need for need in own if need.startswith("@"))
    return own.union(*(graph.states[state].needs for state in states))


def _broken(built: Built, name: str, path: np.ndarray) -> np.ndarray:
    """Return where a path is not finite and is not meant to be so."""
    element = built.elements.get(name)
    if element is None or all(_meant(part) for part in element.components):
        return np.zeros(path.shape, dtype=bool)
    found: np.ndarray = ~np.isfinite(path) & covered(
        element, built.model.labels[name], built.model.dimensions
    )
    return found


def _meant(component: syntax_tree.Component) -> bool:
    """Return whether a piece is data, or a number as written."""
    return component.role == "data" or isinstance(component.expression, (float, np.ndarray))
