"""Industrial structure: shares of the sectors over time, stacked to a hundred."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import xarray as xr
from matplotlib.figure import Figure

from zhuanxing.charts import style
from zhuanxing.charts.stacks import Part, draw_areas, draw_changes, parts, since, stack_note
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
    """Draw the shares of a city's sectors in percent, and how each changes in every scenario.

    One scenario gets a panel a city with its shares stacked. Several get the first one stacked, and
    beside it bars of the change of each share since `base_year`, a colour a scenario: stacks that
    differ by tenths of a point cannot be told apart. `shares`: outputs with dims (city, year) that
    make up the whole; `detail`: an output with a sector dimension, in any unit, that is drawn
    instead when the result holds it. Raises ZhuanxingError for an unknown city or output.
    """
    first = next(iter(datasets.values()))
    base_year = names.base_year(first)
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
            style.mark_projection(axis, years, None, names.last_known(first))
            if several or index % columns == 0:
                style.value_axis(axis, word("share_of_gdp", language))
            if several:
                base = years.index(base_year)
                draw_changes(axes[index, 1], datasets, stacks, base, language)
                axes[index, 1].set_xlabel(since(base_year, word("points", language), language))
        return style.finish(
            figure, language, title=word("structure_title", language),
            notes=[*names.result_notes(datasets, language), *stack_note(datasets, language)],
        )  # fmt: skip


def _stack(
    dataset: xr.Dataset, shares: Sequence[str], detail: str | None, city: str, language: Language
) -> list[Part]:
    chosen = [detail] if detail in dataset.data_vars else shares
    return _in_percent(parts(dataset, [str(name) for name in chosen], city, language))


def _in_percent(stack: Sequence[Part]) -> list[Part]:
    """Return the parts as percentages of their sum in each year."""
    whole = sum(part.values for part in stack)
    return [replace(part, values=100 * part.values / whole) for part in stack]
