"""What the equations do not explain of a city, year by year."""

from __future__ import annotations

from collections.abc import Mapping

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zhuanxing.charts import style
from zhuanxing.results import names
from zhuanxing.results.bands import interval
from zhuanxing.results.words import Language, word

__all__ = ["draw"]

_COLUMNS = 4


def draw(
    datasets: Mapping[str, xr.Dataset],
    *,
    city: str,
    variable: str,
    bands: Mapping[str, xr.Dataset],
    language: Language,
) -> Figure:
    """Draw a panel a disturbance with its path in one city, 100 times the logarithm of the factor.

    `variable` is the output with dimensions (city, disturbance, year) of a run with a calibration;
    every scenario of a fit has the same, so that of the first of `datasets` is drawn. `bands` holds
    quantiles over draws of those results that have them: their outermost are shaded. Raises
    ZhuanxingError for an unknown city or output.
    """
    first = next(iter(datasets))
    paths = names.variable(datasets[first], variable).sel(city=city)
    quantiles = bands.get(first)
    shaded = None if quantiles is None else interval(quantiles[variable].sel(city=city))
    kinds = paths["disturbance"].values
    titles = paths[f"disturbance_{language}"].values
    years = [int(year) for year in paths["year"].values]
    known = int(datasets[first].attrs.get("information_year", years[-1]))
    label = names.city_label(datasets[first], city, language)
    with style.house_style():
        rows = -(-len(kinds) // _COLUMNS)
        figure, axes = style.panels(rows, _COLUMNS, width=2.6, height=1.7)
        for axis in list(axes.flat)[len(kinds) :]:
            axis.set_visible(False)
        for axis, kind, title in zip(axes.flat, kinds, titles, strict=False):
            chosen = {"disturbance": kind}
            if shaded is not None:
                low, high = (edge.sel(chosen) for edge in shaded[:2])
                axis.fill_between(years, low, high, color=style.SEQUENCE[0], alpha=0.2, lw=0)
            axis.plot(years, paths.sel(chosen), color=style.SEQUENCE[0])
            _finish(axis, str(title), years, known)
        return style.finish(
            figure,
            language,
            title=word("disturbances_title", language, city=label),
            notes=[*_notes(shaded is not None, language), *names.result_notes(datasets, language)],
        )


def _notes(shaded: bool, language: Language) -> list[str]:
    keys = ["disturbances_note", *(["disturbances_shading"] if shaded else [])]
    return [word(key, language) for key in keys]


def _finish(axis: Axes, title: str, years: list[int], known: int) -> None:
    axis.axhline(0.0, color=style.GREY, linewidth=0.8)
    axis.set_title(title)
    style.year_axis(axis, years, few=True)
    style.mark_projection(axis, years, None, known)
