"""Subscripts in XMILE's equations, as Vensim writes them: stars, slices, places and whole arrays.

Subscripts count from 1; a place that an array does not have gives 0 (XMILE 1.0, 3.7.1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from math import floor, prod, sqrt
from typing import Any

from zhuanxing.engine.reading import syntax_tree
from zhuanxing.engine.reading.syntax_tree import (
    CLOCK,
    NEARLY,
    Arithmetic,
    Call,
    Picked,
    Reference,
    Subscripted,
    Transposed,
)
from zhuanxing.engine.reading.xmile_arrays import Arrays
from zhuanxing.engine.reading.xmile_functions import (
    CONSTANTS,
    MEAN,
    RANK,
    REDUCTIONS,
    SIZE,
    STDDEV,
    average,
)
from zhuanxing.engine.running.failures import key_of

__all__ = ["Subscripts", "of_element"]

# MAX and MIN of numbers and whole arrays together.
EXTREMES = {"max": "vmax", "min": "vmin"}
# What the values of a graphical function give as a whole.
OF_VALUES: dict[str, Callable[[tuple[float, ...]], float]] = {
    "sum": sum,
    "prod": prod,
    "vmin": min,
    "vmax": max,
    MEAN: lambda y: sum(y) / len(y),
    SIZE: lambda y: float(len(y)),
    STDDEV: lambda y: sqrt(sum((value - sum(y) / len(y)) ** 2 for value in y) / len(y)),
}


def of_element(arrays: Arrays, axes: tuple[str, ...], cell: tuple[str, ...], tree: Any) -> Any:
    """Return the equation of one element, for which the names of its dimensions stand."""
    bound = dict(zip(axes, cell, strict=True))

    def change(node: Any) -> Any:
        if not isinstance(node, Reference):
            return node
        if node.subscripts is None and node.name in bound and node.name not in arrays.axes:
            return float(arrays.of(node.name).index(bound[node.name]) + 1)
        parts = tuple(bound.get(part, part) for part in node.subscripts or ())
        return replace(node, subscripts=parts or None)

    return syntax_tree.rewrite(tree, change)


def _is_reduction(node: Any) -> bool:
    return isinstance(node, Call) and node.function.name in REDUCTIONS


@dataclass(frozen=True)
class Subscripts:
    """Changes the subscripts of one variable's equations.

    `key` is the variable, and `absolute` gives names as its equations write them in full. Raises
    ValueError with a reason for a subscript that is not understood.
    """

    arrays: Arrays
    key: str
    absolute: Callable[[str], str]

    @property
    def own(self) -> tuple[str, ...]:
        """The dimensions of the variable."""
        return self.arrays.axes.get(self.key, ())

    def written(self, tree: Any) -> Any:
        """Return the tree with subscripts as Vensim writes them, and whole arrays reduced."""
        found = syntax_tree.rewrite(tree, self._changed)
        # Inside SUM and its kin MAX goes element by element.
        return syntax_tree.rewrite(found, self._outside, _is_reduction)

    def _changed(self, node: Any) -> Any:
        axes = self.arrays.axes
        if isinstance(node, Reference):
            if "." in node.name and node.name not in axes:
                return self._numbered(node)
            if node.subscripts:
                return self._subscripted(node.name, node.subscripts)
        if isinstance(node, Subscripted):
            return self._subscripted(node.name, node.parts)
        if isinstance(node, Transposed):
            return self._transposed(node)
        if isinstance(node, Call) and self._is_flat(node):
            return self._flat(node)
        return self._reduced(node) if _is_reduction(node) else node

    def _is_flat(self, node: Call) -> bool:
        """Return whether an array is called with the number of an element."""
        array = node.function
        known = array.subscripts is None and self.arrays.axes.get(array.name)
        return bool(known) and len(node.arguments) == 1

    def _outside(self, node: Any) -> Any:
        if isinstance(node, Reference) and node.subscripts is None:
            axes = self.arrays.axes.get(node.name, ())
            if any(axis in self.arrays.copies and axis not in self.own for axis in axes):
                raise ValueError(
                    f"'{node.name}' has a dimension twice, say with subscripts which element is "
                    "meant"
                )
        return self._extreme(node)

    # -- single elements ----------------------------------------------------------------------

    def _numbered(self, node: Reference) -> Any:
        """Return the number of an element that is written as dimension.element."""
        axis, _, element = node.name.partition(".")
        if axis not in self.arrays.members or node.subscripts:
            return node
        return float(self._number(element, axis))

    def _number(self, element: str, axis: str) -> int:
        return self.arrays.of(axis).index(self.arrays.element(element, axis)) + 1

    def _subscripted(self, name: str, parts: tuple[Any, ...]) -> Any:
        """Return a variable with the labels of its subscripts, or at places that are computed."""
        axes = self.arrays.axes.get(name)
        if axes == () and len(parts) == 1 and name in self.arrays.graphs:
            return self._of_graph(name, parts[0])
        if axes is None or len(axes) != len(parts):
            listed = tuple(part if isinstance(part, str) else "?" for part in parts)
            return Reference(name, listed)
        labels: list[str] = []
        picked: dict[str, Any] = {}
        for part, axis in zip(parts, axes, strict=True):
            label = self._label(part, axis, labels)
            if isinstance(label, float) and 1 <= label < len(self.arrays.of(axis)) + 1:
                label = self.arrays.of(axis)[floor(label + NEARLY) - 1]
            elif isinstance(label, float):
                return self.arrays.outside
            elif not isinstance(label, str):
                place, label = label, f"{self.arrays.apart(axis, labels)}!"
                picked[label] = place
            labels.append(label)
        reference = Reference(name, tuple(labels))
        if not picked:
            return reference
        return Picked(reference, tuple(picked), tuple(picked.values()), self.arrays.outside)

    def _label(self, part: Any, axis: str, taken: list[str]) -> Any:
        """Return a label, the number of an element, or the expression of one."""
        if not isinstance(part, str):
            return self._place(part, axis)
        if part in self.arrays.of(axis):
            return part
        if part == "*" or part.startswith("*:"):
            name = key_of(part[2:]) or axis
            return f"{self.arrays.copy(name, taken)}!" if name in self._known() else f"{name}!"
        if part.startswith("@") and part[1:].isdecimal():
            return self._own(int(part[1:]) - 1)
        first, colon, last = part.partition(":")
        if colon:
            return f"{self.arrays.slice_of(axis, key_of(first), key_of(last))}!"
        if part in self.arrays.members:
            return self._dimension(part, axis, taken)
        if part.isdecimal():
            return float(part)
        variable = self._variable(part)
        try:
            return self.arrays.element(part, axis)
        except ValueError:
            if variable is None:
                raise
            return variable

    def _known(self) -> set[str]:
        return {*self.arrays.members, *self.arrays.copies}

    def _dimension(self, name: str, axis: str, taken: list[str]) -> Any:
        """Return a dimension's name as a label; of another one the numbers of its elements."""
        if not {*self.arrays.of(name)} <= {*self.arrays.of(axis)}:
            return Reference(name)
        own = [label for label in self.own if self.arrays.copies.get(label, label) == name]
        free = [label for label in own if label not in taken]
        return free[0] if free else name

    def _own(self, place: int) -> str:
        if not 0 <= place < len(self.own):
            raise ValueError(f"'@{place + 1}' is not a dimension of it: it has {len(self.own)}")
        return self.own[place]

    def _variable(self, part: str) -> Any:
        """Return the variable or constant that a subscript names, if it names one."""
        name = self.absolute(part)
        if name in self.arrays.axes or name == CLOCK:
            return Reference(name)
        return CONSTANTS.get(part)

    def _place(self, tree: Any, axis: str) -> Any:
        """Return the expression of a place; names of elements in it are their numbers."""

        def change(node: Any) -> Any:
            bare = isinstance(node, Reference) and node.subscripts is None
            if bare and node.name not in self.arrays.axes and node.name in self.arrays.of(axis):
                return float(self._number(node.name, axis))
            return syntax_tree.folded(node)

        return syntax_tree.rewrite(tree, change)

    def _flat(self, node: Call) -> Any:
        """Return an element by its number in the whole array, row after row."""
        axes = self.arrays.axes[node.function.name]
        sizes = [len(self.arrays.of(axis)) for axis in axes]
        before = Arithmetic(("-",), (node.arguments[0], 1.0))
        parts: list[Any] = []
        for place, size in enumerate(sizes):
            stride = float(prod(sizes[place + 1 :]))
            row = Call(Reference("floor"), (Arithmetic(("/",), (before, stride)),))
            if place:  # beyond the first, what is out of range is in the range of another row
                row = Call(Reference("floored modulo"), (row, float(size)))
            parts.append(Arithmetic(("+",), (row, 1.0)))
        return self._subscripted(node.function.name, tuple(parts))

    def _of_graph(self, name: str, part: Any) -> float:
        values = self.arrays.graphs[name]
        if not isinstance(part, str) or not part.isdecimal():
            raise ValueError(
                f"takes a value of the graphical function '{name}' by a written number"
            )
        return values[int(part) - 1] if 0 < int(part) <= len(values) else 0.0

    def _transposed(self, node: Transposed) -> Any:
        """Return an array with its dimensions in the opposite order."""
        variable = node.variable
        axes = self.arrays.axes.get(variable.name, ())
        parts = list(variable.subscripts or axes)
        free = [i for i, part in enumerate(parts) if part in self._known()]
        if len(free) != len(self.own) or len(parts) != len(axes):
            raise ValueError(f"'{variable.name}' turned by ' does not have its dimensions")
        for place, label in zip(free, reversed(self.own), strict=True):
            if len(self.arrays.of(label)) != len(self.arrays.of(axes[place])):
                raise ValueError(f"'{variable.name}' turned by ' does not have its dimensions")
            parts[place] = label
        return Reference(variable.name, tuple(parts))

    # -- whole arrays -------------------------------------------------------------------------

    def _extreme(self, node: Any) -> Any:
        """Return MAX or MIN with the extreme in place of a whole array among its arguments."""
        if not isinstance(node, Call) or node.function.name not in EXTREMES:
            return node
        extreme = Reference(EXTREMES[node.function.name])
        parts = (
            self._reduced(Call(extreme, (part,))) if self._is_whole(part) else part
            for part in node.arguments
        )
        return replace(node, arguments=tuple(parts))

    def _is_whole(self, node: Any) -> bool:
        """Return whether a part of an equation runs over more than its left-hand side."""
        if _is_reduction(node) or isinstance(node, Picked):
            return False
        if isinstance(node, Reference):
            if node.subscripts is None:
                return not {*self.arrays.axes.get(node.name, ())} <= {*self.own}
            return any(part.endswith("!") for part in node.subscripts)
        return any(self._is_whole(child) for child in syntax_tree.children(node))

    def _reduced(self, call: Call) -> Any:
        """Return a reduction over the marked subscripts, or over all of arrays without any."""
        name, (first, *others) = call.function.name, call.arguments
        if name == SIZE and getattr(first, "name", None) in self.arrays.members:
            return float(len(self.arrays.members[first.name]))
        if name != "sum" and getattr(first, "name", "") in self.arrays.belts:
            raise ValueError(f"'{first.name}' is a conveyor, whose slats are not known one by one")
        values = self.arrays.graphs.get(getattr(first, "name", ""))
        if isinstance(first, Reference) and name in OF_VALUES and values is not None:
            return float(OF_VALUES[name](values))
        marked = self._marked(first)
        if not marked:
            first = syntax_tree.rewrite(first, self._mark, lambda node: isinstance(node, Picked))
            marked = self._marked(first)
        size = float(prod(len(self.arrays.of(label)) for label in dict.fromkeys(marked)))
        if name == SIZE:
            return size
        if name == MEAN:
            return average(Call(Reference("sum"), (first,)), size)
        if name == RANK and len(others) > 1:
            others[1] = syntax_tree.rewrite(others[1], self._mark)
        return replace(call, arguments=(first, *others))

    def _marked(self, tree: Any) -> list[str]:
        """Return the marked labels of a tree. Raises ValueError where slices do not go together."""
        picked = {
            label for node in syntax_tree.nodes(tree) if isinstance(node, Picked)
            for label in node.labels
        }  # fmt: skip
        found: list[str] = []
        groups: set[tuple[str, ...]] = set()
        for node in syntax_tree.nodes(tree):
            if isinstance(node, Reference):
                labels = [part for part in node.subscripts or () if part.endswith("!")]
                labels = [label for label in labels if label not in picked]
                found += labels
                groups |= {tuple(labels)} if labels else set()
        self._require_together(groups)
        return found

    def _require_together(self, groups: Iterable[tuple[str, ...]]) -> None:
        several = [*groups]
        sliced = any(label[:-1] in self.arrays.slices for group in several for label in group)
        if sliced and len(several) > 1:
            raise ValueError("joins different slices in one function of arrays")

    def _mark(self, node: Any) -> Any:
        """Return an array with all subscripts marked, or those that the left-hand side lacks."""
        axes = self.arrays.axes.get(node.name, ()) if isinstance(node, Reference) else ()
        if not axes or any(part.endswith("!") for part in node.subscripts or ()):
            return node
        free = () if not node.subscripts else self.own
        labels = tuple(
            f"{label}!" if label in self._known() and label not in free else label
            for label in node.subscripts or axes
        )
        return replace(node, subscripts=labels)
