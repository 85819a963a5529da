"""A variable of the model as a reader knows it: dimensions, units, comment, kind, equation."""

from __future__ import annotations

from dataclasses import dataclass

from zhuanxing.engine.reading import syntax_tree
from zhuanxing.engine.running.dependency_order import dependents
from zhuanxing.engine.running.graph import Graph
from zhuanxing.engine.running.inputs import is_constant
from zhuanxing.engine.translating.model_builder import Built

__all__ = ["Variable", "describe"]


@dataclass(frozen=True)
class Variable:
    """A variable. `stage` is constant, parameter, time (changes with Time alone) or step."""

    name: str
    dims: tuple[str, ...]
    units: str
    comment: str
    kind: str
    equation: str
    stage: str


def describe(built: Built) -> dict[str, Variable]:
    """Return every variable by its key."""
    stages = _stages(built)
    tables = built.model.tables
    return {
        name: Variable(
            name=name,
            dims=tables[name].labels if name in tables else built.model.labels[name],
            units=element.units,
            comment=" ".join(element.documentation.split()),
            kind=_kind(built, name, element),
            equation=element.equation,
            stage=stages.get(name, "constant"),
        )
        for name, element in built.elements.items()
    }


def _kind(built: Built, name: str, element: syntax_tree.Element) -> str:
    if name in built.model.tables:
        return "lookup"
    first = element.components[0]
    if first.role == "data":
        return "data"
    if is_constant(built.nodes[name]):
        return "constant"
    if isinstance(first.expression, syntax_tree.Integ | syntax_tree.Conveyor):
        # A stock taken apart has no one initial value.
        return "stock" if f"@{name}" in built.nodes[name].needs else "auxiliary"
    return "initial" if isinstance(first.expression, syntax_tree.Initial) else "auxiliary"


def _stages(built: Built) -> dict[str, str]:
    graph = Graph(built, frozenset())
    names = [*graph.nodes, *graph.states]
    moving = {name for name, node in graph.nodes.items() if node.clock or node.chance}
    timed = dependents(moving, names, graph.in_step)
    stateful = dependents(graph.states, names, graph.in_step)
    return {
        name: "step"
        if name in stateful
        else "time"
        if name in timed
        else "constant"
        if is_constant(graph.nodes[name])
        else "parameter"
        for name in graph.nodes
    }
