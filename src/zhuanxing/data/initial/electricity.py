"""Electricity of a unit at the start, of industry and of all else, from figures of other years."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from zhuanxing.data.initial.carrying import CARRIED, ESTIMATED, Value, figure_of
from zhuanxing.data.initial.lookup import Known
from zhuanxing.data.tables import Tables

__all__ = ["Electricity"]

GWH = 100.0  # in 1e8 kWh
UNIT_POWER = "unit power"
# The first figures of a unit, the median of which counts. A figure stands for the middle of its
# year, half a year after the start of the first; products start from their output of the first.
FIGURES, MIDDLE = 3, 0.5
# Growth a year to the first figures: of industry beside products, and at most of all else. That of
# all of the nation was 6.6 percent a year from 2015 to 2017, of industry less, of services more.
REST_OF_INDUSTRY, LARGEST_OF_OTHERS = 0.03, 0.08


@dataclass(frozen=True)
class Electricity:
    """Electricity of the units in the year `first`.

    `products` is by unit and year what products took by their unit power, 1e8 kWh.
    """

    known: Known
    products: Mapping[tuple[str, int], float]
    first: int

    @classmethod
    def of(cls, tables: Tables, known: Known, first: int) -> Electricity:
        """Return the electricity of the units as `tables` tell it."""
        given = tables.assumptions
        power = given[given["name"] == UNIT_POWER].set_index("subscript")["value"].astype(float)
        used = tables.products["value"] * tables.products["product"].map(power) / GWH
        rows = zip(tables.products["unit_id"], tables.products["year"], used, strict=True)
        taken: dict[tuple[str, int], float] = {}
        for unit, year, kwh in rows:
            key = str(unit), int(year)
            taken[key] = taken.get(key, 0.0) + float(kwh)
        return cls(known, taken, first)

    def industry(self, unit: str) -> Value:
        """Return electricity of industry, GWh a year; zero where no figure is known.

        Between a figure and the start what products take by norm moved as their output did.
        """
        seen = self.known.seen(unit, "industrial_electricity")
        logs = [math.log(self._at_start(unit, year, seen[year])) for year in sorted(seen)[:FIGURES]]
        return (math.exp(median(logs)) * GWH, CARRIED) if logs else (0.0, ESTIMATED)

    def other(self, unit: str) -> Value:
        """Return electricity of households and all else, GWh a year; zero where none is known."""
        whole = self.known.seen(unit, "electricity_consumption")
        industry = self.known.seen(unit, "industrial_electricity")
        rest = {year: whole[year] - industry[year] for year in industry if year in whole}
        figure = figure_of(rest, self.first - MIDDLE, LARGEST_OF_OTHERS)
        return (figure[0] * GWH, figure[1]) if figure else (0.0, ESTIMATED)

    def _at_start(self, unit: str, year: int, figure: float) -> float:
        then, now = (self.products.get((unit, when), 0.0) for when in (year, self.first))
        of_products = min(then, figure)
        moved = of_products * now / then if then > 0 else 0.0
        years = year - (self.first - MIDDLE)
        rest = (figure - of_products) * math.exp(-REST_OF_INDUSTRY * years)
        return moved + rest
