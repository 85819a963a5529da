"""Bring the figures of a unit to another year: read, interpolated, or carried by their trend."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

__all__ = ["CARRIED", "ESTIMATED", "OBSERVED", "Value", "figure_of"]

OBSERVED, CARRIED, ESTIMATED = "observed", "carried", "estimated"
# A value and where it comes from: one of the three words.
Value = tuple[float, str]
# Figures at the near end of a series whose trend carries it further.
TREND_YEARS = 5


def figure_of(seen: Mapping[int, float], year: float, largest_step: float = 0.0) -> Value | None:
    """Return the figure of `year` from those `seen` by year; None where there are none.

    The figure of the year itself is observed. Between two years the logarithm is interpolated.
    Outside them the line through the logarithms of the nearest figures counts, whose slope is not
    larger than `largest_step` a year.
    """
    if year in seen:
        return seen[int(year)], OBSERVED
    positive = {when: value for when, value in seen.items() if value > 0}
    if not positive:
        return (0.0, CARRIED) if seen else None
    before = max((when for when in positive if when < year), default=None)
    after = min((when for when in positive if when > year), default=None)
    if before is not None and after is not None:
        part = (year - before) / (after - before)
        logs = (1 - part) * math.log(positive[before]) + part * math.log(positive[after])
        return math.exp(logs), CARRIED
    return math.exp(_line(positive, year, largest_step)), CARRIED


def _line(seen: Mapping[int, float], year: float, largest_step: float) -> float:
    """Return the logarithm in `year` of the line through the figures nearest to it.

    The slope is the median of those of all pairs (Theil and Sen), the height the median: one odd
    figure moves neither.
    """
    years = np.array(sorted(seen, key=lambda when: abs(when - year))[:TREND_YEARS])
    logs = np.log([seen[int(when)] for when in years])
    first, second = np.triu_indices(len(years), 1)
    slopes = (logs[second] - logs[first]) / (years[second] - years[first])
    step = float(np.median(slopes)) if len(slopes) else 0.0
    step = max(-largest_step, min(largest_step, step))
    return float(np.median(logs + step * (year - years)))
