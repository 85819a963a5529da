"""Money: total investment, and what policy spends by the source that pays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zhuanxing.charts import style
from zhuanxing.charts.lines import draw_lines
from zhuanxing.charts.stacks import draw_bars, parts, same_top
from zhuanxing.results import names
from zhuanxing.results.numerals import number
from zhuanxing.results.words import Language, word

__all__ = ["draw"]


def draw(
    datasets: Mapping[str, xr.Dataset],
    *,
    cities: Sequence[str] | None,
    investment: str,
    spending: str,
    language: Language = "zh",
) -> Figure:
    """Draw a row a city: investment with a line a scenario, then spending bars by source.

    `investment`: dims (city, year); `spending`: dims (city, year, funding source). A scenario
    that spends nothing in any of the cities gets no panel of bars, unless none spends.
    Raises ZhuanxingError for an unknown name.
    """
    first = next(iter(datasets.values()))
    ids = names.city_ids(first, cities)
    spenders = [
        key
        for key, dataset in datasets.items()
        if float(abs(names.variable(dataset, spending).sel(city=ids)).max()) > 0
    ] or [next(iter(datasets))]
    with style.house_style():
        figure, axes = style.panels(len(ids), 1 + len(spenders), width=4.6, height=2.7)
        for row, city in zip(axes, ids, strict=True):
            _investment(row[0], datasets, city, investment, language)
            row[0].set_title(names.city_label(first, city, language))
            for axis, key in zip(row[1:], spenders, strict=True):
                _spending(axis, datasets[key], city, spending, language)
                axis.set_title(names.scenario_label(datasets, key, language))
            same_top(row[1:], len(spenders))
        return style.finish(
            figure, language, title=word("finance_title", language),
            notes=names.result_notes(datasets, language),
        )  # fmt: skip


def _investment(
    axis: Axes, datasets: Mapping[str, xr.Dataset], city: str, name: str, language: Language
) -> None:
    draw_lines(axis, datasets, city, name, language)
    whole = next(iter(datasets.values()))
    years = [int(year) for year in whole["year"].values]
    first = names.variable(whole, name)
    style.value_axis(axis, names.axis_title(first, language))
    axis.set_ylim(0, 1.05 * axis.dataLim.y1)
    style.year_axis(axis, years)
    style.mark_projection(axis, years, language, names.last_known(whole), low=True)


def _spending(axis: Axes, dataset: xr.Dataset, city: str, name: str, language: Language) -> None:
    data = names.variable(dataset, name)
    years = [int(year) for year in data["year"].values]
    projected = [i for i, year in enumerate(years) if year > names.base_year(dataset)]
    stack = [
        replace(part, values=part.values[projected])
        for part in parts(dataset, [name], city, language)
    ]
    units = names.unit_label(data, language)
    style.value_axis(axis, f"{word('by_source', language)}\n{units}")
    if max(part.values.max(initial=0.0) for part in stack) > 0:
        draw_bars(axis, [years[i] for i in projected], stack)
        totals = np.sum([part.values for part in stack], axis=0)
        for year, total in zip([years[i] for i in projected], totals, strict=True):
            axis.annotate(number(float(total)), (year, total), xytext=(0, 2), ha="center",
                          textcoords="offset points", fontsize=7)  # fmt: skip
        span = f"{years[projected[0]]}–{years[projected[-1]]}"
        text = word("sum_over", language, span=span, total=number(float(totals.sum())))
        axis.set_title(text, loc="right", fontsize=8, color=style.GREY)
        axis.set_xticks([years[i] for i in projected])
    else:
        axis.text(
            0.5, 0.5, word("no_spending", language), transform=axis.transAxes, ha="center",
            color=style.GREY,
        )  # fmt: skip
        axis.set_xticks([])
