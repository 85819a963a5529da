"""The plan's effect in the model beside published estimates of such policies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import numpy as np
import pandas as pd
import xarray as xr
from annotated_types import MinLen

from zhuanxing.analyses.differences import DifferenceSettings, number_of
from zhuanxing.config import File, InLanguage, ScenarioName, Seed, Several, Text, Year, checked
from zhuanxing.errors import require_known
from zhuanxing.results.bands import ENDS

__all__ = [
    "INSIDE", "MIDDLE", "NO_ESTIMATE", "OUTSIDE", "Effect", "EvidenceSettings", "Published",
    "compare", "spread",
]  # fmt: skip

INSIDE, OUTSIDE, NO_ESTIMATE = "inside", "outside", "no estimate"
# A number without a range of its own counts from one of these multiples to the other.
AROUND = (0.5, 1.5)
# What stands for the median of the cities in each draw.
MIDDLE = "median"


@checked
class Effect:
    """An effect of the plan: on the output `of` (default `output`), over another if given.

    `measure` is percent or difference, the latter times `scale` and in `unit`.
    """

    output: str
    measure: Literal["percent", "difference"]
    of: str | None = None
    over: str | None = None
    scale: float = 1.0
    unit: str = ""


@checked
class Published:
    """A published row and the effect that it is an estimate of."""

    name: str
    output: str


@checked
class EvidenceSettings(InLanguage):
    """Set the plan's effect (plan minus baseline) beside published estimates (rows did_*).

    方案减基准的效果，与文献中同类政策估计（did_* 行）对照。
    """

    plan: ScenarioName
    """Scenario with the plan.
    方案情景。"""
    baseline: ScenarioName
    """Scenario without it.
    基准情景。"""
    calibration: Text | None
    """Parameter set; null takes the tables.
    参数集，null 为数据表的值。"""
    draws: Seed
    """Draws for intervals of the effects: of a calibration, else from the ranges of the tables.
    区间所用抽样数：取自参数集，否则取自数据表的范围。"""
    years: Annotated[Several[Year], MinLen(1)]
    """Years of the effects.
    年份。"""
    outputs: tuple[Effect, ...]
    """Outputs whose effect is shown.
    展示效果的结果。"""
    published: tuple[Published, ...]
    """Which output a published row is about.
    文献行所对应的结果。"""
    differences: DifferenceSettings
    """Difference in differences of the zone policy inside the model.
    模型内的示范区政策双重差分。"""
    output: File
    """Folder of the table.
    结果文件夹。"""


def compare(
    plan: xr.Dataset, baseline: xr.Dataset, parameters: pd.DataFrame, settings: EvidenceSettings
) -> pd.DataFrame:
    """Return a row an effect, published estimate, year and city.

    Columns output, published, low, high (of the estimate), year, city, effect, verdict: inside,
    outside or no estimate. Raises ZhuanxingError for an unknown output, measure or row.
    """
    return pd.DataFrame(list(_rows(plan, baseline, parameters, settings)))


def spread(plan: xr.Dataset, baseline: xr.Dataset, settings: EvidenceSettings) -> pd.DataFrame:
    """Return how uncertain the effects are.

    Columns output, year, city, effect_low and effect_high (the interval over `run` of the two
    datasets, whose runs are pairs with the same draws) and below_zero (percent of draws). MIDDLE is
    the median of the cities in each draw. Pairs of which one run has left the domain of the
    equations are left out.
    """
    sound = (plan["failure"].values == "") & (baseline["failure"].values == "")
    pair = [many.isel(run=np.flatnonzero(sound)) for many in (plan, baseline)]
    frames = []
    for effect in settings.outputs:
        found = _effect(effect, *pair).reset_coords(drop=True).sel(year=list(settings.years))
        middle = found.median("city").expand_dims(city=[MIDDLE])
        every = xr.concat([found, middle], "city").transpose("run", "year", "city")
        low, high = every.quantile(ENDS, "run").values
        below = 100 * (every < 0).mean("run").values
        index = pd.MultiIndex.from_product(
            [settings.years, [*found["city"].values, MIDDLE]], names=["year", "city"]
        )
        columns = {
            "effect_low": low.ravel(), "effect_high": high.ravel(), "below_zero": below.ravel()
        }  # fmt: skip
        frames.append(pd.DataFrame(columns, index).reset_index().assign(output=effect.output))
    return pd.concat(frames, ignore_index=True)


def _rows(
    plan: xr.Dataset, baseline: xr.Dataset, parameters: pd.DataFrame, settings: EvidenceSettings
) -> Iterator[dict[str, object]]:
    known = [effect.output for effect in settings.outputs]
    for row in settings.published:
        require_known("output", row.output, known, "evidence.yaml")
        require_known("published row", row.name, list(parameters["name"]), "evidence.yaml")
    for effect in settings.outputs:
        found = _effect(effect, plan, baseline)
        estimates = [row.name for row in settings.published if row.output == effect.output]
        for name in estimates or [""]:
            low, high = _limits(parameters, name)
            for year in settings.years:
                for city in map(str, found["city"].values):
                    value = float(found.sel(year=year, city=city))
                    verdict = INSIDE if low <= value <= high else OUTSIDE
                    yield {
                        "output": effect.output,
                        "published": name,
                        "low": low,
                        "high": high,
                        "year": year,
                        "city": city,
                        "effect": value,
                        "verdict": verdict if name else NO_ESTIMATE,
                    }


def _effect(effect: Effect, plan: xr.Dataset, baseline: xr.Dataset) -> xr.DataArray:
    pair = []
    for paths in (plan, baseline):
        name = effect.of or effect.output
        for wanted in filter(None, (name, effect.over)):
            require_known("output", wanted, list(map(str, paths.data_vars)), "evidence.yaml")
        value = paths[name]
        pair.append(value / paths[effect.over] if effect.over else value)
    with_plan, without = pair
    if effect.measure == "percent":
        return 100 * (with_plan / without - 1)
    return (with_plan - without) * effect.scale


def _limits(parameters: pd.DataFrame, name: str) -> tuple[float, float]:
    """Return between which values an effect agrees with the published row."""
    if not name:
        return np.nan, np.nan
    row = parameters[parameters["name"] == name].iloc[0]
    if pd.notna(row["low"]) and pd.notna(row["high"]):
        return float(row["low"]), float(row["high"])
    number = number_of(parameters, name)
    if np.isinf(number):
        return (0.0, np.inf) if number > 0 else (-np.inf, 0.0)
    low, high = sorted(number * factor for factor in AROUND)
    return low, high
