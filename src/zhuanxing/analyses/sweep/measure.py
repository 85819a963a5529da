"""Measures: one number a run, named in words like `energy_intensity@tangshan@2025`.

`output[.element][@city][@year]`: without a city the mean over the cities of the store, without a
year the last one; `@2020-2025` is the percent change from one year to another. A condition adds
`<=`, `>=`, `<` or `>` and a number.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from zhuanxing.analyses.sweep.reading import SweepResult
from zhuanxing.errors import ZhuanxingError, require_known
from zhuanxing.results import names
from zhuanxing.results.words import Language, word

__all__ = ["Condition", "Measure", "parse_condition", "parse_measure"]

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
_CONDITION = re.compile(r"^\s*(.+?)\s*(<=|>=|<|>)\s*([-+\d.eE]+)\s*$")
_YEARS = re.compile(r"^(\d{4})(?:-(\d{4}))?$")


@dataclass(frozen=True)
class Measure:
    """One number a run: an output in a year (or its change since `base_year`, in percent)."""

    word: str
    output: str
    element: str | None
    city: str | None
    year: int
    base_year: int | None

    def values(self, result: SweepResult) -> np.ndarray:
        """Return the measure [scenario, run], NaN where a run is not done or failed."""
        data = self._chosen(result)
        end = self._at(result, data, self.year)
        if self.base_year is not None:
            end = 100 * (end / self._at(result, data, self.base_year) - 1)
        return np.where(result.sound, end, np.nan)

    def better(self, result: SweepResult) -> str:
        """Return which way is good: up, down, or none where that is a matter of judgement."""
        return str(result.output(self.output).attrs.get("better", "none"))

    def name(self, result: SweepResult, language: Language) -> str:
        """Return the output's name with its element."""
        data = result.output(self.output)
        name = names.variable_label(data, language)
        if self.element is None:
            return name
        element = names.element_label(data, _detail(data), self.element, language)
        return f"{name}：{element}" if language == "zh" else f"{name}: {element}"

    def label(self, result: SweepResult, language: Language) -> str:
        """Return what the measure is, with its unit, city and year."""
        cities = names.city_ids(result.dataset, None)
        # The mean of a sweep of one city is that city.
        city = cities[0] if self.city is None and len(cities) == 1 else self.city
        place = (
            names.city_label(result.dataset, city, language)
            if city
            else word("mean_of_cities", language)
        )
        if self.base_year is None:
            when = str(self.year)
            unit = names.unit_label(result.output(self.output), language)
        else:
            when, unit = f"{self.base_year}–{self.year}", "%"
        text = "，".join([place, when]) if language == "zh" else ", ".join([place, when])
        opening, closing = ("（", "）") if language == "zh" else (" (", ")")
        inside = f"{text}；{unit}" if language == "zh" else f"{text}; {unit}"
        return f"{self.name(result, language)}{opening}{inside if unit else text}{closing}"

    def _chosen(self, result: SweepResult) -> xr.DataArray:
        data = result.output(self.output)
        if self.element is not None:
            data = data.sel({_detail(data): self.element})
        return data

    def _at(self, result: SweepResult, data: xr.DataArray, year: int) -> np.ndarray:
        chosen = data.sel(year=year)
        if self.city is not None:
            return result.numbers(chosen.sel(city=self.city))
        # Not chosen.mean(): a scenario at a time keeps the memory small.
        axis = chosen[0].get_axis_num("city")
        return np.stack([result.numbers(one).mean(axis=axis) for one in chosen])


@dataclass(frozen=True)
class Condition:
    """A measure that must be below or above a limit."""

    measure: Measure
    sign: str
    limit: float

    def holds(self, result: SweepResult) -> np.ndarray:
        """Return where the condition holds: [scenario, run], false for runs that do not count."""
        values = self.measure.values(result)
        return np.asarray(COMPARISONS[self.sign](values, self.limit) & np.isfinite(values))

    def label(self, result: SweepResult, language: Language) -> str:
        """Return the condition in words."""
        return f"{self.measure.label(result, language)} {self.sign} {self.limit:g}"


def parse_condition(text: str, result: SweepResult, own: str | None = None) -> Condition:
    """Read `measure>=number`, as `parse_measure` does; raise ZhuanxingError for anything else."""
    found = _CONDITION.match(text)
    if found is None:
        raise ZhuanxingError(
            "'{text}' is not a condition; write for example '{output}@{city}>=100'",
            text=text, output=result.outputs[0], city=result.dataset["city"].values[0],
        )  # fmt: skip
    try:
        limit = float(found[3])
    except ValueError as error:
        raise ZhuanxingError(f"'{text}': '{found[3]}' is not a number") from error
    return Condition(parse_measure(found[1], result, own), found[2], limit)


def parse_measure(text: str, result: SweepResult, own: str | None = None) -> Measure:
    """Read `output[.element][@city][@year]`; raise ZhuanxingError with the nearest valid name.

    Where the text names no city, it is of the city `own`, and without that the mean of all.
    """
    first, *parts = (part.strip() for part in text.split("@"))
    output, _, element = first.partition(".")
    data = result.output(output)
    _require_element(data, element, text)
    years = [int(year) for year in data["year"].values]
    city: str | None = None
    year, base_year = years[-1], None
    for part in parts:
        found = _YEARS.match(part)
        if found is None:
            city = names.city_ids(result.dataset, [part])[0]
        elif found[2] is None:
            year = int(found[1])
        else:
            base_year, year = int(found[1]), int(found[2])
    for wanted in (year, base_year):
        if wanted is not None and wanted not in years:
            raise ZhuanxingError(
                "'{text}': the store has no year {year}, but {first} to {last}",
                text=text, year=wanted, first=years[0], last=years[-1],
            )  # fmt: skip
    word = f"{text}@{own}" if city is None and own is not None else text
    return Measure(word, output, element or None, city or own, year, base_year)


def _require_element(data: xr.DataArray, element: str, text: str) -> None:
    more = [str(dim) for dim in data.dims if dim not in ("scenario", "run", "year", "city")]
    if element and not more:
        raise ZhuanxingError(f"'{text}': {data.name} has no elements; write {data.name}")
    if more:
        known = [str(value) for value in data[_detail(data)].values]
        if not element:
            raise ZhuanxingError(
                f"'{text}': {data.name} has a value for each {more[0]}; write one, as "
                f"{data.name}.{known[0]}"
            )
        require_known(more[0], element, known, f"'{text}'")


def _detail(data: xr.DataArray) -> str:
    return next(str(d) for d in data.dims if d not in ("scenario", "run", "year", "city"))
