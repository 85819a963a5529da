"""`zhuanxing summarise`: tables, stored quantiles and charts of a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from zhuanxing.analyses.sweep.figures import CHARTS, SweepCharts, save_charts
from zhuanxing.analyses.sweep.importance import importance
from zhuanxing.analyses.sweep.measure import Measure, parse_condition, parse_measure
from zhuanxing.analyses.sweep.reading import SweepResult, open_sweep
from zhuanxing.analyses.sweep.summarise import aim_shares, best_runs, quantiles, trade_partner
from zhuanxing.charts import names
from zhuanxing.charts.save import FORMATS
from zhuanxing.cli.store_settings import aims_table, languages, listed, read_store_settings
from zhuanxing.cli.summary import Summary, print_summary
from zhuanxing.errors import ZhuanxingError
from zhuanxing.inputs.names import require_known
from zhuanxing.storage.atomic import require_writable
from zhuanxing.storage.netcdf import write
from zhuanxing.storage.paths import find_places

__all__ = ["main"]

HELP = """用法 usage: zhuanxing summarise STORE [设置 key=value ...]

  'city=[tangshan,baotou]'        表格和扇形图的城市 cities of tables and fan charts
  'measures=[gdp,co2@tangshan]'   指标 measures: output[.element][@city][@year]
  minimise=energy_intensity       最优运行 the best runs (or maximise=)
  'subject_to=[gdp>=3000]'        其约束 under conditions
  'charts=[fan,heatmap]'          图表 charts: fan, parallel, tradeoff, heatmap; [] none
  'heatmap=[levers.a,levers.b]'   热图的两个因素 factors of the heat map
  language=zh                     语言 zh, en

默认设置 defaults: conf/summarise.yaml"""


SENSES = ("lowest", "highest")
# Dimensions of an output with one value a scenario, run, year and city.
PLAIN_DIMS = 4
MOST_MEASURES = 3


def main(argv: Sequence[str]) -> int:
    """Print and store what `argv` asks for; return 0.

    Raises ZhuanxingError for a wrong setting, a store that is none, or a folder that cannot be
    written.
    """
    if any(argument in ("-h", "--help") for argument in argv):
        print(HELP)
        return 0
    places = find_places()
    store, settings = read_store_settings(places.conf / "summarise.yaml", argv)
    spoken = languages(settings["language"])
    result = open_sweep(store)
    folder = _folder(settings, result)
    charts = _charts(settings, result)
    outputs = [str(name) for name in listed(settings["outputs"])] or result.outputs
    spread = quantiles(result, list(dict.fromkeys([*outputs, *charts.fan])), _levels(settings))
    summary = _summary(settings, result, charts, aims_table(places))
    print_summary(summary, result, spoken)
    write(spread, folder / "quantiles.nc")
    print(folder / "quantiles.nc")
    for path in summary.write(folder):
        print(path)
    for path in save_charts(charts, result, spread, summary.ranked, spoken, folder):
        print(path)
    return 0


def _summary(
    settings: dict[str, Any], result: SweepResult, charts: SweepCharts, aims: pd.DataFrame
) -> Summary:
    conditions = [parse_condition(str(text), result) for text in listed(settings["subject_to"])]
    goal, highest = charts.goal, charts.highest
    measures = [*_measures(settings, result)]
    if goal not in measures:
        measures.append(goal)
    values = {measure: measure.values(result) for measure in measures}
    ranked = {
        (measure, name): importance(result, place, values[measure][place])
        for measure in measures
        for place, name in enumerate(result.scenarios)
        if result.sound[place].any()
    }
    top = settings["top"]
    if isinstance(top, bool) or not isinstance(top, int) or top < 1:
        raise ZhuanxingError(f"top is '{top}', but a number of rows is expected")
    cities = charts.cities or names.city_ids(result.dataset, None)
    return Summary(
        values=values,
        levels=_levels(settings),
        shares=aim_shares(result, aims, cities, settings["year"]),
        by_city=charts.cities is not None,
        ranked=ranked,
        best=best_runs(result, goal, highest, conditions, top),
        goal=goal,
        highest=highest,
        conditions=conditions,
        top=top,
    )


def _charts(settings: dict[str, Any], result: SweepResult) -> SweepCharts:
    """Return what to draw, every name in it known."""
    kinds = [str(kind) for kind in listed(settings["charts"])]
    for kind in kinds:
        require_known("chart", kind, CHARTS, "charts")
    formats = [str(ending) for ending in listed(settings["format"])]
    for ending in formats:
        require_known("format", ending, FORMATS, "format")
    cities = [str(city) for city in listed(settings["city"])]
    scenario = str(settings["scenario"] or result.scenarios[0])
    require_known("scenario", scenario, result.scenarios, str(result.path))
    factors = [_factor(str(name), result) for name in listed(settings["heatmap"])]
    if len(factors) not in (0, 2):
        raise ZhuanxingError(f"heatmap names {len(factors)} factors, but two are expected")
    # The file has a goal to minimise; one on the command line to maximise replaces it.
    highest = settings["maximise"] is not None
    goal = settings["maximise"] if highest else settings["minimise"]
    if goal is None:
        raise ZhuanxingError("minimise or maximise must name a measure, as in minimise=co2")
    aim = parse_measure(str(goal), result)
    measures = _measures(settings, result)
    return SweepCharts(
        kinds=tuple(kinds),
        cities=names.city_ids(result.dataset, cities) if cities else None,
        fan=_fan(settings, result, [*measures, aim]),
        scenario=result.scenarios.index(scenario),
        goal=aim,
        highest=highest,
        tradeoff=_tradeoff(settings, result, measures, (aim, highest)),
        heatmap=(factors[0], factors[1]) if factors else None,
        formats=tuple(formats),
    )


def _measures(settings: dict[str, Any], result: SweepResult) -> list[Measure]:
    """Return the measures asked for, by default the first plain outputs of the store."""
    named = [str(text) for text in listed(settings["measures"])]
    if settings["measures"] is None:
        named = [name for name in result.outputs if result.output(name).ndim == PLAIN_DIMS]
        named = named[:MOST_MEASURES]
    return [parse_measure(text, result) for text in named]


def _fan(settings: dict[str, Any], result: SweepResult, measures: list[Measure]) -> tuple[str, ...]:
    names_of = [str(name) for name in listed(settings["fan"])]
    if settings["fan"] is None:
        names_of = [measure.output for measure in measures if measure.element is None]
    for name in names_of:
        if result.output(name).ndim != PLAIN_DIMS:
            raise ZhuanxingError(f"fan: '{name}' has more than one value a city and year")
    return tuple(dict.fromkeys(names_of))


def _tradeoff(
    settings: dict[str, Any],
    result: SweepResult,
    measures: list[Measure],
    goal: tuple[Measure, bool],
) -> tuple[tuple[Measure, bool], tuple[Measure, bool]]:
    """Return two measures, each with whether more of it is better."""
    if settings["tradeoff"] is None:
        first = trade_partner(result, goal[0], measures)
        return (first, first.better(result) == "up"), goal
    pair = [_directed(str(text), result) for text in listed(settings["tradeoff"])]
    if len(pair) != 2:
        raise ZhuanxingError(f"tradeoff names {len(pair)} measures, but two are expected")
    return pair[0], pair[1]


def _directed(text: str, result: SweepResult) -> tuple[Measure, bool]:
    """Read `highest MEASURE` or `lowest MEASURE`."""
    sense, _, measure = text.strip().partition(" ")
    require_known("direction", sense, SENSES, f"tradeoff: '{text}'")
    return parse_measure(measure, result), sense == SENSES[1]


def _factor(name: str, result: SweepResult) -> str:
    """Return a factor's full name; a lever alone is its intensity."""
    full = f"{name}.intensity" if name.startswith("levers.") and name.count(".") == 1 else name
    require_known("factor", full, result.factors, str(result.path))
    return full


def _levels(settings: dict[str, Any]) -> list[float]:
    levels = sorted({float(level) for level in listed(settings["quantiles"])})
    if len(levels) < 3 or not 0 <= levels[0] <= levels[-1] <= 1:
        raise ZhuanxingError("quantiles must be three levels or more between 0 and 1")
    return levels


def _folder(settings: dict[str, Any], result: SweepResult) -> Path:
    folder = Path(str(settings["output"] or result.path.with_suffix("")))
    if folder.resolve() == result.path.resolve():
        raise ZhuanxingError(f"{folder}: the summary cannot be written into the store itself")
    require_writable(folder / "quantiles.nc")
    return folder
