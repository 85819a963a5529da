"""Drivers of the model text: look-ups over time that keep annual means."""

from __future__ import annotations

import numpy as np

__all__ = ["points_of_annual_means"]


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
