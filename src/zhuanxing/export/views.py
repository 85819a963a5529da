"""What stands on the view of each sector file: its variables, what they read, its pipes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zhuanxing.export.content import CLOCK, Content, causes, is_constant, is_stock
from zhuanxing.export.flows import find_flows

__all__ = ["CLOUD", "Pipe", "View", "make_views"]

REST = "data"
# With what the name begins under which a cloud is placed.
CLOUD = "cloud: "


@dataclass(frozen=True)
class Pipe:
    """A flow by key with what stands at its ends: a stock, or a cloud for want of one in view."""

    flow: str
    source: str
    target: str


@dataclass(frozen=True)
class View:
    """One drawing. `own` are drawn in full; `shadows` repeat variables of other views.

    `arrows` go from cause to effect; those that `pipes` show are not among them.
    """

    name: str
    own: tuple[str, ...]
    stocks: frozenset[str]
    shadows: tuple[str, ...]
    arrows: tuple[tuple[str, str], ...]
    pipes: tuple[Pipe, ...]


def make_views(content: Content, sectors: Mapping[str, str]) -> tuple[View, ...]:
    """Return one view for each of the `sectors` of variables, and one of the data left over.

    A constant belongs to the first view that reads it.
    """
    read = {key: causes(element, content.elements) for key, element in content.elements.items()}
    homes = {key: sectors[key] for key in content.elements if key in sectors and key not in CLOCK}
    names = sorted({*homes.values()})
    free = {
        key
        for key, element in content.elements.items()
        if key not in homes and key not in CLOCK and is_constant(element)
    }
    for name in names:
        for key in [key for key, home in homes.items() if home == name]:
            for cause in read[key]:
                if cause in free:
                    homes[cause] = name
                    free.remove(cause)
    rest = [key for key in content.elements if key not in homes and key not in CLOCK]
    homes.update(dict.fromkeys(rest, REST))
    views = (
        _view(content, name, [key for key, home in homes.items() if home == name], read)
        for name in (*names, REST)
    )
    return tuple(view for view in views if view.own)


def _view(
    content: Content, name: str, own: Sequence[str], read: Mapping[str, Sequence[str]]
) -> View:
    here = {*own}
    pipes = _pipes(content, here)
    piped = {(pipe.flow, end) for pipe in pipes for end in (pipe.source, pipe.target)}
    arrows = [
        (cause, key)
        for key in own
        for cause in read[key]
        if (cause, key) not in piped and cause != key
    ]
    shadows = dict.fromkeys(cause for cause, _ in arrows if cause not in here)
    stocks = frozenset(key for key in own if is_stock(content.elements[key]))
    return View(name, tuple(own), stocks, tuple(shadows), tuple(arrows), tuple(pipes))


def _pipes(content: Content, here: set[str]) -> list[Pipe]:
    ends: dict[str, dict[str, str]] = {}
    for stock, flows in find_flows(content.elements).items():
        if stock not in here:
            continue
        for side, names in (("target", flows.inflows), ("source", flows.outflows)):
            for flow in names:
                if flow in here:
                    ends.setdefault(flow, {})[side] = stock
    return [
        Pipe(flow, *(stocks.get(side, f"{CLOUD}{side} {flow}") for side in ("source", "target")))
        for flow, stocks in ends.items()
    ]
