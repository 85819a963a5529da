"""Uncertain numbers of the tables: the rows of assumptions.csv and levers.csv that have a range.

What a scenario sets (shocks, switches) and what is so by definition is not uncertain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import jax
import numpy as np
import pandas as pd
from jax import Array

from zhuanxing.data.schemas import UNCERTAIN
from zhuanxing.data.tables import Tables
from zhuanxing.errors import ZhuanxingError, nearest

if TYPE_CHECKING:
    from zhuanxing.model import Model

__all__ = ["OTHERS", "Range", "city_range", "constants_of", "inside", "model_ranges", "ranges"]

OTHERS = "others"
# Keeps the logistic's start inside the range where the tabled value is at its edge.
EDGE = 0.02
LEVER_EFFECT = "effect of {}"


@dataclass(frozen=True)
class Range:
    """A free number: the elements of constant `name` that one row of a table gives.

    `label` is `name[subscript]`; `mask` is true at the elements, in the shape of the constant.
    """

    name: str
    label: str
    mask: np.ndarray
    value: float
    low: float
    high: float


def model_ranges(model: Model, tables: Tables, patterns: Sequence[str]) -> list[Range]:
    """Return the uncertain numbers of `model` that match `patterns`, as `ranges` does."""
    constants = model.program.constants()
    places = {
        name: tuple(
            model.elements(dim.replace(" ", "_")) for dim in model.program.variables[name].dims
        )
        for name in constants
    }
    return ranges(tables, patterns, constants, places)


def inside(numbers: Sequence[Range], z: Array | np.ndarray) -> Array:
    """Return the values (..., numbers) that standard normal `z` (..., numbers) means.

    A number keeps inside its range: low + (high - low) x logistic(m + z), at its tabled value for
    z = 0, with nine tenths of the prior inside the middle two thirds of the range.
    """
    low = np.array([number.low for number in numbers])
    high = np.array([number.high for number in numbers])
    value = np.array([number.value for number in numbers])
    place = np.clip((value - low) / (high - low), EDGE, 1 - EDGE)
    return low + (high - low) * jax.nn.sigmoid(np.log(place / (1 - place)) + z)


def constants_of(
    numbers: Sequence[Range], values: np.ndarray, bases: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Return constants [run, ...] in which the numbers have `values` (run, number).

    `bases` gives each constant either once or for every run.
    """
    found: dict[str, np.ndarray] = {}
    for number, column in zip(numbers, values.T, strict=True):
        if number.name not in found:
            shape = (len(values), *number.mask.shape)
            found[number.name] = np.broadcast_to(bases[number.name], shape).copy()
        found[number.name][:, number.mask] = column[:, None]
    return found


@dataclass(frozen=True)
class _Row:
    """A row of a table: the elements that it names, its value and its range."""

    name: str
    subscript: str
    value: float
    low: float
    high: float

    @property
    def label(self) -> str:
        return f"{self.name}[{self.subscript}]" if self.subscript else self.name


def ranges(
    tables: Tables,
    patterns: Sequence[str],
    shapes: Mapping[str, np.ndarray],
    places: Mapping[str, tuple[Sequence[str], ...]],
) -> list[Range]:
    """Return the free numbers whose name or label matches one of `patterns` (`*` stands for any).

    `shapes` gives the constants of the model by name and `places` the elements of each of their
    dimensions. Rows without a range, settings and definitions are left out. Raises ZhuanxingError
    for a pattern that matches nothing.
    """
    rows = _rows(tables)
    subscripts: dict[str, set[str]] = {}
    for row in rows:
        subscripts.setdefault(row.name, set()).add(row.subscript)
    found: dict[str, Range] = {}
    for pattern in patterns:
        matched = [
            row for row in rows if fnmatchcase(row.name, pattern) or fnmatchcase(row.label, pattern)
        ]
        if not matched:
            raise ZhuanxingError(
                f"calibrate.yaml: parameters: nothing is called '{pattern}'; "
                f"did you mean '{nearest(pattern, list(subscripts))}'?"
            )
        for row in matched:
            if row.high > row.low:
                shape = shapes[row.name].shape
                mask = _mask(row.subscript, subscripts[row.name], shape, places[row.name])
                found[row.label] = Range(row.name, row.label, mask, row.value, row.low, row.high)
    return list(found.values())


def city_range(tables: Tables, name: str, cities: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the low and the high [city] that assumptions.csv gives for the constant `name`."""
    rows = tables.assumptions[tables.assumptions["name"] == name].set_index("subscript")
    if rows.empty:
        close = nearest(name, sorted(set(tables.assumptions["name"])))
        raise ZhuanxingError(
            f"calibrate.yaml: cities: assumptions.csv gives no range for '{name}'; "
            f"did you mean '{close}'?"
        )
    chosen = rows.loc[[city if city in rows.index else OTHERS for city in cities]]
    return chosen["low"].to_numpy(float), chosen["high"].to_numpy(float)


def _mask(
    subscript: str, named: set[str], shape: tuple[int, ...], places: tuple[Sequence[str], ...]
) -> np.ndarray:
    """Return where a row counts: its own element, or for `others` all that no row names."""
    mask = np.zeros(shape, bool)
    if not subscript:
        return ~mask
    if subscript != OTHERS:
        mask[_place(subscript, places)] = True
        return mask
    for other in named - {OTHERS}:
        mask[_place(other, places)] = True
    return ~mask


def _place(subscript: str, places: tuple[Sequence[str], ...]) -> tuple[int, ...]:
    parts = zip(subscript.split(";"), places, strict=True)
    return tuple(list(elements).index(part) for part, elements in parts)


def _rows(tables: Tables) -> list[_Row]:
    """Return the effects of levers and the assumptions that have a range."""
    rows = [
        _Row(LEVER_EFFECT.format(str(lever).replace("_", " ")), "", *map(float, figures))
        for lever, *figures in tables.levers[
            ["lever", "effect", "effect_low", "effect_high"]
        ].itertuples(index=False)
        if not pd.isna(figures[0])
    ]
    columns = ["name", "subscript", "value", "low", "high"]
    assumptions = tables.assumptions[tables.assumptions["kind"].isin(UNCERTAIN)]
    for name, subscript, *figures in assumptions[columns].itertuples(index=False):
        rows.append(_Row(str(name), str(subscript), *map(float, figures)))
    return rows
