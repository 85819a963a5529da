"""The difference between two scenarios: in percent, or in points where the output is a percentage.

Indices are never subtracted: what a chart calls percentage points are those of the output.
"""

from __future__ import annotations

from dataclasses import dataclass

import xarray as xr

from zhuanxing.results import names
from zhuanxing.results.bands import DIFFERENCE, centre
from zhuanxing.results.words import Language, word

__all__ = ["Difference", "difference", "direction_note"]


@dataclass(frozen=True)
class Difference:
    """`values` of one scenario less another, with the ends of their interval where it is known.

    All have the dimensions of the output; `relative` says that they are percent of the other.
    """

    values: xr.DataArray
    low: xr.DataArray | None
    high: xr.DataArray | None
    relative: bool

    def unit(self, language: Language) -> str:
        """Return the unit of the difference as a person says it."""
        return "%" if self.relative else names.difference_unit(self.values, language)

    @property
    def level(self) -> tuple[float, float] | None:
        """Return the levels of the interval's ends, None without an interval."""
        if self.low is None or self.high is None:
            return None
        return float(self.low["quantile"]), float(self.high["quantile"])


def difference(
    base: xr.Dataset, other: xr.Dataset, variable: str, bands: xr.Dataset | None = None
) -> Difference:
    """Return `variable` (dims city, year and perhaps more) of `other` less that of `base`.

    `bands` is what analyses.bands.comparison_bands returns for `other` against `base`. Raises
    ZhuanxingError for an unknown variable.
    """
    before, after = (centre(names.variable(one, variable)) for one in (base, other))
    relative = not names.is_percentage(after) and bool((before > 0).all())
    scale = 100 / before if relative else 1.0
    values = ((after - before) * scale).assign_attrs(after.attrs).rename(variable)
    stored = f"{DIFFERENCE}{variable}"
    if bands is None or stored not in bands:
        return Difference(values, None, None, relative)
    spread = (bands[stored] * scale).sortby("quantile")
    return Difference(values, spread.isel(quantile=0), spread.isel(quantile=-1), relative)


def direction_note(data: xr.DataArray, language: Language) -> str:
    """Return "higher is better" or "lower is better", or nothing where neither is so."""
    good = str(data.attrs.get("better", "none"))
    return "" if good not in ("up", "down") else word(f"better_{good}", language)
