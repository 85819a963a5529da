"""XMILE models: variables, arrays, submodels and graphical functions as the one syntax tree.

Variables of a submodel keep its name in front (`sub.rate`). Where a stock is not negative, its
outflows take no more than is there, in the order in which they are listed (see xmile_limits).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

from lxml import etree

from zhuanxing.engine.reading import syntax_tree
from zhuanxing.engine.reading.expression_parser import Misread, Parser
from zhuanxing.engine.reading.numbers import finite_number
from zhuanxing.engine.reading.parser import Parts
from zhuanxing.engine.reading.syntax_tree import (
    CLOCK,
    Arithmetic,
    Component,
    Element,
    Reference,
)
from zhuanxing.engine.reading.xmile_arrays import Arrays
from zhuanxing.engine.reading.xmile_conveyors import Belt, conveyed, read_belt
from zhuanxing.engine.reading.xmile_file import (
    XmileFile,
    named,
    open_xmile,
    other_file,
    require_readable,
    tag,
    text_of,
    without_comments,
)
from zhuanxing.engine.reading.xmile_functions import XMILE
from zhuanxing.engine.reading.xmile_limits import Stock, converted, limited
from zhuanxing.engine.reading.xmile_macros import Defaults, parameters
from zhuanxing.engine.reading.xmile_modules import Instance, instances, own_names
from zhuanxing.engine.reading.xmile_parts import joined
from zhuanxing.engine.reading.xmile_subscripts import Subscripts, of_element
from zhuanxing.engine.reading.xmile_tables import (
    defines_points,
    graphical_function,
    points_of,
    with_tables,
)
from zhuanxing.engine.running.failures import TranslationError, key_of

__all__ = ["read_xmile"]

# What a variable has once, not an element for itself.
OF_THE_WHOLE = ("inflow", "outflow", "non_negative", "conveyor", "queue", "oven", "leak")

# Waves whose phase is known where the run begins at 0.
WAVE = re.compile(r"\b(SIN|COS)WAVE\b", re.IGNORECASE)

Cell = tuple[str, ...]


def read_xmile(text: str, origin: str, parts: Parts) -> syntax_tree.ParsedModel:
    """Return the model that an XMILE text describes, with its parts in other files.

    Raises TranslationError that names variable, file and line.
    """
    file = joined(open_xmile(text, origin), parts)
    models = file.models()
    specs = file.specs(models[0])
    for model in models[1:]:
        file.require_same_clock(model, specs)
    reader = _Reader(file, specs.start)
    reader.read_all(instances(file, models))
    if not reader.elements:
        raise TranslationError(f"{origin} has no variables: there is nothing to simulate.")
    clock = {
        "INITIAL TIME": specs.start,
        "FINAL TIME": specs.stop,
        "TIME STEP": specs.step,
        "SAVEPER": specs.save,
    }
    if reader.belts and specs.method != "euler":
        belt = next(iter(reader.belts.values()))
        raise file.refuse(
            belt.node,
            f"it is a conveyor, which moves by Euler's method only, not by {specs.method}",
        )
    found = with_tables(conveyed(reader.elements, reader.belts), reader.tables)
    elements = [*limited(found, reader.stocks).values()]
    for name, value in clock.items():
        if key_of(name) not in reader.elements:
            elements.append(Element(name, (Component((), (), value, "auxiliary"),)))
    main = syntax_tree.Section("__main__", (), reader.arrays.ranges(), tuple(elements))
    return syntax_tree.ParsedModel((main, *_macros(file, specs.start)), specs.method)


def _macros(file: XmileFile, start: float) -> Iterator[syntax_tree.Section]:
    """Yield the macros of the file: their equation, and the variables beside it.

    Raises TranslationError for a macro that is a run by itself or changes other variables.
    """
    for node in file.children(file.root, "macro"):
        _require_plain(file, node)
        reader = _Reader(file, start)
        variables = file.child(node, "variables")
        own = frozenset(parameters(file, node))
        own |= frozenset() if variables is None else own_names(variables)
        instance = Instance("", node if variables is None else variables, own)
        if variables is not None:
            reader.read_all([instance])
        name = named(file, node)
        result = reader.parsed(node, text_of(file, node, "eqn"))
        result = syntax_tree.rewrite(result, reader.defaults.filled)
        result = syntax_tree.rewrite(result, instance.resolver(key_of(name)))
        found = conveyed(reader.elements, reader.belts)
        elements = limited(with_tables(found, reader.tables), reader.stocks)
        if key_of(name) not in elements:
            elements[key_of(name)] = Element(name, (Component((), (), result, "auxiliary"),))
        elif result != Reference(key_of(name)):
            raise file.refuse(node, "a variable of it has its name, and is not its result")
        yield syntax_tree.Section(
            key_of(name), parameters(file, node), (), tuple(elements.values())
        )


def _require_plain(file: XmileFile, node: etree._Element) -> None:
    for name, what in (("filter", "an option filter"), ("applyto", "an option filter")):
        if node.get(name):
            raise file.refuse(node, f"it is {what}, which the engine does not know")
    if file.child(node, "sim_specs") is not None:
        raise file.refuse(node, "it is a run by itself (<sim_specs>), which the engine cannot make")


class _Reader:
    """Reads the variables of one submodel after another into one set of elements."""

    def __init__(self, file: XmileFile, start: float) -> None:
        self.file = file
        self.start = start
        self.defaults = Defaults(file, self.parsed)
        self.arrays = Arrays(file)
        self.elements: dict[str, Element] = {}
        self.stocks: list[Stock] = []
        self.tables: dict[str, list[Component]] = {}
        self.flows: dict[str, tuple[Instance, etree._Element]] = {}
        self.belts: dict[str, Belt] = {}
        # The conveyor that makes a flow, by flow.
        self.driven: dict[str, Belt] = {}

    def read_all(self, found: Sequence[Instance]) -> None:
        """Add the variables of submodels. Raises TranslationError for a name used twice.

        The dimensions of all are known before equations are read: submodels read each other.
        """
        for instance in found:
            self._declare(instance)
        for instance in found:
            self._note_belts(instance)
        for instance in found:
            self._require_inputs(instance)
            model = instance.variables
            model = model.getparent() if tag(model) == "variables" else model
            own = self.file.child(model, "behavior")
            behaviour = self.file.child(self.file.root, "behavior") if own is None else own
            for node in self._nodes(instance):
                self._variable(instance, node, behaviour)

    def _note_belts(self, instance: Instance) -> None:
        """Note the conveyors of a submodel, and which flows each of them makes."""
        for node in self._nodes(instance):
            if tag(node) != "stock" or self.file.child(node, "conveyor") is None:
                continue
            key = instance.prefix + key_of(named(self.file, node))
            ways = [self._flows(instance, node, way) for way in ("inflow", "outflow")]
            for flow in (*ways[0], *ways[1]):
                if flow not in self.flows:
                    raise self.file.refuse(node, f"its flow '{flow}' is not defined")
                if self.arrays.axes[flow] != self.arrays.axes[key]:
                    raise self.file.refuse(node, f"its flow '{flow}' has other dimensions")
            found = {name: flow for name, (_, flow) in self.flows.items()}
            belt = read_belt(self.file, node, key, (ways[0], ways[1]), found)
            self.belts[key] = belt
            self.arrays.belts |= set() if self.arrays.axes[key] else {key}
            for flow in (belt.end, *belt.leaks):
                if flow in self.driven:
                    raise self.file.refuse(node, f"another conveyor makes its flow '{flow}'")
                self.driven[flow] = belt

    def _read_belt(self, instance: Instance, belt: Belt) -> None:
        """Read the expressions of a conveyor."""
        conveyor = self.file.child(belt.node, "conveyor")
        given = {"len": None, "capacity": None, "in_limit": None, "sample": 1.0, "arrest": 0.0}
        for name, default in given.items():
            text = text_of(self.file, conveyor, name)
            tree = self.parsed(belt.node, text) if text.strip() else default
            belt.parts[name] = self._resolved(instance, belt.node, belt.key, tree)
        belt.factors = self._factors(belt.inflows)

    def _require_inputs(self, instance: Instance) -> None:
        """Raise TranslationError if a submodel's input that is connected is not there."""
        for name, tie in instance.ties.items():
            if name not in self.arrays.axes:
                raise self.file.refuse(tie.node, f"'{name}' is not a variable")

    def _nodes(self, instance: Instance) -> list[etree._Element]:
        return [node for node in instance.variables if tag(node) in ("stock", "flow", "aux", "gf")]

    def _declare(self, instance: Instance) -> None:
        lines: dict[str, int] = {}
        for node in self._nodes(instance):
            key = instance.prefix + key_of(named(self.file, node))
            if key in lines:
                raise self.file.refuse(
                    node, f"the same name stands on line {lines[key]}; capitals do not tell apart"
                )
            if key == CLOCK:
                raise self.file.refuse(node, f"{CLOCK.upper()} is the clock's own name")
            if key in self.arrays.members:
                raise self.file.refuse(node, "a dimension has the same name")
            lines[key] = node.sourceline
            self.arrays.declare(key, node)
            if not self.arrays.axes[key]:
                table = graphical_function(self.file, node, node)
                self.arrays.graphs |= {} if table is None else {key: table.y}
            if tag(node) == "flow":
                self.flows[key] = instance, node

    def _variable(
        self, instance: Instance, node: etree._Element, behaviour: etree._Element | None
    ) -> None:
        key = instance.prefix + key_of(named(self.file, node))
        kind = tag(node)
        if kind == "stock":
            require_readable(self.file, node)
        components = self._tied(instance, key) or [
            self._component(instance, node, key, cell, groups, source, behaviour)
            for cell, groups, source in self._cells(key, node)
        ]
        limits = self._range(node)
        self.elements[key] = Element(
            instance.prefix + named(self.file, node), tuple(components),
            " ".join(text_of(self.file, node, "units").split()),
            text_of(self.file, node, "doc").strip(), limits, self.arrays.axes[key], node.sourceline,
            self._written(node), other_file(node),
        )  # fmt: skip
        if key in self.belts:
            self._read_belt(instance, self.belts[key])
        elif kind == "stock":
            self._note_stock(instance, node, key, behaviour)
        self._note_graphs(instance, node)

    def _note_graphs(self, instance: Instance, node: etree._Element) -> None:
        """Add the graphical functions within a variable that have names: equations call them."""
        for graph in (child for child in node.iterdescendants() if tag(child) == "gf"):
            name = graph.get("name")
            if not name or not defines_points(self.file, graph):
                continue
            key = instance.prefix + key_of(name)
            if key in self.arrays.axes:
                raise self.file.refuse(node, f"its graphical function has the name of '{name}'")
            table = points_of(self.file, graph, node)
            self.arrays.axes[key] = ()
            self.elements[key] = Element(
                instance.prefix + name, (Component((), (), table, "lookup"),), line=node.sourceline,
                file=other_file(node),
            )  # fmt: skip

    def _written(self, node: etree._Element) -> str:
        """Return the equations of a variable as they are written, a line each."""
        texts = ("".join(child.itertext()) for child in node.iter() if tag(child) == "eqn")
        return "\n".join(" ".join(text.split()) for text in texts)

    def _tied(self, instance: Instance, key: str) -> list[Component]:
        """Return the equation of an input that is connected to another variable, if it is."""
        if key not in instance.ties:
            return []
        axes = self.arrays.axes[key]
        source = Reference(instance.ties[key].source, axes or None)
        return [Component(axes, (), source, "auxiliary")]

    def _range(self, node: etree._Element) -> tuple[float | None, float | None]:
        span = self.file.child(node, "range")
        low, high = (None if span is None else span.get(end) for end in ("min", "max"))
        try:
            return (
                None if low is None else finite_number(low),
                None if high is None else finite_number(high),
            )
        except ValueError:
            raise self.file.refuse(node, "its <range> is not two numbers") from None

    # -- arrays -------------------------------------------------------------------------------

    def _cells(
        self, key: str, node: etree._Element
    ) -> list[tuple[Cell, tuple[Cell, ...], etree._Element | None]]:
        """Return the pieces of a variable: subscripts, exceptions, and where its equation stands.

        An element without an equation takes the one for all, or else 0, as in Stella. Vensim
        writes an equation an element, in their order, without saying which is whose.
        """
        axes = self.arrays.axes[key]
        given = list(self.file.children(node, "element"))
        listed = list(self.file.children(node, "eqn"))
        if axes and not given and len(listed) > 1:
            every = list(product(*(self.arrays.of(axis) for axis in axes)))
            if len(every) != len(listed):
                raise self.file.refuse(
                    node, f"it has {len(listed)} equations for {len(every)} elements"
                )
            return [(cell, (), eqn) for cell, eqn in zip(every, listed, strict=True)]
        if not axes or not given:
            return [(axes, (), node)]
        for child in (child for entry in given for child in entry):
            if tag(child) in OF_THE_WHOLE:
                raise self.file.refuse(
                    node, f"one of its elements holds <{tag(child)}>, which must stand beside them"
                )
        cells = [self.arrays.cell(key, node, entry.get("subscript", "")) for entry in given]
        doubled = next((cell for cell in cells if cells.count(cell) > 1), None)
        if doubled is not None:
            raise self.file.refuse(node, f"the element {', '.join(doubled)} is defined twice")
        pieces: list[tuple[Cell, tuple[Cell, ...], etree._Element | None]] = [
            (cell, (), entry) for cell, entry in zip(cells, given, strict=True)
        ]
        whole = product(*(self.arrays.of(axis) for axis in axes))
        if set(whole) - set(cells):
            default = node if text_of(self.file, node, "eqn").strip() else None
            pieces.insert(0, (axes, tuple(cells), default))
        return pieces

    # -- equations ----------------------------------------------------------------------------

    def _component(
        self,
        instance: Instance,
        node: etree._Element,
        key: str,
        cell: Cell,
        groups: tuple[Cell, ...],
        source: etree._Element | None,
        behaviour: etree._Element | None,
    ) -> Component:
        if source is None:
            flowing = tag(node) == "stock" and key not in self.belts
            nothing: Any = self._stock(instance, node, cell, 0.0, behaviour) if flowing else 0.0
            return Component(cell, groups, nothing, "auxiliary")
        table = graphical_function(self.file, source, node)
        text = text_of(self.file, source, "eqn")
        if key in self.driven:
            text = self._leaking(node, key, text)
        if tag(source) == "eqn":
            text = without_comments("".join(source.itertext()))
        elif not text.strip() and source is not node:
            text = text_of(self.file, node, "eqn")
        if not text.strip():
            if table is None or tag(node) == "stock":
                raise self.file.refuse(node, "its <eqn> is missing or empty")
            return Component(cell, groups, table, "lookup")
        if table is not None:
            self.tables.setdefault(key, []).append(Component(cell, groups, table, "lookup"))
        expression = self._resolved(instance, node, key, self.parsed(node, text))
        axes = self.arrays.axes[key]
        if cell != axes:
            expression = of_element(self.arrays, axes, cell, expression)
        if key in self.belts or key in self.driven:
            if table is not None:
                expression = syntax_tree.InlineLookup(expression, table)
            return Component(cell, groups, expression, "auxiliary")
        starting = text_of(self.file, source, "init_eqn")
        if starting.strip():  # what the variable is while the model initialises
            initial = self._resolved(instance, node, key, self.parsed(node, starting))
            expression = syntax_tree.Call(Reference("active initial"), (expression, initial))
        if tag(node) == "stock":
            expression = self._stock(instance, node, cell, expression, behaviour)
        elif table is not None:
            expression = syntax_tree.InlineLookup(expression, table)
        if tag(node) == "flow" and self._non_negative(node, behaviour, "flow"):
            expression = syntax_tree.Call(Reference("max"), (expression, 0.0))
        return Component(cell, groups, expression, "auxiliary")

    def _leaking(self, node: etree._Element, key: str, equation: str) -> str:
        """Return the fraction of a leakage as written; of other flows of a conveyor nothing."""
        if key == self.driven[key].end:
            return "0"
        text = text_of(self.file, node, "leak")
        return text if text.strip() else equation if equation.strip() else "0"

    def parsed(self, node: etree._Element, text: str) -> Any:
        """Return the tree of an equation. Raises TranslationError where it is not understood."""
        if self.start and WAVE.search(text):
            raise self.file.refuse(
                node,
                "Stella does not say where SINWAVE and COSWAVE begin in a run that does not "
                "begin at 0; write SIN or COS of TIME",
            )
        try:
            return Parser(XMILE, text).whole()
        except Misread as failure:
            raise self.file.refuse(node, failure.reason) from None

    def _resolved(self, instance: Instance, node: etree._Element, key: str, tree: Any) -> Any:
        try:
            full = syntax_tree.rewrite(tree, self.defaults.filled)
            named_tree = syntax_tree.rewrite(full, instance.resolver(key))
            return Subscripts(self.arrays, key, instance.absolute).written(named_tree)
        except ValueError as failure:
            raise self.file.refuse(node, str(failure)) from None

    def _non_negative(
        self, node: etree._Element, behaviour: etree._Element | None, kind: str
    ) -> bool:
        """Return whether a variable must not be negative: by its own word, or by the model's."""
        own = self.file.non_negative(node)
        if own is not None or behaviour is None:
            return bool(own)
        special = self.file.child(behaviour, kind)
        general = self.file.non_negative(behaviour)
        found = None if special is None else self.file.non_negative(special)
        return bool(general if found is None else found)

    def _flows(self, instance: Instance, node: etree._Element, way: str) -> list[str]:
        return [
            instance.absolute(key_of(child.text or "")) for child in self.file.children(node, way)
        ]

    def _stock(
        self,
        instance: Instance,
        node: etree._Element,
        cell: Cell,
        initial: Any,
        behaviour: etree._Element | None,
    ) -> syntax_tree.Integ:
        inflows, outflows = (self._flows(instance, node, way) for way in ("inflow", "outflow"))
        for flow in (*inflows, *outflows):
            if flow not in self.arrays.axes:
                raise self.file.refuse(node, f"its flow '{flow}' is not defined")
        factors = self._factors(inflows)
        axes = self.arrays.axes[instance.prefix + key_of(named(self.file, node))]
        terms: list[Any] = [
            converted(Reference(name, self._beside(name, axes, cell)), factors.get(name))
            for name in inflows
        ]
        terms += [Reference(name, self._beside(name, axes, cell)) for name in outflows]
        if not inflows:
            terms = [0.0, *terms]
        signs = ["+"] * (len(inflows) - 1 if inflows else 0) + ["-"] * len(outflows)
        change = Arithmetic(tuple(signs), tuple(terms)) if signs else terms[0]
        return syntax_tree.Integ(change, initial, self._non_negative(node, behaviour, "stock"))

    def _factors(self, flows: Sequence[str]) -> dict[str, Any]:
        """Return the numbers that convert flows for the stock that they enter, where they do."""
        found = {}
        for flow in flows:
            instance, node = self.flows.get(flow, (None, None))
            text = "" if node is None else text_of(self.file, node, "multiplier")
            if instance is not None and text.strip():
                tree = self.parsed(node, text)
                found[flow] = self._resolved(instance, node, flow, tree)
        return found

    def _beside(self, name: str, axes: tuple[str, ...], cell: Cell) -> Cell | None:
        """Return the subscripts of a flow for a cell of its stock, in the order of its own."""
        own = self.arrays.axes[name]
        places = dict(zip(axes, cell, strict=True))
        return tuple(places.get(axis, axis) for axis in own) if own else None

    def _note_stock(
        self, instance: Instance, node: etree._Element, key: str, behaviour: etree._Element | None
    ) -> None:
        if self._non_negative(node, behaviour, "stock"):
            inflows, outflows = (self._flows(instance, node, way) for way in ("inflow", "outflow"))
            factors = self._factors(inflows)
            self.stocks.append(Stock(key, tuple(inflows), tuple(outflows), factors))
