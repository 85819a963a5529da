"""Scores of forecasts: errors, the continuous ranked probability score, coverage, skill."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = [
    "ALL", "CHART_LEVELS", "JUDGED", "LEVELS", "WORLDS", "coverage", "coverage_if_right", "covered",
    "crps", "rank", "scores", "skill",
]  # fmt: skip

LEVELS = (0.5, 0.8, 0.95)
# The interval whose coverage is compared with what a right model would show, and in which part of
# the cases it would be between the ends that are given.
JUDGED, CASES = 0.8, 0.8
# Of every forecast of the model, whether its interval holds what each draw says.
WORLDS = "inside_of_draw"
CHART_LEVELS = np.arange(0.1, 1.0, 0.1)
# Resamples of a bootstrap.
AGAIN = 4000
ALL = 0


def crps(samples: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the continuous ranked probability score of each value (n,), smaller is better.

    The fair estimate E|x - y| - E|x - x'| / 2 over `samples` (draws, n) (Gneiting and Raftery
    2007, Journal of the American Statistical Association 102, eq. 21).
    """
    ordered = np.sort(samples, axis=0)
    count = len(ordered)
    weight = (2 * np.arange(1, count + 1) - count - 1)[:, None]
    between = 2 * (weight * ordered).sum(axis=0) / (count * (count - 1))
    return np.asarray(np.abs(samples - values).mean(axis=0) - between / 2)


def covered(samples: np.ndarray, values: np.ndarray, level: float) -> np.ndarray:
    """Return whether each value (n,) lies in the central interval of `level`."""
    low, high = np.quantile(samples, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return np.asarray((low <= values) & (values <= high))


def rank(samples: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the part of the samples (draws, n) below each value (n,); even if they are right."""
    return np.asarray((samples < values).mean(axis=0))


def scores(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Return the scores of every forecaster by pool and horizon; horizon 0 is all of them.

    `forecasts` has a row a forecaster and value (columns of rolling.forecasts). Errors are forecast
    minus value, in points.
    """
    both = pd.concat([forecasts, forecasts.assign(horizon=ALL)], ignore_index=True)
    both["error"] = both["middle"] - both["value"]
    both["absolute"] = both["error"].abs()
    inside = {f"coverage_{100 * level:g}": f"inside_{100 * level:g}" for level in LEVELS}
    groups = both.groupby(["pool", "horizon", "forecaster"], sort=False)
    return groups.agg(
        count=("value", "size"),
        mae=("absolute", "mean"),
        bias=("error", "mean"),
        crps=("crps", "mean"),
        **{name: (column, "mean") for name, column in inside.items()},
    ).reset_index()


def coverage_if_right(inside: np.ndarray) -> tuple[float, float]:
    """Return between which values the coverage would lie in CASES of the cases if the model were
    right, from whether intervals would hold the truth if a draw were it (row, draw).

    The errors of a year go together in all cities, so that a hundred figures of it tell little
    more than a few would. The draws of all cities are kept together and each is taken for the truth
    in turn, so they say how little (a prior predictive check of coverage; Box 1980, Journal of the
    Royal Statistical Society A 143, 383-430).
    """
    low, high = np.quantile(inside.mean(axis=0), [(1 - CASES) / 2, (1 + CASES) / 2])
    return float(low), float(high)


def skill(one: pd.DataFrame, other: pd.DataFrame, seed: int) -> tuple[float, float, float]:
    """Return by which part the CRPS of forecast `one` is smaller than that of `other`, and a 90 %
    interval: what it might have been with other cities.

    Both are rows of forecasts of one forecaster; what both forecast counts. A bootstrap of whole
    cities, since the years and origins of a city go together (Efron and Tibshirani, An Introduction
    to the Bootstrap, 1993).
    """
    keys = ["origin", "observed", "city", "year"]
    pairs = one.merge(other, on=keys, suffixes=("", "_other"))
    names, member = np.unique(pairs["city"].to_numpy(str), return_inverse=True)
    draws = np.random.default_rng(seed).multinomial(
        len(names), np.full(len(names), 1 / len(names)), size=AGAIN
    )
    mine = np.bincount(member, pairs["crps"].to_numpy(float))
    theirs = np.bincount(member, pairs["crps_other"].to_numpy(float))
    low, high = np.quantile(1 - (draws @ mine) / (draws @ theirs), [0.05, 0.95])
    return float(1 - mine.sum() / theirs.sum()), float(low), float(high)


def coverage(ranks: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Return the part of `ranks` [observation] (0 to 1) inside each central interval [level]."""
    return np.array([(np.abs(ranks - 0.5) <= level / 2).mean() for level in levels])
