"""Industrial structure: shares of the sectors over time, stacked to a hundred."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zhuanxing.charts import style
from zhuanxing.charts.stacks import Part, draw_areas, parts
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
    base_year: int = style.FIRST_PROJECTED_YEAR - 1,
    language: Language = "zh",
) -> Figure:
    """Draw the shares of a city's sectors in percent, and how each changes in every scenario.

    One scenario gets a panel a city with its shares stacked. Several get the first one stacked, and
    beside it bars of the change of each share since `base_year`, a colour a scenario: stacks that
    differ by tenths of a point cannot be told apart. `shares`: outputs with dims (city, year) that
    make up the whole; `detail`: an output with a sector dimension, in any unit, that is drawn
    instead when the result holds it. Raises ZhuanxingError for an unknown city or output.
    """
    first = next(iter(datasets.values()))
    ids = names.city_ids(first, cities)
    several = len(datasets) > 1
    columns = 2 if several else min(len(ids), _COLUMNS)
    with style.house_style():
        rows = len(ids) if several else -(-len(ids) // columns)
        figure, axes = style.panels(rows, columns, width=4.4, height=2.8)
        for axis in list(axes.flat)[len(ids) * (2 if several else 1) :]:
            axis.set_visible(False)
        for index, city in enumerate(ids):
            axis = axes[index, 0] if several else axes.flat[index]
            stacks = {
                key: _stack(dataset, shares, detail, city, language)
                for key, dataset in datasets.items()
            }
            years = [int(year) for year in first["year"].values]
            draw_areas(axis, years, next(iter(stacks.values())))
            axis.set_ylim(0, 100)
            axis.set_title(names.city_label(first, city, language))
            style.year_axis(axis, years)
            style.mark_projection(axis, years, None)
            if several or index % columns == 0:
                style.value_axis(axis, word("share_of_gdp", language))
            if several:
                _changes(axes[index, 1], datasets, stacks, years.index(base_year), language)
                since = word("added_since", language, year=base_year)
                axes[index, 1].set_xlabel(f"{since}, {word('points', language)}")
        return style.finish(
            figure, language, title=word("structure_title", language),
            notes=names.result_notes(datasets, language),
        )  # fmt: skip


def _stack(
    dataset: xr.Dataset, shares: Sequence[str], detail: str | None, city: str, language: Language
) -> list[Part]:
    chosen = [detail] if detail in dataset.data_vars else shares
    return _in_percent(parts(dataset, [str(name) for name in chosen], city, language))


def _changes(
    axis: Axes,
    datasets: Mapping[str, xr.Dataset],
    stacks: Mapping[str, Sequence[Part]],
    base: int,
    language: Language,
) -> None:
    """Draw the change of every share from the year at `base` to the last, a bar a scenario."""
    palette = style.scenario_colours(list(stacks))
    height = 0.8 / len(stacks)
    for place, (key, stack) in enumerate(stacks.items()):
        changes = [float(part.values[-1] - part.values[base]) for part in stack]
        rows = [row + height * ((len(stacks) - 1) / 2 - place) for row in range(len(stack))]
        label = names.scenario_label(datasets, key, language)
        bars = axis.barh(rows, changes, height=height * 0.9, color=palette[key], label=label)
        axis.bar_label(bars, [style.signed(change) for change in changes], padding=2, fontsize=6.5)
    axis.set_yticks(range(len(stack)), [part.label for part in stack])
    axis.axvline(0, color=style.GREY, linewidth=0.8)
    axis.grid(visible=False, axis="y")
    axis.margins(x=0.15)
    axis.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(stacks), frameon=False,
                fontsize=7.5, borderaxespad=0.2)  # fmt: skip


def _in_percent(stack: Sequence[Part]) -> list[Part]:
    """Return the parts as percentages of their sum in each year."""
    whole = sum(part.values for part in stack)
    return [replace(part, values=100 * part.values / whole) for part in stack]
