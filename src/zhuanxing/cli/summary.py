"""The tables of `zhuanxing summarise`, on the terminal and as files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from zhuanxing.analyses.sweep.measure import Condition, Measure
from zhuanxing.analyses.sweep.reading import SweepResult
from zhuanxing.analyses.sweep.summarise import AimShare
from zhuanxing.charts.sweep import Ranked
from zhuanxing.cli.console import Text, print_table
from zhuanxing.config import Language
from zhuanxing.results import names
from zhuanxing.results.numerals import number, wide
from zhuanxing.results.words import listing, word
from zhuanxing.storage.netcdf import write_table

__all__ = ["Summary", "print_summary"]

# What the columns of a table of importance are called, in Chinese and English.
SCORES = {
    "total": ("Sobol'总效应", "Sobol' total"),
    "first_order": ("Sobol'一阶", "Sobol' first order"),
    "mean_effect": ("Morris平均效应", "Morris mean effect"),
    "effect_spread": ("Morris离差", "Morris spread"),
    "rank_correlation": ("秩相关", "rank correlation"),
    "tree_score": ("树模型得分", "extra-trees score"),
}
SCENARIO = ("情景", "scenario")
# Cities of the table of aims that are named, where there are many.
NAMED = 3
# Factors of the best runs that are printed; the file has all.
FACTORS = 5


@dataclass(frozen=True)
class Summary:
    """What is told of a sweep: measures [scenario, run], aims, importance, and the best runs."""

    values: Mapping[Measure, np.ndarray]
    levels: Sequence[float]
    shares: Sequence[AimShare]
    by_city: bool
    ranked: Ranked
    best: pd.DataFrame
    goal: Measure
    highest: bool
    conditions: Sequence[Condition]
    top: int

    def write(self, folder: Path) -> Iterator[Path]:
        """Write best runs, importance and aims as CSV; yield the files."""
        importance = pd.concat(
            [
                table.reset_index().assign(measure=measure.word, scenario=scenario)
                for (measure, scenario), table in self.ranked.items()
            ]
        )
        aims = pd.DataFrame(
            {
                "city": share.city,
                "scenario": share.scenario,
                "variable": share.aim.variable,
                "year": share.aim.year,
                "measure": share.aim.measure,
                "direction": share.aim.direction,
                "value": share.aim.value,
                "share_of_runs": share.share,
            }
            for share in self.shares
        )
        tables = {"best": self.best, "importance": importance, "aims": aims}
        for name, table in tables.items():
            path = folder / f"{name}.csv"
            write_table(table, path)
            yield path


def print_summary(summary: Summary, result: SweepResult, language: Language) -> None:
    """Print every table in `language`."""
    _print_state(result, language)
    _print_spread(summary, result, language)
    _print_aims(summary, result, language)
    _print_importance(summary, result, language)
    _print_best(summary, result, language)


def _print_state(result: SweepResult, language: Language) -> None:
    done, failed = int(result.done.sum()), int((result.done & result.failed).sum())
    method = result.identity["design"]["method"]
    total = result.done.size
    if language == "zh":
        said = f"{len(result.factors)} 个因素  {done:,}/{total:,} 次运行已完成  {failed:,} 次失败"
    else:
        said = f"{len(result.factors)} factors  {done:,}/{total:,} runs done  {failed:,} failed"
    print(f"{result.path}  {method}  {said}")


def _print_spread(summary: Summary, result: SweepResult, language: Language) -> None:
    rows = []
    for measure, values in summary.values.items():
        label = measure.label(result, language)
        for place, scenario in enumerate(result.scenarios):
            sound = values[place][result.sound[place]]
            if len(sound):
                numbers = np.quantile(sound, summary.levels)
                rows.append([label, scenario, *map(number, numbers)])
    levels = [f"{level:.0%}" for level in summary.levels]
    columns: list[Text | str] = [("指标", "measure"), SCENARIO, *levels]
    print_table(("指标的分位数", "Quantiles of the measures"), columns, rows, language)


def _print_aims(summary: Summary, result: SweepResult, language: Language) -> None:
    if not summary.shares:
        return
    if summary.by_city:
        place, share = ("城市", "city"), ("达成比例", "share of runs that reach it")
        rows = _by_city(summary, result, language)
    else:
        place = ("达成最少的城市", "cities least likely")
        share = ("达成比例（城市数）", "share of runs that reach it (cities)")
        rows = _over_cities(summary, result, language)
    columns = [("目标", "aim"), SCENARIO, share, place]
    print_table(("目标达成情况", "Aims reached"), columns, rows, language)


def _by_city(summary: Summary, result: SweepResult, language: Language) -> list[list[str]]:
    return [
        [
            share.aim.name(result.dataset, language),
            share.scenario,
            f"{share.share:.0%}",
            names.city_label(result.dataset, share.city, language),
        ]
        for share in summary.shares
    ]


def _over_cities(summary: Summary, result: SweepResult, language: Language) -> list[list[str]]:
    """Return a row an aim and scenario: the mean share, and the cities that have the smallest."""
    groups: dict[tuple[str, str, str], list[AimShare]] = {}
    for share in summary.shares:
        key = (share.aim.variable, share.aim.measure, share.scenario)
        groups.setdefault(key, []).append(share)
    rows = []
    for (_, _, scenario), shares in groups.items():
        least = sorted(shares, key=lambda share: share.share)[:NAMED]
        cities = (
            f"{names.city_label(result.dataset, s.city, language)} {s.share:.0%}" for s in least
        )
        count = f"{np.mean([share.share for share in shares]):.0%} ({len(shares)})"
        aim = shares[0].aim.name(result.dataset, language)
        rows.append([aim, scenario, count, ", ".join(cities)])
    return rows


def _print_importance(summary: Summary, result: SweepResult, language: Language) -> None:
    for (measure, scenario), table in summary.ranked.items():
        shown = table.head(summary.top)
        scores = [name for name in SCORES if name in table.columns]
        rows = [
            [_factor(str(factor), result, language), *(f"{row[name]:.3g}" for name in scores)]
            for factor, row in shown.iterrows()
        ]
        columns = [("因素", "factor"), *(SCORES[name] for name in scores)]
        what = measure.label(result, language)
        title = (
            f"对{what}最重要的因素（{scenario}）",
            f"Factors that matter most for {what} ({scenario})",
        )
        print_table(title, columns, rows, language)


def _print_best(summary: Summary, result: SweepResult, language: Language) -> None:
    measures = list(
        dict.fromkeys([summary.goal, *(condition.measure for condition in summary.conditions)])
    )
    table = next(t for (measure, _), t in summary.ranked.items() if measure == summary.goal)
    factors = [str(name) for name in table.index[:FACTORS]]
    columns: list[Text | str] = [
        SCENARIO, ("运行", "run"), *(measure.label(result, language) for measure in measures),
        *(_factor(name, result, language) for name in factors),
    ]  # fmt: skip
    keys = [*(measure.word for measure in measures), *factors]
    rows = [
        [row["scenario"], str(row["run"]), *(wide(row[key]) for key in keys)]
        for _, row in summary.best.iterrows()
    ]
    print_table(_best_title(summary, result, language), columns, rows, language)
    for condition in summary.conditions:
        if condition.holds(result)[result.sound].all():
            met = condition.label(result, language)
            said = {
                "zh": f"每次运行都满足{met}，该条件不起作用",
                "en": f"every run meets {met}: it chooses nothing",
            }
            print(said[language])


def _best_title(summary: Summary, result: SweepResult, language: Language) -> str:
    """Return what the best runs are best at and under which conditions."""
    goal = summary.goal.label(result, language)
    sense = word("highest" if summary.highest else "lowest", language)
    under = listing((c.label(result, language) for c in summary.conditions), language)
    if language == "zh":
        return f"最好的运行：{goal}{sense}" + (f"，且{under}" if under else "")
    return f"Best runs: {sense} {goal}" + (f", with {under}" if under else "")


def _factor(name: str, result: SweepResult, language: Language) -> str:
    return str(result.dataset[f"factor_{language}"].sel(factor=name).item())
