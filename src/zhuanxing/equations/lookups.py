"""Drivers as look-ups over time that keep their annual means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from zhuanxing.errors import ZhuanxingError

__all__ = ["DriverLookup", "driver_lookups", "points_of_annual_means"]


@dataclass(frozen=True)
class DriverLookup:
    """A driver: its dimensions, times [points] in Year, and ordinates [points, *dims].

    `low` and `high` are the paths of the low and the high values of the table.
    """

    name: str
    dims: tuple[str, ...]
    times: np.ndarray
    low: np.ndarray
    values: np.ndarray
    high: np.ndarray
    unit: str


def driver_lookups(
    drivers: Mapping[str, xr.Dataset], elements: Mapping[str, Sequence[str]]
) -> Iterator[DriverLookup]:
    """Yield the look-ups of the drivers.

    `drivers` holds the columns low, value and high of the table, each as a dataset of annual
    means along `year` and perhaps one more dimension. Raises ZhuanxingError for a driver whose
    elements are not those of a range of `elements`.
    """
    for key, means in drivers["value"].data_vars.items():
        name = str(key).replace("_", " ")
        given = [str(dim) for dim in means.dims if dim != "year"]
        owners = [_owner(name, [str(e) for e in means[dim].values], elements) for dim in given]
        order = {dim: list(elements[own]) for dim, own in zip(given, owners, strict=True)}
        years = np.asarray(means["year"].values, float)
        paths = {}
        for column, dataset in drivers.items():
            ordered = dataset[key].sel(order).transpose("year", *given)
            times, paths[column] = points_of_annual_means(years, np.asarray(ordered.values, float))
        unit = str(means.attrs["units"])
        yield DriverLookup(
            name, tuple(owners), times, paths["low"], paths["value"], paths["high"], unit
        )


def points_of_annual_means(years: np.ndarray, means: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return times and values of the piecewise linear path whose annual means are `means`.

    Knots lie at mid-year; the first and last half-year go on in a straight line. The mean of a
    year is then 1/8 of the knot before, 3/4 of its own and 1/8 of the knot after, and in the
    first and last year the knot itself: a tridiagonal system (mean-preserving interpolation,
    as in Rymes and Myers, Solar Energy 71, 2001, 225-231).

    `years` (n,) in Year, `means` (n, ...); returns times (n + 2,) and values (n + 2, ...).
    """
    count = len(years)
    system = np.eye(count)
    for row in range(1, count - 1):
        system[row, row - 1 : row + 2] = 1 / 8, 3 / 4, 1 / 8
    knots = np.linalg.solve(system, means)
    first = knots[0] - (knots[1] - knots[0]) / 2
    last = knots[-1] + (knots[-1] - knots[-2]) / 2
    times = np.concatenate([[years[0]], years + 0.5, [years[-1] + 1]])
    return times, np.concatenate([[first], knots, [last]])


def _owner(name: str, names: Sequence[str], elements: Mapping[str, Sequence[str]]) -> str:
    """Return the range that holds exactly the elements `names`."""
    for dim, members in elements.items():
        if set(members) == set(names):
            return dim
    raise ZhuanxingError(
        f"drivers.csv: '{name}' is given for {', '.join(names[:4])} and others, "
        "which are not a whole dimension of elements.csv"
    )
