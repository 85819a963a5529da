"""`zhuanxing discover`: the conditions under which an aim is missed, or anything else happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zhuanxing.analyses.sweep.discover import SCENARIO, Box, Limit, discover
from zhuanxing.analyses.sweep.measure import parse_condition
from zhuanxing.analyses.sweep.reading import SweepResult, open_sweep
from zhuanxing.analyses.sweep.summarise import aim_misses
from zhuanxing.charts import names
from zhuanxing.charts.words import Language
from zhuanxing.cli.listing import print_table
from zhuanxing.cli.store_settings import aims_table, languages, read_store_settings
from zhuanxing.errors import ZhuanxingError, nearest
from zhuanxing.inputs.names import require_known
from zhuanxing.results.aims import Aim, aims_of
from zhuanxing.storage.paths import Places, find_places

__all__ = ["main"]

HELP = """用法 usage: zhuanxing discover STORE [设置 key=value ...]

  city=tangshan aim=energy_intensity   哪个城市的哪项目标 whose aim, for which output
  when=missed                          落空 missed 或达成 reached
  'condition=co2@tangshan@2025>30000'  或任一条件 or any condition: output[@city][@year]
  density=0.8 most=4                   条件内命中率、条件个数 purity, number of conditions
  language=zh                          语言 zh, en

默认设置 defaults: conf/discover.yaml"""

DIRECTIONS = {"at_least": ("不低于", "at least"), "at_most": ("不高于", "at most")}


@dataclass(frozen=True)
class Question:
    """What happens: where [scenario, run], and how to say it in Chinese and English."""

    happens: np.ndarray
    zh: str
    en: str


def main(argv: Sequence[str]) -> int:
    """Print the conditions in words and as a table; return 0.

    Raises ZhuanxingError for a wrong setting, an aim that the city does not have, or a thing that
    happens too seldom to tell.
    """
    if any(argument in ("-h", "--help") for argument in argv):
        print(HELP)
        return 0
    places = find_places()
    store, settings = read_store_settings(places.conf / "discover.yaml", argv)
    spoken = languages(settings["language"])
    density, most, peel = _numbers(settings)
    result = open_sweep(store)
    question = _question(settings, result, places)
    box = discover(result, question.happens, density=density, most_limits=most, peel=peel)
    for language in spoken:
        print(_sentence(box, question, result, language))
        print()
    _print_table(box, result, spoken)
    return 0


def _numbers(settings: dict[str, Any]) -> tuple[float, int, float]:
    for key, low, high in (("density", 0, 1), ("peel", 0.001, 0.5), ("most", 1, 50)):
        value = settings[key]
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not low <= value <= high
        ):
            raise ZhuanxingError(f"{key} is '{value}', but a number of {low} to {high} is expected")
    return float(settings["density"]), int(settings["most"]), float(settings["peel"])


def _question(settings: dict[str, Any], result: SweepResult, places: Places) -> Question:
    if settings["condition"] is not None:
        condition = parse_condition(str(settings["condition"]), result)
        zh, en = (condition.label(result, language) for language in ("zh", "en"))
        return Question(condition.holds(result), f"出现“{zh}”", f"“{en}” holds")
    require_known("choice", str(settings["when"]), ("missed", "reached"), "when")
    if settings["city"] is None:
        raise ZhuanxingError(
            "discover needs a city and its aim, as in 'city="
            f"{result.dataset['city'].values[0]} aim=energy_intensity', or a condition"
        )
    city = names.city_ids(result.dataset, [str(settings["city"])])[0]
    aim = _aim(settings, result, places, city)
    missed = aim_misses(result, aim, city)
    is_missed = settings["when"] == "missed"
    happens = missed if is_missed else result.sound & ~missed
    return Question(happens, *_said(aim, city, is_missed, result))


def _aim(settings: dict[str, Any], result: SweepResult, places: Places, city: str) -> Aim:
    year, wanted = settings["year"], str(settings["aim"])
    known = {aim.variable: aim for aim in aims_of(aims_table(places), result.dataset, city, year)}
    if wanted not in known:
        hint = f"; did you mean '{nearest(wanted, known)}'?" if known else ""
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


def _print_table(box: Box, result: SweepResult, spoken: Sequence[Language]) -> None:
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
            ("因素", "factor", ""),
            ("从", "from", ""),
            ("到", "to", ""),
            ("全部范围", "whole range", ""),
            ("偶然概率", "by chance (quasi-p)", ""),
        ],
        rows,
        spoken[0] if len(spoken) == 1 else None,
    )
