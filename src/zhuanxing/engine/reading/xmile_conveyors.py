"""XMILE's conveyors: which flows they make, and what limits those that lead to them.

The first outflow falls off the end, the others leak, unless some are marked as leakages (XMILE 1.0,
4.2.1). An inflow that another conveyor makes is taken in whatever there is; others take no more
than capacity, inflow limit, and a conveyor that stands still allow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from lxml import etree

from zhuanxing.engine.reading import syntax_tree
from zhuanxing.engine.reading.numbers import finite_number
from zhuanxing.engine.reading.syntax_tree import (
    Arithmetic,
    Call,
    Component,
    Conveyor,
    ConveyorFlow,
    Element,
    Leak,
    Logic,
    Reference,
)
from zhuanxing.engine.reading.xmile_file import XmileFile, other, tag, text_of
from zhuanxing.engine.reading.xmile_limits import converted
from zhuanxing.engine.running.dependency_order import reachable

__all__ = ["Belt", "conveyed", "read_belt"]

DT = Reference("time step")
PARTS = ("len", "capacity", "in_limit", "sample", "arrest")
# What a conveyor may say of itself that changes nothing without a queue before it.
OF_QUEUES = ("batch_integrity", "one_at_a_time")
# Nodes that have the same value in the whole of a run if all that they read has.
STILL = (
    Arithmetic, Logic, Reference, Component, Element, syntax_tree.InlineLookup, syntax_tree.Lookup,
    syntax_tree.Initial, syntax_tree.Picked,
)  # fmt: skip
CLOCKED = ("step", "ramp", "xramp", "pulse", "xpulse", "pulse train", "xpulse train")


@dataclass
class Belt:
    """A conveyor as its stock describes it, with its flows by full name.

    `zones` are those of the leakages; `parts` are the expressions of its parts, which are read
    after all names are known.
    """

    key: str
    node: etree._Element
    inflows: tuple[str, ...]
    end: str
    leaks: tuple[str, ...]
    zones: tuple[tuple[float, float], ...]
    exponential: bool
    parts: dict[str, Any] = field(default_factory=dict)
    factors: Mapping[str, Any] = field(default_factory=dict)


def read_belt(
    file: XmileFile,
    node: etree._Element,
    key: str,
    flows: tuple[list[str], list[str]],
    found: Mapping[str, etree._Element],
) -> Belt:
    """Return the conveyor of a stock; `flows` are its inflows and outflows, `found` all flows.

    Raises TranslationError naming the stock for what is not known.
    """
    conveyor = file.child(node, "conveyor")
    assert conveyor is not None
    _require_known(file, node, conveyor)
    inflows, outflows = flows
    marked = [name for name in outflows if file.child(found[name], "leak") is not None]
    plain = [name for name in outflows if name not in marked]
    if not plain or (marked and len(plain) > 1):
        raise file.refuse(
            node,
            f"{len(plain)} outflows fall off the end of the conveyor, expected one beside leakages",
        )
    leaks = [name for name in outflows if name != plain[0]]
    for name in (*inflows, *outflows):
        _require_plain_flow(file, node, found[name])
    zones = tuple(_zone(file, found[name]) for name in leaks)
    exponential = conveyor.get("exponential_leak", "false").lower() == "true"
    return Belt(key, node, tuple(inflows), plain[0], tuple(leaks), zones, exponential)


def _require_known(file: XmileFile, node: etree._Element, conveyor: etree._Element) -> None:
    if conveyor.get("discrete", "false").lower() == "true":
        raise file.refuse(node, "it is a discrete conveyor, which the engine does not know")
    known = ("discrete", "exponential_leak", *OF_QUEUES)
    others = [name for name in conveyor.attrib if etree.QName(name).localname not in known]
    others += [tag(child) for child in conveyor if tag(child) and tag(child) not in PARTS]
    if others:
        raise file.refuse(node, f"its conveyor has '{others[0]}', which the engine does not know")
    if not text_of(file, conveyor, "len").strip():
        raise file.refuse(node, "its conveyor has no transit time (<len>)")


def _require_plain_flow(file: XmileFile, node: etree._Element, flow: etree._Element) -> None:
    spread = other(flow, "spreadflow")
    if spread not in (None, "beginning"):
        raise file.refuse(
            node, f"what flows in is spread over the conveyor ('{spread}'), which is not known here"
        )
    if file.child(flow, "leak_integers") is not None:
        raise file.refuse(node, "it leaks whole numbers only, which the engine does not know")


def _zone(file: XmileFile, flow: etree._Element) -> tuple[float, float]:
    try:
        start, end = (
            finite_number(flow.get(name, default))
            for name, default in (("leak_start", "0"), ("leak_end", "1"))
        )
    except ValueError:
        raise file.refuse(flow, "the ends of its zone are not numbers") from None
    if not 0 <= start <= end <= 1:
        raise file.refuse(flow, f"its zone from {start:g} to {end:g} does not lie within 0 and 1")
    return start, end


def conveyed(elements: Mapping[str, Element], belts: Mapping[str, Belt]) -> dict[str, Element]:
    """Return the variables with the flows that conveyors make, and their inflows limited."""
    return _Conveyed(elements, belts).found


class _Conveyed:
    def __init__(self, elements: Mapping[str, Element], belts: Mapping[str, Belt]) -> None:
        self.found = dict(elements)
        self.belts = belts
        self.made = {name for belt in belts.values() for name in (belt.end, *belt.leaks)}
        arrests = {flow: belt.parts["arrest"] for belt in belts.values() for flow in belt.inflows}
        moving = self._moving(elements)
        for belt in belts.values():
            self._place(belt, arrests, moving)
        for belt in belts.values():
            self._limit(belt)

    def _moving(self, elements: Mapping[str, Element]) -> set[str]:
        """Return the variables whose values may change within a run."""
        reads: dict[str, set[str]] = {}
        own = set()
        for key, element in elements.items():
            nodes = [*syntax_tree.nodes(element)]
            reads[key] = {node.name for node in nodes if isinstance(node, Reference)}
            if key in self.belts or key in self.made or any(_moves(node) for node in nodes):
                own.add(key)
        needs = lambda name: reads.get(name, set())  # noqa: E731
        return {key for key in elements if own & {key, *reachable([key], needs)}}

    def _place(self, belt: Belt, arrests: Mapping[str, Any], moving: set[str]) -> None:
        element = self.found[belt.key]
        axes = element.axes or ()
        initial = self._whole(belt.key, "at the start")
        leaks = tuple(
            Leak(self._whole(name, "fraction"), *zone, arrests.get(name, 0.0))
            for name, zone in zip(belt.leaks, belt.zones, strict=True)
        )
        transit, arrest = belt.parts["len"], belt.parts["arrest"]
        reads = {node.name for node in syntax_tree.nodes(transit) if isinstance(node, Reference)}
        fixed = not (reads & moving or any(_moves(node) for node in syntax_tree.nodes(transit)))
        blocked = arrests.get(belt.end, 0.0)
        stock = Conveyor(
            initial, _sum([self._entering(belt, name, axes) for name in belt.inflows]), transit,
            belt.parts["sample"], arrest, blocked, leaks, belt.exponential, fixed,
        )  # fmt: skip
        self._set(belt.key, axes, stock)
        shed = (arrest, *(part for leak in leaks for part in (leak.fraction, leak.blocked)))
        self._set(belt.end, axes, ConveyorFlow(belt.key, 0, (*shed, blocked)))
        for place, name in enumerate(belt.leaks):
            self._set(name, axes, ConveyorFlow(belt.key, place + 1, shed))

    def _set(self, key: str, axes: tuple[str, ...], expression: Any) -> None:
        part = Component(axes, (), expression, "auxiliary")
        self.found[key] = replace(self.found[key], components=(part,))

    def _whole(self, key: str, suffix: str) -> Any:
        """Return the expression of a variable, or a variable of its own where it is in pieces."""
        element = self.found[key]
        if len(element.components) == 1 and element.components[0].subscripts == element.axes:
            return element.components[0].expression
        name = f"{key} {suffix}"
        self.found[name] = replace(element, name=name)
        return Reference(name, element.axes)

    def _entering(self, belt: Belt, name: str, axes: tuple[str, ...]) -> Any:
        return converted(Reference(name, axes or None), belt.factors.get(name))

    def _limit(self, belt: Belt) -> None:
        """Limit the inflows that no conveyor makes, the first one first."""
        axes = self.found[belt.key].axes or ()
        made = [name for name in belt.inflows if name in self.made]
        taken: list[str] = []
        for name in (name for name in belt.inflows if name not in self.made):
            before = [self._entering(belt, other, axes) for other in taken]
            others = [self._entering(belt, other, axes) for other in made]
            rooms = self._rooms(belt, axes, others, before)
            if name in belt.factors:
                rooms = [Arithmetic(("/",), (room, belt.factors[name])) for room in rooms]
            change = partial(_admitted, rooms=rooms, arrest=belt.parts["arrest"])
            self.found[name] = syntax_tree.with_expressions(self.found[name], change)
            taken.append(name)

    def _rooms(
        self, belt: Belt, axes: tuple[str, ...], made: list[Any], before: list[Any]
    ) -> list[Any]:
        """Return how much may flow in by the capacity and by the limit, as rates."""
        rooms = []
        cell = axes or None
        if belt.parts["capacity"] is not None:
            free = Arithmetic(("-",), (belt.parts["capacity"], Reference(belt.key, cell)))
            leaving = [Reference(name, cell) for name in (belt.end, *belt.leaks)]
            room = _sum([Arithmetic(("/",), (free, DT)), *leaving])
            rooms.append(_less(room, [*made, *before]))
        if belt.parts["in_limit"] is not None:
            rooms.append(_less(belt.parts["in_limit"], before))
        return rooms


def _moves(node: Any) -> bool:
    """Return whether a node by itself may change within a run."""
    if isinstance(node, Reference):
        return node.name == syntax_tree.CLOCK
    if isinstance(node, Call):
        name = node.function.name
        return name in CLOCKED or name.startswith(("random", "truncated"))
    return not isinstance(node, STILL)


def _sum(terms: list[Any]) -> Any:
    if not terms:
        return 0.0
    return terms[0] if len(terms) == 1 else Arithmetic(("+",) * (len(terms) - 1), tuple(terms))


def _less(total: Any, parts: list[Any]) -> Any:
    rest = Arithmetic(("-",) * len(parts), (total, *parts)) if parts else total
    return Call(Reference("max"), (rest, 0.0))


def _admitted(part: Component, rooms: list[Any], arrest: Any) -> Any:
    """Return an inflow that is not negative and no more than there is room for."""
    flow: Any = part.expression
    for room in rooms:
        flow = Call(Reference("min"), (flow, room))
    flow = Call(Reference("max"), (flow, 0.0))
    if arrest == 0.0:
        return flow
    stands = Logic(("<>",), (arrest, 0.0))
    return Call(Reference("if then else"), (stands, 0.0, flow))
