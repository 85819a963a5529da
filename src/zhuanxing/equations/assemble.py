"""The model out of the sector files and the tables: what engines, checks and exports read.

Structure and numbers are apart. The structure is a Vensim text: the sector files, and names,
dimensions and units of all constants and look-ups. The numbers are arrays that go into the
compiled structure, so that an edited cell of a table costs no compilation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from zhuanxing.engine.reading.contents import content_of
from zhuanxing.equations.constants import (
    OTHERS,
    Constant,
    assumption_constants,
    initial_constants,
    lever_constants,
)
from zhuanxing.equations.lookups import DriverLookup, driver_lookups
from zhuanxing.equations.vensim_text import (
    array_text,
    equation_text,
    lookup_text,
    range_text,
    subscripted,
)
from zhuanxing.errors import ZhuanxingError, nearest, require_known

if TYPE_CHECKING:
    from zhuanxing.data.tables import Tables

__all__ = ["TABLES", "Equations", "assemble"]

# Where numbers stand that no sector file defines.
TABLES = "model/data"

ENCODING_MARK = "{UTF-8}"
# The variable of the sector files that says when outside conditions are read.
MOMENT = "middle of step"
FINAL_TIME = "FINAL TIME"
# What stands for a number in the structure; no run reads it.
PLACEHOLDER = "0"


@dataclass(frozen=True)
class Equations:
    """The sector files by file name, and the dimensions and numbers that the tables give them."""

    elements: Mapping[str, tuple[str, ...]]
    sectors: Mapping[str, str]
    constants: tuple[Constant, ...]
    lookups: tuple[DriverLookup, ...]

    def constant(self, name: str) -> Constant:
        """Return a constant by its name; raise ZhuanxingError for an unknown one."""
        require_known("constant", name, self._by_name, "the tables")
        return self._by_name[name]

    def dims(self, name: str) -> dict[str, tuple[str, ...]]:
        """Return the dimensions of a constant with their elements, in snake_case."""
        return {dim.replace(" ", "_"): self.elements[dim] for dim in self.constant(name).dims}

    def mask(self, name: str, subscript: str) -> np.ndarray:
        """Return where [*dims] a row of the constant `name` counts.

        That is everywhere for "", at its own elements for `a;b`, and for `others` at all that no
        row of the tables names. Raises ZhuanxingError for an unknown name or element.
        """
        constant = self.constant(name)
        mask = np.zeros(constant.values.shape, dtype=bool)
        if not subscript:
            return ~mask
        named = [row.subscript for row in constant.rows if row.subscript != OTHERS]
        for row in named if subscript == OTHERS else [subscript]:
            mask[self._place(constant, row)] = True
        return ~mask if subscript == OTHERS else mask

    def _place(self, constant: Constant, subscript: str) -> tuple[int, ...]:
        parts = subscript.split(";")
        if len(parts) != len(constant.dims):
            raise ZhuanxingError(
                f"'{constant.name}' with the elements {', '.join(parts)}: it has "
                f"{len(constant.dims)} dimensions ({', '.join(constant.dims) or 'one number'})"
            )
        place = []
        for dim, part in zip(constant.dims, parts, strict=True):
            require_known(dim, part, self.elements[dim], f"'{constant.name}'")
            place.append(self.elements[dim].index(part))
        return tuple(place)

    @cached_property
    def _length(self) -> int:
        """The number of lines of `structure`."""
        return self.structure().count("\n", 0, -1) + 1

    @cached_property
    def _by_name(self) -> dict[str, Constant]:
        return {constant.name: constant for constant in self.constants}

    def with_values(self, values: Mapping[str, np.ndarray]) -> Equations:
        """Return the same equations with other numbers of the constants in `values`.

        Raises ZhuanxingError for a name that is not a constant.
        """
        others = {self.constant(name).name: np.asarray(array) for name, array in values.items()}
        constants = (
            replace(constant, values=others.get(constant.name, constant.values))
            for constant in self.constants
        )
        return replace(self, constants=tuple(constants))

    def structure(self) -> str:
        """Return the model's text without numbers of the tables and without their comments."""
        return self._joined(
            [equation_text(_left(c), PLACEHOLDER, c.unit, "") for c in self.constants],
            [
                lookup_text(subscripted(f"{d.name} by year", d.dims), d.times, 0 * d.times, d.unit)
                for d in self.lookups
            ],
        )

    def values(self) -> dict[str, np.ndarray]:
        """Return the numbers by name: constants [*dims], ordinates of look-ups [points, *dims]."""
        numbers = {constant.name: constant.values for constant in self.constants}
        return numbers | {f"{d.name} by year": d.values for d in self.lookups}

    def driver_paths(self) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Return by driver the ordinates [points, *dims] of its low, middle and high path."""
        return {d.name.replace(" ", "_"): (d.low, d.values, d.high) for d in self.lookups}

    def text(self) -> str:
        """Return the whole model as one Vensim text: structure, numbers and comments."""
        return self._joined(
            [text for constant in self.constants for text in self._constant_in_full(constant)],
            [text for lookup in self.lookups for text in self._tables_in_full(lookup)],
        )

    def where(self, line: int) -> str:
        """Return the sector file and its line for a line of `structure`, or TABLES."""
        passed = self._length
        for name, text in reversed([*self.sectors.items()]):
            passed -= text.count("\n") + 1
            if line > passed:
                return f"{name}:{line - passed}"
            passed -= 1
        return TABLES

    def located(self, message: str, origin: str) -> str:
        """Return a message with lines of `structure`, the file `origin`, as those of sectors."""
        pattern = re.escape(origin) + r":(\d+)"
        return re.sub(pattern, lambda found: self.where(int(found[1])), message)

    def _joined(self, constants: list[str], lookups: list[str]) -> str:
        parts = [
            ENCODING_MARK,
            *(range_text(name, names) for name, names in self.elements.items()),
            *constants,
            *lookups,
            *(self._reader(lookup) for lookup in self.lookups),
            *self.sectors.values(),
        ]
        return "\n\n".join(parts) + "\n"

    def _constant_in_full(self, constant: Constant) -> Iterator[str]:
        """Yield one equation, or one for each last element of more dimensions than two."""
        if constant.values.ndim <= 2:
            values = array_text(constant.values)
            yield equation_text(_left(constant), values, constant.unit, constant.comment)
            return
        unit, comment = constant.unit, constant.comment
        for place, element in enumerate(self.elements[constant.dims[-1]]):
            name = subscripted(constant.name, (*constant.dims[:-1], element))
            yield equation_text(name, array_text(constant.values[..., place]), unit, comment)
            unit, comment = "", ""

    def _tables_in_full(self, lookup: DriverLookup) -> Iterator[str]:
        name = f"{lookup.name} by year"
        comment = f"Annual means of the driver {lookup.name}, knots at mid-year"
        if not lookup.dims:
            yield lookup_text(name, lookup.times, lookup.values, lookup.unit, comment)
            return
        for place, element in enumerate(self.elements[lookup.dims[0]]):
            values = lookup.values[:, place]
            yield lookup_text(f"{name}[{element}]", lookup.times, values, lookup.unit, comment)
            comment = ""

    def _reader(self, lookup: DriverLookup) -> str:
        call = f"{subscripted(f'{lookup.name} by year', lookup.dims)}({MOMENT})"
        comment = f"Driver from outside: {lookup.name}."
        return equation_text(subscripted(lookup.name, lookup.dims), call, lookup.unit, comment)


def assemble(
    model: Path,
    tables: Tables,
    initial: xr.Dataset,
    drivers: Mapping[str, xr.Dataset],
    end_year: int,
) -> Equations:
    """Return the equations of the folder `model`, to run to the end of `end_year`.

    Dimensions come from units.csv, levers.csv and elements.csv, constants from the tables and
    `initial`, look-ups over time from the columns low, value and high in `drivers`. Raises
    ZhuanxingError for a table that does not fit its dimensions.
    """
    elements = {
        "city": tuple(tables.cities),
        "lever": tuple(tables.levers["lever"]),
        **{name: tuple(names) for name, names in tables.elements.items()},
    }
    constants = (
        *assumption_constants(tables.assumptions, elements),
        *lever_constants(tables, elements),
        *initial_constants(initial),
        Constant(FINAL_TIME, (), np.asarray(end_year + 1.0), "Year", "End of the last year."),
    )
    for constant in constants:
        _require_shape(constant, elements)
    lookups = tuple(driver_lookups(drivers, elements))
    sectors = dict(sector_texts(model / "sectors"))
    _require_used(model, tables.elements, sectors)
    return Equations(elements, sectors, constants, lookups)


def _require_used(model: Path, dimensions: Iterable[str], sectors: Mapping[str, str]) -> None:
    """Raise ZhuanxingError for a dimension that no equation names: it is another one, misspelt."""
    text = " ".join(" ".join(sectors.values()).lower().split())
    for name in dimensions:
        if name.lower() not in text:
            near = nearest(name, [other for other in dimensions if other != name])
            raise ZhuanxingError(
                f"{model / 'data' / 'elements.csv'}: the dimension '{name}' is in no equation, "
                f"the nearest is '{near}'"
            )


def sector_texts(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield name and text of the sector files of `folder`, without encoding marks, by name.

    Raises ZhuanxingError if there is none.
    """
    paths = sorted(folder.glob("*.mdl"))
    if not paths:
        raise ZhuanxingError(f"{folder} holds no sector file; the equations are .mdl files there")
    for path in paths:
        # Line breaks stay, so that a line of the whole text can be told as one of the file.
        try:
            text = StringIO(content_of(path).decode("utf-8"), newline=None).read()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8"
            raise ZhuanxingError(f"{path} cannot be read: {reason}") from None
        yield path.name, text.removeprefix(ENCODING_MARK)


def _left(constant: Constant) -> str:
    return subscripted(constant.name, constant.dims)


def _require_shape(constant: Constant, elements: Mapping[str, tuple[str, ...]]) -> None:
    expected = tuple(len(elements[dim]) for dim in constant.dims)
    if constant.values.shape != expected:
        raise ZhuanxingError(
            f"'{constant.name}' has the shape {constant.values.shape} where its dimensions "
            f"{', '.join(constant.dims)} need {expected}"
        )
