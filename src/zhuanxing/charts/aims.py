"""The aims a city is held to, and whether a stored result reaches them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

import pandas as pd
import xarray as xr

from zhuanxing.charts import names
from zhuanxing.charts.bands import centre
from zhuanxing.charts.words import Language
from zhuanxing.errors import ZhuanxingError

__all__ = ["COLUMNS", "EVERYWHERE", "Aim", "aims_of", "read_aims"]

COLUMNS = (
    "unit_id", "variable", "year", "measure", "base_year", "direction", "value", "name_zh",
    "name_en", "source", "url",
)  # fmt: skip
EVERYWHERE = "ALL"
_MEASURES = ("level", "change")
_DIRECTIONS = ("at_least", "at_most")


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

    def name(self, language: Language) -> str:
        """Return the aim's name in `language`."""
        return self.name_zh if language == "zh" else self.name_en

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
        """Say whether `reached` satisfies the aim, to a millionth of it."""
        slack = 1e-6 * max(abs(self.value), 1.0)
        gap = reached - self.value if self.direction == "at_least" else self.value - reached
        return gap >= -slack

    def _at(self, dataset: xr.Dataset, city: str, year: int) -> float:
        data = centre(names.variable(dataset, self.variable))
        return float(data.sel(city=city, year=names.get_year(data, year)))


def read_aims(path: Path) -> pd.DataFrame:
    """Read the table of aims; raise ZhuanxingError for a missing file, column or word."""
    if not path.is_file():
        raise ZhuanxingError(f"The table of aims {path} is missing: the scorecard needs it.")
    table = pd.read_csv(path, dtype={"unit_id": str})
    for column in COLUMNS:
        if column not in table.columns:
            raise ZhuanxingError(f"{path} lacks the column {column!r}.")
    for column, valid in (("measure", _MEASURES), ("direction", _DIRECTIONS)):
        for row, value in enumerate(table[column], start=2):
            names.find(str(value), valid, f"{column} in {path} row {row}:")
    return table


def aims_of(table: pd.DataFrame, dataset: xr.Dataset, city: str) -> list[Aim]:
    """Return the aims of `city`: its own first, then its province's, then those for everyone.

    An aim nearer to the city replaces a wider one of the same variable, measure and year.
    """
    own: Mapping[str, str] = {
        name: str(dataset[name].sel(city=city).item())
        for name in ("province_en", "province_zh", "province")
        if name in dataset.coords
    }
    found: dict[tuple[str, str, int], Aim] = {}
    for place in (city, *own.values(), EVERYWHERE):
        for row in table[table["unit_id"] == place].to_dict("records"):
            aim = Aim(**{field.name: row[field.name] for field in fields(Aim)})
            found.setdefault((aim.variable, aim.measure, aim.year), aim)
    return list(found.values())
