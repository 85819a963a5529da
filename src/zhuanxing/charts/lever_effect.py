"""A lever's effect: the difference of two stored results, ranked over the cities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from zhuanxing.charts import names, style
from zhuanxing.charts.bands import centre
from zhuanxing.charts.words import Language, word
from zhuanxing.errors import ZhuanxingError

__all__ = ["draw"]


def draw(
    datasets: Mapping[str, xr.Dataset],
    *,
    variable: str,
    year: int,
    targets: Sequence[str] | None = None,
    relative: bool | None = None,
    language: Language = "zh",
) -> Figure:
    """Draw the change of `variable` (dims city, year) in `year`, one bar a city, largest first.

    `datasets`: two stored results, without the lever first. `targets`: cities drawn in full
    colour, the others pale. `relative`: in percent of the first result (default: for variables
    that are not percentages themselves and are nowhere zero), else in the variable's unit.
    Raises ZhuanxingError for an unknown city, variable or year, or unless there are two results.
    """
    if len(datasets) != 2:
        raise ZhuanxingError(
            f"The chart lever_effect was given {len(datasets)} scenarios "
            f"({', '.join(datasets)}): expected two, the one without the lever first."
        )
    (base_key, base), (key, other) = datasets.items()
    data = names.variable(base, variable)
    names.get_year(data, year)
    before, after = (
        centre(names.variable(dataset, variable)).sel(year=year).values for dataset in (base, other)
    )
    percent = str(data.attrs.get("units", "")).startswith("percent")
    as_share = (not percent and bool(np.all(before > 0))) if relative is None else relative
    change = 100 * (after / before - 1) if as_share else after - before
    ids = names.city_ids(base, None)
    chosen = set(ids if targets is None else names.city_ids(base, targets))
    with style.house_style():
        figure, axes = style.panels(1, 1, width=8.0, height=8.6)
        axis = axes[0, 0]
        order = np.argsort(change, kind="stable")
        bars = axis.barh(
            [names.city_label(base, ids[i], language) for i in order], change[order], height=0.72,
            color=[style.GOOD if change[i] > 0 else style.BAD for i in order],
        )  # fmt: skip
        for bar, i in zip(bars, order, strict=True):
            bar.set_alpha(1.0 if ids[i] in chosen else 0.35)
        axis.bar_label(bars, [style.signed(change[i]) for i in order], padding=3, fontsize=7)
        axis.axvline(0, color=style.GREY, linewidth=0.8)
        axis.grid(visible=False, axis="y")
        axis.margins(x=0.1, y=0.01)
        labels = {k: names.scenario_label(datasets, k, language) for k in datasets}
        units = names.difference_unit(data, language)
        axis.set_xlabel(
            word("difference_relative", language, baseline=labels[base_key])
            if as_share
            else word(
                "difference",
                language,
                unit=units,
            )
        )
        title = word(
            "lever_title", language, lever=labels[key], year=year,
            variable=names.variable_label(data, language),
        )  # fmt: skip
        notes = [word("targeted", language)] if targets is not None else []
        return style.finish(figure, language, title=title, notes=notes)
