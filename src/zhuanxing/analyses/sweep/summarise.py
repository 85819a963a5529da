"""What a sweep says: spread by city and year, shares of runs that reach aims, and the best runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from zhuanxing.analyses.sweep.measure import Condition, Measure
from zhuanxing.analyses.sweep.reading import SweepResult
from zhuanxing.errors import ZhuanxingError
from zhuanxing.results.aims import Aim, aims_of

__all__ = ["AimShare", "aim_misses", "aim_shares", "best_runs", "quantiles", "trade_partner"]


@dataclass(frozen=True)
class AimShare:
    """The share of a scenario's sound runs in which a city reaches an aim."""

    city: str
    scenario: str
    aim: Aim
    share: float


def quantiles(result: SweepResult, outputs: Sequence[str], levels: Sequence[float]) -> xr.Dataset:
    """Return quantiles over the sound runs: each output [scenario, quantile, year, city, ...].

    A scenario without a sound run is NaN. Memory does not grow with the number of runs beyond a
    fixed size of block.
    """
    for level in levels:
        if not 0 <= level <= 1:
            raise ZhuanxingError(f"quantiles: {level:g} is outside 0 to 1")
    found = {}
    for name in outputs:
        data = result.output(name)
        dims = ["scenario", "quantile", *data.dims[2:]]
        sizes = [len(result.scenarios), len(levels), *data.shape[2:]]
        values = xr.DataArray(np.full(sizes, np.nan), dims=dims, attrs=data.attrs)
        for scenario in range(len(result.scenarios)):
            for place, block in result.blocks(data, scenario):
                if len(block):
                    values[{"scenario": scenario, "city": place}] = np.quantile(block, levels, 0)
        found[name] = values
    coords = {k: v for k, v in result.dataset.coords.items() if not {"run", "factor"} & set(v.dims)}
    return xr.Dataset(found, {**coords, "quantile": list(levels)}, attrs=result.dataset.attrs)


def trade_partner(result: SweepResult, goal: Measure, measures: Sequence[Measure]) -> Measure:
    """Return the first of `measures` of another output that has a good direction, else the goal."""
    others = (m for m in measures if m.output != goal.output and m.better(result) != "none")
    return next(others, goal)


def aim_misses(result: SweepResult, aim: Aim, city: str) -> np.ndarray:
    """Return where a city misses an aim: [scenario, run]; runs that do not count are false."""
    base = aim.base_year if aim.measure == "change" else None
    measure = Measure(aim.variable, aim.variable, None, city, aim.year, base)
    # Any: the aim judges an array as it judges a number.
    reached: Any = measure.values(result)
    return np.asarray(result.sound & ~aim.met(reached))


def aim_shares(
    result: SweepResult, table: pd.DataFrame, cities: Sequence[str], year: int
) -> list[AimShare]:
    """Return for every city, aim and scenario the share of runs that reach the aim."""
    shares = []
    counts = result.sound.sum(axis=1)
    for city in cities:
        for aim in _aims(result, table, city, year):
            missed = aim_misses(result, aim, city).sum(axis=1)
            for name, count, misses in zip(result.scenarios, counts, missed, strict=True):
                if count:
                    shares.append(AimShare(city, name, aim, float(1 - misses / count)))
    return shares


def best_runs(
    result: SweepResult, goal: Measure, highest: bool, conditions: Sequence[Condition], count: int
) -> pd.DataFrame:
    """Return the `count` best sound runs that satisfy every condition, best first.

    Columns: scenario, run, the goal and each condition's measure under their words, and every
    factor. Raises ZhuanxingError if no run satisfies the conditions.
    """
    allowed = result.sound.copy()
    for condition in conditions:
        allowed &= condition.holds(result)
        if not allowed.any():
            raise ZhuanxingError(
                f"{result.path}: no run satisfies '{condition.measure.word}{condition.sign}"
                f"{condition.limit:g}' together with what stands before it; loosen it"
            )
    values = goal.values(result)
    places = np.argwhere(allowed)
    ranked = -values[allowed] if highest else values[allowed]
    rows, runs = places[np.argsort(ranked, kind="stable")][:count].T
    columns = {
        "scenario": np.array(result.scenarios)[rows],
        "run": result.dataset["run"].values[runs],
    }
    for measure in dict.fromkeys([goal, *(condition.measure for condition in conditions)]):
        columns[measure.word] = measure.values(result)[rows, runs]
    factors = {name: result.design[runs, i] for i, name in enumerate(result.factors)}
    return pd.DataFrame({**columns, **factors})


def _aims(result: SweepResult, table: pd.DataFrame, city: str, year: int) -> list[Aim]:
    """Return a city's aims that the store can judge."""
    years = result.dataset["year"].values
    plain = [
        name
        for name in result.outputs
        if set(result.dataset[name].dims) == {"scenario", "run", "year", "city"}
    ]
    return [
        aim
        for aim in aims_of(table, result.dataset, city, year)
        if aim.variable in plain
        and aim.year in years
        and (aim.measure == "level" or aim.base_year in years)
    ]
