"""One number a run, as charts of sweeps draw it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Quantity", "thinned"]

_SEED = 0


@dataclass(frozen=True)
class Quantity:
    """Values [run] of a factor or a measure, named in the chart's language.

    `name` is short, `label` has unit, place and year; `bounds` is the whole range of a factor.
    """

    name: str
    label: str
    values: np.ndarray
    bounds: tuple[float, float] | None = None


def thinned(count: int, most: int) -> np.ndarray:
    """Return the places of at most `most` of `count` runs, chosen evenly at random, in order."""
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(_SEED).permutation(count)[:most])
