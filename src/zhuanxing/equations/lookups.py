"""Drivers of the model text: look-ups over time that keep annual means."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from zhuanxing.data.drivers import build_drivers
from zhuanxing.data.tables import read_tables

__all__ = ["driver_paths", "points_of_annual_means"]


def driver_paths(
    model: Path, information_year: int
) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return by driver the ordinates (points, *dims) of its low, middle and high figures.

    `model` is the folder of sectors and data. Raises DataError for anything wrong in its tables.
    """
    tables = read_tables(model)
    paths = []
    for column in ("low", "value", "high"):
        figures = tables.drivers.assign(value=tables.drivers[column])
        paths.append(build_drivers(replace(tables, drivers=figures), information_year))
    low, middle, high = (
        {
            str(name): points_of_annual_means(path["year"].values.astype(float), means.values)[1]
            for name, means in path.items()
        }
        for path in paths
    )
    return {name: (low[name], middle[name], high[name]) for name in middle}


def points_of_annual_means(years: np.ndarray, means: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return times and values of the piecewise linear path whose annual means are `means`.

    Knots lie at mid-year; the first and last half-year go on in a straight line. The mean of a
    year is then 1/8 of the knot before, 3/4 of its own and 1/8 of the knot after, and in the
    first and last year the knot itself: a tridiagonal system (mean-preserving interpolation,
    as in Rymes and Myers, Solar Energy 71, 2001, 225-231).

    `years` (n,) in Year, `means` (n,); returns times (n + 2,) and values (n + 2,).
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
