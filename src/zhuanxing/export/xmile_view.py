"""The drawing of an XMILE model: the views of the Vensim sketch, one below the other."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from math import atan2, degrees
from xml.etree import ElementTree

from zhuanxing.export.content import CLOCK
from zhuanxing.export.flows import Flows
from zhuanxing.export.layout import Box, Placed
from zhuanxing.export.views import View
from zhuanxing.export.xmile_expression import identifier

__all__ = ["draw"]

GAP = 120
# XMILE draws a circle with the name below it where Vensim draws the name alone.
STRETCH = 2
NET_FLOW_LENGTH = 40
Point = tuple[int, int]


def draw(
    parent: ElementTree.Element,
    drawings: Iterable[tuple[View, Placed]],
    rates: Collection[str],
    net_flows: dict[str, Flows],
) -> None:
    """Add one view to `parent` that holds all drawings.

    `rates` are the keys of variables written as flows; `net_flows` gives, by stock, the flow that
    was added for it.
    """
    view = ElementTree.SubElement(parent, "view", type="stock_flow")
    top = 0
    aliases = 0
    for drawn, boxes in drawings:
        section = _Section(view, boxes, top, aliases)
        section.draw(drawn, rates, net_flows)
        top = section.bottom + GAP
        aliases = section.aliases


class _Section:
    """Draws one view, `top` points below the start of the page."""

    def __init__(self, view: ElementTree.Element, boxes: Placed, top: int, aliases: int) -> None:
        self.view = view
        self.boxes = {name: replace(box, y=STRETCH * box.y + top) for name, box in boxes.items()}
        self.bottom = max(box.y + box.half_height for box in self.boxes.values())
        self.aliases = aliases
        self.alias_of: dict[str, str] = {}

    def draw(self, drawn: View, rates: Collection[str], net_flows: dict[str, Flows]) -> None:
        pipes = {pipe.flow: pipe for pipe in drawn.pipes}
        for name in drawn.own:
            box = self.boxes[name]
            if name in drawn.stocks:
                self._stock(name, box)
                for flow in net_flows.get(name, Flows((), ())).inflows:
                    self._net_flow(flow, box)
            elif name in pipes:
                source, target = self.boxes[pipes[name].source], self.boxes[pipes[name].target]
                self._flow(name, box, _bent(source, box, target))
            elif name in rates:
                ends = [(box.x - box.half_width, box.y), (box.x + box.half_width, box.y)]
                self._flow(name, box, ends)
            else:
                self._at("aux", name, box)
        for name in drawn.shadows:
            if name not in CLOCK:
                self._alias(name)
        for cause, effect in drawn.arrows:
            if cause not in CLOCK:
                self._connector(cause, effect)

    def _at(self, tag: str, name: str, box: Box) -> ElementTree.Element:
        place = {"x": str(box.x), "y": str(box.y)}
        return ElementTree.SubElement(self.view, tag, {"name": identifier(name), **place})

    def _stock(self, name: str, box: Box) -> None:
        xml = self._at("stock", name, box)
        xml.set("width", str(2 * box.half_width))
        xml.set("height", str(2 * box.half_height))

    def _flow(self, name: str, box: Box, points: list[Point]) -> None:
        pts = ElementTree.SubElement(self._at("flow", name, box), "pts")
        for x, y in points:
            ElementTree.SubElement(pts, "pt", x=str(x), y=str(y))

    def _net_flow(self, name: str, stock: Box) -> None:
        edge = stock.x - stock.half_width
        middle = Box(edge - NET_FLOW_LENGTH // 2, stock.y, 0, 0)
        self._flow(name, middle, [(edge - NET_FLOW_LENGTH, stock.y), (edge, stock.y)])

    def _alias(self, name: str) -> None:
        self.aliases += 1
        self.alias_of[name] = str(self.aliases)
        box = self.boxes[name]
        place = {"x": str(box.x), "y": str(box.y), "uid": self.alias_of[name]}
        alias = ElementTree.SubElement(self.view, "alias", place)
        ElementTree.SubElement(alias, "of").text = identifier(name)

    def _connector(self, cause: str, effect: str) -> None:
        one, other = self.boxes[cause], self.boxes[effect]
        # Degrees, counted against the clock, of an arrow that leaves straight for its end.
        angle = degrees(atan2(one.y - other.y, other.x - one.x)) % 360
        connector = ElementTree.SubElement(self.view, "connector", angle=f"{angle:.3f}")
        start = ElementTree.SubElement(connector, "from")
        if cause in self.alias_of:
            ElementTree.SubElement(start, "alias", uid=self.alias_of[cause])
        else:
            start.text = identifier(cause)
        ElementTree.SubElement(connector, "to").text = identifier(effect)


def _bent(source: Box, flow: Box, target: Box) -> list[Point]:
    """Return a pipe of right angles from one box to another, level where the flow's valve is."""
    points = [(source.x, source.y), (source.x, flow.y), (target.x, flow.y), (target.x, target.y)]
    return list(dict.fromkeys(points))
