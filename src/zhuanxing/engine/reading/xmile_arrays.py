"""XMILE's dimensions, by name or by size, and which of them each variable has."""

from __future__ import annotations

from lxml import etree

from zhuanxing.engine.reading.syntax_tree import MOST_ELEMENTS, Range
from zhuanxing.engine.reading.xmile_file import XmileFile, named, other_file, tag
from zhuanxing.engine.running.failures import TranslationError, key_of, located

__all__ = ["Arrays"]

DIGITS = len(str(MOST_ELEMENTS))


def _outside(file: XmileFile) -> float:
    """Return the value of a place that an array does not have: 0 unless the options say NaN."""
    options = (node for node in file.root.iter() if tag(node) == "uses_arrays")
    given = next((node.get("invalid_index_value", "0") for node in options), "0")
    return float("nan") if given.lower() == "nan" else 0.0


class Arrays:
    """The dimensions of a file, and by full name which of them each variable has.

    A dimension that a variable has twice, or that is read twice, has a copy for the second place
    (`copies`); a slice of one is a range of its own (`slices`). `outside` is what places give that
    an array does not have. `belts` are the conveyors, whose slats no equation
    reads. `graphs` are the values of graphical functions of single variables, from the left.
    """

    def __init__(self, file: XmileFile) -> None:
        self.file = file
        self.members: dict[str, tuple[str, ...]] = {}
        self.lines: dict[str, int] = {}
        self.axes: dict[str, tuple[str, ...]] = {}
        self.copies: dict[str, str] = {}
        self.slices: dict[str, tuple[str, ...]] = {}
        self.graphs: dict[str, tuple[float, ...]] = {}
        self.belts: set[str] = set()
        self.outside = _outside(file)
        holder = file.child(file.root, "dimensions")
        for node in () if holder is None else file.children(holder, "dim"):
            name = key_of(named(file, node))
            if name in self.members:
                raise file.refuse(node, "a dimension of this name is there already")
            self.members[name] = self._elements(node)
            self.lines[name] = 0 if other_file(node) else node.sourceline
        for name, members in self.members.items():
            clash = next((member for member in members if member in self.members), None)
            if clash is not None:
                raise TranslationError(
                    f"dimension '{name}' ({located(file.origin, self.lines[name])}): its element "
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
        """Return the dimensions as ranges, their copies and their slices."""
        own = (
            Range(name, of, line=self.lines[name], counted_alone=True)
            for name, of in self.members.items()
        )
        copies = (
            Range(name, (of,), copied=True, counted_alone=True) for name, of in self.copies.items()
        )
        slices = (Range(name, of, counted_alone=True) for name, of in self.slices.items())
        return (*own, *copies, *slices)

    def of(self, label: str) -> tuple[str, ...]:
        """Return the elements of a dimension, of a copy or of a slice of one."""
        name = label.removesuffix("!")
        found = self.slices.get(name)
        return self.members[self.copies.get(name, name)] if found is None else found

    def copy(self, axis: str, taken: list[str] | tuple[str, ...]) -> str:
        """Return a range with the elements of a dimension that is not among those taken."""
        original = self.copies.get(axis, axis)
        name = original
        while name in taken or f"{name}!" in taken:
            name += " again"
        if name != original:
            self.copies[name] = original
        return name

    def apart(self, axis: str, taken: list[str]) -> str:
        """Return a range with the elements of a dimension that nothing else goes along."""
        original = self.copies.get(axis, axis)
        name = f"{original} picked"
        while f"{name}!" in taken:
            name += " again"
        self.copies[name] = original
        return name

    def slice_of(self, axis: str, first: str, last: str) -> str:
        """Return the range of the elements of a dimension from one to another.

        Raises ValueError with a reason if there are none.
        """
        members = self.of(axis)
        ends = [members.index(self.element(part, axis)) for part in (first, last)]
        if ends[0] > ends[1]:
            raise ValueError(f"the slice '{first}:{last}' ends before it begins")
        name = f"{self.copies.get(axis, axis)} {ends[0] + 1} to {ends[1] + 1}"
        self.slices[name] = members[ends[0] : ends[1] + 1]
        return name

    def declare(self, key: str, node: etree._Element) -> None:
        """Note the dimensions of a variable. Raises TranslationError for an unknown one."""
        holder = self.file.child(node, "dimensions")
        axes: list[str] = []
        for dim in () if holder is None else self.file.children(holder, "dim"):
            axis = key_of(named(self.file, dim))
            if axis not in self.members:
                raise self.file.refuse(node, f"its dimension '{axis}' is not defined")
            axes.append(self.copy(axis, axes))
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
            return tuple(self.element(part, axis) for part, axis in zip(parts, axes, strict=True))
        except ValueError as failure:
            raise self.file.refuse(node, str(failure)) from None

    def element(self, part: str, axis: str) -> str:
        """Return an element by its name, or by its number where none has that name.

        Raises ValueError with a reason if there is none.
        """
        members = self.of(axis)
        bare = part.removeprefix(f"{self.copies.get(axis, axis)}.")
        if bare in members:
            return bare
        if bare.isdecimal() and 0 < int(bare) <= len(members):
            return members[int(bare) - 1]
        raise ValueError(f"'{part}' is not an element of the dimension '{axis}'")
