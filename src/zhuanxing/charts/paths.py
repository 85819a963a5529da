"""Model paths of chosen cities and variables, with the statistics as dots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zhuanxing.charts import style
from zhuanxing.charts.observed import draw_observations, legend_note, of_panel
from zhuanxing.errors import ZhuanxingError
from zhuanxing.results import names
from zhuanxing.results.bands import centre, interval
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
    language: Language = "zh",
) -> Figure:
    """Draw one panel a city and variable, one line a scenario, dots for statistics.

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
        columns = len(ids) if len(variables) > 1 else min(len(ids), 4)
        cells = [(city, name) for name in variables for city in ids]
        rows = -(-len(cells) // columns)
        figure, axes = style.panels(rows, columns, width=4.1, height=2.5)
        notes: list[str] = []
        for index, axis in enumerate(axes.flat):
            if index >= len(cells):
                axis.set_visible(False)
                continue
            city, name = cells[index]
            dots = of_panel(observations, city, (observed_as or {}).get(name, name))
            _panel(axis, datasets, city, name, dots, language, index == 0)
            if index < columns or len(variables) == 1:
                axis.set_title(names.city_label(first, city, language))
            titled = names.axis_title(names.variable(first, name), language, lines=True)
            style.value_axis(axis, titled if index % columns == 0 else "")
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
    """Fill one panel: intervals, lines with their scenario at the end, dots, projection line."""
    palette = style.scenario_colours(list(datasets))
    years: list[int] = []
    for key, dataset in datasets.items():
        data = names.variable(dataset, name).sel(city=city)
        years = [int(year) for year in data["year"].values]
        spread = interval(data)
        if spread is not None:
            axis.fill_between(years, spread[0], spread[1], color=palette[key], alpha=0.18, lw=0)
        values = centre(data).values
        axis.plot(years, values, color=palette[key], label=key)
        if len(datasets) > 1:
            label = names.scenario_label(datasets, key, language)
            style.end_label(axis, years[-1], values[-1], label, palette[key])
    draw_observations(axis, dots, range(years[0], years[-1] + 1))
    style.year_axis(axis, years)
    style.mark_projection(axis, years, language if say_history else None)


def _notes(
    datasets: Mapping[str, xr.Dataset],
    variables: Sequence[str],
    notes: list[str],
    language: Language,
) -> list[str]:
    """Return the footnote's sentences: scenario (when alone), dots, and what the shading is."""
    found = [*names.result_notes(datasets, language), *notes]
    for dataset in datasets.values():
        spread = interval(names.variable(dataset, variables[0]))
        if spread is not None:
            found.append(word("band", language, low=f"{spread[2]:.0%}", high=f"{spread[3]:.0%}"))
            break
    return found
