"""Look-up tables and time series: interpolation that vectorises, with Vensim's and XMILE's rules.

Points lie on the first axis. A value is a sum over segments of which exactly one is active,
so no gathering is needed, and at the points themselves it is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from zhuanxing.engine.reading.expression_parser import MISSING
from zhuanxing.engine.translating.nodes import Array

__all__ = ["Table", "evaluate"]

Points = Float[Any, "points ..."]


@dataclass(frozen=True)
class Table:
    """A look-up variable: labels, points x and y of shape (points, *labels), and its rule.

    `rule` is interpolate (hold the ends), extrapolate, hold_backward, look_forward, raw,
    inverted (the x of a y) or area (from the first x on, ends held).
    Pieces with fewer points repeat their last one.
    """

    labels: tuple[str, ...]
    x: Float[np.ndarray, " points *some"]
    y: Float[np.ndarray, " points *all"]
    rule: str


def evaluate(xp: Any, at: Array, x: Points, y: Points, rule: str) -> Array:
    """Return the table's value at `at`; x and y have one axis more than `at`, the first."""
    if rule in ("hold_backward", "look_forward", "raw"):
        return _step(xp, at, x, y, rule)
    if np.shape(x)[0] == 1:
        return (x if rule == "inverted" else y)[0] + 0.0 * at
    if rule == "inverted":
        return _inverse(xp, at, x, y)
    low, high = x[:-1], x[1:]
    width = high - low
    slope = xp.where(width > 0, (y[1:] - y[:-1]) / xp.where(width > 0, width, 1.0), 0.0)
    if rule == "area":
        inside = xp.clip(at, low, high) - low
        ends = xp.minimum(at - x[0], 0.0) * y[0] + xp.maximum(at - x[-1], 0.0) * y[-1]
        return ends + (inside * (y[:-1] + 0.5 * slope * inside)).sum(axis=0)
    if rule == "extrapolate":
        count = np.shape(low)[0]
        first = _along(np.arange(count) == 0, low)
        last = _along(np.arange(count) == count - 1, low)
        active = (first | (at >= low)) & (last | (at < high))
        return xp.where(active, y[:-1] + slope * (at - low), 0.0).sum(axis=0)
    active = (at >= low) & (at < high)
    inside = xp.where(active, y[:-1] + slope * (at - low), 0.0).sum(axis=0)
    return xp.where(at < x[0], y[0], xp.where(at >= x[-1], y[-1], inside))


def _inverse(xp: Any, at: Array, x: Points, y: Points) -> Array:
    """Return the first x at which the table has the value `at`, at its nearer end without one."""
    low, high = y[:-1], y[1:]
    active = ((low <= at) & (at < high)) | ((high < at) & (at <= low))
    first = active & (xp.cumsum(active, axis=0) == 1)
    rise = xp.where(high == low, 1.0, high - low)
    inside = xp.where(first, x[:-1] + (at - low) * (x[1:] - x[:-1]) / rise, 0.0).sum(axis=0)
    ends = xp.where(xp.abs(at - y[0]) <= xp.abs(at - y[-1]), x[0], x[-1])
    return xp.where(active.any(axis=0), inside, ends)


def _along(flags: Bool[np.ndarray, " points"], like: Points) -> Bool[np.ndarray, "points ..."]:
    return flags.reshape((-1,) + (1,) * (np.ndim(like) - 1))


def _step(xp: Any, at: Array, x: Points, y: Points, rule: str) -> Array:
    if rule == "look_forward":
        before = xp.concatenate([xp.full_like(x[:1], -np.inf), x[:-1]])
        active = (at > before) & (at <= x)
        found = xp.where(active, y, 0.0).sum(axis=0)
        return xp.where(at > x[-1], y[-1], found)
    if rule == "raw":
        known = (at == x) & ~xp.isnan(y)
        return xp.where(known.any(axis=0), xp.where(known, y, 0.0).sum(axis=0), MISSING)
    after = xp.concatenate([x[1:], xp.full_like(x[:1], np.inf)])
    found = xp.where((at >= x) & (at < after), y, 0.0).sum(axis=0)
    return xp.where(at < x[0], y[0], found)
