"""Lines of an output of a city: what scenarios have in common once, in grey, then one for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from zhuanxing.charts import style
from zhuanxing.results import names
from zhuanxing.results.bands import centre, interval
from zhuanxing.results.words import Language

__all__ = ["draw_lines"]


def draw_lines(
    axis: Axes, datasets: Mapping[str, xr.Dataset], city: str, name: str, language: Language
) -> dict[str, np.ndarray]:
    """Draw `name` in a city with intervals where there are draws, and return the lines drawn.

    Several lines end with the names of their scenarios.
    """
    palette = style.scenario_colours(list(datasets))
    data = {key: names.variable(one, name).sel(city=city) for key, one in datasets.items()}
    lines = {key: centre(one).values for key, one in data.items()}
    first = next(iter(datasets.values()))
    years = [int(year) for year in first["year"].values]
    parting = _parting(list(lines.values()), years, names.base_year(first))
    if parting:
        shared = next(iter(lines.values()))[: parting + 1]
        axis.plot(years[: parting + 1], shared, color=style.GREY, label="history")
    for key, one in data.items():
        spread = interval(one)
        if spread is not None:
            low, high = (end.values[parting:] for end in spread[:2])
            axis.fill_between(years[parting:], low, high, color=palette[key], alpha=0.18, lw=0)
        axis.plot(years[parting:], lines[key][parting:], color=palette[key], label=key)
        if len(datasets) > 1:
            label = names.scenario_label(datasets, key, language)
            style.end_label(axis, years[-1], lines[key][-1], label, palette[key])
    return lines


def _parting(lines: Sequence[np.ndarray], years: Sequence[int], base_year: int) -> int:
    """Return the place of the last year, `base_year` at most, up to which several lines are one."""
    if len(lines) < 2:
        return 0
    same = np.all(
        [np.isclose(line, lines[0], rtol=1e-9, equal_nan=True) for line in lines[1:]], axis=0
    )
    known = np.array(years) <= base_year
    together = np.cumprod(same & known)
    return max(int(together.sum()) - 1, 0)
