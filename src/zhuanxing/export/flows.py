"""Which variables fill and drain a stock, where its equation is their plain sum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zhuanxing.engine.reading import syntax_tree
from zhuanxing.export.content import is_constant, is_lookup, is_stock

__all__ = ["Flows", "find_flows"]


@dataclass(frozen=True)
class Flows:
    """The inflows and outflows of a stock, by key."""

    inflows: tuple[str, ...]
    outflows: tuple[str, ...]


def find_flows(elements: Mapping[str, syntax_tree.Element]) -> dict[str, Flows]:
    """Return the flows of every stock whose rate of change is a sum of variables of its shape.

    A variable flows into one stock and out of one at most; a stock that would need it a second
    time is left out, as is one whose rate is any other expression.
    """
    found: dict[str, Flows] = {}
    filling: set[str] = set()
    draining: set[str] = set()
    for key, element in elements.items():
        flows = _flows(element, elements) if is_stock(element) else None
        if flows is None or filling & {*flows.inflows} or draining & {*flows.outflows}:
            continue
        filling.update(flows.inflows)
        draining.update(flows.outflows)
        found[key] = flows
    return found


def _flows(
    element: syntax_tree.Element, elements: Mapping[str, syntax_tree.Element]
) -> Flows | None:
    if len(element.components) != 1:
        return None
    component = element.components[0]
    terms = _terms(component.expression.flow, 1)
    if terms is None:
        return None
    for _, reference in terms:
        target = elements.get(reference.name)
        if target is None or is_stock(target) or is_constant(target) or is_lookup(target):
            return None
        if (reference.subscripts or ()) != component.subscripts:
            return None
    names = [reference.name for _, reference in terms]
    if len(set(names)) < len(names):
        return None
    return Flows(
        tuple(reference.name for sign, reference in terms if sign > 0),
        tuple(reference.name for sign, reference in terms if sign < 0),
    )


def _terms(node: Any, sign: int) -> list[tuple[int, syntax_tree.Reference]] | None:
    """Return the signed references whose sum the expression is, None for anything else."""
    if isinstance(node, syntax_tree.Reference):
        return [(sign, node)]
    if not isinstance(node, syntax_tree.Arithmetic) or not {*node.operators} <= {
        "+",
        "-",
        "negative",
    }:
        return None
    signs = [-1] if node.operators == ("negative",) else [1, *map(_sign, node.operators)]
    terms: list[tuple[int, syntax_tree.Reference]] = []
    for inner, argument in zip(signs, node.arguments, strict=True):
        part = _terms(argument, sign * inner)
        if part is None:
            return None
        terms += part
    return terms


def _sign(operator: str) -> int:
    return 1 if operator == "+" else -1
