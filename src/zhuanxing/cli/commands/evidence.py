"""Set the plan's effect beside published estimates.

政策效果与文献对照。
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from zhuanxing.analyses.differences import differences
from zhuanxing.analyses.evidence import (
    INSIDE,
    MIDDLE,
    NO_ESTIMATE,
    OUTSIDE,
    EvidenceSettings,
    compare,
    spread,
)
from zhuanxing.cli.command import Command, Context
from zhuanxing.cli.console import print_table
from zhuanxing.config import Language
from zhuanxing.data.reading import read_table
from zhuanxing.storage.atomic import require_writable

if TYPE_CHECKING:
    from zhuanxing.model import Model

SECTION = "trust"
COLUMNS = (
    ("结果", "output"), ("文献", "published"), ("文献范围", "estimate"), ("年份", "year"),
    ("模型效果（中位）", "median effect"), ("其80%区间", "its 80 % interval"),
    ("城市间范围", "range over cities"), ("结论", "verdict"),
)  # fmt: skip
DIFFERENCES = (
    ("结果", "output"), ("文献", "published"), ("文献范围", "published range"),
    ("政策效果", "effect"), ("其80%区间", "its 80 % interval"), ("含趋势差", "raw, trends in it"),
    ("结论", "verdict"),
)  # fmt: skip
CITIES = (
    ("城市", "city"), ("方案效果", "effect of the plan"), ("其80%区间", "its 80 % interval"),
    ("为负的抽样（%）", "percent of draws below zero"),
)  # fmt: skip
# Seed of draws from the tables; a calibration has its own.
SEED = 20
WORDS = {"inside": "一致", "outside": "不一致", "no estimate": "无估计"}


def run(settings: EvidenceSettings, context: Context) -> int:
    """Run both scenarios, print the comparison and write it by city and year."""
    places = context.places
    target = settings.output / "evidence.csv"
    require_writable(target)
    from zhuanxing.model import load
    from zhuanxing.storage.netcdf import write_table

    model = load(places.root, end=max(settings.years), calibration=settings.calibration)
    source = places.model / "data" / "raw" / "parameters.csv"
    parameters = read_table(source)
    table = compare(model.run(settings.plan), model.run(settings.baseline), parameters, settings)
    uncertain = _uncertainty(model, settings) if settings.draws else None
    _report(table, uncertain, settings, context.language)
    if uncertain is not None:
        table = table.merge(uncertain, how="left", on=["output", "year", "city"])
        _report_cities(table, settings, context)
    _report_differences(_differences(model, parameters, settings), settings, context.language)
    write_table(table, target)
    print(target)
    return 0


def _uncertainty(model: Model, settings: EvidenceSettings) -> pd.DataFrame:
    """Run the plan and the baseline with the same draws; return the intervals of the effects."""
    wanted = {effect.of or effect.output for effect in settings.outputs}
    wanted |= {effect.over for effect in settings.outputs if effect.over}
    names = (settings.plan, settings.baseline)
    plan, baseline = (_drawn(model, name, settings.draws, sorted(wanted)) for name in names)
    return spread(plan, baseline, settings)


def _drawn(model: Model, name: str, draws: int, outputs: Sequence[str]) -> xr.Dataset:
    """Run a scenario with draws of the calibration, else of the ranges of the tables."""
    from zhuanxing.uncertainty.ensemble import prior_design

    scenario = model.scenario(name)
    if model.calibration is None:
        design = prior_design(model.source.equations, draws, SEED)
    else:
        design = model.ensemble_design(scenario, draws)
    return model.run_many(design, scenario=scenario, outputs=outputs)


def _differences(
    model: Model, parameters: pd.DataFrame, settings: EvidenceSettings
) -> pd.DataFrame:
    """Return the difference in differences of the zone policy, over draws if there are any."""
    terms = settings.differences
    treated = [row["named"] == terms.treated for row in model.names.cities.values()]
    outputs = [each.output for each in terms.outputs]
    worlds = []
    for name in (terms.history, terms.baseline):
        if settings.draws:
            worlds.append(_drawn(model, name, settings.draws, outputs))
        else:
            worlds.append(model.run(name, outputs=outputs))
    history, baseline = worlds
    if settings.draws:
        sound = (history["failure"].values == "") & (baseline["failure"].values == "")
        history, baseline = (w.isel(run=np.flatnonzero(sound)) for w in (history, baseline))
    return differences(history, baseline, treated, parameters, terms)


def _report_cities(table: pd.DataFrame, settings: EvidenceSettings, context: Context) -> None:
    """Print the first effect city by city in the last year, those that may lose most first."""
    output, year = settings.outputs[0].output, max(settings.years)
    chosen = table[(table["output"] == output) & (table["year"] == year)]
    cities = chosen.drop_duplicates("city").sort_values("effect_low")
    names, language = context.names.cities, context.language
    rows = [
        [
            str(names[row["city"]][f"name_{language}"]),
            f"{row['effect']:+.2f}",
            f"{row['effect_low']:+.2f} … {row['effect_high']:+.2f}",
            f"{row['below_zero']:.0f}",
        ]
        for row in cities.to_dict("records")
    ]
    count = int((cities["effect_low"] < 0).sum())
    title = (
        f"{output}（{year}）：{count} / {len(rows)} 个城市的80%区间含负值",
        f"{output}, {year}: the interval holds negative values in {count} of {len(rows)} cities",
    )
    print_table(title, CITIES, rows, language)


def _report_differences(
    table: pd.DataFrame, settings: EvidenceSettings, language: Language
) -> None:
    terms = settings.differences
    rows = [
        [
            str(row["output"]),
            str(row["published"]),
            _limits(row["low"], row["high"]),
            f"{row['effect']:+.2f}",
            f"{row['effect_low']:+.2f} … {row['effect_high']:+.2f}" if settings.draws else "-",
            f"{row['raw']:+.2f}",
            (WORDS[INSIDE if row["inside"] else OUTSIDE])
            if language == "zh"
            else (INSIDE if row["inside"] else OUTSIDE),
        ]
        for row in table.to_dict("records")
    ]
    title = (
        f"示范区政策的双重差分（%，{terms.before}–{terms.after}，首批对后批）",
        f"difference in differences of the zone policy, percent, {terms.before}-{terms.after}",
    )
    print_table(title, DIFFERENCES, rows, language)


def _report(
    table: pd.DataFrame,
    uncertain: pd.DataFrame | None,
    settings: EvidenceSettings,
    language: Language,
) -> None:
    last = table[table["year"] == max(settings.years)]
    rows = []
    for (output, published), part in last.groupby(["output", "published"], sort=False):
        effect = part["effect"]
        inside = float((part["verdict"] == INSIDE).mean())
        first = part["verdict"].iloc[0]
        verdict = first if first == NO_ESTIMATE or inside in (0.0, 1.0) else None
        rows.append(
            [
                str(output),
                str(published) or "-",
                _limits(part["low"].iloc[0], part["high"].iloc[0]),
                str(max(settings.years)),
                f"{effect.median():+.2f}",
                _interval(uncertain, str(output), max(settings.years)),
                f"{effect.min():+.2f} … {effect.max():+.2f}",
                _verdict(verdict, inside, language),
            ]
        )
    title = ("方案效果与文献对照", "the plan's effect beside published estimates")
    print_table(title, COLUMNS, rows, language)


def _verdict(verdict: str | None, inside: float, language: Language) -> str:
    if verdict:
        return WORDS[verdict] if language == "zh" else verdict
    return f"{inside:.0%} 城市一致" if language == "zh" else f"{inside:.0%} of cities inside"


def _interval(uncertain: pd.DataFrame | None, output: str, year: int) -> str:
    if uncertain is None:
        return "-"
    chosen = (uncertain["output"] == output) & (uncertain["year"] == year)
    row = uncertain[chosen & (uncertain["city"] == MIDDLE)].iloc[0]
    return f"{row['effect_low']:+.2f} … {row['effect_high']:+.2f}"


def _limits(low: float, high: float) -> str:
    if np.isnan(low):
        return "-"
    if np.isinf(high):
        return f"> {low:g}"
    return f"< {high:g}" if np.isinf(low) else f"{low:+.2f} … {high:+.2f}"


COMMAND = Command(EvidenceSettings, run, examples=("", "calibration=default draws=200"))
