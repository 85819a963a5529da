"""The model's growth corrected by the province's, as far as the years of the fit support it.

Weather services correct their models so (model output statistics): where the equations miss a
city's growth, part of the miss is what the province's growth says beyond the model. That part is
estimated on the figures of the fit, each left out in turn, and says nothing of later years.
"""

from __future__ import annotations

import numpy as np

from zhuanxing.backtest.history import History
from zhuanxing.calibrate.fit_map import Fit
from zhuanxing.calibrate.statistics import Statistics

__all__ = ["correction", "leaning"]


def leaning(fit: Fit, history: History, observed: str) -> float:
    """Return the part (0 to 1) of the gap between provincial growth and the model's that the
    figures `observed` of the fit share.
    """
    seen = fit.posterior.statistics
    rows, provincial = _provincial(seen, history, observed)
    # The residual had the figure been left out, from its leverage on the fit.
    leverage = (fit.laplace.weight * fit.laplace.variance_said())[rows]
    left_out = (seen.value - fit.laplace.said)[rows] / (1 - leverage)
    gap = provincial - (seen.value[rows] - left_out)
    return float(np.clip((gap @ left_out) / (gap @ gap), 0.0, 1.0)) if len(rows) else 0.0


def correction(
    fit: Fit, history: History, observed: str, future: Statistics, said: np.ndarray
) -> np.ndarray:
    """Return what to add to the model's forecasts of `future` (n,); `said` are its medians (n,)."""
    rows, provincial = _provincial(future, history, observed)
    added = np.zeros(len(said))
    added[rows] = leaning(fit, history, observed) * (provincial - said[rows])
    return added


def _provincial(
    statistics: Statistics, history: History, observed: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return the places of the figures `observed` and provincial growth there: as it was, or
    after the history's year as it was expected.
    """
    names = [target.observed for target in statistics.targets]
    rows, growth = [], []
    for place, (target, city, year) in enumerate(
        zip(statistics.target, statistics.table["city"], statistics.table["year"], strict=True)
    ):
        known = history.province[city] if year <= history.year else history.expected[city]
        if names[target] == observed and year in known:
            rows.append(place)
            growth.append(known[year])
    return np.array(rows, int), np.array(growth)
