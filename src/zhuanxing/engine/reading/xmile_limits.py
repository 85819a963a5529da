"""Stocks of XMILE that are not negative: outflows take no more than there is.

An outflow is limited to what the stock holds, and what flows in, over one time step, less the
outflows listed before it (isee systems: "flow prioritization"). What the stock holds is counted
once a time step, when it begins: methods that look ahead within a step limit their looks by the
same. An inflow that turns negative takes no more than the stock holds, and what flows in before it.
Where an inflow depends on the outflow, as in a ring of stocks, it waits for the next step. So no
matter is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from zhuanxing.engine.reading import syntax_tree
from zhuanxing.engine.reading.syntax_tree import (
    Arithmetic,
    Call,
    Component,
    Element,
    Reference,
    StepStart,
)
from zhuanxing.engine.running.dependency_order import reachable

__all__ = ["Stock", "converted", "limited"]

DT = Reference("time step")


@dataclass(frozen=True)
class Stock:
    """A stock that is not negative, with its flows by full name, in order.

    `factors` are the numbers by which inflows are multiplied on their way in, where there are any.
    """

    name: str
    inflows: tuple[str, ...]
    outflows: tuple[str, ...]
    factors: Mapping[str, Any] = field(default_factory=dict)


def converted(flow: Any, factor: Any) -> Any:
    """Return a flow times the number that converts its unit downstream, if there is one."""
    return flow if factor is None else Arithmetic(("*",), (flow, factor))


def limited(elements: Mapping[str, Element], stocks: Sequence[Stock]) -> dict[str, Element]:
    """Return the variables with the outflows of `stocks` limited to what is there."""
    return _Limiter(elements).limited(stocks)


class _Limiter:
    def __init__(self, elements: Mapping[str, Element]) -> None:
        self.found = dict(elements)
        self.reads = {key: _reads(element) for key, element in elements.items()}
        self.uniflows = {key for key, element in elements.items() if _is_uniflow(element)}

    def limited(self, stocks: Sequence[Stock]) -> dict[str, Element]:
        """Return the variables with all that the stocks limit."""
        for stock in stocks:
            inflows = [name for name in stock.inflows if name in self.found]
            self._keep(stock, inflows)
            ready = self._ready(inflows, stock.outflows)
            for place, outflow in enumerate(stock.outflows):
                if outflow in stock.inflows or outflow not in self.found:
                    continue
                before = self._ready(stock.outflows[:place], [outflow])
                change = partial(_smaller, stock=stock, inflows=ready, outflows=before)
                self._limit(outflow, [*ready, *before], change)
        return self.found

    def _keep(self, stock: Stock, inflows: Sequence[str]) -> None:
        """Limit the inflows that may be negative, each to what those before it leave."""
        one_way = [name for name in inflows if name in self.uniflows]
        others = [name for name in inflows if name not in self.uniflows]
        for place, inflow in enumerate(others):
            ready = self._ready([*one_way, *others[:place]], [inflow])
            change = partial(_kept, stock=stock, inflows=ready, flow=inflow)
            self._limit(inflow, ready, change)

    def _ready(self, flows: Sequence[str], readers: Sequence[str]) -> list[str]:
        """Return those of some flows that can be known before all of their readers."""
        needs = lambda name: self.reads.get(name, set())  # noqa: E731
        return [name for name in flows if not {*readers} & reachable([name], needs)]

    def _limit(self, flow: str, read: Sequence[str], change: Any) -> None:
        self.found[flow] = syntax_tree.with_expressions(self.found[flow], change)
        self.reads[flow] |= {*read}


def _is_uniflow(element: Element) -> bool:
    """Return whether a flow is never negative by its own word."""
    return all(
        isinstance(part.expression, Call)
        and part.expression.function.name == "max"
        and part.expression.arguments[-1] == 0.0
        for part in element.components
    )


def _reads(element: Element) -> set[str]:
    """Return what a variable reads in a step; a stock is given."""
    return {
        node.name
        for component in element.components
        if not isinstance(component.expression, syntax_tree.Integ)
        for node in syntax_tree.nodes(component)
        if isinstance(node, Reference)
    }


def _there(
    part: Component, stock: Stock, inflows: Sequence[str], outflows: Sequence[str] = ()
) -> Call:
    """Return how much a stock can give in a step, as a rate: never less than nothing."""
    cell = part.subscripts or None
    held: Any = Arithmetic(("/",), (StepStart(Reference(stock.name, cell)), DT))
    if inflows or outflows:
        signs = ("+",) * len(inflows) + ("-",) * len(outflows)
        entering = (converted(Reference(name, cell), stock.factors.get(name)) for name in inflows)
        held = Arithmetic(signs, (held, *entering, *(Reference(name, cell) for name in outflows)))
    return Call(Reference("max"), (held, 0.0))


def _kept(part: Component, stock: Stock, inflows: Sequence[str], flow: str) -> Call:
    """Return an inflow that may be negative, but takes no more than is there."""
    there: Any = _there(part, stock, inflows)
    if flow in stock.factors:
        there = Arithmetic(("/",), (there, stock.factors[flow]))
    return Call(Reference("max"), (part.expression, Arithmetic(("negative",), (there,))))


def _smaller(
    part: Component, stock: Stock, inflows: Sequence[str], outflows: Sequence[str]
) -> Call:
    """Return an outflow as the smaller of what is wanted and what is there."""
    return Call(Reference("min"), (part.expression, _there(part, stock, inflows, outflows)))
