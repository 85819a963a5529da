"""Fuels and power plants of a unit at the start, and the record of its plants since."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from zhuanxing.data.initial.carrying import CARRIED, ESTIMATED, OBSERVED, Value
from zhuanxing.data.initial.economy import Periods
from zhuanxing.data.initial.lookup import Known, Province

__all__ = ["EnergyState", "power_at"]

COAL_STATISTIC = "coal_power_capacity"
# The year whose hours of wind farms are printed.
HOURS_YEAR = 2017
STATISTIC_OF = {"wind_farm": "wind_capacity"}
FACTOR_OF = {
    "wind_farm": "wind_factor", "base_solar": "solar_factor", "rooftop_solar": "solar_factor",
}  # fmt: skip


@dataclass(frozen=True)
class EnergyState:
    """Power and fuels of the units; `area` in km2, `province_of` by unit, `renewables` by place.

    `curtailed` is the share of wind power lost, percent, by province and year.
    """

    known: Known
    province: Province
    province_of: dict[str, str]
    area: dict[str, float]
    when: Periods
    renewables: pd.DataFrame
    curtailed: dict[tuple[str, int], float]

    def fuel_shares(self, unit: str, fuels: tuple[str, ...]) -> dict[str, float]:
        """Return the share of each fuel in primary energy; they sum to 1."""
        shares = {fuel: self.known.typical(unit, "fuel_share", fuel) for fuel in fuels}
        total = sum(shares.values())
        return {fuel: share / total for fuel, share in shares.items()}

    def coal_power(self, unit: str) -> tuple[dict[int, float], str]:
        """Return coal power at the ends of years, MW: listed units of 30 MW and more.

        Where thermal capacity is printed, or all capacity and its renewable part, the listed path
        is scaled to it; the ratio is interpolated between printed years.
        """
        listed = self.known.seen(unit, COAL_STATISTIC)
        seen = self.known.seen
        whole, green = seen(unit, "power_capacity"), seen(unit, "renewable_capacity")
        printed = {year: whole[year] - green[year] for year in whole if year in green}
        printed |= seen(unit, "thermal_capacity")
        ratio = {
            year: mw / listed[year] for year, mw in printed.items() if listed.get(year, 0.0) > 0
        }
        if not ratio:
            return listed, OBSERVED
        known = sorted(ratio)
        scale = np.interp(sorted(listed), known, [ratio[year] for year in known])
        return {y: listed[y] * x for y, x in zip(sorted(listed), scale, strict=True)}, OBSERVED

    def renewable(self, unit: str, plant: str) -> tuple[dict[int, float], str]:
        """Return wind or solar power at the ends of years, MW.

        Listed farms of the unit where there are any, else its part of the province by area times
        a factor for its resources; printed capacity of the unit scales the path.
        """
        path, origin = self.path(unit, plant), CARRIED
        if not path:
            part = self.area[unit] / self.known.typical(unit, "province_area")
            part *= self.known.typical(unit, FACTOR_OF[plant])
            path = {
                year: mw * part for year, mw in self.path(self.province_of[unit], plant).items()
            }
            origin = ESTIMATED
        seen = self.known.seen(unit, STATISTIC_OF[plant]) if plant in STATISTIC_OF else {}
        years = [year for year in seen if year in path and path[year] > 0]
        if years:
            scale = seen[max(years)] / path[max(years)]
            return {year: mw * scale for year, mw in path.items()}, CARRIED
        return path, origin

    def changes(self, path: dict[int, float], records: int) -> list[float]:
        """Return the change of `path` in every calendar year of the record, MW a year.

        What is not known yet is zero.
        """
        years = [self.when.first + place for place in range(records)]
        return [
            power_at(path, year + 1) - power_at(path, year) if year <= self.when.last else 0.0
            for year in years
        ]

    def units_of(self, province: str) -> list[str]:
        """Return the units that lie in a province."""
        return [unit for unit, where in self.province_of.items() if where == province]

    def first_curtailed(self, province: str, information_year: int) -> float:
        """Return the share of wind lost in the first year that prints it, 0 where none does."""
        printed = [y for place, y in self.curtailed if place == province and y <= information_year]
        return self.curtailed[province, min(printed)] / 100 if printed else 0.0

    def path(self, place: str, plant: str) -> dict[int, float]:
        """Return capacity of a unit or a province at the ends of years, MW."""
        return self._paths.get((place, plant), {})

    @cached_property
    def _paths(self) -> dict[tuple[str, str], dict[int, float]]:
        found: dict[tuple[str, str], dict[int, float]] = {}
        columns = self.renewables[["place", "plant", "year", "value"]]
        for place, plant, year, value in columns.itertuples(index=False):
            found.setdefault((place, plant), {})[int(year)] = float(value)
        return found

    def wind_hours(self, unit: str) -> Value:
        """Return full-load hours of wind: nine months of the province in 2017, made a year.

        Printed hours are those of power taken; what was curtailed in these months comes on top.
        """
        province = self.province_of[unit]
        hours = self.province.nearest_year(province, "wind_hours_jan_sep", self.when.first)
        lost = self.curtailed.get((province, HOURS_YEAR), 0.0) / 100
        return hours * self.known.typical(unit, "wind_hours_ratio") / (1 - lost), CARRIED


def power_at(path: dict[int, float], time: float) -> float:
    """Return MW at a moment: between the ends of the years of `path`; nothing where it is empty."""
    if not path:
        return 0.0
    ends = np.array(sorted(path), float)
    return float(np.interp(time, ends + 1, [path[int(year)] for year in ends]))
