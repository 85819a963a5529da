"""Fan charts: the spread of many runs over the years, by city and variable."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zhuanxing.charts import style
from zhuanxing.errors import ZhuanxingError
from zhuanxing.results import names
from zhuanxing.results.words import Language, listing, word

__all__ = ["draw"]

_MOST_PANELS = 40
_NARROWEST = 2.6
_LIGHTEST, _DARKEST = 0.16, 0.34


def draw(
    quantiles: xr.Dataset,
    *,
    cities: Sequence[str] | None,
    variables: Sequence[str],
    language: Language = "zh",
) -> Figure:
    """Draw one panel a city and variable: nested bands of quantiles, and the median.

    Where runs reach beyond the year before the levers, they are drawn from there: before it they
    hardly differ. `quantiles`: variables with dims (scenario, quantile, year, city), coordinates
    scenario_zh and scenario_en. Raises ZhuanxingError for an unknown name, or for more panels than
    can be read.
    """
    ids, known = names.city_ids(quantiles, cities), names.last_known(quantiles)
    late = quantiles["year"] >= names.base_year(quantiles)
    quantiles = quantiles.sel(year=late) if int(late.sum()) > 1 else quantiles
    if len(ids) * len(variables) > _MOST_PANELS:
        raise ZhuanxingError(
            f"The fan chart was asked for {len(ids)} cities x {len(variables)} variables: "
            f"expected at most {_MOST_PANELS} panels; name fewer cities."
        )
    with style.house_style():
        width = max(style.PRINT_WIDTH / len(ids), _NARROWEST)
        figure, axes = style.panels(len(variables), len(ids), width=width, height=2.1)
        for row, name in zip(axes, variables, strict=True):
            data = names.variable(quantiles, name)
            style.value_axis(row[0], names.axis_title(data, language))
            for axis, city in zip(row, ids, strict=True):
                said = language if axis is axes[0, 0] else None
                _panel(axis, data.sel(city=city), language)
                style.mark_projection(axis, list(data["year"].values), said, known)
        for axis, city in zip(axes[0], ids, strict=True):
            axis.set_title(names.city_label(quantiles, city, language))
        text = listing((f"{low:.0%}–{high:.0%}" for low, high in _pairs(quantiles)), language)
        notes = [word("fan_bands", language, levels=text), word("axes_cut", language)]
        return style.finish(figure, language, title=word("fan_title", language), notes=notes)


def _panel(axis: Axes, data: xr.DataArray, language: Language) -> None:
    years = [int(year) for year in data["year"].values]
    keys = [str(key) for key in data["scenario"].values]
    palette = style.scenario_colours(keys)
    for key in keys:
        one = data.sel(scenario=key)
        pairs = _pairs(one)
        shades = np.linspace(_LIGHTEST, _DARKEST, len(pairs))
        for (low, high), shade in zip(pairs, shades, strict=True):
            low_path, high_path = one.sel(quantile=low).values, one.sel(quantile=high).values
            axis.fill_between(years, low_path, high_path, color=palette[key], alpha=shade, lw=0)
        middle = one.sel(quantile=0.5, method="nearest").values
        axis.plot(years, middle, color=palette[key])
        if len(keys) > 1:
            label = names.element_label(data, "scenario", key, language)
            style.end_label(axis, years[-1], middle[-1], label, palette[key])
    style.part_thousands(axis.yaxis)
    style.year_axis(axis, years)


def _pairs(data: xr.Dataset | xr.DataArray) -> list[tuple[float, float]]:
    """Return the bands as pairs of levels, the widest first."""
    levels = sorted(float(level) for level in data["quantile"].values)
    return [(levels[i], levels[-1 - i]) for i in range(len(levels) // 2)]
