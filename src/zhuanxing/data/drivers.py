"""Turn drivers.csv into yearly series, as they could be known at the end of a given year."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from zhuanxing.data.outside import WHOLE, outside_units
from zhuanxing.data.tables import DataError, Tables
from zhuanxing.errors import nearest

__all__ = ["build_drivers"]

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
    rows = tables.drivers
    if information_year is None:
        information_year = tables.last_information_year
    known = rows[rows["known_from"] <= information_year].sort_values("known_from", kind="stable")
    latest = known.drop_duplicates(["name", "subscript", "year"], keep="last")
    years = sorted(set(rows["year"]))
    units = dict(zip(rows["name"], rows["unit"], strict=True))
    series = {
        str(name): _series(tables, str(name), _continued(part, years)).assign_attrs(
            units=units[str(name)]
        )
        for name, part in latest.groupby("name", sort=True)
    }
    series[WHOLE] = outside_units(tables, series[WHOLE], information_year).assign_attrs(
        units=units[WHOLE]
    )
    return xr.Dataset(series, attrs={"information_year": information_year})


def _continued(part: pd.DataFrame, years: list[int]) -> pd.DataFrame:
    """Return figures (year, subscript), with a naive forecast of the years after the last."""
    wide = part.pivot(index="year", columns="subscript", values="value").reindex(years)
    for name, column in wide.items():
        known = column.loc[: column.last_valid_index()].to_numpy(float)
        wide[name] = np.concatenate([known, _ahead(known, len(years) - len(known))])
    return wide


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


def _series(tables: Tables, name: str, wide: pd.DataFrame) -> xr.DataArray:
    years = list(wide.index)
    gaps = wide.isna().any(axis=1)
    if gaps.any():
        raise DataError(f"drivers.csv: '{name}' has no figure for {gaps.idxmax()}")
    names = list(wide.columns)
    if names == [""]:
        return xr.DataArray(wide[""].to_numpy(float), {"year": years}, ["year"])
    sectors = tables.elements["sector"]
    if set(names) <= set(sectors):
        full = wide.reindex(columns=list(sectors)).fillna(1.0)
        return xr.DataArray(full.to_numpy(float), {"year": years, "sector": list(sectors)})
    for dim, elements in tables.elements.items():
        if set(names) == set(elements):
            ordered = wide.reindex(columns=list(elements))
            return xr.DataArray(ordered.to_numpy(float), {"year": years, dim: list(elements)})
    return _by_city(tables, name, wide, years)


def _by_city(tables: Tables, name: str, wide: pd.DataFrame, years: list[int]) -> xr.DataArray:
    """Spread columns named by unit or by province to all cities."""
    columns = []
    for city, province in zip(tables.units["unit_id"], tables.units["province_en"], strict=True):
        key = city if city in wide.columns else province
        if key not in wide.columns:
            raise DataError(
                f"drivers.csv: '{name}' has no figure for the city '{city}' or its province "
                f"'{province}', the nearest given is '{nearest(province, list(wide.columns))}'"
            )
        columns.append(wide[key].to_numpy(float))
    return xr.DataArray(np.stack(columns, axis=1), {"year": years, "city": tables.cities})
