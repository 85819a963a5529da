"""Runge and Kutta's rules, for slopes held in any tree of arrays of jax or numpy."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import jax

__all__ = ["combined"]

Slopes = TypeVar("Slopes")


def combined(method: str, first: Slopes, slopes_at: Callable[[float, Slopes], Slopes]) -> Slopes:
    """Return the slopes of a whole step by `method`: euler, rk2 (midpoint) or rk4.

    `first` are the slopes at its start; `slopes_at(share, slopes)` those after that share of the
    step along `slopes`.
    """
    if method == "euler":
        return first
    second = slopes_at(0.5, first)
    if method == "rk2":
        return second
    third = slopes_at(0.5, second)
    fourth = slopes_at(1.0, third)
    mixed: Slopes = jax.tree_util.tree_map(
        lambda a, b, c, d: (a + 2.0 * b + 2.0 * c + d) / 6.0, first, second, third, fourth
    )
    return mixed
