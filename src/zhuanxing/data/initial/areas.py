"""Provinces as balancing areas of power: what their units are not, at the start and since."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from zhuanxing.data.initial.carrying import ESTIMATED, OBSERVED
from zhuanxing.data.initial.energy import EnergyState, power_at
from zhuanxing.data.tables import DataError, Tables

__all__ = ["area_of", "build_areas"]

RENEWABLES = ("wind_farm", "base_solar", "rooftop_solar")
# GWh in 1e8 kWh.
GWH = 100.0
UNITS = {
    "in_province": "Dmnl", "area_generation_2015": "GWh/Year", "area_thermal_2015": "GWh/Year",
    "area_energy_2015": "wantce/Year", "recorded_area_growth": "1/Year",
    "initial_rest_renewable": "GWh/Year", "recorded_rest_growth": "1/Year",
    "printed_absorption_share": "Dmnl",
}  # fmt: skip
# What wind and sun outside the units give is their capacity at the hours of the units.
WORKED_OUT = ("initial_rest_renewable", "recorded_rest_growth", "printed_absorption_share")


def build_areas(tables: Tables, energy: EnergyState, information_year: int) -> xr.Dataset:
    """Return generation, energy and growth of each province, and wind and sun outside the units.

    The first year's totals are those of the province. `recorded_area_growth` is the mean growth
    of generation to `information_year`, `recorded_rest_growth` that of wind and sun beside the
    units of the model, which start at `initial_rest_renewable`. `printed_absorption_share` is what
    the grid takes of them without help, relative to generation. Each has its origin beside it
    but `in_province` (city, province), which is no figure: 1 where the city lies.
    """
    areas, cities = tables.elements["province"], tables.cities
    for city in cities:
        if area_of(energy.province_of[city]) not in areas:
            raise DataError(
                f"elements.csv has no province '{area_of(energy.province_of[city])}', in which "
                f"the city '{city}' lies"
            )
    member = [
        [float(area_of(energy.province_of[city]) == area) for area in areas] for city in cities
    ]
    names = {area_of(str(name)): str(name) for name in tables.provinces["province"].unique()}
    values = {name: np.zeros(len(areas)) for name in UNITS if name != "in_province"}
    for place, area in enumerate(areas):
        for name, value in _province(tables, energy, names[area], information_year).items():
            values[name][place] = value
    found = {name: (("province",), array, {"units": UNITS[name]}) for name, array in values.items()}
    for name in values:
        origin = ESTIMATED if name in WORKED_OUT else OBSERVED
        found[f"{name}_origin"] = (("province",), np.full(len(areas), origin, object), {})
    incidence = (("city", "province"), np.array(member), {"units": UNITS["in_province"]})
    return xr.Dataset(
        {**found, "in_province": incidence}, {"city": cities, "province": list(areas)}
    )


def area_of(province: str) -> str:
    """Return the element that stands for a province: cities of the same name have theirs."""
    return f"{province.lower().replace(' ', '_')}_province"


def _province(
    tables: Tables, energy: EnergyState, province: str, information_year: int
) -> dict[str, float]:
    rows = tables.areas
    rows = rows[(rows["province"] == province) & (rows["variable"] == "power_generation")]
    path = rows[rows["year"] <= information_year].set_index("year")["value"]
    first = energy.when.first
    if first not in path.index:
        raise DataError(f"areas.csv has no power_generation of {province} in {first}")
    statistics = energy.province
    rest = {year: _beside(energy, province, year) for year in (first, information_year + 1)}
    generation = float(path[first]) * GWH
    whole = rest[first] + _of_units(energy, province, first)
    lost = energy.first_curtailed(province, information_year)
    years = information_year + 1 - first
    return {
        "area_generation_2015": generation,
        "area_thermal_2015": statistics.value(province, "thermal_generation", first) * GWH,
        "area_energy_2015": statistics.value(province, "energy_consumption", first),
        "recorded_area_growth": _growth(float(path[first]), float(path.iloc[-1]), len(path) - 1),
        "initial_rest_renewable": rest[first],
        "recorded_rest_growth": _growth(rest[first], rest[first + years], years),
        "printed_absorption_share": _taken(whole, lost) / generation,
    }


def _taken(renewable: float, lost: float) -> float:
    """Return the room of a grid that loses the share `lost` of `renewable`, 0 where none is lost.

    The inverse of `area curtailment` in power.mdl: lost = 1 - (1 + (renewable / room)^4)^(-1/4).
    """
    return float(renewable / ((1 - lost) ** -4 - 1) ** 0.25) if lost > 0 else 0.0


def _growth(first: float, last: float, years: float) -> float:
    return float(np.log(last / first) / years) if first > 0 and last > 0 and years > 0 else 0.0


def _beside(energy: EnergyState, province: str, time: float) -> float:
    """Return what wind and sun outside the units would give at a moment, GWh a year."""
    units = energy.units_of(province)
    if not units:
        return 0.0
    hours, own = _hours(energy, units), _capacity(energy, units, time)
    return sum(
        max(0.0, power_at(energy.path(province, plant), time) - own[plant]) * hours[plant] / 1000.0
        for plant in RENEWABLES
    )


def _of_units(energy: EnergyState, province: str, time: float) -> float:
    """Return what wind and sun of the units would give at a moment, GWh a year."""
    units = energy.units_of(province)
    return sum(
        mw * _hours(energy, [unit])[plant] / 1000.0
        for unit in units
        for plant, mw in _capacity(energy, [unit], time).items()
    )


def _capacity(energy: EnergyState, units: list[str], time: float) -> dict[str, float]:
    return {
        plant: sum(power_at(energy.renewable(unit, plant)[0], time) for unit in units)
        for plant in RENEWABLES
    }


def _hours(energy: EnergyState, units: list[str]) -> Mapping[str, float]:
    known = energy.known
    wind = float(np.mean([energy.wind_hours(unit)[0] for unit in units]))
    sun = float(np.mean([known.typical(unit, "solar_hours") for unit in units]))
    return {"wind_farm": wind, "base_solar": sun, "rooftop_solar": sun}
