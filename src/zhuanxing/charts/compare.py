"""Scenarios against the baseline: the difference in every city, sorted, with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zhuanxing.charts import style
from zhuanxing.charts.differences import Difference, difference, direction_note
from zhuanxing.errors import ZhuanxingError
from zhuanxing.results import names
from zhuanxing.results.numerals import signed
from zhuanxing.results.words import Language, listing, word

__all__ = ["draw", "draw_dots"]

_ROW = 0.19


def draw(
    datasets: Mapping[str, xr.Dataset],
    *,
    variable: str,
    year: int | None = None,
    marked: Sequence[str] | None = None,
    comparisons: Mapping[str, xr.Dataset] | None = None,
    language: Language = "zh",
) -> Figure:
    """Draw a row a city: the difference of `variable` (dims city, year) from the first scenario.

    Every other scenario has a dot, and a line for its interval where `comparisons` (bands by
    scenario) holds it. Cities are in the order of the second scenario's difference in `year`
    (None: the last); the cities `marked` stand out. Raises ZhuanxingError for an unknown city,
    variable or year, or a single scenario.
    """
    if len(datasets) < 2:
        raise ZhuanxingError(
            f"The chart compare was given {len(datasets)} scenarios ({', '.join(datasets)}): "
            f"expected two or more, the baseline first, as in scenario=[baseline,plan]."
        )
    base_key, *others = datasets
    base = datasets[base_key]
    data = names.variable(base, variable)
    when = names.get_year(data, int(data["year"].values[-1]) if year is None else year)
    found = {
        key: difference(base, datasets[key], variable, (comparisons or {}).get(key))
        for key in others
    }
    ids = names.city_ids(base, None)
    with style.house_style():
        figure, axes = style.panels(1, 1, width=style.PRINT_WIDTH, height=_ROW * len(ids) + 0.6)
        draw_dots(
            axes[0, 0], base, found, when, set(names.city_ids(base, list(marked or []))), language
        )
        labels = {key: names.scenario_label(datasets, key, language) for key in datasets}
        first = found[others[0]]
        style.part_thousands(axes[0, 0].xaxis)
        axes[0, 0].set_xlabel(_x_title(first, labels[base_key], language))
        if len(others) > 1:
            style.legend_line(axes[0, 0], [labels[key] for key in others])
        title = word(
            "compare_title", language, scenario=listing(map(labels.get, others), language),
            baseline=labels[base_key], variable=names.variable_label(data, language), year=when,
        )  # fmt: skip
        notes = [*_notes(first, language), *names.result_notes(datasets, language)]
        return style.finish(figure, language, title=title, notes=notes)


def draw_dots(
    axis: Axes,
    base: xr.Dataset,
    found: Mapping[str, Difference],
    year: int,
    marked: set[str],
    language: Language,
) -> None:
    """Draw the dots of every scenario in `found`, sorted by the first; the smallest at the foot."""
    values = {key: one.values.sel(year=year) for key, one in found.items()}
    lead = next(iter(values.values()))
    ids = [str(city) for city in lead["city"].values]
    order = [ids[i] for i in np.argsort(lead.values, kind="stable")]
    palette = dict(zip(found, style.colours(len(found)), strict=True))
    for row, city in enumerate(order):
        if city in marked:
            axis.axhspan(row - 0.5, row + 0.5, color=style.HIGHLIGHT, lw=0, zorder=0)
        for key, one in found.items():
            value = float(values[key].sel(city=city))
            if one.low is not None and one.high is not None:
                ends = [float(end.sel(city=city, year=year)) for end in (one.low, one.high)]
                axis.plot(ends, [row, row], color=palette[key], linewidth=1.2, alpha=0.55)
            axis.plot(value, row, marker="o", markersize=4.5, color=palette[key], label=key)
        if len(found) == 1:
            text = signed(float(lead.sel(city=city)))
            axis.annotate(
                text, (1.0, row), xycoords=("axes fraction", "data"), xytext=(4, 0),
                textcoords="offset points", va="center", fontsize=7,
            )  # fmt: skip
    labels = [names.city_label(base, city, language) for city in order]
    axis.set_yticks(range(len(order)), labels)
    for label, city in zip(axis.get_yticklabels(), order, strict=True):
        label.set_color(style.SEQUENCE[0] if city in marked else style.INK)
    axis.axvline(0, color=style.GREY, linewidth=0.8)
    axis.grid(visible=False, axis="y")
    axis.set_ylim(-0.7, len(order) - 0.3)


def _x_title(one: Difference, baseline: str, language: Language) -> str:
    change = word("difference_from", language, baseline=baseline, unit=one.unit(language))
    note = direction_note(one.values, language)
    return style.joined([change, *([note] if note else [])], language)


def _notes(one: Difference, language: Language) -> list[str]:
    if one.level is None:
        return [word("no_interval", language)]
    low, high = one.level
    return [word("interval_line", language, low=f"{low:.0%}", high=f"{high:.0%}")]
