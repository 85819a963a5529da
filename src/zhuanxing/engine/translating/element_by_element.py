"""Variables that need each other's elements: taken apart, so that order is found by element.

`x[a] = 1`, `y = x[a] + 1`, `x[b] = y` is not a circle although x needs y and y needs x. Only where
whole variables form a circle are they written out, one hidden variable an element, along the
ranges that it takes: `left[source,vintage]`, which reads the vintage before, by vintage.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from itertools import product
from math import floor
from typing import Any

import numpy as np

from zhuanxing.engine.reading import syntax_tree
from zhuanxing.engine.reading.syntax_tree import NEARLY, Component, Element, Picked, Reference
from zhuanxing.engine.translating.subscripts import Dimensions, bare

__all__ = ["Parts", "cell_name", "entangled", "taken_apart"]

Cell = tuple[str, ...]
# So many hidden variables at most: more would take longer than anybody waits.
MOST_CELLS = 20_000
# What stands for a part of an array that is given as a whole.
WHOLE = (
    np.ndarray, syntax_tree.GetConstants, syntax_tree.GetData, syntax_tree.DataFile,
    syntax_tree.Lookup, syntax_tree.GetLookups,
)  # fmt: skip


def entangled(names: Collection[str], needs: Callable[[str], Collection[str]]) -> list[set[str]]:
    """Return the groups of names that stand in a circle of needs with each other."""
    places = {name: place for place, name in enumerate(names)}
    read = {name: [need for need in needs(name) if need in places] for name in names}
    try:
        TopologicalSorter(read).prepare()
        return []
    except CycleError:
        pass
    # Imported here: few models have a circle, and SciPy's graphs take a third of a second.
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    edges = [(places[name], places[need]) for name, found in read.items() for need in found]
    start, end = np.array(edges).T
    graph = coo_array((np.ones(len(edges)), (start, end)), shape=(len(places), len(places)))
    _, group = connected_components(graph, connection="strong")
    own = {name for name, needed in read.items() if name in needed}
    found: dict[int, set[str]] = {}
    for name, place in places.items():
        found.setdefault(group[place], set()).add(name)
    return [names for names in found.values() if len(names) > 1 or names <= own]


def cell_name(name: str, cell: Cell) -> str:
    """Return the name of the hidden variable that is one element of another."""
    return f"{name}[{','.join(cell)}]"


@dataclass(frozen=True)
class Parts:
    """The hidden variables that a variable is put together of, and the axes along which.

    `names` go over the elements of the axes at `places`, the last axis fastest.
    """

    names: tuple[str, ...]
    places: tuple[int, ...]


def taken_apart(
    elements: Mapping[str, Element],
    axes: Mapping[str, Cell],
    circles: Collection[set[str]],
    dimensions: Dimensions,
) -> tuple[dict[str, Element], dict[str, Parts]]:
    """Return the variables with those of the circles by element, and the parts of each of them.

    A variable is taken apart along the ranges in which the equations of its circle read other
    elements than their own; along the others it stays an array. Where there are too many
    elements, everything is as it was.
    """
    split: dict[str, tuple[int, ...]] = {}
    for circle in circles:
        split |= _split(elements, axes, circle, dimensions)
    sizes = (
        np.prod([dimensions.size(axes[name][place]) for place in places])
        for name, places in split.items()
    )
    if not split or sum(sizes) > MOST_CELLS:
        return dict(elements), {}
    entangled = set().union(*circles)
    writer = _Writer(elements, axes, split, dimensions)
    found: dict[str, Element] = {}
    for key, element in elements.items():
        found[key] = element
        if key in split:
            cells = writer.cells(key)
            writer.parts[key] = Parts(tuple(cells), split[key])
            found.update(cells)
        elif key in entangled:
            found[key] = syntax_tree.with_expressions(
                element, lambda part: writer.bound(part.expression, {}, part.subscripts)
            )
    return {**found, **writer.whole}, writer.parts


def _split(
    elements: Mapping[str, Element],
    axes: Mapping[str, Cell],
    circle: Collection[str],
    dimensions: Dimensions,
) -> dict[str, tuple[int, ...]]:
    """Return by variable of a circle the places of the axes along which it is taken apart."""
    families = set[str]()
    for key in circle:
        for component in elements[key].components:
            families.update(_shifted(component, axes, circle, dimensions))
    found = {}
    for key in circle:
        own = axes.get(key, ())
        chosen = [i for i, axis in enumerate(own) if dimensions.family(axis) in families]
        places = tuple(chosen) if families else tuple(range(len(own)))
        if places:
            found[key] = places
    return found


def _shifted(
    component: Component, axes: Mapping[str, Cell], circle: Collection[str], dimensions: Dimensions
) -> Iterator[str]:
    """Yield the families of ranges in which an equation reads other elements than its own.

    What it takes together over a range needs all of the range, but none before another.
    """
    for node in syntax_tree.nodes(component.expression):
        picked = isinstance(node, Picked)
        reference = node.variable if picked else node
        if not isinstance(reference, Reference) or reference.name not in circle:
            continue
        own = axes.get(reference.name, ())
        for name, axis in zip(reference.subscripts or own, own, strict=False):
            aligned = name in component.subscripts or name.endswith("!")
            if not aligned or (picked and name in node.labels):
                yield dimensions.family(axis)


class _Writer:
    def __init__(
        self,
        elements: Mapping[str, Element],
        axes: Mapping[str, Cell],
        split: Mapping[str, tuple[int, ...]],
        dimensions: Dimensions,
    ) -> None:
        self.elements = elements
        self.axes = axes
        self.split = split
        self.dimensions = dimensions
        self.whole: dict[str, Element] = {}
        self.parts: dict[str, Parts] = {}

    def cells(self, key: str) -> dict[str, Element]:
        """Return a hidden variable for every element along the split axes, in order."""
        element, axes = self.elements[key], self.axes[key]
        rest = tuple(axis for i, axis in enumerate(axes) if i not in self.split[key])
        nothing = Component(rest, (), float(np.nan), "auxiliary")
        found = {}
        for cell in product(*(self.dimensions.elements[axes[i]] for i in self.split[key])):
            pieces = tuple(self._pieces(key, cell)) or (nothing,)
            name = cell_name(key, cell)
            found[name] = replace(element, name=name, components=pieces, axes=rest)
        return found

    def _pieces(self, key: str, cell: Cell) -> Iterator[Component]:
        """Yield the pieces that define a variable at some elements of its split axes."""
        for number, component in enumerate(self.elements[key].components):
            if not self._holds(key, component.subscripts, cell):
                continue
            groups = [
                self._rest(key, group)
                for group in component.excepts
                if self._holds(key, group, cell)
            ]
            if () in groups:
                continue
            yield Component(
                self._rest(key, component.subscripts),
                tuple(groups),
                self._expression(key, number, component, cell),
                component.role,
                component.keyword,
            )

    def _holds(self, key: str, subscripts: Cell, cell: Cell) -> bool:
        """Tell whether subscripts cover these elements of the split axes."""
        places = zip(self.split[key], cell, strict=True)
        return all(element in self.dimensions.members(subscripts[i]) for i, element in places)

    def _rest(self, key: str, subscripts: Cell) -> Cell:
        return tuple(name for i, name in enumerate(subscripts) if i not in self.split[key])

    def _expression(self, key: str, number: int, component: Component, cell: Cell) -> Any:
        bound = {
            component.subscripts[i]: element
            for i, element in zip(self.split[key], cell, strict=True)
        }
        if isinstance(component.expression, WHOLE):
            name = f"{key} piece {number + 1}"
            own = replace(component, excepts=())
            self.whole[name] = replace(self.elements[key], name=name, components=(own,), axes=None)
            return Reference(name, tuple(bound.get(part, part) for part in component.subscripts))
        return self.bound(component.expression, bound, component.subscripts)

    # -- expressions of one element -----------------------------------------------------------

    def bound(self, expression: Any, bound: Mapping[str, str], left: Cell) -> Any:
        """Return an expression with an element for each range of the left-hand side in `bound`."""
        placed = syntax_tree.rewrite(expression, lambda node: self._placed(node, bound))
        return syntax_tree.rewrite(placed, lambda node: self._bind(node, bound, left))

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

    def _bind(self, node: Any, bound: Mapping[str, str], left: Cell) -> Any:
        if not isinstance(node, Reference):
            return node
        if node.name in bound and node.name not in self.axes:
            return self._number(node.name, bound[node.name])
        subscripts = node.subscripts
        if subscripts is None:
            if not self.axes.get(node.name) or not bound:
                return node
            subscripts = self.axes[node.name]
        found = tuple(self._element(name, bound, left, subscripts) for name in subscripts)
        return self._cell(replace(node, subscripts=found))

    def _number(self, name: str, element: str) -> float:
        """Return the number of an element of a range."""
        place = self.dimensions.elements[name].index(element)
        return float(self.dimensions.positions_in_main(name)[place] + 1)

    def _element(self, name: str, bound: Mapping[str, str], left: Cell, beside: Cell) -> str:
        """Return the element for a subscript that is a range in `bound`, or mapped to one."""
        if name in bound:
            return bound[name]
        if name in left or name.endswith("!") or self.dimensions.is_element(name):
            return name
        label = self.dimensions.maps_to(name, left, beside)
        if label is None or label not in bound:
            return name
        place = self.dimensions.elements[label].index(bound[label])
        image = self.dimensions.image(name, label) or self.dimensions.elements[name]
        return image[place]

    def _cell(self, node: Reference) -> Reference:
        """Return the hidden variable for a reference to elements of a split variable.

        Where a range stands along a split axis, that is a variable of the elements in it alone.
        """
        subscripts = node.subscripts or ()
        if node.name not in self.split:
            return node
        places = self.split[node.name]
        names = [subscripts[i] for i in places]
        ranges = {i: name for i, name in zip(places, names, strict=True) if self._is_range(name)}
        kept = [i for i in range(len(subscripts)) if i in ranges or i not in places]
        if not ranges:
            return Reference(
                cell_name(node.name, tuple(names)), tuple(subscripts[i] for i in kept) or None
            )
        own = self.axes[node.name]
        along = {i: self._axis(name, own[i]) for i, name in ranges.items()}
        if along == {i: own[i] for i in places}:
            return node
        key = cell_name(node.name, tuple(along.get(i, subscripts[i]) for i in places))
        axes = tuple(along.get(i, own[i]) for i in kept)
        members = (
            self.dimensions.elements[along[i]] if i in along else (subscripts[i],) for i in places
        )
        cells = tuple(cell_name(node.name, cell) for cell in product(*members))
        self.parts[key] = Parts(cells, tuple(kept.index(i) for i in places if i in along))
        self.whole[key] = replace(self.elements[node.name], name=key, axes=axes)
        return Reference(key, tuple(subscripts[i] for i in kept))

    def _is_range(self, name: str) -> bool:
        return name.endswith("!") or not self.dimensions.is_element(name)

    def _axis(self, name: str, own: str) -> str:
        """Return the range along which a reference reads: that it names, or the whole axis."""
        plain = bare(name)
        whole = self.dimensions.elements[plain] == self.dimensions.elements[own]
        return own if whole or self.dimensions.repeats(plain) else plain
