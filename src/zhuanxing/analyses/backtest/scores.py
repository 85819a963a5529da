"""Scores of forecasts: errors, skill, the continuous ranked probability score, coverage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["LEVELS", "Score", "covered", "crps", "lead", "score"]

LEVELS = (0.5, 0.8, 0.95)
# Resamples of a bootstrap.
AGAIN = 4000


@dataclass(frozen=True)
class Score:
    """Scores of one forecast of `count` figures, in the figures' unit.

    `bias` is forecast minus figure; `bias_part`, `variance_part` and `covariance_part` are Theil's
    proportions of the mean squared error; `coverage` the part of figures inside each of LEVELS.
    """

    count: int
    mae: float
    bias: float
    rmse: float
    bias_part: float
    variance_part: float
    covariance_part: float
    crps: float
    coverage: tuple[float, ...]


def score(samples: np.ndarray, figures: np.ndarray) -> Score:
    """Return the scores of `samples` (draws, n) for `figures` (n,); the median is the forecast."""
    forecast = np.median(samples, axis=0)
    error = forecast - figures
    square = float(np.mean(error**2))
    bias = float(error.mean())
    spread = float(forecast.std() - figures.std()) ** 2
    parts = (bias**2 / square, spread / square) if square > 0 else (0.0, 0.0)
    return Score(
        count=len(figures),
        mae=float(np.abs(error).mean()),
        bias=bias,
        rmse=square**0.5,
        bias_part=parts[0],
        variance_part=parts[1],
        covariance_part=1 - sum(parts) if square > 0 else 0.0,
        crps=float(crps(samples, figures).mean()),
        coverage=tuple(float(covered(samples, figures, level).mean()) for level in LEVELS),
    )


def crps(samples: np.ndarray, figures: np.ndarray) -> np.ndarray:
    """Return the continuous ranked probability score of each figure (n,), smaller is better.

    The fair estimate E|x - y| - E|x - x'| / 2 over `samples` (draws, n) (Gneiting and Raftery
    2007, Journal of the American Statistical Association 102, eq. 21).
    """
    ordered = np.sort(samples, axis=0)
    count = len(ordered)
    rank = (2 * np.arange(1, count + 1) - count - 1)[:, None]
    between = 2 * (rank * ordered).sum(axis=0) / (count * (count - 1))
    return np.asarray(np.abs(samples - figures).mean(axis=0) - between / 2)


def covered(samples: np.ndarray, figures: np.ndarray, level: float) -> np.ndarray:
    """Return whether each figure (n,) lies in the central interval of `level`."""
    low, high = np.quantile(samples, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return np.asarray((low <= figures) & (figures <= high))


def lead(
    one: np.ndarray, other: np.ndarray, figures: np.ndarray, groups: np.ndarray, seed: int
) -> tuple[float, float, float]:
    """Return by how much the mean absolute error of forecast `other` (n,) exceeds that of `one`,
    and a 90 % interval: what it might have been with other cities (`groups` (n,)).

    A bootstrap of whole groups, since the years of a city go together (Efron and Tibshirani,
    An Introduction to the Bootstrap, 1993).
    """
    better = np.abs(other - figures) - np.abs(one - figures)
    names, member = np.unique(groups, return_inverse=True)
    count = np.random.default_rng(seed).multinomial(
        len(names), np.full(len(names), 1 / len(names)), size=AGAIN
    )
    drawn = (count @ np.bincount(member, better)) / (count @ np.bincount(member))
    low, high = np.quantile(drawn, [0.05, 0.95])
    return float(better.mean()), float(low), float(high)
