"""Land use: what the built-up area is made of, and what every class gained or lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zhuanxing.charts import style
from zhuanxing.charts.stacks import Part, draw_areas, parts, rows, same_top
from zhuanxing.results import names
from zhuanxing.results.words import Language, word

__all__ = ["draw"]


def draw(
    datasets: Mapping[str, xr.Dataset],
    *,
    cities: Sequence[str] | None,
    classes: Sequence[str],
    built_up: Sequence[str],
    base_year: int = style.FIRST_PROJECTED_YEAR - 1,
    language: Language = "zh",
) -> Figure:
    """Draw a row for each city and scenario: built-up classes stacked, and change by class.

    `classes`: one output with a land-use dimension, or an output (city, year) a class, in one
    unit of area; `built_up`: the classes (elements or outputs) that are built on. The change is
    from `base_year` to the last year. Raises ZhuanxingError for an unknown name or year.
    """
    cells = rows(datasets, cities, language)
    # One order of classes for all scenarios of a city, so that rows compare.
    orders: dict[str, list[str]] = {}
    with style.house_style():
        figure, axes = style.panels(len(cells), 2, width=5.4, height=3.0)
        for (left, right), (city, key, title) in zip(axes, cells, strict=True):
            dataset = datasets[key]
            data = names.variable(dataset, classes[0])
            years = [int(year) for year in data["year"].values]
            every = parts(dataset, classes, city, language)
            chosen = [names.find(name, [p.key for p in every], "land use") for name in built_up]
            draw_areas(left, years, [part for part in every if part.key in chosen])
            units = names.unit_label(data, language)
            left.set_title(title)
            style.value_axis(left, f"{word('built_up', language)}\n{units}")
            style.year_axis(left, years)
            style.mark_projection(left, years, None)
            base = years.index(names.get_year(data, base_year))
            if city not in orders:
                by_size = sorted(every, key=lambda part: part.values[-1] - part.values[base])
                orders[city] = [part.key for part in by_size]
            _changes(right, sorted(every, key=lambda p: orders[city].index(p.key)), base)
            since = word("added_since", language, year=base_year)
            right.set_xlabel(f"{since}（{units}）" if language == "zh" else f"{since} ({units})")
        same_top(list(axes[:, 0]), len(datasets))
        for start in range(0, len(cells), len(datasets)):
            _same_width(list(axes[start : start + len(datasets), 1]))
        return style.finish(
            figure, language, title=word("land_title", language),
            notes=names.result_notes(datasets, language),
        )  # fmt: skip


def _changes(axis: Axes, classes: Sequence[Part], base: int) -> None:
    """Draw one horizontal bar a class: its area in the last year less that at index `base`."""
    sizes = [float(part.values[-1] - part.values[base]) for part in classes]
    bars = axis.barh(
        [part.label for part in classes], sizes,
        color=[style.GOOD if size > 0 else style.BAD for size in sizes], height=0.7,
    )  # fmt: skip
    axis.bar_label(bars, [style.signed(size) for size in sizes], padding=3, fontsize=7)
    axis.axvline(0, color=style.GREY, linewidth=0.8)
    axis.grid(visible=False, axis="y")
    axis.margins(x=0.18)


def _same_width(axes: Sequence[Axes]) -> None:
    """Give the x axes of one city's panels the same limits, so that scenarios compare."""
    limits = [axis.get_xlim() for axis in axes]
    for axis in axes:
        axis.set_xlim(min(low for low, _ in limits), max(high for _, high in limits))
