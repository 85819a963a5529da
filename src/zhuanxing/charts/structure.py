"""Industrial structure: shares of the sectors over time, stacked to a hundred."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import xarray as xr
from matplotlib.figure import Figure

from zhuanxing.charts import style
from zhuanxing.charts.stacks import Part, draw_areas, parts, rows
from zhuanxing.results import names
from zhuanxing.results.words import Language, word

__all__ = ["draw"]

_COLUMNS = 3


def draw(
    datasets: Mapping[str, xr.Dataset],
    *,
    cities: Sequence[str] | None,
    shares: Sequence[str],
    detail: str | None = None,
    language: Language = "zh",
) -> Figure:
    """Draw one panel a city and scenario with the shares of its sectors in percent.

    `shares`: outputs with dims (city, year) that make up the whole; `detail`: an output with a
    sector dimension, in any unit, that is drawn instead when the result holds it.
    Raises ZhuanxingError for an unknown city or output.
    """
    cells = rows(datasets, cities, language)
    columns = len(datasets) if len(datasets) > 1 else min(len(cells), _COLUMNS)
    with style.house_style():
        figure, axes = style.panels(-(-len(cells) // columns), columns, width=4.6, height=2.8)
        for axis in list(axes.flat)[len(cells) :]:
            axis.set_visible(False)
        for index, (axis, (city, key, title)) in enumerate(zip(axes.flat, cells, strict=False)):
            dataset = datasets[key]
            chosen = [detail] if detail in dataset.data_vars else shares
            stack = _in_percent(parts(dataset, [str(name) for name in chosen], city, language))
            years = [int(year) for year in names.variable(dataset, str(chosen[0]))["year"].values]
            draw_areas(axis, years, stack)
            axis.set_ylim(0, 100)
            axis.set_title(title)
            style.year_axis(axis, years)
            style.mark_projection(axis, years, None)
            if index % columns == 0:
                style.value_axis(axis, word("share_of_gdp", language))
        return style.finish(
            figure, language, title=word("structure_title", language),
            notes=names.result_notes(datasets, language),
        )  # fmt: skip


def _in_percent(stack: Sequence[Part]) -> list[Part]:
    """Return the parts as percentages of their sum in each year."""
    whole = sum(part.values for part in stack)
    return [replace(part, values=100 * part.values / whole) for part in stack]
