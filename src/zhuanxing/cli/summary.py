"""The tables of `zhuanxing summarise`, on the terminal and as files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from zhuanxing.analyses.sweep.measure import Condition, Measure
from zhuanxing.analyses.sweep.reading import SweepResult
from zhuanxing.analyses.sweep.summarise import AimShare
from zhuanxing.charts.sweep import Ranked
from zhuanxing.cli.console import print_table
from zhuanxing.config import Language
from zhuanxing.results import names
from zhuanxing.results.numerals import number
from zhuanxing.results.words import LANGUAGES
from zhuanxing.storage.netcdf import write_table

__all__ = ["Summary", "best_titles", "idle_conditions", "print_summary"]

# What the columns of a table of importance are called, in Chinese and English.
SCORES = {
    "total": ("Sobol'总效应", "Sobol' total"),
    "first_order": ("Sobol'一阶", "Sobol' first order"),
    "mean_effect": ("Morris平均效应", "Morris mean effect"),
    "effect_spread": ("Morris离差", "Morris spread"),
    "rank_correlation": ("秩相关", "rank correlation"),
    "tree_score": ("树模型得分", "extra-trees score"),
}
# Cities of the table of aims that are named, where there are many.
_NAMED = 3
# Factors of the best runs that are printed; the file has all.
_FACTORS = 5


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
        label = _said((measure.label(result, lang) for lang in LANGUAGES), language)
        for place, scenario in enumerate(result.scenarios):
            sound = values[place][result.sound[place]]
            if len(sound):
                numbers = np.quantile(sound, summary.levels)
                rows.append([label, scenario, *map(number, numbers)])
    levels = [(f"{level:.0%}", f"{level:.0%}", "") for level in summary.levels]
    columns = [("指标", "measure", ""), _SCENARIO, *levels]
    print_table(("指标的分位数", "Quantiles of the measures"), columns, rows, language)


def _print_aims(summary: Summary, result: SweepResult, language: Language) -> None:
    if not summary.shares:
        return
    make_rows = _by_city if summary.by_city else _over_cities
    place = ("城市", "city") if summary.by_city else ("达成最少的城市", "cities least likely")
    share = (
        ("达成比例", "share of runs that reach it")
        if summary.by_city
        else ("达成比例（城市数）", "share of runs that reach it (cities)")
    )
    columns = [("目标", "aim", ""), _SCENARIO, (*share, ""), (*place, "")]
    rows = make_rows(summary, result, language)
    print_table(("目标达成情况", "Aims reached"), columns, rows, language)


def _by_city(summary: Summary, result: SweepResult, language: Language) -> list[list[str]]:
    return [
        [
            _said((share.aim.name(result.dataset, lang) for lang in LANGUAGES), language),
            share.scenario,
            f"{share.share:.0%}",
            _said(
                (names.city_label(result.dataset, share.city, lang) for lang in LANGUAGES),
                language,
            ),
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
        least = sorted(shares, key=lambda share: share.share)[:_NAMED]
        cities = (
            ", ".join(
                f"{names.city_label(result.dataset, s.city, lang)} {s.share:.0%}" for s in least
            )
            for lang in LANGUAGES
        )
        aim = (shares[0].aim.name(result.dataset, lang) for lang in LANGUAGES)
        mean = np.mean([share.share for share in shares])
        count = f"{mean:.0%} ({len(shares)})"
        rows.append([_said(aim, language), scenario, count, _said(cities, language)])
    return rows


def _print_importance(summary: Summary, result: SweepResult, language: Language) -> None:
    for (measure, scenario), table in summary.ranked.items():
        shown = table.head(summary.top)
        scores = [name for name in SCORES if name in table.columns]
        rows = [
            [
                _said(_factor_labels(str(factor), result), language),
                *(f"{row[name]:.3g}" for name in scores),
            ]
            for factor, row in shown.iterrows()
        ]
        columns = [("因素", "factor", ""), *((*SCORES[name], "") for name in scores)]
        title = [measure.label(result, lang) for lang in LANGUAGES]
        titles = (
            f"对{title[0]}最重要的因素（{scenario}）",
            f"Factors that matter most for {title[1]} ({scenario})",
        )
        print_table(titles, columns, rows, language)


def _print_best(summary: Summary, result: SweepResult, language: Language) -> None:
    measures = list(
        dict.fromkeys([summary.goal, *(condition.measure for condition in summary.conditions)])
    )
    table = next(t for (measure, _), t in summary.ranked.items() if measure == summary.goal)
    factors = [str(name) for name in table.index[:_FACTORS]]
    columns = [_SCENARIO, ("运行", "run", "")]
    columns += [(m.label(result, "zh"), m.label(result, "en"), "") for m in measures]
    columns += [(*_factor_labels(name, result), "") for name in factors]
    keys = [*(measure.word for measure in measures), *factors]
    rows = [
        [row["scenario"], str(row["run"]), *(f"{row[key]:.4g}" for key in keys)]
        for _, row in summary.best.iterrows()
    ]
    print_table(best_titles(summary, result), columns, rows, language)
    _print_idle(summary, result, language)


def best_titles(summary: Summary, result: SweepResult) -> tuple[str, str]:
    """Return what the best runs are best at and under which conditions, in Chinese and English."""
    goal = [summary.goal.label(result, lang) for lang in LANGUAGES]
    under = [[c.label(result, lang) for c in summary.conditions] for lang in LANGUAGES]
    sense = ("最高", "highest") if summary.highest else ("最低", "lowest")
    return (
        f"最好的运行：{goal[0]}{sense[0]}" + (f"，且{'、'.join(under[0])}" if under[0] else ""),
        f"Best runs: {sense[1]} {goal[1]}" + (f", with {', '.join(under[1])}" if under[1] else ""),
    )


def idle_conditions(summary: Summary, result: SweepResult) -> list[Condition]:
    """Return the conditions that every run meets, so that they choose nothing."""
    return [c for c in summary.conditions if c.holds(result)[result.sound].all()]


def _print_idle(summary: Summary, result: SweepResult, language: Language) -> None:
    for condition in idle_conditions(summary, result):
        zh, en = (condition.label(result, lang) for lang in LANGUAGES)
        said = {
            "zh": f"每次运行都满足{zh}，该条件不起作用",
            "en": f"every run meets {en}: it chooses nothing",
        }
        print(said[language])


def _said(labels: Iterable[str], language: Language) -> str:
    """Return a Chinese and English label in the table's language."""
    zh, en = labels
    return zh if language == "zh" else en


def _factor_labels(name: str, result: SweepResult) -> tuple[str, str]:
    one = result.dataset.sel(factor=name)
    return str(one["factor_zh"].item()), str(one["factor_en"].item())


_SCENARIO = ("情景", "scenario", "")
