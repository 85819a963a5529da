"""Turn drivers.csv into yearly series, as they could be known at the end of a given year."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from zhuanxing.data.kinds import DRIVER_TABLES
from zhuanxing.data.outside import WHOLE, Outside
from zhuanxing.data.tables import DataError, Tables
from zhuanxing.errors import nearest

__all__ = ["build_drivers", "driver_paths"]

FILES = " or ".join(f"{table}.csv" for table in DRIVER_TABLES)
# Years whose smallest change a naive forecast goes on with.
TREND = 3


def build_drivers(tables: Tables, information_year: int | None = None) -> xr.Dataset:
    """Return annual means of every driver, dims year and, where it has them, one other.

    Of several figures for one year, the one with the latest `known_from` not after
    `information_year` counts. Drivers given by province are spread to the cities of the province;
    that of provincial demand leaves out what the cities themselves are of it (see outside.py).
    Where a driver names some sectors only, the others are 1 (the price of mining, which follows
    coal, oil and ore prices). The information year is the last one unless it is given. Before the
    first year whose forecasts the table holds, a naive forecast stands for them: what has risen,
    or fallen, in every year so far goes on by the smallest step of the last three, and all else
    stays as it is.
    Raises DataError for a gap.
    """
    return driver_paths(tables, information_year, ("value",))["value"]


def driver_paths(
    tables: Tables,
    information_year: int | None = None,
    columns: Sequence[str] = ("low", "value", "high"),
) -> dict[str, xr.Dataset]:
    """Return the drivers as `build_drivers`, from each of these columns of drivers.csv."""
    rows = tables.drivers
    if information_year is None:
        information_year = tables.last_information_year
    known = rows[rows["known_from"] <= information_year].sort_values("known_from", kind="stable")
    years = sorted(set(rows["year"]))
    units = dict(zip(rows["name"], rows["unit"], strict=True))
    outside = Outside.of(tables.known_at(information_year))
    paths = {}
    for column in columns:
        series = {
            name: _series(tables, name, figures, years)
            for name, figures in sorted(_by_driver(known, column).items())
        }
        series[WHOLE] = outside.units(series[WHOLE])
        described = {name: path.assign_attrs(units=units[name]) for name, path in series.items()}
        paths[column] = xr.Dataset(described, attrs={"information_year": information_year})
    return paths


def _by_driver(rows: pd.DataFrame, column: str) -> dict[str, dict[str, dict[int, float]]]:
    """Return the figures {driver: {subscript: {year: value}}}, of several the last in order."""
    found: dict[str, dict[str, dict[int, float]]] = {}
    columns = (rows[name] for name in ("name", "subscript", "year", column))
    for name, subscript, year, value in zip(*columns, strict=True):
        found.setdefault(name, {}).setdefault(subscript, {})[year] = value
    return found


def _continued(name: str, path: dict[int, float], years: list[int]) -> np.ndarray:
    """Return the figures of all `years`, with a naive forecast of those after the last."""
    before = [year for year in years if year <= max(path)]
    gap = next((year for year in before if year not in path), None)
    if gap is not None:
        raise DataError(f"{FILES}: '{name}' has no figure for {gap}")
    known = np.array([path[year] for year in before], float)
    return np.concatenate([known, _ahead(known, len(years) - len(known))])


def _ahead(known: np.ndarray, years: int) -> np.ndarray:
    """Return a naive forecast of `years` years after those `known`.

    A rise goes on by its smallest yearly amount, a fall by its smallest yearly part: what starts
    from little grows fast at first, and nothing falls below zero.
    """
    steps, ahead = np.diff(known), np.arange(1, years + 1)
    if len(steps) >= TREND and (steps > 0).all():
        return np.asarray(known[-1] + steps[-TREND:].min() * ahead)
    if len(steps) >= TREND and (steps < 0).all() and known[-1] > 0:
        return np.asarray(known[-1] * (known[1:] / known[:-1])[-TREND:].max() ** ahead)
    return np.full(years, known[-1])


def _series(
    tables: Tables, name: str, figures: dict[str, dict[int, float]], years: list[int]
) -> xr.DataArray:
    paths = {subscript: _continued(name, path, years) for subscript, path in figures.items()}
    if set(paths) == {""}:
        return xr.DataArray(paths[""], {"year": years}, ["year"])
    sectors = tables.elements["sector"]
    if set(paths) <= set(sectors):
        paths = dict.fromkeys(sectors, np.ones(len(years))) | paths
    for dim, elements in tables.elements.items():
        if set(paths) == set(elements):
            return _stacked(years, dim, {element: paths[element] for element in elements})
    for dim, elements in tables.elements.items():
        if set(paths) < set(elements):
            missing = next(element for element in elements if element not in paths)
            raise DataError(f"{FILES}: '{name}' has no figure for the {dim} '{missing}'")
    return _stacked(years, "city", _by_city(tables, name, paths))


def _stacked(years: list[int], dim: str, paths: dict[str, np.ndarray]) -> xr.DataArray:
    return xr.DataArray(np.stack([*paths.values()], axis=1), {"year": years, dim: [*paths]})


def _by_city(tables: Tables, name: str, paths: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Spread paths named by unit or by province to all cities."""
    spread = {}
    for city, province in zip(tables.units["unit_id"], tables.units["province_en"], strict=True):
        key = city if city in paths else province
        if key not in paths:
            raise DataError(
                f"{FILES}: '{name}' has no figure for the city '{city}' or its province "
                f"'{province}', the nearest given is '{nearest(province, list(paths))}'"
            )
        spread[city] = paths[key]
    return spread
