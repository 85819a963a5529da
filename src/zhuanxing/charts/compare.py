"""Scenario against baseline: small multiples, one panel for every city, from stored results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zhuanxing.charts import names, style
from zhuanxing.charts.bands import centre
from zhuanxing.charts.words import Language, word
from zhuanxing.errors import ZhuanxingError

__all__ = ["Scale", "draw"]

Scale = Literal["auto", "shared", "index", "own"]
_COLUMNS = 6


def draw(
    datasets: Mapping[str, xr.Dataset],
    *,
    variable: str,
    scale: Scale = "auto",
    base_year: int = style.FIRST_PROJECTED_YEAR - 1,
    language: Language = "zh",
) -> Figure:
    """Draw every city's `variable` (dims city, year) in two stored scenarios, baseline first.

    `scale`: "shared" gives all panels one y axis in the variable's unit; "index" shows each city
    as `base_year` = 100 on one y axis; "own" gives each panel its own axis; "auto" chooses by how
    far apart the cities are. The number in a panel is the difference in the last year.
    Raises ZhuanxingError for an unknown variable or year, or unless there are two scenarios.
    """
    if len(datasets) != 2:
        raise ZhuanxingError(
            f"The chart compare was given {len(datasets)} scenarios ({', '.join(datasets)}): "
            f"expected two, the baseline first, as in scenario=[baseline,plan]."
        )
    (base_key, base), (key, other) = datasets.items()
    lines = [centre(names.variable(dataset, variable)) for dataset in (base, other)]
    index_year = names.get_year(lines[0], base_year)
    chosen = _choose(lines, index_year) if scale == "auto" else scale
    if chosen == "index":
        lines = [100 * line / line.sel(year=index_year) for line in lines]
    ids = names.city_ids(base, None)
    with style.house_style():
        rows = -(-len(ids) // _COLUMNS)
        figure, axes = style.panels(
            rows, _COLUMNS, width=2.15, height=1.55, sharex=True, sharey=chosen != "own"
        )
        original = names.variable(base, variable)
        for axis, city in zip(axes.flat, ids, strict=False):
            _panel(axis, [line.sel(city=city) for line in lines], _in_points(original))
            axis.set_title(names.city_label(base, city, language), fontsize=9)
        for axis in list(axes.flat)[len(ids) :]:
            axis.set_visible(False)
        labels = [names.scenario_label(datasets, k, language) for k in (base_key, key)]
        figure.legend(
            axes.flat[0].lines[:2], labels, loc="outside upper right", ncols=2, frameon=False,
            fontsize=9, labelcolor="linecolor", borderaxespad=0.2,
        )  # fmt: skip
        figure.supylabel(_y_title(original, chosen, index_year, language), fontsize=9)
        title = word(
            "compare_title", language, scenario=labels[1], baseline=labels[0],
            variable=names.variable_label(original, language),
        )  # fmt: skip
        last = int(original["year"].values[-1])
        points = _in_points(original)
        unit = names.difference_unit(original, language) if points else "%"
        note = word("gap_at_end", language, year=last, baseline=labels[0], unit=unit)
        return style.finish(figure, language, title=title, notes=[note], title_width=0.7)


def _choose(lines: list[xr.DataArray], base_year: int) -> Scale:
    """Choose a scale at which the smallest city is still readable."""
    widest = np.maximum(*(abs(line).max("year").values for line in lines))
    if widest.max() <= 2 * np.median(widest):
        return "shared"
    at_base = lines[0].sel(year=base_year).values
    return "index" if np.all(at_base > 0.05 * widest) else "own"


def _panel(axis: Axes, lines: list[xr.DataArray], points: bool) -> None:
    """Draw one city's two lines and the difference between them in the last year."""
    years = [int(year) for year in lines[0]["year"].values]
    base, other = (line.values for line in lines)
    axis.plot(years, base, color="#5A5A5A", linewidth=1.3)
    axis.plot(years, other, color=style.SEQUENCE[0], linewidth=1.6)
    style.year_axis(axis, years, few=True)
    style.mark_projection(axis, years, None)
    gap = _gap(base[-1], other[-1], points)
    axis.set_title(gap, loc="right", fontsize=8, color=style.SEQUENCE[0])
    axis.margins(y=0.12)


def _in_points(data: xr.DataArray) -> bool:
    """Say whether differences of `data` are points of its own unit, not percent of its value."""
    return str(data.attrs.get("units", "")).startswith("percent") or bool((data <= 0).any())


def _gap(base: float, other: float, points: bool) -> str:
    """Return the difference as text, in the variable's own points or in percent of `base`."""
    return style.signed(other - base) if points else f"{style.signed(100 * (other / base - 1))}%"


def _y_title(data: xr.DataArray, scale: Scale, base_year: int, language: Language) -> str:
    if scale != "index":
        return names.axis_title(data, language)
    comma = "，" if language == "zh" else ", "
    name = names.variable_label(data, language)
    return f"{name}{comma}{word('index', language, year=base_year)}"
