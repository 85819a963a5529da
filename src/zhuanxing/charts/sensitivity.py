"""Which parameters drive an output in which city."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from zhuanxing.charts.style import PRINT_WIDTH, finish, house_style, panels
from zhuanxing.results.words import LANGUAGES, Language, word

__all__ = ["draw"]


def draw(
    shares: xr.DataArray,
    *,
    outputs: Mapping[str, tuple[str, str]],
    cities: Mapping[str, tuple[str, str]],
    parameters: Mapping[str, tuple[str, str]],
    year: int,
    shown: int,
    language: Language,
) -> Figure:
    """Return a map of total Sobol' indices, a panel an output, `shown` parameters by city.

    `shares` has dims output, city, parameter; `outputs`, `cities` and `parameters`
    give names (Chinese, English).
    """
    place = LANGUAGES.index(language)
    names = [str(name) for name in shares["output"].values]
    with house_style():
        figure, axes = panels(
            len(names), 1, width=PRINT_WIDTH, height=0.19 * shown + 0.5, sharex=True
        )
        for axis, name in zip(axes[:, 0], names, strict=True):
            part = shares.sel(output=name)
            order = np.argsort(-part.mean("city").values)[:shown]
            grid = part.isel(parameter=order).transpose("parameter", "city")
            image = axis.imshow(
                np.clip(grid.values, 0, 1), aspect="auto", cmap="Blues", vmin=0, vmax=0.6
            )
            axis.grid(visible=False)
            labels = [parameters[str(p)][place] for p in grid["parameter"].values]
            axis.set_yticks(range(len(order)), labels, fontsize=7)
            ids = [str(city) for city in grid["city"].values]
            axis.set_xticks(
                range(len(ids)), [cities[city][place] for city in ids], rotation=90, fontsize=6.5
            )
            axis.set_title(outputs[name][place])
        figure.colorbar(image, ax=axes, fraction=0.02, pad=0.01, aspect=40)
        return finish(
            figure,
            language,
            title=word("sensitivity_title", language, year=year),
            notes=[word("sensitivity_note", language)],
        )
