"""A fit: rounds of the most probable parameters and the most probable sizes of disturbances."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zhuanxing.analyses.calibrate.curvature import Curvature
from zhuanxing.analyses.calibrate.disturbances import COMMON_INNOVATION, INNOVATION, Scales
from zhuanxing.analyses.calibrate.draws import bent, straight
from zhuanxing.analyses.calibrate.marginal import most_probable, news_that_tell
from zhuanxing.analyses.calibrate.posterior import Posterior, State
from zhuanxing.analyses.calibrate.smoother import Shape, climb, opened, shape_at
from zhuanxing.storage.atomic import written_whole

__all__ = ["Fit", "fit"]

Report = Callable[[float], None]


@dataclass(frozen=True)
class Fit:
    """A fitted posterior: its mode, the shape there, and `before` (target, year, city), what the
    model said of the statistics with the values of the tables.
    """

    posterior: Posterior
    mode: State
    shape: Shape
    before: np.ndarray

    def draws(self, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Return draws of `shared` (count, shared) and `own` (count, city, own)."""
        drawn = straight(self.mode, self.shape, count, seed)
        return bent(self.posterior, self.mode, self.shape, drawn) if count else drawn

    @property
    def told(self) -> dict[str, np.ndarray]:
        """By the name of the news, how many of them tell their size (disturbance,)."""
        names = (INNOVATION, COMMON_INNOVATION)
        return dict(zip(names, news_that_tell(self.posterior, self.shape), strict=True))


def fit(
    posterior: Posterior,
    rounds: int,
    iterations: int,
    report: Report = lambda part: None,
    checkpoint: Path | None = None,
) -> Fit:
    """Return the fit after `rounds` rounds of at most `iterations` steps.

    `report` is told which part of the whole is finished. An interrupted fit goes on from the last
    finished round in the file `checkpoint`, to the same result.
    """
    guess = Scales.of(posterior.program.constants())
    start = State(*posterior.parameters.start(), guess)
    kept = _resume(checkpoint)
    if kept is None:
        shape = shape_at(posterior, start)
        kept = _Round(0, *opened(posterior, start, shape), shape.predicted)
    at, curvature, before = kept.at, kept.curvature, kept.before
    for number in range(kept.number, rounds):
        report(number / rounds)
        at, shape = climb(posterior, at, curvature, iterations, _part_of(report, number, rounds))
        if number < rounds - 1:
            at, curvature = most_probable(posterior, at, shape, guess)
            _keep(checkpoint, _Round(number + 1, at, curvature, before))
    report(1.0)
    return Fit(posterior, at, shape, before)


@dataclass(frozen=True)
class _Round:
    """What a round starts with: its number, the point, the curvature there, and `before`."""

    number: int
    at: State
    curvature: Curvature
    before: np.ndarray


def _part_of(report: Report, number: int, rounds: int) -> Report:
    """Return a report of a part of one round as a part of the whole."""
    return lambda part: report((number + part) / rounds)


def _resume(checkpoint: Path | None) -> _Round | None:
    if checkpoint is None or not checkpoint.is_file():
        return None
    with checkpoint.open("rb") as file:
        kept: _Round = pickle.load(file)
    return kept


def _keep(checkpoint: Path | None, kept: _Round) -> None:
    if checkpoint is not None:
        with written_whole(checkpoint) as temporary, temporary.open("wb") as file:
            pickle.dump(kept, file)
