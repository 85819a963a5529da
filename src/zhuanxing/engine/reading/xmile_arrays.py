"""XMILE's arrays: dimensions by name or by size, and subscripts as stars, numbers and names."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lxml import etree

from zhuanxing.engine.reading import syntax_tree
from zhuanxing.engine.reading.syntax_tree import MOST_ELEMENTS, Call, Range, Reference
from zhuanxing.engine.reading.xmile_file import XmileFile, named, tag
from zhuanxing.engine.reading.xmile_functions import MEAN, REDUCTIONS, SIZE, average
from zhuanxing.engine.running.failures import TranslationError, key_of

__all__ = ["Arrays"]

# MAX and MIN of numbers and whole arrays together.
EXTREMES = {"max": "vmax", "min": "vmin"}
DIGITS = len(str(MOST_ELEMENTS))


def _is_reduction(node: Any) -> bool:
    return isinstance(node, Call) and node.function.name in REDUCTIONS


class Arrays:
    """The dimensions of a file, and which of them each variable has, by full name."""

    def __init__(self, file: XmileFile) -> None:
        self.file = file
        self.members: dict[str, tuple[str, ...]] = {}
        self.lines: dict[str, int] = {}
        self.axes: dict[str, tuple[str, ...]] = {}
        self.copies: dict[str, str] = {}
        holder = file.child(file.root, "dimensions")
        for node in () if holder is None else file.children(holder, "dim"):
            name = key_of(named(file, node))
            if name in self.members:
                raise file.refuse(node, "a dimension of this name is there already")
            self.members[name] = self._elements(node)
            self.lines[name] = node.sourceline
        for name, members in self.members.items():
            clash = next((member for member in members if member in self.members), None)
            if clash is not None:
                raise TranslationError(
                    f"dimension '{name}' ({file.origin}:{self.lines[name]}): its element "
                    f"'{clash}' has the name of a dimension."
                )

    def _elements(self, node: etree._Element) -> tuple[str, ...]:
        listed = tuple(
            key_of(named(self.file, child)) for child in node if tag(child) in ("elem", "element")
        )
        size = node.get("size")
        if listed:
            return listed
        if size is None:
            raise self.file.refuse(node, "the dimension has neither elements nor a size")
        if not size.isdecimal() or len(size) > DIGITS or not 0 < int(size) <= MOST_ELEMENTS:
            raise self.file.refuse(
                node, f"the size of the dimension is '{size[:20]}', expected 1 to {MOST_ELEMENTS:,}"
            )
        return tuple(str(place + 1) for place in range(int(size)))

    def ranges(self) -> tuple[Range, ...]:
        """Return the dimensions as ranges, and a copy where one is summed over twice."""
        own = (
            Range(name, of, line=self.lines[name], counted_alone=True)
            for name, of in self.members.items()
        )
        copies = (
            Range(name, (of,), copied=True, counted_alone=True) for name, of in self.copies.items()
        )
        return (*own, *copies)

    def declare(self, key: str, node: etree._Element) -> None:
        """Note the dimensions of a variable. Raises TranslationError for an unknown one."""
        holder = self.file.child(node, "dimensions")
        axes = [
            key_of(named(self.file, dim))
            for dim in (() if holder is None else self.file.children(holder, "dim"))
        ]
        for axis in axes:
            if axis not in self.members:
                raise self.file.refuse(node, f"its dimension '{axis}' is not defined")
        self.axes[key] = tuple(axes)

    def cell(self, key: str, node: etree._Element, text: str) -> tuple[str, ...]:
        """Return the elements that a subscript such as 'north, 2' names."""
        parts = [key_of(part) for part in text.split(",")]
        axes = self.axes[key]
        if len(parts) != len(axes):
            raise self.file.refuse(
                node, f"its element '{text}' has {len(parts)} subscripts, expected {len(axes)}"
            )
        try:
            return tuple(self._element(part, axis) for part, axis in zip(parts, axes, strict=True))
        except ValueError as failure:
            raise self.file.refuse(node, str(failure)) from None

    def _element(self, part: str, axis: str) -> str:
        """Return an element by its name, or by its number where none has that name."""
        members = self.members[axis]
        if part in members:
            return part
        if part.isdecimal() and 0 < int(part) <= len(members):
            return members[int(part) - 1]
        raise ValueError(f"'{part}' is not an element of the dimension '{axis}'")

    def subscripted(self, tree: Any, key: str) -> Any:
        """Return the tree with subscripts as Vensim writes them, and whole arrays reduced.

        Raises ValueError with a reason for a subscript that is not understood.
        """
        found = syntax_tree.rewrite(tree, lambda node: self._changed(node, key))
        # Inside SUM and its kin MAX goes element by element.
        return syntax_tree.rewrite(found, lambda node: self._extreme(node, key), _is_reduction)

    def _changed(self, node: Any, key: str) -> Any:
        if isinstance(node, Reference) and "." in node.name and node.name not in self.axes:
            return self._numbered(node)
        if isinstance(node, Reference) and node.subscripts:
            axes = self.axes.get(node.name)
            if axes is not None and len(axes) == len(node.subscripts):
                return replace(node, subscripts=self._written(node.subscripts, axes))
        return self._reduced(node, key) if _is_reduction(node) else node

    def _extreme(self, node: Any, key: str) -> Any:
        """Return MAX or MIN with the extreme in place of a whole array among its arguments."""
        if not isinstance(node, Call) or node.function.name not in EXTREMES:
            return node
        extreme = Reference(EXTREMES[node.function.name])
        own = self.axes.get(key, ())
        parts = (
            self._reduced(Call(extreme, (part,)), key) if self._is_whole(part, own) else part
            for part in node.arguments
        )
        return replace(node, arguments=tuple(parts))

    def _is_whole(self, node: Any, own: tuple[str, ...]) -> bool:
        """Return whether a part of an equation runs over more than its left-hand side."""
        if _is_reduction(node):
            return False
        if isinstance(node, Reference):
            if node.subscripts is None:
                return not set(self.axes.get(node.name, ())) <= set(own)
            return any(part.endswith("!") for part in node.subscripts)
        return any(self._is_whole(child, own) for child in syntax_tree.children(node))

    def _numbered(self, node: Reference) -> Any:
        """Return the number of an element that is written as dimension.element."""
        axis, _, element = node.name.partition(".")
        if axis not in self.members or node.subscripts:
            return node
        return float(self.members[axis].index(self._element(element, axis)) + 1)

    def _written(self, subscripts: tuple[str, ...], axes: tuple[str, ...]) -> tuple[str, ...]:
        found: list[str] = []
        for part, axis in zip(subscripts, axes, strict=True):
            label = part
            if part == "*" or part.startswith("*:"):
                label = (key_of(part[2:]) or axis) + "!"
                if label in found:
                    label = self._copy(label[:-1]) + "!"
            elif part not in self.members:
                label = self._element(part.removeprefix(f"{axis}."), axis)
            found.append(label)
        return tuple(found)

    def _copy(self, axis: str) -> str:
        """Return the name of a second range with the elements of a dimension."""
        name = f"{axis} again"
        self.copies[name] = axis
        return name

    def _reduced(self, call: Call, key: str) -> Any:
        """Return a reduction over the marked subscripts, or over all of arrays without any."""
        marked = [
            part
            for node in syntax_tree.nodes(call.arguments)
            if isinstance(node, Reference)
            for part in node.subscripts or ()
            if part.endswith("!")
        ]
        arguments = call.arguments
        first = arguments[0]
        if call.function.name == SIZE and getattr(first, "name", None) in self.members:
            return float(len(self.members[first.name]))
        if not marked:
            arguments = syntax_tree.rewrite(arguments, self._marker(marked, self.axes.get(key, ())))
        size = 1
        for label in dict.fromkeys(marked):
            name = label.removesuffix("!")
            size *= len(self.members[self.copies.get(name, name)])
        if call.function.name == SIZE:
            return float(size)
        if call.function.name == MEAN:
            return average(Call(Reference("sum"), arguments), float(size))
        return replace(call, arguments=arguments)

    def _marker(self, marked: list[str], own: tuple[str, ...]) -> Any:
        """Return the change that marks all subscripts, or those that the left-hand side lacks."""

        def mark(node: Any) -> Any:
            axes = self.axes.get(node.name, ()) if isinstance(node, Reference) else ()
            if not axes:
                return node
            written = node.subscripts or axes
            free = () if not node.subscripts else own
            labels = tuple(
                f"{label}!" if label in self.members and label not in free else label
                for label in written
            )
            marked.extend(label for label in labels if label.endswith("!"))
            return replace(node, subscripts=labels)

        return mark
