"""Subscript ranges: their elements, their mappings, and positions of one inside another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from zhuanxing.engine.reading.syntax_tree import Range
from zhuanxing.engine.running.failures import TranslationError
from zhuanxing.errors import nearest

__all__ = ["Dimensions", "Index", "RangeError", "bare"]

Index = int | slice | np.ndarray


class RangeError(TranslationError):
    """A subscript range, called `name`, that cannot be what its definition says."""

    def __init__(self, name: str, sentence: str) -> None:
        super().__init__(sentence)
        self.name = name


def bare(label: str) -> str:
    """Return the range of a label: a summed range 'city!' runs over 'city'."""
    return label.removesuffix("!")


class Dimensions:
    """All ranges of a model, with every range spelt out to its elements."""

    def __init__(self, ranges: Sequence[Range]) -> None:
        self._mapping = {item.name: list(item.mapping) for item in ranges}
        self._copied = {item.name for item in ranges if item.copied}
        self._counted_alone = {item.name for item in ranges if item.counted_alone}
        for item in ranges:
            if item.copied:
                self._mapping[item.name] += item.elements
        for item in ranges:
            if item.name in item.elements:
                raise RangeError(
                    item.name, f"subscript range '{item.name}' has an element of its own name."
                )
        raw = {item.name: item.elements for item in ranges}
        self.elements = {name: self._spell_out(name, raw, ()) for name in raw}
        self._repeating = {
            name for name, members in self.elements.items() if len(set(members)) < len(members)
        }
        self._ranges_of: dict[str, list[str]] = {}
        for name, members in self.elements.items():
            for member in dict.fromkeys(members):
                self._ranges_of.setdefault(member, []).append(name)
        self._main = self._main_ranges()
        for name in self._repeating:
            self._require_larger(name)
        self._images = {
            (item.name, target): self._image(item.name, target, listed)
            for item in ranges
            for target, listed in item.images
        }

    def _image(self, name: str, target: str, listed: tuple[str, ...]) -> dict[str, str]:
        """Return the element of `name` for every element of `target` that it is mapped to."""
        own = self.elements[name]
        where = f"the mapping of subscript range '{name}' to '{target}'"
        if len(listed) != len(own):
            raise RangeError(
                name,
                f"{where} lists {len(listed)} elements or subranges, expected {len(own)}: one for "
                f"each of {', '.join(own)}.",
            )
        found: dict[str, str] = {}
        for element, image in zip(own, listed, strict=True):
            if image not in self.elements and not self.is_element(image):
                raise RangeError(name, f"{where} has '{image}', which is nowhere an element.")
            found.update(dict.fromkeys(self.members(image), element))
        return found

    def image(self, name: str, target: str) -> tuple[str, ...] | None:
        """Return the element of `name` that stands for each element of `target`, or None.

        None is a mapping in order, or none at all.
        """
        wanted = self.elements[bare(target)]
        for (mapped, _), found in self._images.items():
            if mapped == name and found.keys() >= set(wanted):
                return tuple(found[element] for element in wanted)
        return None

    def _spell_out(
        self, name: str, raw: dict[str, tuple[str, ...]], above: tuple[str, ...]
    ) -> tuple[str, ...]:
        if name in above:
            raise RangeError(
                name,
                f"subscript range '{name}' is defined by itself: {' -> '.join([*above, name])}.",
            )
        members: list[str] = []
        for member in raw[name]:
            if member in raw and member != name:
                members += self._spell_out(member, raw, (*above, name))
            else:
                members.append(member)
        return tuple(members)

    def _require_larger(self, name: str) -> None:
        """Raise RangeError unless a range without repeats holds one that repeats elements.

        Vensim lets a subrange name an element more than once, so that each element of a longer
        range can be mapped to one of its own: the variables lie along the range that holds both.
        """
        members = self.elements[name]
        if not any(set(members) <= set(self.elements[home]) for home in self._main):
            member = Counter(members).most_common(1)[0][0]
            raise RangeError(
                name,
                f"subscript range '{name}' names '{member}' twice, which only a part of another "
                "range may, for a mapping.",
            )

    def repeats(self, label: str) -> bool:
        """Tell whether a label's range names an element more than once."""
        return bare(label) in self._repeating

    def family(self, name: str) -> str:
        """Return the range that holds the elements of a range and that no other contains."""
        members = set(self.members(name))
        return next(home for home in self._main if members <= set(self.elements[home]))

    def _main_ranges(self) -> list[str]:
        """Return the ranges that no other contains; of equal ones the first by name."""
        sets = {
            name: set(members)
            for name, members in self.elements.items()
            if name not in self._repeating
        }
        main = []
        for name, members in sets.items():
            rivals = (
                other
                for other, others in sets.items()
                if other != name
                and (
                    members < others
                    or (
                        members == others
                        and (name in self._copied or other < name)
                        and not (other in self._copied and name not in self._copied)
                    )
                )
            )
            if next(rivals, None) is None:
                main.append(name)
        return main

    def is_range(self, name: str) -> bool:
        """Tell whether `name` is a range and not the name of an element."""
        return name in self.elements and name not in self._ranges_of

    def is_element(self, name: str) -> bool:
        """Tell whether `name` is an element of some range."""
        return name in self._ranges_of

    def members(self, name: str) -> tuple[str, ...]:
        """Return the elements of a range, or the one element itself."""
        return (name,) if self.is_element(name) else self.elements[bare(name)]

    def size(self, label: str) -> int:
        """Return the number of elements of a label's range."""
        return len(self.elements[bare(label)])

    def require(self, name: str, where: str) -> None:
        """Raise TranslationError unless `name` is a range or an element."""
        if bare(name) not in self.elements and name not in self._ranges_of:
            known = [*self.elements, *self._ranges_of]
            hint = f", did you mean '{nearest(name, known)}'?" if known else "."
            raise TranslationError(f"unknown subscript '{name}' in {where}{hint}")

    def maps_to(self, name: str, targets: Sequence[str], taken: Sequence[str]) -> str | None:
        """Return the first of `targets` to which range `name` is mapped and that is not taken."""
        for target in targets:
            if target not in taken and target in self.elements and self.image(name, target):
                return target
        same_size = self.size(name)
        for target in self._mapping.get(name, []):
            if target in targets and target not in taken and self.size(target) == same_size:
                return target
        for target in targets:  # an alias: the same elements under another name
            if target not in taken and self.elements.get(target) == self.elements[name]:
                return target
        return None

    def position(self, element: str) -> int:
        """Return the place of an element in the main range that holds it, counted from 0."""
        holders = self._ranges_of[element]
        home = next((name for name in holders if name in self._main), holders[0])
        return self.elements[home].index(element)

    def positions_within(self, name: str, home: str) -> np.ndarray:
        """Return the places, from 0, of an element or of a range's elements along an axis."""
        axis = self.elements[home]
        places = np.array([axis.index(member) for member in self.members(name)], dtype=np.float64)
        return places[0] if self.is_element(name) else places

    def positions_in_main(self, name: str) -> np.ndarray:
        """Return the numbers, from 0, of a range's elements: places in its main range or in it."""
        members = self.elements[name]
        if name in self._main or name in self._counted_alone:
            return np.arange(len(members))
        for home in self._main:
            if set(members) <= set(self.elements[home]):
                return np.array([self.elements[home].index(member) for member in members])
        return np.arange(len(members))

    def index(self, name: str, home: str) -> Index | None:
        """Return where the elements of `name` (range or element) lie along an axis over `home`.

        An integer for an element, None for the whole axis in order, a slice or an index array
        for a part. Raises TranslationError if `home` does not hold them.
        """
        axis = self.elements[home]
        if self.is_element(name):
            if name not in axis:
                raise TranslationError(
                    f"'{name}' is not an element of '{home}', did you mean '{nearest(name, axis)}'?"
                )
            return axis.index(name)
        members = self.elements[bare(name)]
        if members == axis:
            return None
        if not set(members) <= set(axis):
            if len(members) == len(axis) and (
                home in self._mapping.get(bare(name), ()) or bare(name) in self._mapping[home]
            ):
                return None
            raise TranslationError(f"range '{bare(name)}' is not part of range '{home}'.")
        return self.places(members, home)

    def places(self, members: Sequence[str], home: str) -> Index:
        """Return where elements lie along an axis over `home`, as a slice where they are a run.

        Raises TranslationError if `home` does not hold them.
        """
        axis = self.elements[home]
        missing = sorted(set(members).difference(axis))
        if missing:
            raise TranslationError(f"range '{home}' does not hold {', '.join(missing)}.")
        places = np.array([axis.index(member) for member in members])
        if len(places) and np.array_equal(places, np.arange(places[0], places[0] + len(places))):
            return slice(int(places[0]), int(places[-1]) + 1)
        return places

    def merge(self, pieces: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
        """Return the ranges of a variable that is defined by pieces with these subscripts."""
        names: list[str] = []
        for place in range(len(pieces[0])):
            column = [piece[place] for piece in pieces]
            covered = {member for name in column for member in self.members(name)}
            names.append(self._covering(covered, column, pieces, place, names))
        return tuple(names)

    def _covering(
        self,
        covered: set[str],
        column: list[str],
        pieces: Sequence[tuple[str, ...]],
        place: int,
        used: list[str],
    ) -> str:
        others = set(used)
        for piece in pieces:
            others |= {name for i, name in enumerate(piece) if i != place and self.is_range(name)}
        for name in column:
            if name in used or name in self._repeating:
                continue
            if self.is_range(name) and set(self.elements[name]) == covered:
                return name
        fitting = [
            name
            for name, members in self.elements.items()
            if covered <= set(members) and name not in self._repeating
        ]
        exact = [name for name in fitting if set(self.elements[name]) == covered]
        for candidates in (exact, fitting):
            free = [name for name in candidates if name not in others]
            for name in free or candidates:
                return name
        raise TranslationError(f"no subscript range holds all of {sorted(covered)}.")
