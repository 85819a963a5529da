"""Summarise a sweep: spread, aims, best runs, what matters.

汇总批量试验：分布、目标、最优运行、关键因素。
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
from annotated_types import MinLen

from zhuanxing.analyses.sweep.importance import importance
from zhuanxing.analyses.sweep.measure import Measure, parse_condition, parse_measure
from zhuanxing.analyses.sweep.reading import SweepResult, open_sweep
from zhuanxing.analyses.sweep.summarise import aim_shares, best_runs, quantiles, trade_partner
from zhuanxing.charts.sweep import SweepCharts, save_charts
from zhuanxing.cli.asking import aims_of_model
from zhuanxing.cli.command import Command, Context
from zhuanxing.cli.summary import Summary, print_summary
from zhuanxing.config import Count, File, InLanguages, Output, Several, Share, Text, Year, checked
from zhuanxing.errors import ZhuanxingError, require_known
from zhuanxing.results import names
from zhuanxing.storage.atomic import require_writable
from zhuanxing.storage.netcdf import write

SECTION = "run"
Chart = Literal["fan", "parallel", "tradeoff", "heatmap"]
TWO = "{key} names {count}, but two are expected"
SENSES = ("lowest", "highest")
# Dimensions of an output with one value a scenario, run, year and city.
PLAIN_DIMS = 4
MOST_MEASURES = 3


@checked
class SummariseSettings(InLanguages):
    """Summarise a sweep in tables, stored quantiles and charts. A measure is
    output[.element][@city][@year]: without a city that of city=, of several the mean, without a
    year the last; @2020-2025 is the percent change between two years.

    用表格、分位数文件和图汇总批量试验。指标写作 output[.element][@city][@year]。
    """

    store: File
    """Store of a sweep.
    批量试验的结果库。"""
    city: Several[Text] | None = None
    """Cities of the tables and fan charts; null is all (the mean of the cities in tables).
    表格和扇形图的城市，null 为全部。"""
    outputs: Several[Output] | None = None
    """Outputs whose quantiles are stored; null is all in the store.
    存储分位数的结果，null 为全部。"""
    quantiles: Annotated[Several[Share], MinLen(3)] = (0.05, 0.25, 0.5, 0.75, 0.95)
    """Levels of the quantiles.
    分位数水平。"""
    year: Year = 2025
    """Year of the aims.
    目标年份。"""
    measures: Several[Text] | None = None
    """Measures of the tables; null is the first outputs of the store.
    表格的指标，null 为结果库的前几个结果。"""
    minimise: Text | None = "energy_intensity"
    """The best runs have the least of this measure.
    最优运行使该指标最小。"""
    maximise: Text | None = None
    """The best runs have the most of this measure, instead.
    最优运行使该指标最大。"""
    subject_to: Several[Text] = ()
    """Conditions of the best runs, as gdp@tangshan>=8000.
    最优运行的约束。"""
    top: Count = 8
    """Rows of the tables of best runs and of factors.
    表格行数。"""
    charts: Several[Chart] = ("fan", "parallel", "tradeoff", "heatmap")
    """Charts; [] is none.
    图，[] 为不画。"""
    fan: Several[Output] | None = None
    """Outputs of the fan chart; null is those of the measures.
    扇形图的结果。"""
    tradeoff: Several[Text] | None = None
    """Two measures with the better direction, as [highest gdp, lowest co2].
    权衡图的两个指标及其方向。"""
    heatmap: Several[Text] | None = None
    """Two factors of the heat map; null takes those that matter most.
    热图的两个因素。"""
    scenario: Text | None = None
    """Scenario of parallel, tradeoff and heatmap; null is the first of the store.
    图的情景，null 为第一个。"""
    format: Several[Literal["png", "svg"]] = ("png",)
    """Formats of the charts.
    图的格式。"""
    output: File | None = None
    """Folder of tables and charts; null is the store's name without .zarr.
    结果文件夹。"""


def run(settings: SummariseSettings, context: Context) -> int:
    """Print and store the tables, and draw the charts."""
    result = open_sweep(settings.store)
    folder = _folder(settings, result)
    charts = _charts(settings, result)
    outputs = list(settings.outputs or result.outputs)
    spread = quantiles(result, list(dict.fromkeys([*outputs, *charts.fan])), _levels(settings))
    summary = _summary(settings, result, charts, aims_of_model(context.places))
    print_summary(summary, result, context.language)
    write(spread, folder / "quantiles.nc")
    print(folder / "quantiles.nc")
    for path in summary.write(folder):
        print(path)
    drawn = save_charts(charts, result, spread, summary.ranked, list(context.languages), folder)
    for path in drawn:
        print(path)
    return 0


def _summary(
    settings: SummariseSettings, result: SweepResult, charts: SweepCharts, aims: pd.DataFrame
) -> Summary:
    conditions = [
        parse_condition(text, result, _own(settings, result)) for text in settings.subject_to
    ]
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
    cities = charts.cities or names.city_ids(result.dataset, None)
    return Summary(
        values=values, levels=_levels(settings),
        shares=aim_shares(result, aims, cities, settings.year), by_city=charts.cities is not None,
        ranked=ranked, best=best_runs(result, goal, highest, conditions, settings.top), goal=goal,
        highest=highest, conditions=conditions, top=settings.top,
    )  # fmt: skip


def _charts(settings: SummariseSettings, result: SweepResult) -> SweepCharts:
    """Return what to draw, every name in it known."""
    scenario = settings.scenario or result.scenarios[0]
    require_known("scenario", scenario, result.scenarios, str(result.path))
    factors = [_factor(name, result) for name in settings.heatmap or ()]
    if len(factors) not in (0, 2):
        raise ZhuanxingError(TWO, key="heatmap", count=len(factors))
    # The file has a goal to minimise; one on the command line to maximise replaces it.
    highest = settings.maximise is not None
    goal = settings.maximise if highest else settings.minimise
    if goal is None:
        raise ZhuanxingError("minimise or maximise must name a measure, as in minimise=co2")
    aim = parse_measure(goal, result, _own(settings, result))
    measures = _measures(settings, result)
    return SweepCharts(
        kinds=settings.charts,
        cities=names.city_ids(result.dataset, settings.city) if settings.city else None,
        fan=_fan(settings, result, [*measures, aim]), scenario=result.scenarios.index(scenario),
        goal=aim, highest=highest, tradeoff=_tradeoff(settings, result, measures, (aim, highest)),
        heatmap=(factors[0], factors[1]) if factors else None, formats=settings.format,
    )  # fmt: skip


def _measures(settings: SummariseSettings, result: SweepResult) -> list[Measure]:
    """Return the measures asked for, by default the first plain outputs of the store."""
    named = list(settings.measures or ())
    if settings.measures is None:
        named = [name for name in result.outputs if result.output(name).ndim == PLAIN_DIMS]
        named = named[:MOST_MEASURES]
    return [parse_measure(text, result, _own(settings, result)) for text in named]


def _own(settings: SummariseSettings, result: SweepResult) -> str | None:
    """Return the one city that is asked about, to which measures without a city belong."""
    cities = names.city_ids(result.dataset, settings.city) if settings.city else []
    return cities[0] if len(cities) == 1 else None


def _fan(
    settings: SummariseSettings, result: SweepResult, measures: list[Measure]
) -> tuple[str, ...]:
    names_of = list(settings.fan or ())
    if settings.fan is None:
        names_of = [measure.output for measure in measures if measure.element is None]
    for name in names_of:
        if result.output(name).ndim != PLAIN_DIMS:
            raise ZhuanxingError(
                "{command}: the output '{name}' has more than one value a city and year",
                command="fan", name=name,
            )  # fmt: skip
    return tuple(dict.fromkeys(names_of))


def _tradeoff(
    settings: SummariseSettings,
    result: SweepResult,
    measures: list[Measure],
    goal: tuple[Measure, bool],
) -> tuple[tuple[Measure, bool], tuple[Measure, bool]]:
    """Return two measures, each with whether more of it is better."""
    if settings.tradeoff is None:
        first = trade_partner(result, goal[0], measures)
        return (first, first.better(result) == "up"), goal
    own = _own(settings, result)
    pair = [_directed(text, result, own) for text in settings.tradeoff]
    if len(pair) != 2:
        raise ZhuanxingError(TWO, key="tradeoff", count=len(pair))
    return pair[0], pair[1]


def _directed(text: str, result: SweepResult, own: str | None) -> tuple[Measure, bool]:
    """Read `highest MEASURE` or `lowest MEASURE`."""
    sense, _, measure = text.strip().partition(" ")
    require_known("direction", sense, SENSES, f"tradeoff: '{text}'")
    return parse_measure(measure, result, own), sense == SENSES[1]


def _factor(name: str, result: SweepResult) -> str:
    """Return a factor's full name; a lever alone is its intensity."""
    full = f"{name}.intensity" if name.startswith("levers.") and name.count(".") == 1 else name
    require_known("factor", full, result.factors, str(result.path))
    return full


def _levels(settings: SummariseSettings) -> list[float]:
    return sorted(set(settings.quantiles))


def _folder(settings: SummariseSettings, result: SweepResult) -> Path:
    folder = settings.output or result.path.with_suffix("")
    if folder.resolve() == result.path.resolve():
        raise ZhuanxingError(f"{folder}: the summary cannot be written into the store itself")
    require_writable(folder / "quantiles.nc")
    return folder


COMMAND = Command(
    SummariseSettings,
    run,
    word="store",
    examples=(
        "outputs/sweeps/sobol.zarr 'city=[tangshan]' 'minimise=co2@tangshan'",
        "outputs/sweeps/sobol.zarr maximise=gdp 'subject_to=[co2<=3000]' 'charts=[]'",
    ),
)
