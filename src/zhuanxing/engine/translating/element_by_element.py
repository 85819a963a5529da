"""Variables that need each other's elements: taken apart, so that order is found by element.

`x[a] = 1`, `y = x[a] + 1`, `x[b] = y` is not a circle although x needs y and y needs x. Only where
whole variables form a circle are they written out, one hidden variable an element.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from itertools import product
from math import floor
from typing import Any

import numpy as np

from zhuanxing.engine.reading import syntax_tree
from zhuanxing.engine.reading.syntax_tree import NEARLY, Component, Element, Picked, Reference
from zhuanxing.engine.translating.subscripts import Dimensions

__all__ = ["cell_name", "entangled", "taken_apart"]

Cell = tuple[str, ...]
# So many hidden variables at most: more would take longer than anybody waits.
MOST_CELLS = 20_000
# What stands for a part of an array that is given as a whole.
WHOLE = (
    syntax_tree.GetConstants, syntax_tree.GetData, syntax_tree.DataFile, syntax_tree.Lookup,
    syntax_tree.GetLookups,
)  # fmt: skip


def entangled(names: Collection[str], needs: Callable[[str], Collection[str]]) -> set[str]:
    """Return the names that stand in a circle of needs."""
    places = {name: place for place, name in enumerate(names)}
    read = {name: [need for need in needs(name) if need in places] for name in names}
    try:
        TopologicalSorter(read).prepare()
        return set()
    except CycleError:
        pass
    # Imported here: few models have a circle, and SciPy's graphs take a third of a second.
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    edges = [(places[name], places[need]) for name, found in read.items() for need in found]
    start, end = np.array(edges).T
    graph = coo_array((np.ones(len(edges)), (start, end)), shape=(len(places), len(places)))
    _, group = connected_components(graph, connection="strong")
    own = {name for name, place in places.items() if (place, place) in set(edges)}
    several = np.bincount(group)[group] > 1
    return own | {name for name, place in places.items() if several[place]}


def cell_name(name: str, cell: Cell) -> str:
    """Return the name of the hidden variable that is one element of another."""
    return f"{name}[{','.join(cell)}]"


def taken_apart(
    elements: Mapping[str, Element],
    axes: Mapping[str, Cell],
    circle: Collection[str],
    dimensions: Dimensions,
) -> tuple[dict[str, Element], dict[str, list[str]]]:
    """Return the variables with those of `circle` by element, and the elements of each of them.

    Where there are too many elements, everything is as it was.
    """
    split = {name for name in circle if axes.get(name)}
    sizes = (np.prod([dimensions.size(axis) for axis in axes[name]]) for name in split)
    if not split or sum(sizes) > MOST_CELLS:
        return dict(elements), {}
    writer = _Writer(elements, axes, split, dimensions)
    found: dict[str, Element] = {}
    parts = writer.parts
    for key, element in elements.items():
        found[key] = element
        if key in split:
            cells = writer.cells(key)
            parts[key] = list(cells)
            found.update(cells)
        elif key in circle:
            found[key] = syntax_tree.with_expressions(
                element, lambda part: writer.bound(part.expression, {})
            )
    return {**found, **writer.whole}, parts


class _Writer:
    def __init__(
        self,
        elements: Mapping[str, Element],
        axes: Mapping[str, Cell],
        split: set[str],
        dimensions: Dimensions,
    ) -> None:
        self.elements = elements
        self.axes = axes
        self.split = split
        self.dimensions = dimensions
        self.whole: dict[str, Element] = {}
        self.parts: dict[str, list[str]] = {}

    def cells(self, key: str) -> dict[str, Element]:
        """Return a hidden variable for every element of a variable, in order."""
        element = self.elements[key]
        found: dict[Cell, Element] = {}
        for place, component in enumerate(element.components):
            for cell, index in self._covered(component):
                expression = self._expression(key, place, component, cell, index)
                part = Component((), (), expression, component.role, component.keyword)
                found[cell] = replace(
                    element, name=cell_name(key, cell), components=(part,), axes=()
                )
        every = product(*(self.dimensions.elements[axis] for axis in self.axes[key]))
        empty = Component((), (), float(np.nan), "auxiliary")
        return {
            cell_name(key, cell): found.get(
                cell, replace(element, name=cell_name(key, cell), components=(empty,), axes=())
            )
            for cell in every
        }

    def _covered(self, component: Component) -> Iterator[tuple[Cell, int]]:
        """Yield the elements that a piece defines, and the place of each in it."""
        excluded = {
            cell
            for group in component.excepts
            for cell in product(*(self.dimensions.members(name) for name in group))
        }
        members = (self.dimensions.members(name) for name in component.subscripts)
        for index, cell in enumerate(product(*members)):
            if cell not in excluded:
                yield cell, index

    def _expression(
        self, key: str, place: int, component: Component, cell: Cell, index: int
    ) -> Any:
        expression = component.expression
        if isinstance(expression, np.ndarray):
            return float(expression.ravel()[index])
        if isinstance(expression, WHOLE):
            name = f"{key} piece {place + 1}"
            own = replace(component, excepts=())
            self.whole[name] = replace(self.elements[key], name=name, components=(own,), axes=None)
            return Reference(name, cell)
        bound = dict(zip(component.subscripts, cell, strict=True))
        return self.bound(expression, bound)

    # -- expressions of one element -----------------------------------------------------------

    def bound(self, expression: Any, bound: Mapping[str, str]) -> Any:
        """Return an expression with an element for every range of the left-hand side."""
        placed = syntax_tree.rewrite(expression, lambda node: self._placed(node, bound))
        return syntax_tree.rewrite(placed, lambda node: self._bind(node, bound))

    def _placed(self, node: Any, bound: Mapping[str, str]) -> Any:
        """Return the element for an array at places that are known when ranges are elements."""
        if not isinstance(node, Picked):
            return node

        def known(part: Any) -> Any:
            if isinstance(part, Reference) and part.name in bound and part.name not in self.axes:
                return self._number(part.name, bound[part.name])
            return syntax_tree.folded(part)

        places = [syntax_tree.rewrite(place, known) for place in node.places]
        if not all(isinstance(place, float) for place in places):
            return node
        found = dict(zip(node.labels, places, strict=True))
        parts: list[str] = []
        for name in node.variable.subscripts or ():
            if name in found:
                members = self.dimensions.elements[name[:-1]]
                place = floor(found[name] + NEARLY)
                if not 1 <= place <= len(members):
                    return node.outside
                name = members[place - 1]
            parts.append(name)
        return replace(node.variable, subscripts=tuple(parts))

    def _bind(self, node: Any, bound: Mapping[str, str]) -> Any:
        if not isinstance(node, Reference):
            return node
        if node.name in bound and node.name not in self.axes:
            return self._number(node.name, bound[node.name])
        subscripts = node.subscripts
        if subscripts is None:
            if not self.axes.get(node.name) or not bound:
                return node
            subscripts = self.axes[node.name]
        return self._cell(replace(node, subscripts=self._elements(subscripts, bound)))

    def _number(self, name: str, element: str) -> float:
        """Return the number of an element of a range."""
        place = self.dimensions.elements[name].index(element)
        return float(self.dimensions.positions_in_main(name)[place] + 1)

    def _elements(self, subscripts: Cell, bound: Mapping[str, str]) -> Cell:
        return tuple(self._element(name, bound) for name in subscripts)

    def _element(self, name: str, bound: Mapping[str, str]) -> str:
        if name in bound:
            return bound[name]
        if name.endswith("!") or self.dimensions.is_element(name):
            return name
        label = self.dimensions.maps_to(name, tuple(bound), ())
        if label is None:
            return name
        place = self.dimensions.elements[label].index(bound[label])
        image = self.dimensions.image(name, label) or self.dimensions.elements[name]
        return image[place]

    def _cell(self, node: Reference) -> Reference:
        """Return the hidden variable for a reference to elements of a split variable.

        Where a range is marked, as in a sum, that is a variable of these elements alone.
        """
        subscripts = node.subscripts or ()
        marked = tuple(name for name in subscripts if name.endswith("!"))
        if node.name not in self.split or not all(
            name in marked or self.dimensions.is_element(name) for name in subscripts
        ):
            return node
        name = cell_name(node.name, subscripts)
        if not marked:
            return Reference(name)
        members = (self.dimensions.elements[n[:-1]] if n in marked else (n,) for n in subscripts)
        self.parts[name] = [cell_name(node.name, cell) for cell in product(*members)]
        self.whole[name] = replace(
            self.elements[node.name], name=name, axes=tuple(label[:-1] for label in marked)
        )
        return Reference(name, marked)
