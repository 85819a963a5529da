"""The aims a city is held to, and whether a stored result reaches them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from zhuanxing.data.cells import DataError, numbered_rows
from zhuanxing.errors import require_known
from zhuanxing.results import names
from zhuanxing.results.bands import CHANGE, centre
from zhuanxing.results.words import Language

__all__ = [
    "COLUMNS", "EVERYWHERE", "MARKS", "Aim", "Verdict", "aims_of", "change_bases", "city_targets",
    "read_aims",
]  # fmt: skip

COLUMNS = (
    "unit_id", "variable", "year", "measure", "base_year", "direction", "value", "name_zh",
    "name_en",
)  # fmt: skip
EVERYWHERE = "ALL"
_NUMBERS = ("year", "base_year", "value")
_VALID = {"measure": ("level", "change"), "direction": ("at_least", "at_most")}
Verdict = Literal["met", "missed", "open"]
MARKS: Mapping[Verdict, str] = {"met": "✓", "missed": "×", "open": "≈"}


@dataclass(frozen=True)
class Aim:
    """One aim of one city.

    `measure` "level" compares the output itself, "change" its percent change since `base_year`.
    """

    variable: str
    year: int
    measure: Literal["level", "change"]
    base_year: int
    direction: Literal["at_least", "at_most"]
    value: float
    name_zh: str
    name_en: str

    def name(self, dataset: xr.Dataset, language: Language) -> str:
        """Return the aim's own name in `language`, or else its variable's long name."""
        own = self.name_zh if language == "zh" else self.name_en
        return own or names.variable_label(names.variable(dataset, self.variable), language)

    @property
    def sign(self) -> str:
        """Say on which side of its value the aim lies."""
        return "≥" if self.direction == "at_least" else "≤"

    def unit(self, dataset: xr.Dataset, language: Language) -> str:
        """Return the unit of the aim's own measure."""
        if self.measure == "change":
            return "%"
        return names.unit_label(names.variable(dataset, self.variable), language)

    def start(self, dataset: xr.Dataset, city: str) -> float:
        """Return where the city stood in `base_year`, in the aim's own measure."""
        return 0.0 if self.measure == "change" else self._at(dataset, city, self.base_year)

    def reached(self, dataset: xr.Dataset, city: str) -> float:
        """Return what the result gives in the aim's year, in the aim's own measure."""
        end = self._at(dataset, city, self.year)
        if self.measure == "level":
            return end
        return 100 * (end / self._at(dataset, city, self.base_year) - 1)

    def met(self, reached: float) -> bool:
        """Say whether `reached` satisfies the aim."""
        return reached >= self.value if self.direction == "at_least" else reached <= self.value

    def verdict(self, reached: float, spread: tuple[float, float] | None = None) -> Verdict:
        """Say whether the aim is met, missed, or open: too close to call within `spread`."""
        if spread is not None and spread[0] < self.value < spread[1]:
            return "open"
        return "met" if self.met(reached) else "missed"

    def spread(self, bands: xr.Dataset, city: str) -> tuple[float, float] | None:
        """Return the outer quantiles of the aim's measure, None where `bands` does not hold it.

        `bands` is what analyses.bands.comparison_bands returns.
        """
        name = f"{CHANGE}{self.variable}" if self.measure == "change" else self.variable
        if name not in bands or self.year not in bands["year"].values:
            return None
        data = bands[name]
        if self.measure == "change" and data.attrs.get("base_year") != self.base_year:
            return None
        ends = data.sel(city=city, year=self.year).sortby("quantile").values
        return float(ends[0]), float(ends[-1])

    def _at(self, dataset: xr.Dataset, city: str, year: int) -> float:
        data = centre(names.variable(dataset, self.variable))
        return float(data.sel(city=city, year=names.get_year(data, year)))


def read_aims(path: Path) -> pd.DataFrame:
    """Read the aims that hold for several cities, columns COLUMNS.

    Raises ZhuanxingError for a file that cannot be read, a missing column, what is no number, or an
    unknown measure or direction.
    """
    rows = numbered_rows(path, COLUMNS)
    lines = [line for line, _ in rows]
    table = pd.DataFrame([row for _, row in rows], columns=list(COLUMNS))
    for column in _NUMBERS:
        numbers = pd.to_numeric(table[column], errors="coerce")
        wrong = np.flatnonzero(~np.isfinite(numbers))
        if len(wrong):
            line, found = lines[wrong[0]], table[column].iloc[wrong[0]]
            raise DataError(f"{path}, line {line}: {column} is '{found}', expected a number")
        table[column] = numbers
    for column, valid in _VALID.items():
        for line, value in zip(lines, table[column], strict=True):
            require_known(column, str(value), valid, f"{path}, line {line}")
    return table


def change_bases(table: pd.DataFrame) -> list[tuple[str, int]]:
    """Return the outputs of aims on a change, with the years since which they change."""
    rows = table[table["measure"] == "change"]
    return sorted({(str(name), int(year)) for name, year in rows[["variable", "base_year"]].values})


def city_targets(
    targets: pd.DataFrame,
    compared_with: Mapping[str, str],
    at_most: Collection[str],
    base_year: int,
) -> pd.DataFrame:
    """Return what cities say they aim at, as aims with columns COLUMNS.

    `targets`: columns unit_id, year, variable, value; `compared_with` gives the output that a
    target is compared with where their names differ; `at_most` names outputs that shall not
    exceed their target. A target that no output measures is left to `aims_of` to leave out.
    """
    variable = targets["variable"].map(lambda name: compared_with.get(name, name))
    return pd.DataFrame(
        {
            "unit_id": targets["unit_id"],
            "variable": variable,
            "year": targets["year"],
            "measure": "level",
            "base_year": base_year,
            "direction": ["at_most" if name in at_most else "at_least" for name in variable],
            "value": targets["value"],
            "name_zh": "",
            "name_en": "",
        }
    )


def aims_of(table: pd.DataFrame, dataset: xr.Dataset, city: str, year: int) -> list[Aim]:
    """Return the aims of `city` for `year`: its own first, then its province's, then everyone's.

    An aim nearer to the city replaces a wider one of the same variable and measure. Aims whose
    variable is not in `dataset` are left out: nothing can be said of them.
    """
    own = [
        str(dataset[name].sel(city=city).item())
        for name in ("province_en", "province_zh")
        if name in dataset.coords
    ]
    due = table[(table["year"] == year) & table["variable"].isin(list(dataset.data_vars))]
    found: dict[tuple[str, str], Aim] = {}
    for place in (city, *own, EVERYWHERE):
        for row in due[due["unit_id"] == place].to_dict("records"):
            aim = Aim(**{field.name: row[field.name] for field in fields(Aim)})
            found.setdefault((aim.variable, aim.measure), aim)
    return list(found.values())
