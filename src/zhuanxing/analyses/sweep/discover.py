"""Scenario discovery: a box of conditions under which something happens, by the EMA Workbench."""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from zhuanxing.analyses.sweep.reading import SweepResult
from zhuanxing.errors import ZhuanxingError

__all__ = ["Box", "Limit", "discover"]

# EMA Workbench drops a column of this name, so the scenario has another.
SCENARIO = "scenario of the run"
FEWEST_CASES = 10
ABOVE_ZERO = 1e-9


@dataclass(frozen=True)
class Limit:
    """One condition: a factor from `low` to `high`, None where its range is not restricted.

    For the scenario `values` are those allowed. `chance` is the quasi-p value: how likely the
    limit is, if it did not matter (None where it cannot be told).
    """

    factor: str
    low: float | None
    high: float | None
    values: tuple[str, ...] = ()
    chance: float | None = None


@dataclass(frozen=True)
class Box:
    """Conditions, with the share of all cases that they hold (coverage) and the share of runs
    inside that are cases (density)."""

    limits: tuple[Limit, ...]
    coverage: float
    density: float
    cases: int
    runs: int


def discover(
    result: SweepResult, happens: np.ndarray, *, density: float, most_limits: int, peel: float
) -> Box:
    """Return the box that PRIM finds for `happens` [scenario, run] among the sound runs.

    Of PRIM's nested boxes with at most `most_limits` conditions it is the one that covers most
    among those at least as dense as `density`, or else the densest. Raises ZhuanxingError if the
    thing happens too seldom or too often to tell.
    """
    sound = result.sound
    y = happens[sound]
    cases, runs = int(y.sum()), int(sound.sum())
    if min(cases, runs - cases) < FEWEST_CASES:
        raise ZhuanxingError(
            f"{result.path}: what is asked for happens in {cases:,} of {runs:,} runs, but "
            f"{FEWEST_CASES} runs with it and without it are needed to tell its conditions"
        )
    x = _inputs(result)
    box = _prim(x, y, peel)
    trajectory = box.peeling_trajectory
    simple = trajectory[(trajectory["res_dim"] <= most_limits) & (trajectory["res_dim"] > 0)]
    if simple.empty:
        raise ZhuanxingError(
            f"{result.path}: PRIM finds no conditions; take more runs, or vary other factors"
        )
    dense = simple[simple["density"] >= density]
    chosen = int(dense["coverage"].idxmax() if len(dense) else simple["density"].idxmax())
    row = trajectory.loc[chosen]
    limits = _limits(box, chosen, x)
    return Box(limits, row["coverage"], row["density"], cases, runs)


def _inputs(result: SweepResult) -> pd.DataFrame:
    """Return the factors of all sound runs, scenario after scenario, as EMA Workbench wants."""
    parts = [result.design[sound] for sound in result.sound]
    x = pd.DataFrame(np.concatenate(parts), columns=result.factors)
    x = x.loc[:, x.nunique() > 1].copy()
    if len(result.scenarios) > 1:
        counts = [len(part) for part in parts]
        x[SCENARIO] = np.repeat(np.array(result.scenarios, dtype=object), counts)
    return x


def _prim(x: pd.DataFrame, y: np.ndarray, peel: float) -> Any:
    with warnings.catch_warnings():
        # It warns of optional packages that we do not use.
        warnings.simplefilter("ignore")
        from ema_workbench.analysis import prim

        logging.getLogger("EMA").setLevel(logging.ERROR)
        # PRIM counts as cases what reaches the threshold, and drops a box that is less dense: one
        # just above zero counts the true ones and keeps the whole peeling trajectory.
        found = prim.Prim(x, y, threshold=ABOVE_ZERO, peel_alpha=peel)
        return found.find_box()


def _limits(box: Any, index: int, x: pd.DataFrame) -> tuple[Limit, ...]:
    whole, inside = box.box_lims[0], box.box_lims[index]
    chances = box.qp[index]
    limits = []
    for name in inside.columns:
        if name == SCENARIO:
            allowed = tuple(sorted(map(str, inside[name].iloc[0])))
            if len(allowed) < len(set(x[name])):
                limits.append(Limit(name, None, None, allowed, _chance(chances.get(name))))
            continue
        low, high = (float(value) for value in inside[name])
        low_free, high_free = (float(value) for value in whole[name])
        if low > low_free or high < high_free:
            limits.append(
                Limit(
                    name,
                    low if low > low_free else None,
                    high if high < high_free else None,
                    chance=_chance(chances.get(name)),
                )
            )
    # The surest first.
    return tuple(sorted(limits, key=lambda limit: 1.0 if limit.chance is None else limit.chance))


def _chance(values: list[float] | None) -> float | None:
    known = [float(value) for value in values or [] if value >= 0]
    return min(known) if known else None
