"""The model as XMILE 1.0 (OASIS): dimensions, variables with units and documentation, clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any
from xml.etree import ElementTree

import numpy as np

from zhuanxing import __version__
from zhuanxing.engine.reading import syntax_tree
from zhuanxing.errors import ZhuanxingError
from zhuanxing.export.content import CLOCK, Content, is_lookup, is_stock
from zhuanxing.export.flows import Flows, find_flows
from zhuanxing.export.layout import Placed
from zhuanxing.export.views import View
from zhuanxing.export.xmile_expression import Printer, identifier, number
from zhuanxing.export.xmile_view import draw

__all__ = ["xmile"]

NAMESPACE = "http://docs.oasis-open.org/xmile/ns/XMILE/v1.0"


def xmile(content: Content, name: str, drawings: Sequence[tuple[View, Placed]] = ()) -> str:
    """Return the model as an XMILE document with `name` in its header and `drawings` as its view.

    Arrays are one equation where all elements share it, else one an element. A stock whose rate
    of change is not a sum of variables gets a flow of its own, `<stock> net flow`. Raises
    ZhuanxingError for what XMILE has no word for.
    """
    root = ElementTree.Element("xmile", version="1.0", xmlns=NAMESPACE)
    header = _child(root, "header")
    _child(header, "vendor", "zhuanxing")
    _child(header, "product", "zhuanxing", version=__version__, lang="en")
    _child(header, "name", name)
    _clock(root, content)
    dimensions = _child(root, "dimensions")
    for label, members in content.dimensions.elements.items():
        dim = _child(dimensions, "dim", name=identifier(label))
        for member in members:
            _child(dim, "elem", name=identifier(member))
    model = _child(root, "model")
    writer = _Writer(content, _child(model, "variables"))
    writer.write()
    if drawings:
        draw(_child(model, "views"), drawings, writer.rates, writer.net_flows)
    ElementTree.indent(root, " ")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(root, "unicode")}\n'


def _child(
    parent: ElementTree.Element, tag: str, text: str | None = None, **attributes: str
) -> ElementTree.Element:
    child = ElementTree.SubElement(parent, tag, attributes)
    child.text = text
    return child


def _clock(root: ElementTree.Element, content: Content) -> None:
    def control(key: str) -> str:
        element = content.elements.get(key)
        value = element.components[0].expression if element else None
        if not isinstance(value, float):
            raise ZhuanxingError(f"'{key}' is not a number, which XMILE needs it to be")
        return number(value)

    units = content.elements["time step"].units
    specs = _child(root, "sim_specs", method=content.method, time_units=units)
    _child(specs, "start", control("initial time"))
    _child(specs, "stop", control("final time"))
    _child(specs, "dt", control("time step"))


class _Writer:
    """Writes the variables of a model under one XML element."""

    def __init__(self, content: Content, parent: ElementTree.Element) -> None:
        self.content = content
        self.parent = parent
        elements = content.elements
        self.flows = find_flows(elements)
        self.rates = {
            name for flows in self.flows.values() for name in (*flows.inflows, *flows.outflows)
        }
        self.net_flows: dict[str, Flows] = {}
        self.tables = frozenset(key for key, element in elements.items() if is_lookup(element))

    def write(self) -> None:
        for key, element in self.content.elements.items():
            if key in CLOCK:
                continue
            if is_stock(element):
                self._stock(key, element)
            else:
                tag = "flow" if key in self.rates else "aux"
                xml = self._variable(tag, key, element, element.documentation, element.units)
                self._equations(xml, key, element, lambda expression: expression)

    def _stock(self, key: str, element: syntax_tree.Element) -> None:
        xml = self._variable("stock", key, element, element.documentation, element.units)
        self._equations(xml, key, element, lambda integ: integ.initial)
        flows = self.flows.get(key)
        if flows is None:
            rate = f"{key} net flow"
            flows = self.net_flows[key] = Flows((rate,), ())
            time = self.content.elements["time step"].units
            comment = f"Rate of change of {key}."
            net = self._variable("flow", rate, element, comment, f"({element.units})/{time}")
            self._equations(net, rate, element, lambda integ: integ.flow)
        for tag, names in (("inflow", flows.inflows), ("outflow", flows.outflows)):
            for name in names:
                _child(xml, tag, identifier(name))

    def _variable(
        self, tag: str, key: str, element: syntax_tree.Element, comment: str, units: str
    ) -> ElementTree.Element:
        xml = _child(self.parent, tag, name=key.replace(" ", "_"))
        _child(xml, "doc", " ".join(comment.split()))
        _child(xml, "units", "1" if units == "Dmnl" else units)
        low, high = element.limits
        if tag != "flow" and (low is not None or high is not None):
            limits = {"min": low, "max": high}
            shown = {name: number(value) for name, value in limits.items() if value is not None}
            _child(xml, "range", **shown)
        return xml

    def _equations(
        self, xml: ElementTree.Element, key: str, element: syntax_tree.Element, part: Any
    ) -> None:
        """Write one equation for all elements if they share it, else one an element."""
        labels = self._labels(key, element)
        if labels:
            dimensions = _child(xml, "dimensions")
            for label in labels:
                _child(dimensions, "dim", name=identifier(label))
        first = element.components[0]
        shared = first.subscripts == labels and not first.excepts
        expression = part(first.expression)
        plain = not isinstance(expression, (np.ndarray, syntax_tree.Lookup))
        if len(element.components) == 1 and shared and (plain or not labels):
            self._equation(xml, key, expression, {}, labels)
            return
        for cell, bound, value in self._cells(element, labels, part):
            subscript = ", ".join(map(identifier, cell))
            self._equation(_child(xml, "element", subscript=subscript), key, value, bound)

    def _labels(self, key: str, element: syntax_tree.Element) -> tuple[str, ...]:
        """Return the main ranges of a variable, one a subscript."""
        columns = zip(*(component.subscripts for component in element.components), strict=True)
        return tuple(self._main(key, column) for column in columns)

    def _main(self, key: str, names: tuple[str, ...]) -> str:
        members = {member for name in names for member in self._members(name)}
        ranges = self.content.dimensions.elements
        for label, elements in sorted(ranges.items(), key=lambda item: -len(item[1])):
            if members <= {*elements} and (members == {*elements} or label not in names):
                return label
        raise ZhuanxingError(f"variable '{key}': no range holds all of {', '.join(names)}")

    def _members(self, name: str) -> tuple[str, ...]:
        return self.content.dimensions.elements.get(name, (name,))

    def _cells(
        self, element: syntax_tree.Element, labels: tuple[str, ...], part: Any
    ) -> Iterator[tuple[tuple[str, ...], dict[str, str], Any]]:
        """Yield for each element its names, what its ranges stand for, and its expression."""
        for component in element.components:
            members = [self._members(name) for name in component.subscripts]
            excluded = {
                cell
                for group in component.excepts
                for cell in product(*(self._members(name) for name in group))
            }
            expression = part(component.expression)
            values = expression.ravel() if isinstance(expression, np.ndarray) else None
            for place, cell in enumerate(product(*members)):
                if cell in excluded:
                    continue
                value = expression if values is None else float(values[place])
                yield cell, dict(zip(component.subscripts, cell, strict=True)), value

    def _equation(
        self,
        xml: ElementTree.Element,
        key: str,
        value: Any,
        bound: dict[str, str],
        own: tuple[str, ...] = (),
    ) -> None:
        if isinstance(value, syntax_tree.Lookup):
            self._table(xml, key, value)
            return
        table = value.lookups if isinstance(value, syntax_tree.InlineLookup) else None
        printer = Printer(key, self.content.dimensions, self.tables, bound, own)
        _child(xml, "eqn", printer.text(value.argument if table else value))
        if table:
            self._table(xml, key, table)

    def _table(self, xml: ElementTree.Element, key: str, table: syntax_tree.Lookup) -> None:
        if table.type != "interpolate":
            raise ZhuanxingError(f"look-up '{key}': the rule '{table.type}' is not in XMILE")
        gf = _child(xml, "gf", type="continuous")
        _child(gf, "xpts", ",".join(map(number, table.x)))
        _child(gf, "ypts", ",".join(map(number, table.y)))
