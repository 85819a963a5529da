"""Find the conditions under which an aim is missed.

找出目标落空的条件。
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from annotated_types import Interval

from zhuanxing.analyses.sweep.discover import SCENARIO, Box, Limit, discover
from zhuanxing.analyses.sweep.measure import parse_condition
from zhuanxing.analyses.sweep.reading import SweepResult, open_sweep
from zhuanxing.analyses.sweep.summarise import aim_misses
from zhuanxing.cli.asking import aims_of_model
from zhuanxing.cli.command import Command, Context
from zhuanxing.cli.console import print_table
from zhuanxing.config import File, InLanguage, Language, Output, Share, Text, Year, checked
from zhuanxing.errors import ZhuanxingError
from zhuanxing.results import names
from zhuanxing.results.aims import Aim, aims_of
from zhuanxing.storage.paths import Places

SECTION = "run"
DIRECTIONS = {"at_least": ("不低于", "at least"), "at_most": ("不高于", "at most")}


@dataclass(frozen=True)
class Question:
    """What happens: where [scenario, run], and how to say it in Chinese and English."""

    happens: np.ndarray
    zh: str
    en: str


@checked
class DiscoverSettings(InLanguage):
    """Find, in a sweep, the conditions under which an aim is missed or anything else happens.

    在批量试验中找出目标落空（或任一情形出现）的条件。
    """

    store: File
    """Store of a sweep.
    批量试验的结果库。"""
    city: Text | None = None
    """Whose aim.
    城市。"""
    aim: Output = "energy_intensity"
    """Output of the aim, of aims.csv or targets.csv.
    目标的指标。"""
    year: Year = 2025
    """Year of the aim.
    目标年份。"""
    when: Literal["missed", "reached"] = "missed"
    """What the aim must be.
    目标落空或实现。"""
    condition: Text | None = None
    """A condition instead of an aim, as co2@tangshan@2025>30000.
    以条件代替目标。"""
    density: Share = 0.8
    """Share of cases among the runs under the conditions.
    条件内的命中率。"""
    most: Annotated[int, Interval(ge=1, le=50)] = 4
    """Conditions at most.
    条件个数上限。"""
    peel: Annotated[float, Interval(ge=0.001, le=0.5)] = 0.05
    """Share of runs that PRIM peels off at each step.
    PRIM 每步剥去的比例。"""


def run(settings: DiscoverSettings, context: Context) -> int:
    """Print the conditions in words and as a table."""
    result = open_sweep(settings.store)
    question = _question(settings, result, context.places)
    box = discover(
        result, question.happens, density=settings.density, most_limits=settings.most,
        peel=settings.peel,
    )  # fmt: skip
    print(_sentence(box, question, result, context.language))
    print()
    _print_table(box, result, context.language)
    return 0


def _question(settings: DiscoverSettings, result: SweepResult, places: Places) -> Question:
    if settings.condition is not None:
        condition = parse_condition(settings.condition, result)
        zh, en = (condition.label(result, language) for language in ("zh", "en"))
        return Question(condition.holds(result), f"出现“{zh}”", f"“{en}” holds")
    if settings.city is None:
        raise ZhuanxingError(
            "discover needs a city and its aim, as in 'city={city} aim=energy_intensity', or a "
            "condition",
            city=result.dataset["city"].values[0],
        )
    city = names.city_ids(result.dataset, [settings.city])[0]
    aim = _aim(settings, result, places, city)
    missed = aim_misses(result, aim, city)
    is_missed = settings.when == "missed"
    happens = missed if is_missed else result.sound & ~missed
    return Question(happens, *_said(aim, city, is_missed, result))


def _aim(settings: DiscoverSettings, result: SweepResult, places: Places, city: str) -> Aim:
    year, wanted = settings.year, settings.aim
    known = {
        aim.variable: aim for aim in aims_of(aims_of_model(places), result.dataset, city, year)
    }
    if wanted not in known:
        hint = f"; it has {', '.join(known)}" if known else ""
        raise ZhuanxingError(
            f"{city} has no aim for '{wanted}' in {year} that the outputs of {result.path} can "
            f"judge{hint}"
        )
    aim = known[wanted]
    years = result.dataset["year"].values
    for needed in (aim.year, aim.base_year if aim.measure == "change" else aim.year):
        if needed not in years:
            raise ZhuanxingError(f"{result.path}: the aim needs the year {needed}, not kept there")
    return aim


def _said(aim: Aim, city: str, missed: bool, result: SweepResult) -> tuple[str, str]:
    zh_city, en_city = (names.city_label(result.dataset, city, lang) for lang in ("zh", "en"))
    zh_way, en_way = DIRECTIONS[aim.direction]
    data = result.dataset[aim.variable]
    unit_zh, unit_en = (
        ("%", "%")
        if aim.measure == "change"
        else (names.unit_label(data, "zh"), names.unit_label(data, "en"))
    )
    limit = f"{aim.value:g}".replace("-", "−")
    zh = (
        f"{zh_city}{'未能实现' if missed else '实现'}{aim.year}年目标"
        f"“{aim.name(result.dataset, 'zh')}{zh_way}{limit}{unit_zh}”"
    )
    en = (
        f"{en_city} {'misses' if missed else 'reaches'} its aim for {aim.year}, "
        f"“{aim.name(result.dataset, 'en')} {en_way} {limit} {unit_en}”"
    )
    return zh, en


def _sentence(box: Box, question: Question, result: SweepResult, language: Language) -> str:
    joiner = "，且" if language == "zh" else " and "
    limits = joiner.join(_limit(limit, result, language) for limit in box.limits)
    share = box.cases / box.runs
    if language == "zh":
        return (
            f"在{box.runs:,}次运行中，{share:.0%}{question.zh}。\n"
            f"当{limits}时，{box.density:.0%}如此；这些条件涵盖其中{box.coverage:.0%}的情形。"
        )
    return (
        f"In {share:.0%} of {box.runs:,} runs {question.en}.\n"
        f"Where {limits}, it is so in {box.density:.0%} of the runs; these conditions cover "
        f"{box.coverage:.0%} of all such runs."
    )


def _limit(limit: Limit, result: SweepResult, language: Language) -> str:
    name = _factor(limit.factor, result, language)
    if limit.values:
        return f"{name} = {'/'.join(limit.values)}"
    if limit.low is None:
        return f"{name} ≤ {limit.high:.3g}"
    if limit.high is None:
        return f"{name} ≥ {limit.low:.3g}"
    return f"{limit.low:.3g} ≤ {name} ≤ {limit.high:.3g}"


def _factor(name: str, result: SweepResult, language: Language) -> str:
    if name == SCENARIO:
        return "情景" if language == "zh" else "the scenario"
    label = result.dataset[f"factor_{language}"].sel(factor=name).item()
    return f"“{label}”"


def _print_table(box: Box, result: SweepResult, language: Language) -> None:
    rows = []
    for limit in box.limits:
        low = high = "/".join(limit.values)
        whole = ""
        if not limit.values:
            data = result.dataset.sel(factor=limit.factor)
            low_free, high_free = float(data["factor_low"]), float(data["factor_high"])
            low = f"{low_free if limit.low is None else limit.low:.4g}"
            high = f"{high_free if limit.high is None else limit.high:.4g}"
            whole = f"{low_free:.4g} – {high_free:.4g}"
        chance = "" if limit.chance is None else f"{limit.chance:.2g}"
        rows.append([limit.factor, low, high, whole, chance])
    print_table(
        ("条件", "Conditions"),
        [
            ("因素", "factor"),
            ("从", "from"),
            ("到", "to"),
            ("全部范围", "whole range"),
            ("偶然概率", "by chance (quasi-p)"),
        ],
        rows,
        language,
    )


COMMAND = Command(
    DiscoverSettings,
    run,
    word="store",
    examples=(
        "outputs/sweeps/sobol.zarr city=tangshan aim=energy_intensity",
        "outputs/sweeps/sobol.zarr 'condition=co2@tangshan@2025>30000'",
    ),
)
