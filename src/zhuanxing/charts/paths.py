"""Model paths of chosen cities and variables, with the statistics as dots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zhuanxing.charts import style
from zhuanxing.charts.differences import difference
from zhuanxing.charts.lines import draw_lines
from zhuanxing.charts.observed import draw_observations, legend_note, of_panel
from zhuanxing.errors import ZhuanxingError
from zhuanxing.results import names
from zhuanxing.results.bands import interval
from zhuanxing.results.words import Language, word

__all__ = ["draw"]

_MOST_PANELS = 40


def draw(
    datasets: Mapping[str, xr.Dataset],
    *,
    cities: Sequence[str] | None,
    variables: Sequence[str],
    observations: pd.DataFrame | None = None,
    observed_as: Mapping[str, str | None] | None = None,
    comparisons: Mapping[str, xr.Dataset] | None = None,
    language: Language = "zh",
) -> Figure:
    """Draw one panel a city and variable, one line a scenario, dots for statistics.

    Cities stand side by side; a single city has two variables in a row.

    With several scenarios what they have in common is drawn once, in grey, and below each panel
    stands the difference from the first, with its band where `comparisons` (by scenario) has it.

    `datasets`: scenario name -> stored result; each variable has dims (city, year) and may have
    `run` or `quantile`, which becomes a shaded interval. `observations`: columns unit_id, year,
    variable, value, quality, basis; `observed_as` maps an output to the statistic that it is
    compared with when their names differ, or to None when there is none.
    Raises ZhuanxingError for an unknown city or variable, or for more panels than can be read.
    """
    first = next(iter(datasets.values()))
    ids = names.city_ids(first, cities)
    if len(ids) * len(variables) > _MOST_PANELS:
        raise ZhuanxingError(
            f"The chart paths was asked for {len(ids)} cities x {len(variables)} variables: "
            f"expected at most {_MOST_PANELS} panels; use kind=compare for all cities."
        )
    with style.house_style():
        single = len(ids) == 1
        columns = min(len(variables), 2) if single else len(ids)
        columns = columns if len(variables) > 1 else min(len(ids), 4)
        cells = [(city, name) for name in variables for city in ids]
        blocks = -(-len(cells) // columns)
        heights = [2.3, 1.1] if len(datasets) > 1 else [2.3]
        figure, axes = style.panels(
            blocks * len(heights), columns, width=3.9, height=sum(heights) / len(heights),
            height_ratios=heights * blocks,
        )  # fmt: skip
        notes: list[str] = []
        for index in range(blocks * columns):
            block, column = divmod(index, columns)
            panel = [axes[block * len(heights) + row, column] for row in range(len(heights))]
            if index >= len(cells):
                for axis in panel:
                    axis.set_visible(False)
                continue
            city, name = cells[index]
            dots = of_panel(
                observations, city, name if observed_as is None else observed_as.get(name)
            )
            _panel(panel[0], datasets, city, name, dots, language, index == 0)
            if len(panel) > 1:
                _difference(panel[1], datasets, city, name, comparisons or {}, language)
            if index < (1 if single else columns) or len(variables) == 1:
                panel[0].set_title(names.city_label(first, city, language))
            titled = names.axis_title(names.variable(first, name), language)
            style.value_axis(panel[0], titled if column == 0 or single else "")
            notes += [note for note in legend_note(dots, language) if note not in notes]
        notes = _notes(datasets, variables, notes, language)
        title = word("paths_title" if observations is not None else "paths_title_bare", language)
        return style.finish(figure, language, title=title, notes=notes)


def _panel(
    axis: Axes,
    datasets: Mapping[str, xr.Dataset],
    city: str,
    name: str,
    dots: pd.DataFrame,
    language: Language,
    say_history: bool,
) -> None:
    """Fill one panel: history, intervals, lines with their scenario at the end, and dots."""
    lines = list(draw_lines(axis, datasets, city, name, language).values())
    first = next(iter(datasets.values()))
    years = [int(year) for year in first["year"].values]
    draw_observations(axis, dots, range(years[0], years[-1] + 1))
    style.year_axis(axis, years)
    said = language if say_history else None
    # The words stand where the lines do not end.
    rising = bool(lines[-1][-1] > lines[-1][0])
    style.mark_projection(axis, years, said, names.last_known(first), low=rising)


def _difference(
    axis: Axes,
    datasets: Mapping[str, xr.Dataset],
    city: str,
    name: str,
    comparisons: Mapping[str, xr.Dataset],
    language: Language,
) -> None:
    """Fill the panel of differences from the first scenario."""
    palette = style.scenario_colours(list(datasets))
    (base_key, base), *others = datasets.items()
    years: list[int] = []
    for key, other in others:
        gap = difference(base, other, name, comparisons.get(key))
        years = [int(year) for year in gap.values["year"].values]
        if gap.low is not None and gap.high is not None:
            low, high = (end.sel(city=city).values for end in (gap.low, gap.high))
            axis.fill_between(years, low, high, color=palette[key], alpha=0.2, lw=0)
        axis.plot(years, gap.values.sel(city=city).values, color=palette[key], label=f"less {key}")
        label = names.scenario_label(datasets, base_key, language)
        axis.set_ylabel(word("less", language, baseline=label, unit=gap.unit(language)),
                        fontsize=7.5, linespacing=1.5)  # fmt: skip
    axis.axhline(0, color=palette[base_key], linewidth=1.0)
    style.part_thousands(axis.yaxis)
    style.year_axis(axis, years)
    style.mark_projection(axis, years, None, names.last_known(base))


def _notes(
    datasets: Mapping[str, xr.Dataset],
    variables: Sequence[str],
    notes: list[str],
    language: Language,
) -> list[str]:
    """Return the footnote's sentences: scenario (when alone), dots, and what the shading is."""
    found = [*names.result_notes(datasets, language), *notes, word("axes_cut", language)]
    for dataset in datasets.values():
        spread = interval(names.variable(dataset, variables[0]))
        if spread is not None:
            found.append(word("band", language, low=f"{spread[2]:.0%}", high=f"{spread[3]:.0%}"))
            break
    return found
