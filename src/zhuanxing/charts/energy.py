"""Energy: use by fuel, carbon dioxide, and the power capacity that stands behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zhuanxing.charts import style
from zhuanxing.charts.stacks import draw_areas, parts, rows, same_top
from zhuanxing.results import names
from zhuanxing.results.bands import centre
from zhuanxing.results.words import Language, word

__all__ = ["draw"]


def draw(
    datasets: Mapping[str, xr.Dataset],
    *,
    cities: Sequence[str] | None,
    fuels: Sequence[str],
    total: str,
    co2: str,
    capacity: Sequence[str],
    language: Language = "zh",
) -> Figure:
    """Draw a row for each city and scenario: energy by fuel, CO2, power capacity by kind.

    `fuels`: outputs (city, year) or one with a fuel dimension, in the unit of `total`; what they
    leave of `total` is drawn as other, and `total` as a line. `co2`: (city, year), with all
    scenarios in each panel. `capacity`: outputs (city, year) in one unit.
    Raises ZhuanxingError for an unknown name.
    """
    cells = rows(datasets, cities, language)
    with style.house_style():
        figure, axes = style.panels(len(cells), 3, width=4.3, height=2.6)
        for row, (city, key, title) in zip(axes, cells, strict=True):
            dataset = datasets[key]
            whole = names.variable(dataset, total)
            years = [int(year) for year in whole["year"].values]
            draw_areas(row[0], years, parts(dataset, fuels, city, language, total))
            row[0].set_title(title)
            used = centre(whole).sel(city=city).values
            row[0].plot(years, used, color=style.INK, linewidth=1.1, linestyle="--", label=total)
            units = names.unit_label(whole, language)
            style.value_axis(row[0], f"{word('energy_by_fuel', language)}\n{units}")
            _carbon(row[1], datasets, city, co2, key, language)
            draw_areas(row[2], years, parts(dataset, capacity, city, language))
            units = names.unit_label(names.variable(dataset, capacity[0]), language)
            style.value_axis(row[2], f"{word('capacity', language)}\n{units}")
            for axis in row:
                style.year_axis(axis, years)
                style.mark_projection(axis, years, None)
        style.mark_projection(axes[0, 1], years, language, low=True)
        for column in (0, 2):
            same_top(list(axes[:, column]), len(datasets))
        whole = names.variable(next(iter(datasets.values())), total)
        note = word("total_line", language, total=names.variable_label(whole, language))
        return style.finish(
            figure, language, title=word("energy_title", language),
            notes=[*names.result_notes(datasets, language), note],
        )  # fmt: skip


def _carbon(
    axis: Axes,
    datasets: Mapping[str, xr.Dataset],
    city: str,
    co2: str,
    current: str,
    language: Language,
) -> None:
    """Draw one line a scenario, the row's own on top and strong."""
    palette = style.scenario_colours(list(datasets))
    for key, dataset in datasets.items():
        data = centre(names.variable(dataset, co2)).sel(city=city)
        years, own = data["year"].values, key == current
        axis.plot(
            years, data.values, color=palette[key], alpha=1.0 if own else 0.45,
            linewidth=2.0 if own else 1.2, zorder=3 if own else 2, label=key,
        )  # fmt: skip
        if len(datasets) > 1:
            label = names.scenario_label(datasets, key, language)
            style.end_label(axis, years[-1], data.values[-1], label, palette[key])
    data = names.variable(datasets[current], co2)
    style.value_axis(axis, names.axis_title(data, language, lines=True))
    axis.set_ylim(0, 1.05 * axis.dataLim.y1)
