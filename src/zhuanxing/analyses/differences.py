"""Differences in differences inside the model, as studies of zones make them of statistics.

Treated are the cities of the first batch, controls those that were named later; the change of an
output in treated cities less that in controls, with the zone policy (`history`) and without it
(`baseline`). The difference between the two worlds is what a study with parallel trends would find;
that within `history` alone holds the trends of cities besides.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from zhuanxing.config import checked

__all__ = ["Difference", "DifferenceSettings", "differences"]


@checked
class Difference:
    """An output and the percent between which published estimates of its effect lie."""

    output: str
    low: float
    high: float
    published: tuple[str, ...]


@checked
class DifferenceSettings:
    """Difference in differences of the zone policy in the model."""

    history: str
    baseline: str
    treated: str
    before: int
    after: int
    outputs: tuple[Difference, ...]


def differences(
    history: xr.Dataset, baseline: xr.Dataset, treated: Sequence[bool], settings: DifferenceSettings
) -> pd.DataFrame:
    """Return a row an output: effect (percent), raw, low, high and inside.

    `raw` is the difference in differences within `history`; `effect` is it less that within
    `baseline`, where nothing was done. Both datasets have the dims city and year, and may have
    `run`, over which `effect_low` and `effect_high` are the 10 and 90 percent quantiles.
    """
    marks = np.asarray(treated, dtype=bool)
    rows = []
    for each in settings.outputs:
        with_it, without = (
            _difference(paths[each.output], marks, settings) for paths in (history, baseline)
        )
        effect = with_it - without
        middle = float(effect.median())
        low, high = (float(effect.quantile(share)) for share in (0.1, 0.9))
        rows.append(
            {
                "output": each.output,
                "published": "; ".join(each.published),
                "low": each.low,
                "high": each.high,
                "raw": float(with_it.median()),
                "effect": middle,
                "effect_low": low,
                "effect_high": high,
                "inside": each.low <= middle <= each.high,
            }
        )
    return pd.DataFrame(rows)


def _difference(
    values: xr.DataArray, treated: np.ndarray, settings: DifferenceSettings
) -> xr.DataArray:
    """Return 100 x (change of the mean log in treated cities less that in the others)."""
    ratio = values.sel(year=settings.after) / values.sel(year=settings.before)
    change: xr.DataArray = xr.apply_ufunc(np.log, ratio)
    first, rest = (change.isel(city=np.flatnonzero(marks)) for marks in (treated, ~treated))
    return 100 * (first.mean("city") - rest.mean("city"))
