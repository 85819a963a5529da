"""The initial state of every unit, with the origin of every value.

A value is `observed`, else `carried` from other years of the unit, else `estimated` from the
nearest units in structure, the archetype or the province. docs/data.md states the rule in full.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import xarray as xr

from zhuanxing.data.drivers import build_drivers
from zhuanxing.data.initial.areas import build_areas
from zhuanxing.data.initial.carrying import ESTIMATED, Value
from zhuanxing.data.initial.debt import debt_by_kind, debt_per_output, platform_ambition
from zhuanxing.data.initial.economy import Economy, Periods
from zhuanxing.data.initial.electricity import Electricity
from zhuanxing.data.initial.energy import EnergyState, power_at
from zhuanxing.data.initial.land import LandUse
from zhuanxing.data.initial.lookup import Known, Province
from zhuanxing.data.initial.neighbours import Neighbours, structure
from zhuanxing.data.initial.prices import city_prices
from zhuanxing.data.initial.products import build_products
from zhuanxing.data.initial.quantities import OUTPUT, PEOPLE, QUANTITIES, URBAN, Quantities
from zhuanxing.data.observed import current_bases
from zhuanxing.data.tables import Tables

__all__ = ["build_initial"]

UNITS = {
    "initial_gdp": "yiCNY/Year", "initial_population": "wanperson",
    "initial_population_growth": "1/Year",
    "initial_industrial_electricity": "GWh/Year", "initial_other_electricity": "GWh/Year",
    "initial_coal_power": "MW",
    "initial_wind": "MW", "initial_solar_base": "MW", "initial_distributed_solar": "MW",
    "recorded_coal_power": "MW/Year", "recorded_wind": "MW/Year",
    "recorded_solar_base": "MW/Year", "recorded_distributed_solar": "MW/Year",
    "initial_storage": "MW", "initial_land": "km2", "initial_general_debt": "yiCNY",
    "initial_special_debt": "yiCNY",
    "initial_housing_floor": "wanm2", "wind_hours": "h/Year", "solar_hours": "h/Year",
    **{quantity.name: quantity.unit for quantity in QUANTITIES},
}  # fmt: skip
# Model name of wind and solar power, and the plant in renewables.csv.
RENEWABLES = {
    "wind": "wind_farm", "solar_base": "base_solar", "distributed_solar": "rooftop_solar",
}  # fmt: skip
# Model name of a city value that archetypes.csv gives as it stands, and the variable there.
PLAIN = {
    "initial_storage": "storage_2015",
    "initial_circular_park_share": "circular_park_share",
    "initial_park_output_share": "park_output_share",
    "initial_obsolete_share": "obsolete_share",
    "initial_five_g_coverage": "five_g_coverage",
    "coal_share_of_mining": "mining_coal_share",
    "oil_share_of_mining": "mining_oil_share",
    "solar_hours": "solar_hours",
}


@dataclass
class State:
    """Values and origins collected by variable and key: a city, or a city and an element."""

    values: dict[str, dict[tuple[str, ...], Value]] = field(default_factory=dict)

    def put(self, name: str, value: Value, *key: str) -> None:
        """Record one value under the variable `name`."""
        self.values.setdefault(name, {})[key] = value


def build_initial(
    tables: Tables, information_year: int | None = None, drivers: xr.Dataset | None = None
) -> xr.Dataset:
    """Return the initial state: variables of the contract over city and their second dimension.

    Statistics after `information_year`, the last one known unless it is given, are not used.
    `drivers` are those of `build_drivers` for that year, where they are built already.

    Each variable `name` has a companion `name_origin` of the same shape that holds `observed`,
    `carried` or `estimated`. Shares sum to 1 and land to the area of the unit. The attribute
    `statistics` names the observations that were looked for, `provincial` those of provinces,
    `assumed` the variables of archetypes.csv.
    """
    year = tables.last_information_year if information_year is None else information_year
    start = Start.of(tables, year, drivers)
    state = State()
    for unit in tables.cities:
        _economy(state, start.economy, unit)
        elements = tables.elements
        solar = _energy(state, start.energy, unit, elements["record"], elements["fuel"])
        _land(state, start.land, unit, solar)
        state.put("initial_industrial_electricity", start.electricity.industry(unit), unit)
        state.put("initial_other_electricity", start.electricity.other(unit), unit)
        for name, variable in PLAIN.items():
            state.put(name, (start.known.typical(unit, variable), ESTIMATED), unit)
    _quantities(state, start)
    found = _dataset(tables, state).merge(build_products(start.then, year))
    found = found.merge(build_areas(tables, start.energy, year))
    return found.assign_attrs(
        statistics=sorted(start.known.asked),
        assumed=sorted(start.known.assumed),
        provincial=sorted(start.economy.province.asked),
    )


@dataclass(frozen=True)
class Start:
    """What initial values are made from: tables as known `then`, lookups, and by subject."""

    then: Tables
    known: Known
    economy: Economy
    energy: EnergyState
    electricity: Electricity
    quantities: Quantities
    land: LandUse
    debt: dict[str, float]

    @classmethod
    def of(cls, tables: Tables, information_year: int, drivers: xr.Dataset | None = None) -> Start:
        """Return the start as the statistics known at the end of `information_year` tell it."""
        if drivers is None:
            drivers = build_drivers(tables, information_year)
        when = Periods.of(tables, information_year)
        then = tables.known_at(information_year)
        known, province = Known(then), Province(then)
        units = tables.units
        province_of = dict(zip(units["unit_id"], units["province_en"], strict=True))
        area = dict(zip(units["unit_id"], units["area_km2"].astype(float), strict=True))
        price = city_prices(tables, drivers, known)
        economy = Economy(known, province, province_of, price, when)
        quantities = _quantities_of(tables, known, economy)
        output = quantities.drivers[OUTPUT]
        debt = debt_per_output(known, province, tables.cities, output, when.first - 1)
        lost = tables.areas[tables.areas["variable"] == "wind_curtailment"]
        curtailed = {
            (str(province), int(year)): float(value)
            for province, year, value in lost[["province", "year", "value"]].itertuples(index=False)
        }
        energy = EnergyState(known, province, province_of, area, when, tables.renewables, curtailed)
        power = Electricity.of(then, known, when.first)
        land = _land_of(economy, quantities, area)
        return cls(then, known, economy, energy, power, quantities, land, debt)


def _land_of(economy: Economy, quantities: Quantities, area: dict[str, float]) -> LandUse:
    secondary = {
        unit: economy.output(unit)[0] * economy.broad_shares(unit)[0]["secondary"] for unit in area
    }
    near, drivers = quantities.neighbours, quantities.drivers
    return LandUse(economy.known, near, drivers, secondary, area, economy.when.first)


def _quantities_of(tables: Tables, known: Known, economy: Economy) -> Quantities:
    cities, first = tables.cities, economy.when.first
    nominal = {unit: economy.nominal(unit) for unit in cities}
    output = {unit: nominal[unit][first] for unit in cities}
    people = {unit: economy.people(unit)[0] for unit in cities}
    urban = {unit: economy.urban_share(unit)[0] for unit in cities}
    shares = pd.DataFrame({unit: economy.broad_shares(unit)[0] for unit in cities}).T
    features = structure(output, people, urban, shares, tables.units)
    drivers = {
        OUTPUT: output,
        PEOPLE: people,
        URBAN: {unit: people[unit] * urban[unit] for unit in cities},
    }
    bases = current_bases(tables.bases)
    return Quantities(known, Neighbours(features), drivers, nominal, bases, first)


def _quantities(state: State, start: Start) -> None:
    """Record what the statistics tell of purse, power, towns, air and knowledge."""
    for name, values in start.quantities.all().items():
        for unit, value in values.items():
            state.put(name, value, unit)
    output = start.quantities.drivers[OUTPUT]
    debts = debt_by_kind(start.known, start.quantities.neighbours, start.debt, output)
    for unit, (general, special) in debts.items():
        state.put("initial_general_debt", general, unit)
        state.put("initial_special_debt", special, unit)
    ambitions = platform_ambition(start.known, list(output), start.economy.when.first - 1)
    for unit, ambition in ambitions.items():
        state.put("platform_ambition", ambition, unit)
    for unit, townspeople in start.quantities.drivers[URBAN].items():
        floor = townspeople * start.known.typical(unit, "housing_floor_per_person")
        state.put("initial_housing_floor", (floor, ESTIMATED), unit)


def _economy(state: State, economy: Economy, unit: str) -> None:
    """Record output, people and sectors."""
    state.put("initial_gdp", economy.output(unit), unit)
    state.put("initial_population", economy.people(unit), unit)
    state.put("initial_population_growth", economy.people_growth(unit), unit)
    state.put("initial_urbanization", economy.urban_share(unit), unit)
    shares, origin = economy.broad_shares(unit)
    for broad, weights in economy.sector_weights[unit].items():
        for sector, weight in weights.items():
            state.put("initial_sector_share", (shares[broad] * weight, origin), unit, sector)


def _energy(
    state: State, energy: EnergyState, unit: str, records: tuple[str, ...], fuels: tuple[str, ...]
) -> float:
    """Record fuels and power plants; return solar power on bases."""
    for fuel, share in energy.fuel_shares(unit, fuels).items():
        state.put("initial_fuel_share", (share, ESTIMATED), unit, fuel)
    plants = {"coal_power": energy.coal_power(unit)}
    plants |= {name: energy.renewable(unit, plant) for name, plant in RENEWABLES.items()}
    for name, (path, origin) in plants.items():
        state.put(f"initial_{name}", (power_at(path, energy.when.first), origin), unit)
        for record, change in zip(records, energy.changes(path, len(records)), strict=True):
            state.put(f"recorded_{name}", (change, origin), unit, record)
    state.put("wind_hours", energy.wind_hours(unit), unit)
    return state.values["initial_solar_base"][unit,][0]


def _land(state: State, land: LandUse, unit: str, solar: float) -> None:
    """Record land by use and forest; `solar` is solar power on bases, MW."""
    uses = land.of(unit, solar)
    for use, size in uses.items():
        state.put("initial_land", size, unit, use)
    state.put("initial_forest_share", land.forest(unit, uses["ecological"][0]), unit)


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
