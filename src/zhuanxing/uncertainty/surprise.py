"""How outside conditions may turn out otherwise than they were forecast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from zhuanxing.equations import Equations
from zhuanxing.errors import require_known
from zhuanxing.inputs.design import driver_path
from zhuanxing.uncertainty.pairs import paired

__all__ = ["driver_draws", "growth_changes"]

# The low and high figures of a driver are read as its 5th and 95th percentile.
TAIL = 1.645


def driver_draws(
    equations: Equations,
    start: int,
    known: int,
    surprises: Mapping[str, Sequence[float]],
    count: int,
    seed: int,
) -> dict[str, np.ndarray]:
    """Return draws of the drivers' look-ups (draw, points, *dims), which begin in `start`, as they
    may turn out after the year `known`.

    Every driver lies anywhere between its low and high figures, in the same place in all years;
    the growth of those in `surprises` moreover differs in each year to come as much as growth has
    changed from year to year before. Where these give changes of growth, in points, each year
    brings one of them with either sign to all elements: years of the drivers are few, and a crisis
    is rarer than that. Raises ZhuanxingError for an unknown driver.
    """
    paths = equations.driver_paths()
    for name in surprises:
        require_known("driver", name, paths, "calibrate.yaml: surprises")
    random = np.random.default_rng(seed)
    draws: dict[str, np.ndarray] = {}
    for name in sorted(paths):
        path = driver_path(paths[name], paired(random.standard_normal, count) / TAIL)
        if name in surprises:
            told = np.asarray(surprises[name], float)
            path = path * _shocks(paths[name][1], start, known, count, random, told)
        draws[name] = np.maximum(path, 0.0)
    return draws


def growth_changes(values: np.ndarray) -> np.ndarray:
    """Return the changes from year to year of the growth of `values` (years, ...), logarithmic."""
    return np.asarray(np.diff(np.log(values), n=2, axis=0))


def _shocks(
    middle: np.ndarray,
    start: int,
    known: int,
    count: int,
    random: np.random.Generator,
    alike: np.ndarray,
) -> np.ndarray:
    """Return factors (draw, points, *dims): one until `known`, then a random walk.

    A step of the walk is a random mixture of the changes of growth seen so far, so that elements
    go together as they did; where changes of all `alike` are given, of how elements differed from
    their mean, and one of these. Points of a look-up are the start, the middle of every year, the
    end.
    """
    years = np.clip(start - 1 + np.arange(len(middle)), start, start + len(middle) - 3)
    changes = growth_changes(middle[1 : known - start + 2])
    if len(alike):
        changes -= changes.mean(axis=-1, keepdims=True)
    ahead = max(0, int(years[-1]) - known)
    # As many numbers whatever is known, so that a year to come is the same from every origin.
    span = len(middle)
    mixture = paired(random.standard_normal, count, span, span)[:, span - ahead :, : len(changes)]
    steps = np.tensordot(mixture, changes, axes=1) / len(changes) ** 0.5
    if len(alike):
        even = paired(
            lambda shape: _change(alike, np.asarray(random.random(shape))), count, span, 1
        )
        steps += even[:, span - ahead :] / 100
    walk = steps.cumsum(axis=1)
    walk = np.concatenate([np.zeros((count, 1, *middle.shape[1:])), walk], axis=1)
    return np.asarray(np.exp(walk[:, np.maximum(years - known, 0)]))


def _change(changes: np.ndarray, even: np.ndarray) -> np.ndarray:
    """Return at `even` (0 to 1) one of the changes with either sign, in order of size."""
    both = np.sort(np.append(changes, -changes))
    return np.asarray(both[(even * len(both)).astype(int)])
