"""What Vensim's GET DATA functions tell of the points of a data variable.

Points lie on the first axis; those without a number, and the last one repeated where a series is
shorter than others, are none. Where there is nothing to tell the value is missing (Vensim's
manual).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from zhuanxing.engine.reading.expression_parser import MISSING
from zhuanxing.engine.translating.nodes import Array

__all__ = ["SUMMARIES", "summary"]

Points = Float[np.ndarray, "points ..."]
Known = Bool[Any, "points ..."]


def summary(name: str, xp: Any, x: Points, y: Points, *numbers: Array) -> Array:
    """Return what a function of SUMMARIES tells of points, numbers being those of its call."""
    x, y = np.broadcast_arrays(x, y)
    known = np.isfinite(y)
    known[1:] &= x[1:] > x[:-1]
    if any(np.ndim(number) for number in numbers):  # runs are the last axis
        x, y, known = x[..., None], y[..., None], known[..., None]
    return SUMMARIES[name][0](xp, x, y, known, *numbers)


def _between(xp: Any, x: Points, y: Points, known: Known, at: Array, mode: Array) -> Array:
    """Return the value at a time by mode 0 (interpolated), 1 (the later) or -1 (the earlier)."""
    before = xp.where(known & (x <= at), x, -np.inf).max(axis=0)
    after = xp.where(known & (x >= at), x, np.inf).min(axis=0)
    low, high = (xp.where(known & (x == end), y, 0.0).sum(axis=0) for end in (before, after))
    within = (before > -np.inf) & (after < np.inf)
    width = xp.where(within & (after > before), after - before, 1.0)
    part = xp.where(within, (at - before) / width, 0.0)
    found = xp.where(mode > 0, high, xp.where(mode < 0, low, low + part * (high - low)))
    return xp.where(within, found, MISSING)


def _over(statistic: Callable[..., Array]) -> Callable[..., Array]:
    """Return a statistic of the points from one time to another."""

    def told(xp: Any, x: Points, y: Points, known: Known, start: Array, end: Array) -> Array:
        chosen = known & (x >= start) & (x <= end)
        return xp.where(chosen.any(axis=0), statistic(xp, y, chosen), MISSING)

    return told


def _mean(xp: Any, y: Points, chosen: Known) -> Array:
    return xp.where(chosen, y, 0.0).sum(axis=0) / xp.maximum(chosen.sum(axis=0), 1)


def _end(xp: Any, x: Points, known: Known, beyond: float) -> Array:
    ends = xp.where(known, x, beyond)
    found = ends.min(axis=0) if beyond > 0 else ends.max(axis=0)
    return xp.where(known.any(axis=0), found, MISSING)


# Each with the number of arguments behind the data variable.
SUMMARIES: dict[str, tuple[Callable[..., Array], int]] = {
    "get data between times": (_between, 2),
    "get data mean": (_over(_mean), 2),
    "get data max": (_over(lambda xp, y, chosen: xp.where(chosen, y, -np.inf).max(axis=0)), 2),
    "get data min": (_over(lambda xp, y, chosen: xp.where(chosen, y, np.inf).min(axis=0)), 2),
    "get data first time": (lambda xp, x, y, known: _end(xp, x, known, np.inf), 0),
    "get data last time": (lambda xp, x, y, known: _end(xp, x, known, -np.inf), 0),
    "get data total points": (lambda xp, x, y, known: 1.0 * known.sum(axis=0), 0),
}
