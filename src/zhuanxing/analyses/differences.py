"""Differences in differences inside the model, as studies of zones make them of statistics.

Treated are the cities of the first batch, controls those that were named later; the change of an
output in treated cities less that in controls, with the zone policy (`history`) and without it
(`baseline`). The difference between the two worlds is what a study with parallel trends would find;
that within `history` alone holds the trends of cities besides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from zhuanxing.config import checked
from zhuanxing.errors import ZhuanxingError, require_known
from zhuanxing.results.bands import ENDS

__all__ = [
    "Difference", "DifferenceSettings", "Estimate", "differences", "number_of", "published_range",
]  # fmt: skip

SIGNS = {"positive": 1.0, "negative": -1.0}


@checked
class Estimate:
    """A published row; its number times `scale` is in percent."""

    name: str
    scale: float = 1.0


@checked
class Difference:
    """An output and the published rows that speak of the effect on it."""

    output: str
    published: tuple[Estimate, ...]


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
    history: xr.Dataset,
    baseline: xr.Dataset,
    treated: Sequence[bool],
    parameters: pd.DataFrame,
    settings: DifferenceSettings,
) -> pd.DataFrame:
    """Return a row an output: effect (percent), raw, low, high and inside.

    `raw` is the difference in differences within `history`; `effect` is it less that within
    `baseline`, where nothing was done. Both datasets have the dims city and year, and may have
    `run`, over which `effect_low` and `effect_high` are the 10 and 90 percent quantiles. `low` and
    `high` are what the rows of `parameters` (parameters.csv) allow.
    """
    marks = np.asarray(treated, dtype=bool)
    rows = []
    for each in settings.outputs:
        with_it, without = (
            _difference(paths[each.output], marks, settings) for paths in (history, baseline)
        )
        effect = with_it - without
        middle = float(effect.median())
        lowest, highest = (float(effect.quantile(share)) for share in ENDS)
        low, high = published_range(parameters, each.published)
        rows.append(
            {
                "output": each.output,
                "published": "; ".join(row.name for row in each.published),
                "low": low,
                "high": high,
                "raw": float(with_it.median()),
                "effect": middle,
                "effect_low": lowest,
                "effect_high": highest,
                "inside": low <= middle <= high,
            }
        )
    return pd.DataFrame(rows)


def published_range(parameters: pd.DataFrame, published: Sequence[Estimate]) -> tuple[float, float]:
    """Return between which values an effect agrees with what is published.

    It reaches from zero to the largest number of either sign. A row that gives a sign and no number
    opens that side where no other row bounds it.
    """
    numbers = np.array([row.scale * number_of(parameters, row.name) for row in published])
    return 0.0 - _largest(-numbers), _largest(numbers)


def _largest(numbers: np.ndarray) -> float:
    """Return the largest finite positive number, infinity if only a sign is given, else zero."""
    positive = numbers[numbers > 0]
    finite = positive[np.isfinite(positive)]
    return float(max([*finite] or [*positive], default=0.0))


def number_of(parameters: pd.DataFrame, name: str) -> float:
    """Return the number of a published row, plus or minus infinity for a sign without a number.

    Raises ZhuanxingError for a row that does not exist, or is neither a number nor a sign.
    """
    require_known("published row", name, list(parameters["name"]), "evidence.yaml")
    text = str(parameters.loc[parameters["name"] == name, "value"].iloc[0])
    word = re.match(r"[a-z]+", text)
    if word is not None and word[0] in SIGNS:
        return SIGNS[word[0]] * np.inf
    try:
        return float(text)
    except ValueError:
        raise ZhuanxingError(
            f"parameters.csv: '{text}' of {name} is neither a number nor a sign, "
            "so no effect can be compared with it"
        ) from None


def _difference(
    values: xr.DataArray, treated: np.ndarray, settings: DifferenceSettings
) -> xr.DataArray:
    """Return 100 x (change of the mean log in treated cities less that in the others)."""
    ratio = values.sel(year=settings.after) / values.sel(year=settings.before)
    change: xr.DataArray = xr.apply_ufunc(np.log, ratio)
    first, rest = (change.isel(city=np.flatnonzero(marks)) for marks in (treated, ~treated))
    return 100 * (first.mean("city") - rest.mean("city"))
