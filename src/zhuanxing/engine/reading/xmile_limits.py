"""Stocks of XMILE that are not negative: outflows take no more than there is.

An outflow is limited to what the stock holds, and what flows in, over one time step, less the
outflows listed before it (isee systems: "flow prioritization"). An inflow that turns negative takes
no more than the stock holds. Where an inflow depends on the
outflow, as in a ring of stocks, it waits for the next step. So no matter is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zhuanxing.engine.reading import syntax_tree
from zhuanxing.engine.reading.syntax_tree import Arithmetic, Call, Component, Element, Reference
from zhuanxing.engine.running.dependency_order import reachable

__all__ = ["Stock", "limited"]

DT = Reference("time step")


@dataclass(frozen=True)
class Stock:
    """A stock that is not negative, with its flows by full name, in order."""

    name: str
    inflows: tuple[str, ...]
    outflows: tuple[str, ...]


def limited(elements: Mapping[str, Element], stocks: Sequence[Stock]) -> dict[str, Element]:
    """Return the variables with the outflows of `stocks` limited to what is there."""
    found = dict(elements)
    reads = {key: _reads(element) for key, element in elements.items()}
    for stock in stocks:
        for inflow in stock.inflows:
            if inflow in found and not _is_uniflow(found[inflow]):
                found[inflow] = _not_draining(found[inflow], stock.name)
        ready = [
            name for name in stock.inflows if not {*stock.outflows} & reachable([name], _of(reads))
        ]
        for place, outflow in enumerate(stock.outflows):
            if outflow in stock.inflows or outflow not in found:
                continue
            before = [
                name
                for name in stock.outflows[:place]
                if outflow not in reachable([name], _of(reads))
            ]
            found[outflow] = _limited(found[outflow], stock.name, ready, before)
            reads[outflow] |= {*ready, *before}
    return found


def _is_uniflow(element: Element) -> bool:
    """Return whether a flow is never negative by its own word."""
    return all(
        isinstance(part.expression, Call)
        and part.expression.function.name == "max"
        and part.expression.arguments[-1] == 0.0
        for part in element.components
    )


def _not_draining(element: Element, stock: str) -> Element:
    """Return an inflow that may be negative, but takes no more than the stock holds."""

    def kept(part: Component) -> Call:
        held = Arithmetic(("/",), (Reference(stock, part.subscripts or None), DT))
        least = Arithmetic(("negative",), (Call(Reference("max"), (held, 0.0)),))
        return Call(Reference("max"), (part.expression, least))

    return syntax_tree.with_expressions(element, kept)


def _of(reads: Mapping[str, set[str]]) -> Any:
    return lambda name: reads.get(name, set())


def _reads(element: Element) -> set[str]:
    """Return what a variable reads in a step; a stock is given."""
    return {
        node.name
        for component in element.components
        if not isinstance(component.expression, syntax_tree.Integ)
        for node in syntax_tree.nodes(component)
        if isinstance(node, Reference)
    }


def _limited(element: Element, stock: str, inflows: list[str], before: list[str]) -> Element:
    """Return an outflow with the smaller of what is wanted and what is there in every piece."""

    def smaller(part: Component) -> Call:
        cell = part.subscripts or None
        held: Any = Arithmetic(("/",), (Reference(stock, cell), DT))
        if inflows or before:
            signs = ("+",) * len(inflows) + ("-",) * len(before)
            flows = (Reference(name, cell) for name in (*inflows, *before))
            held = Arithmetic(signs, (held, *flows))
        there = Call(Reference("max"), (held, 0.0))
        return Call(Reference("min"), (part.expression, there))

    return syntax_tree.with_expressions(element, smaller)
