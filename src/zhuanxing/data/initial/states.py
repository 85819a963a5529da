"""The initial state of every unit, with the origin of every value.

A value is `observed`, else `carried` from the nearest observed year (with provincial growth or
change), else of the `archetype` (with provincial averages). docs/data.md states the rule in full.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from zhuanxing.data.drivers import build_drivers
from zhuanxing.data.initial.economy import ARCHETYPE, BASE, CARRIED, LAST, OBSERVED, Economy, Value
from zhuanxing.data.initial.energy import EnergyState
from zhuanxing.data.initial.land import initial_land
from zhuanxing.data.initial.lookup import Known, Province
from zhuanxing.data.initial.prices import city_prices
from zhuanxing.data.tables import Tables

__all__ = ["build_initial"]

UNITS = {
    "initial_gdp": "yiCNY/Year", "initial_population": "wanperson",
    "initial_energy_consumption": "wantce/Year", "initial_coal_power": "MW",
    "initial_wind": "MW", "initial_solar_base": "MW", "initial_distributed_solar": "MW",
    "initial_storage": "MW", "initial_land": "km2", "initial_pollution": "ug/m3",
    "wind_hours": "h/Year", "solar_hours": "h/Year",
}  # fmt: skip
# Model name of a city value that archetypes.csv gives as it stands, and the variable there.
PLAIN = {
    "initial_debt_ratio": "debt_ratio",
    "initial_pollution": "pollution",
    "initial_storage": "storage_2015",
    "initial_power_export_ratio": "power_export_ratio",
    "initial_circular_park_share": "circular_park_share",
    "initial_park_output_share": "park_output_share",
    "initial_obsolete_share": "obsolete_share",
    "initial_five_g_coverage": "five_g_coverage",
    "initial_rd_intensity": "rd_intensity",
    "initial_export_share": "export_share",
    "coal_share_of_mining": "mining_coal_share",
    "oil_share_of_mining": "mining_oil_share",
    "solar_hours": "solar_hours",
}
# Forest is part of ecological land; statistics of forest cover may count more.
MOST_FOREST = 0.95


@dataclass
class State:
    """Values and origins collected by variable and key: a city, or a city and an element."""

    values: dict[str, dict[tuple[str, ...], Value]] = field(default_factory=dict)

    def put(self, name: str, value: Value, *key: str) -> None:
        """Record one value under the variable `name`."""
        self.values.setdefault(name, {})[key] = value


def build_initial(tables: Tables, information_year: int = 2022) -> xr.Dataset:
    """Return the initial state: variables of the contract over city and their second dimension.

    Statistics after `information_year` are not used.

    Each variable `name` has a companion `name_origin` of the same shape that holds `observed`,
    `carried` or `archetype`. Shares sum to 1 and land to the area of the unit.
    """
    tables = tables.known_at(information_year)
    known, province = Known(tables), Province(tables)
    units = tables.units
    province_of = dict(zip(units["unit_id"], units["province_en"], strict=True))
    area = dict(zip(units["unit_id"], units["area_km2"].astype(float), strict=True))
    price = city_prices(tables, build_drivers(tables, information_year), known)
    economy = Economy(known, province, province_of, price, min(LAST, information_year))
    energy = EnergyState(known, province, province_of, area)
    state = State()
    for unit in tables.cities:
        output, people, secondary = _economy(state, economy, unit)
        solar = _energy(state, energy, unit, output, tables.elements["fuel"])
        _land(state, known, unit, area[unit], people, secondary, solar)
        for name, variable in PLAIN.items():
            state.put(name, (known.typical(unit, variable), ARCHETYPE), unit)
        state.put("initial_fiscal_revenue_share", _revenue(known, unit), unit)
    return _dataset(tables, state)


def _economy(state: State, economy: Economy, unit: str) -> tuple[float, float, float]:
    """Record output, people and sectors; return output, people and secondary value added."""
    output = economy.output(unit)
    people = economy.people(unit)
    state.put("initial_gdp", output, unit)
    state.put("initial_population", people, unit)
    state.put("initial_urbanization", economy.urban_share(unit), unit)
    shares, origin = economy.broad_shares(unit)
    for broad, weights in economy.sector_weights(unit).items():
        for sector, weight in weights.items():
            state.put("initial_sector_share", (shares[broad] * weight, origin), unit, sector)
    return output[0], people[0], output[0] * shares["secondary"]


def _energy(
    state: State, energy: EnergyState, unit: str, output: float, fuels: tuple[str, ...]
) -> float:
    use = energy.consumption(unit, output)
    state.put("initial_energy_consumption", use, unit)
    for fuel, share in energy.fuel_shares(unit, fuels).items():
        state.put("initial_fuel_share", (share, ARCHETYPE), unit, fuel)
    state.put("initial_coal_power", energy.coal_power(unit, use[0]), unit)
    state.put("initial_wind", energy.wind(unit), unit)
    base, distributed = energy.solar(unit)
    state.put("initial_solar_base", (base, ARCHETYPE), unit)
    state.put("initial_distributed_solar", (distributed, ARCHETYPE), unit)
    state.put("wind_hours", energy.wind_hours(unit), unit)
    return base


def _land(state: State, known: Known, unit: str, area: float, *drivers: float) -> None:
    """Record land by use; `drivers` are people, secondary value added and base solar."""
    land = initial_land(known, unit, area, *drivers)
    for use, size in land.items():
        state.put("initial_land", (size, ARCHETYPE), unit, use)
    state.put("initial_forest_share", _forest(known, unit, land["ecological"] / area), unit)


def _forest(known: Known, unit: str, ecological: float) -> Value:
    seen = known.seen(unit, "forest_cover")
    if seen:
        year = min(seen, key=lambda other: abs(other - BASE))
        return min(seen[year] / 100, MOST_FOREST * ecological), CARRIED
    return min(known.typical(unit, "forest_share"), MOST_FOREST * ecological), ARCHETYPE


def _revenue(known: Known, unit: str) -> Value:
    """Return general budget revenue over output of the same year, the year nearest to 2015."""
    revenue = known.seen(unit, "fiscal_revenue")
    output = {**known.seen(unit, "gdp"), **known.seen(unit, "gdp", "post_2018_census")}
    revised = set(known.seen(unit, "gdp", "post_2018_census"))
    years = sorted(set(revenue) & set(output), key=lambda y: (y not in revised, abs(y - BASE)))
    if not years:
        return known.typical(unit, "fiscal_revenue_share"), ARCHETYPE
    origin = OBSERVED if years[0] == BASE else CARRIED
    return revenue[years[0]] / output[years[0]], origin


def _dataset(tables: Tables, state: State) -> xr.Dataset:
    second = _second_dimensions(tables, state)
    coords: dict[str, list[str]] = {"city": tables.cities}
    arrays: dict[str, xr.DataArray] = {}
    for name, values in state.values.items():
        dims = ["city", *([second[name]] if name in second else [])]
        for dim in dims[1:]:
            coords[dim] = list(tables.elements[dim])
        keys = _keys([coords[dim] for dim in dims])
        shape = [len(coords[dim]) for dim in dims]
        numbers = np.array([values[key][0] for key in keys], float).reshape(shape)
        origins = np.array([values[key][1] for key in keys], object).reshape(shape)
        unit = UNITS.get(name, "Dmnl")
        arrays[name] = xr.DataArray(numbers, dims=dims, attrs={"units": unit})
        arrays[f"{name}_origin"] = xr.DataArray(origins, dims=dims)
    return xr.Dataset(arrays, coords)


def _keys(axes: list[list[str]]) -> list[tuple[str, ...]]:
    if len(axes) == 1:
        return [(name,) for name in axes[0]]
    return [(first, other) for first in axes[0] for other in axes[1]]


def _second_dimensions(tables: Tables, state: State) -> Mapping[str, str]:
    """Return the dimension whose elements are the second keys of a variable."""
    found = {}
    for name, values in state.values.items():
        elements = {key[1] for key in values if len(key) == 2}
        for dimension, names in tables.elements.items():
            if elements and elements == set(names):
                found[name] = dimension
    return found
