"""Initial energy use, fuels and power plants of a unit, from provincial statistics.

A unit uses energy as its province does per unit of output, times a factor for what it makes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from zhuanxing.data.initial.carrying import CARRIED, ESTIMATED, Value
from zhuanxing.data.initial.economy import Periods
from zhuanxing.data.initial.lookup import Known, Province

__all__ = ["EnergyState"]

# 1e8 kWh in MWh.
MWH = 1e5
WIND_STATISTIC, SOLAR_STATISTIC = "wind_capacity", "solar_capacity"


@dataclass(frozen=True)
class EnergyState:
    """Energy of the units in 2015; `area` in km2 and `province_of` by unit."""

    known: Known
    province: Province
    province_of: dict[str, str]
    area: dict[str, float]
    when: Periods

    def consumption(self, unit: str, output: float) -> Value:
        """Return energy use, 1e4 tce a year, for an output of 1e8 CNY a year."""
        where = self.province_of[unit]
        intensity = self.province.value(
            where, "energy_consumption", self.when.first
        ) / self._real_gdp(where)
        return output * intensity * self.known.typical(unit, "energy_factor"), ESTIMATED

    def _real_gdp(self, where: str) -> float:
        """Return output of the province in 2015 at prices of 2020."""
        growth = math.prod(
            1 + self.province.value(where, "gdp_growth", year) / 100
            for year in range(self.when.first + 1, self.when.prices + 1)
        )
        return self.province.value(where, "gdp", self.when.prices) / growth

    def fuel_shares(self, unit: str, fuels: tuple[str, ...]) -> dict[str, float]:
        """Return the share of each fuel in primary energy; they sum to 1."""
        shares = {fuel: self.known.typical(unit, "fuel_share", fuel) for fuel in fuels}
        total = sum(shares.values())
        return {fuel: share / total for fuel, share in shares.items()}

    def coal_power(self, unit: str, consumption: float) -> Value:
        """Return coal power, MW: of the unit where known, else its part of the province's."""
        own = self.known.own(unit, "coal_power_2015")
        if own is not None:
            return own, CARRIED
        where = self.province_of[unit]
        generation = self.province.value(where, "thermal_generation", self.when.first) * MWH
        part = consumption / self.province.value(where, "energy_consumption", self.when.first)
        capacity = generation / self.known.typical(unit, "thermal_hours")
        return capacity * part * self.known.typical(unit, "power_factor"), ESTIMATED

    def wind(self, unit: str) -> Value:
        """Return wind power at the start of 2015, MW."""
        own = self.known.own(unit, "wind_2015")
        if own is not None:
            return own, CARRIED
        there = self.province.nearest_year(self.province_of[unit], WIND_STATISTIC, self.when.first)
        start = there * self.known.typical(unit, "wind_start_ratio")
        return start * self._area_part(unit) * self.known.typical(unit, "wind_factor"), ESTIMATED

    def solar(self, unit: str) -> tuple[float, float]:
        """Return solar power on bases and distributed at the start of 2015, MW."""
        there = self.province.nearest_year(self.province_of[unit], SOLAR_STATISTIC, self.when.first)
        start = there * self.known.typical(unit, "solar_start_ratio")
        both = start * self._area_part(unit) * self.known.typical(unit, "solar_factor")
        base = self.known.typical(unit, "solar_base_share")
        return both * base, both * (1 - base)

    def _area_part(self, unit: str) -> float:
        return self.area[unit] / self.known.typical(unit, "province_area")

    def wind_hours(self, unit: str) -> Value:
        """Return full-load hours of wind: nine months of the province in 2017, made a year."""
        hours = self.province.nearest_year(
            self.province_of[unit], "wind_hours_jan_sep", self.when.first
        )
        return hours * self.known.typical(unit, "wind_hours_ratio"), CARRIED
