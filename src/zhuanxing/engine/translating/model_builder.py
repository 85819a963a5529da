"""From the parsed model to typed nodes: shapes first, then tables, then every expression."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from zhuanxing.engine.reading import syntax_tree
from zhuanxing.engine.reading.data_files import DataFiles
from zhuanxing.engine.reading.macros import expand_macros
from zhuanxing.engine.reading.spreadsheets import Files, read_constants, read_series
from zhuanxing.engine.running.failures import TranslationError, key_of, located
from zhuanxing.engine.translating.element_by_element import Parts, entangled, taken_apart
from zhuanxing.engine.translating.expressions import Translator
from zhuanxing.engine.translating.lookup_tables import Table
from zhuanxing.engine.translating.nodes import Node, Scope
from zhuanxing.engine.translating.piecewise_definitions import Piece, assemble, joined
from zhuanxing.engine.translating.references import Model, pick
from zhuanxing.engine.translating.subscripts import Dimensions, RangeError, bare

__all__ = ["Built", "build"]

TABLE_NODES = (syntax_tree.Lookup, syntax_tree.GetLookups)
DATA_NODES = (syntax_tree.DataFile, syntax_tree.GetData)


@dataclass(frozen=True, eq=False)
class Built:
    """Every variable's node by key, what nodes refer to, and the elements as written.

    Variables inside macros have nodes but are not elements of the model. `places` are those of the
    definitions: the file, where it is another than the model's own, and the line; `parts` are those
    of variables that are taken apart. A translation is equal to itself alone, so that what is found
    about it can be kept.
    """

    model: Model
    nodes: dict[str, Node]
    elements: dict[str, syntax_tree.Element]
    places: dict[str, tuple[str, int]]
    parts: Mapping[str, Parts]


def build(
    parsed: syntax_tree.ParsedModel, origin: str, data: DataFiles, data_root: Path | None = None
) -> Built:
    """Translate a parsed model, with its data variables' values from `data`.

    Spreadsheets are read below `data_root`, by default the folder of `origin`.

    Raises TranslationError naming variable, file and line.
    """
    ranges = parsed.sections[0].ranges
    try:
        dimensions = Dimensions(ranges)
    except RangeError as failure:
        line = next(item.line for item in ranges if item.name == failure.name)
        raise TranslationError(f"{located(origin, line)}: {failure}") from None
    expanded, own = expand_macros(parsed, dimensions, origin)
    elements = {key_of(element.name): element for element in expanded}
    files = Files(Path(origin).parent, data_root)
    builder = _Builder(dimensions, elements, origin, files, data)
    nodes = builder.nodes()
    circles = _circles(builder, nodes)
    if circles:
        _require_no_conveyor(builder, set().union(*circles))
        apart, parts = taken_apart(elements, builder.model.labels, circles, dimensions)
        nodes = builder.again(nodes, apart, parts)
    written = {key: element for key, element in elements.items() if key in own}
    places = {key: (element.file, element.line) for key, element in elements.items()}
    return Built(builder.model, nodes, written, places, builder.parts)


def _circles(builder: _Builder, nodes: dict[str, Node]) -> list[set[str]]:
    """Return the variables that stand in circles of needs, in a step or at the start."""
    states = builder.model.states

    def at_start(name: str) -> frozenset[str]:
        return states[name].needs_initial if name in states else nodes[name].needs_initial

    def in_step(name: str) -> frozenset[str]:
        return frozenset() if name in states else nodes[name].needs

    names = [*nodes, *states]
    apart: list[set[str]] = []
    for found in (*entangled(names, in_step), *entangled(names, at_start)):
        circle = {states[name].scope.name if name in states else name for name in found}
        touching = [other for other in apart if other & circle]
        apart = [other for other in apart if not other & circle]
        apart.append(circle.union(*touching))
    return apart


def _require_no_conveyor(builder: _Builder, circle: set[str]) -> None:
    """Raise TranslationError if an array that must be taken apart lies on a conveyor."""
    for key in sorted(circle):
        kind = builder.elements[key].components[0].expression
        made = isinstance(kind, syntax_tree.Conveyor | syntax_tree.ConveyorFlow)
        if made and builder.labels[key]:
            raise builder.refuse(
                key, "a conveyor of several elements and other variables need each other's value."
            )


class _Builder:
    def __init__(
        self,
        dimensions: Dimensions,
        elements: dict[str, syntax_tree.Element],
        origin: str,
        files: Files,
        data: DataFiles,
    ) -> None:
        self.parts: Mapping[str, Parts] = {}
        self.dimensions = dimensions
        self.elements = elements
        self.origin = origin
        self.files = files
        self.data = data
        self.labels: dict[str, tuple[str, ...]] = {}
        self.tables: dict[str, Table] = {}
        self.model = Model(dimensions, self.labels, self.tables)
        for key in elements:
            self._declare(key)

    def _declare(self, key: str) -> None:
        """Note the axes of a variable, or the table that it is."""
        element = self.elements[key]
        axes = self._axes(key, element)
        if isinstance(element.components[0].expression, TABLE_NODES):
            self.tables[key] = self._table(key, element, axes)
        else:
            self.labels[key] = axes

    def where(self, key: str) -> str:
        element = self.elements[key]
        return located(element.file or self.origin, element.line)

    def refuse(self, key: str, reason: str) -> TranslationError:
        return TranslationError(f"variable '{key}' ({self.where(key)}): {reason}")

    def _axes(self, key: str, element: syntax_tree.Element) -> tuple[str, ...]:
        pieces = [component.subscripts for component in element.components]
        if not pieces:
            raise self.refuse(key, "it has no equation that is read.")
        if len({len(piece) for piece in pieces}) > 1:
            raise self.refuse(key, "its definitions have different numbers of subscripts.")
        if len(pieces) > 1 and not pieces[0]:
            raise self.refuse(key, f"it is defined {len(pieces)} times, keep one definition.")
        if element.axes is not None:
            return element.axes
        excepted = (group for component in element.components for group in component.excepts)
        for name in (name for piece in (*pieces, *excepted) for name in piece):
            self.dimensions.require(name, f"'{key}' ({self.where(key)})")
        try:
            return self.dimensions.merge(pieces)
        except TranslationError as failure:
            raise self.refuse(key, str(failure)) from None

    def nodes(self) -> dict[str, Node]:
        """Return the nodes of all variables that are no tables."""
        return self._translated(self.labels, {})

    def again(
        self,
        nodes: Mapping[str, Node],
        elements: dict[str, syntax_tree.Element],
        parts: Mapping[str, Parts],
    ) -> dict[str, Node]:
        """Return the nodes of a model of which some variables are others than before, or new."""
        before, self.elements, self.parts = self.elements, elements, parts
        others = [key for key in elements if key in parts or elements[key] is not before.get(key)]
        for key in others:
            self._declare(key)
        old = set(others)
        states, domains = self.model.states, self.model.domains
        for name in [name for name, state in states.items() if state.scope.name in old]:
            del states[name]
        for key in old & domains.keys():
            del domains[key]
        return self._translated(others, nodes)

    def _translated(self, keys: Iterable[str], known: Mapping[str, Node]) -> dict[str, Node]:
        """Return nodes, translated anew for `keys`."""
        found = dict(known)
        # Data variables first: what reads one at another time evaluates its node.
        for key in sorted(keys, key=lambda key: not self._is_series(key)):
            found[key] = self._variable(key, self.elements[key])
            if self._is_series(key):
                self.model.series[key] = found[key]
        return {key: found[key] for key in self.labels}

    def _is_series(self, key: str) -> bool:
        parts = self.elements[key].components
        return any(isinstance(part.expression, DATA_NODES) for part in parts)

    def _variable(self, key: str, element: syntax_tree.Element) -> Node:
        axes = self.labels[key]
        if key in self.parts:
            return joined(self.parts[key], axes, self.dimensions)
        try:
            pieces = [self._piece(key, axes, component) for component in element.components]
        except TranslationError:
            raise
        except RecursionError:
            raise self.refuse(key, "its equation is nested deeper than can be compiled.") from None
        except (IndexError, KeyError, TypeError, ValueError) as failure:
            # What the grammar lets through need not make sense: a sort of something without
            # subscripts, a number where a function takes a name.
            raise self.refuse(
                key, "its equation makes no sense: see the number and kind of its arguments."
            ) from failure
        try:
            return assemble(pieces, axes, self.dimensions)
        except TranslationError as failure:
            raise self.refuse(key, str(failure)) from None

    def _piece(self, key: str, axes: tuple[str, ...], component: syntax_tree.Component) -> Piece:
        scope = Scope(
            key,
            tuple(name for name in component.subscripts if not self.dimensions.is_element(name)),
            self.dimensions,
        )
        twice = next((label for label in scope.labels if scope.labels.count(label) > 1), None)
        if twice is not None:
            raise self.refuse(
                key,
                f"its left-hand side names the range '{twice}' twice; give the second place a "
                "range of its own with the same elements.",
            )
        indices = [
            self.dimensions.index(name, axis)
            for name, axis in zip(component.subscripts, axes, strict=True)
        ]
        translator = Translator(
            self.model, scope, self.where(key), lambda xp, array: pick(xp, array, indices)
        )
        node = self._node(translator, key, scope, component)
        extra = [label for label in node.dims if label not in scope.labels]
        if extra:
            raise self.refuse(
                key,
                f"its expression runs over {', '.join(map(bare, extra))}, its left-hand side does "
                "not.",
            )
        return Piece(scope, component.subscripts, component.excepts, node)

    def _node(
        self, translator: Translator, key: str, scope: Scope, component: syntax_tree.Component
    ) -> Node:
        expression = component.expression
        if isinstance(expression, syntax_tree.DataFile):
            raw = replace(component, keyword="raw")
            return translator.series(
                self._series(key, scope, component), lambda: self._series(key, scope, raw)
            )
        if not isinstance(expression, (syntax_tree.GetConstants, syntax_tree.GetData)):
            return translator.node(expression)
        members = {label: self.dimensions.elements[label] for label in scope.labels}
        rule = component.keyword or "interpolate"
        try:
            if isinstance(expression, syntax_tree.GetData):

                def read(by: str) -> Table:
                    return Table(
                        scope.labels, *read_series(expression, self.files, members, key, by), by
                    )

                return translator.series(read(rule), lambda: read("raw"))
            constants = read_constants(expression, self.files, members, key)
        except TranslationError as failure:
            raise self.refuse(key, str(failure)) from None
        value = constants.reshape(scope.sizes(scope.labels))
        return Node(scope.labels, lambda env: value, constant=value)

    def _series(self, key: str, scope: Scope, component: syntax_tree.Component) -> Table:
        """Return the series of a data variable, which lies in a file that the user names."""
        rule = component.keyword or "interpolate"
        members = [self.dimensions.members(name) for name in component.subscripts]
        found = self.data.series(key, members, rule)
        if found is None:
            searched = ", ".join(str(path) for path in self.data.paths)
            raise self.refuse(
                key,
                f"its data are not in {searched}."
                if searched
                else "nothing follows its name: name the file of its data with data=FILE, "
                "or write '=' and an expression, or a rule such as :INTERPOLATE: and data.",
            )
        x, y = found
        sizes = scope.sizes(scope.labels)
        x = x if x.ndim == 1 else x.reshape((len(x), *sizes))
        return Table(scope.labels, x, y.reshape((len(y), *sizes)), rule)

    # -- look-up tables -----------------------------------------------------------------------

    def _table(self, key: str, element: syntax_tree.Element, axes: tuple[str, ...]) -> Table:
        points = [
            (component, *self._points(key, component, axes)) for component in element.components
        ]
        count = max(x.shape[0] for _, x, _, _ in points)
        sizes = tuple(self.dimensions.size(axis) for axis in axes)
        x = np.full((count, *sizes), np.nan)
        y = np.full((count, *sizes), np.nan)
        for component, xs, ys, _ in points:
            indices = [
                self.dimensions.index(name, axis)
                for name, axis in zip(component.subscripts, axes, strict=True)
            ]
            place = _cells(sizes, indices)
            cells: tuple[Any, ...] = (slice(None), *place)
            x[cells] = _shape_to(_longer(xs, count), place)
            y[cells] = _shape_to(_longer(ys, count), place)
        if axes and (x == x.reshape(count, -1)[:, :1].reshape((count,) + (1,) * len(axes))).all():
            x = x.reshape(count, -1)[:, 0]
        return Table(axes, x, y, points[0][3])

    def _points(
        self, key: str, component: syntax_tree.Component, axes: tuple[str, ...]
    ) -> tuple[np.ndarray, np.ndarray, str]:
        expression: Any = component.expression
        if isinstance(expression, syntax_tree.Lookup):
            if not expression.x:
                raise self.refuse(key, "its look-up has no points.")
            return np.array(expression.x), np.array(expression.y), expression.type
        members = {
            name: self.dimensions.elements[name]
            for name in component.subscripts
            if not self.dimensions.is_element(name)
        }
        try:
            x, y = read_series(expression, self.files, members, key)
        except TranslationError as failure:
            raise self.refuse(key, str(failure)) from None
        return x, y, "interpolate"


def _longer(points: np.ndarray, count: int) -> np.ndarray:
    """Return points with the last one repeated up to `count`."""
    missing = count - points.shape[0]
    return np.concatenate([points, np.repeat(points[-1:], missing, axis=0)]) if missing else points


def _cells(sizes: Sequence[int], indices: Sequence[Any]) -> tuple[np.ndarray, ...]:
    """Return an open mesh of the cells that one index an axis selects."""
    chosen = [
        np.arange(size) if index is None else np.atleast_1d(np.arange(size)[index])
        for size, index in zip(sizes, indices, strict=True)
    ]
    return np.ix_(*chosen) if chosen else ()


def _shape_to(points: np.ndarray, place: tuple[np.ndarray, ...]) -> np.ndarray:
    """Return points with axes for the cells: as many as the mesh has, length one where constant."""
    if points.ndim == 1:
        return points.reshape((-1,) + (1,) * len(place))
    return points.reshape((points.shape[0], *(mesh.size for mesh in place)))
