"""References: which axes of a variable an equation reads, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from zhuanxing.engine.reading import syntax_tree
from zhuanxing.engine.running.domains import Domain
from zhuanxing.engine.running.failures import TranslationError
from zhuanxing.engine.translating import states
from zhuanxing.engine.translating.lookup_tables import Table
from zhuanxing.engine.translating.nodes import Array, Env, Node, Scope, literal
from zhuanxing.engine.translating.picking import picked
from zhuanxing.engine.translating.subscripts import Dimensions, Index, bare
from zhuanxing.errors import nearest

__all__ = ["Model", "References", "pick"]


@dataclass
class Model:
    """What references resolve against: ranges, the labels of every variable, tables, states.

    `domains` holds, by variable, what the inputs of its equations must be, `series` the nodes of
    the data variables.
    """

    dimensions: Dimensions
    labels: Mapping[str, tuple[str, ...]]
    tables: Mapping[str, Table]
    states: dict[str, states.State] = field(default_factory=dict)
    domains: dict[str, list[Domain]] = field(default_factory=dict)
    series: dict[str, Node] = field(default_factory=dict)
    reads_computer_time: bool = False


def pick(xp: Any, array: Array, indices: list[Index | None]) -> Array:
    """Return the part of an array at one index an axis (None takes the whole axis)."""
    for axis in reversed(range(len(indices))):
        index = indices[axis]
        if index is None:
            continue
        if isinstance(index, np.ndarray):
            array = picked(xp, array, index, axis)
        else:
            array = array[(slice(None),) * axis + (index,)]
    return array


class References:
    """Translates references of one component, which stands in `scope`."""

    def __init__(
        self, model: Model, scope: Scope, where: str, region: Callable[[Any, Array], Array]
    ) -> None:
        self.model = model
        self.scope = scope
        self.where = where
        self.region = region
        # The state of the SAMPLE IF TRUE whose condition or input is being translated.
        self.sampled: str | None = None

    def refuse(self, reason: str) -> TranslationError:
        """Return the error that names the variable, the file and the line."""
        return TranslationError(f"variable '{self.scope.name}' ({self.where}): {reason}")

    def _reference(self, reference: syntax_tree.Reference) -> Node:
        name = reference.name
        if name == self.scope.name and self.sampled is not None:
            key = self.sampled
            needs = frozenset((key,))
            held: Callable[[Env], Array] = lambda env: env.states[key]["level"]  # noqa: E731
            return Node(self.scope.labels, held, needs=needs, needs_initial=needs)
        if name in self.model.labels:
            return self._variable(reference)
        if name == "time":
            return Node((), lambda env: env.time, clock=True)
        if name in self.model.tables:
            raise self.refuse(f"look-up '{name}' is used without an argument.")
        dimensions = self.model.dimensions
        if dimensions.is_range(name):
            places = dimensions.positions_in_main(name) + 1.0
            label = self._label(name, ())
            image = dimensions.image(name, label)
            if image is not None:
                places = places[dimensions.places(image, name)]
            return Node((label,), lambda env: places, constant=places)
        if dimensions.is_element(name):
            return literal(dimensions.position(name) + 1.0)
        # Variables of macros, which have a colon, are not the user's to name.
        known = [key for key in (*self.model.labels, *self.model.tables) if ": " not in key]
        near = nearest(name, known)
        raise self.refuse(f"'{name}' is not defined, did you mean '{near}'?")

    def _variable(self, reference: syntax_tree.Reference) -> Node:
        name = reference.name
        indices, written = self._subscripts(name, self.model.labels[name], reference.subscripts)
        read = _reader(name, indices)
        select = self._arrange(indices, written)
        return Node(
            self.scope.order([written]), lambda env: select(env.xp, read(env)),
            needs=frozenset((name,)), needs_initial=frozenset((name,)), written=written,
        )  # fmt: skip

    def _subscripts(
        self, name: str, axes: tuple[str, ...], subscripts: tuple[str, ...] | None
    ) -> tuple[list[Index | None], tuple[str, ...]]:
        """Return an index for every axis of a variable, and the labels that stay, as written."""
        if subscripts is None:
            return [None] * len(axes), tuple(self._label(axis, ()) for axis in axes)
        if len(subscripts) != len(axes):
            raise self.refuse(
                f"'{name}' has {len(axes)} subscripts, {len(subscripts)} are written."
            )
        indices: list[Index | None] = []
        written: list[str] = []
        dimensions = self.model.dimensions
        for subscript, axis in zip(subscripts, axes, strict=True):
            dimensions.require(subscript, f"'{self.scope.name}' ({self.where})")
            if subscript.endswith("!") and dimensions.repeats(subscript):
                raise self.refuse(
                    f"'{name}' is taken together over '{bare(subscript)}', which names an element "
                    "more than once; take a range that does not."
                )
            try:
                if dimensions.is_element(subscript):
                    indices.append(dimensions.index(subscript, axis))
                    continue
                label = self._label(subscript, subscripts)
                image = dimensions.image(subscript, label)
                place = (
                    dimensions.places(image, axis) if image else dimensions.index(subscript, axis)
                )
            except TranslationError as failure:
                raise self.refuse(f"in '{name}', {failure}") from None
            indices.append(place)
            written.append(label)
        return indices, tuple(written)

    def _label(self, name: str, beside: tuple[str, ...]) -> str:
        """Return the label of a range: itself, or the left-hand range to which it is mapped."""
        if name.endswith("!") or name in self.scope.labels:
            return name
        return self.model.dimensions.maps_to(name, self.scope.labels, beside) or name

    def _arrange(
        self, indices: list[Index | None], written: tuple[str, ...]
    ) -> Callable[[Any, Array], Array]:
        """Return the function that indexes an array and puts its axes in this equation's order."""
        ordered = self.scope.order([written])
        unique = tuple(dict.fromkeys(written))
        axes = [unique.index(label) for label in ordered]
        in_order = axes == list(range(len(axes)))

        def arrange(xp: Any, array: Array) -> Array:
            array = pick(xp, array, indices)
            if len(unique) < len(written):
                array = _diagonal(xp, array, written)
            if in_order:
                return array
            rest = [len(axes)] if np.ndim(array) > len(axes) else []
            return xp.transpose(array, [*axes, *rest])

        return arrange


def _reader(name: str, indices: list[Index | None]) -> Callable[[Env], Array]:
    """Return how a variable is read: at one element, if any index is one, which is taken out."""
    for axis, index in reversed(list(enumerate(indices))):
        if isinstance(index, int):
            del indices[axis]
            return lambda env: env.element(name, axis, index)
    return lambda env: env.values[name]


def _diagonal(xp: Any, array: Array, written: tuple[str, ...]) -> Array:
    """Return the array with every repeated label taken along its diagonal."""
    labels = list(written)
    for label in dict.fromkeys(written):
        while labels.count(label) > 1:
            first = labels.index(label)
            second = labels.index(label, first + 1)
            size = array.shape[first]
            moved = xp.moveaxis(array, (first, second), (0, 1))
            kept = moved[np.arange(size), np.arange(size)]
            del labels[second]
            array = xp.moveaxis(kept, 0, first)
    return array
