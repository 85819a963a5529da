"""Statements about one run against another, as the rows of `conf/check.yaml` put them."""

from __future__ import annotations

import numpy as np
import xarray as xr

from zhuanxing.config import checked


@checked
class Expectation:
    """`output` lies within factors of its value in the reference run, in enough cities.

    A factor is output / reference in `year` (None: the last); `share_of_cities` is the part
    of the cities (0-1) in which it has to be strictly below `below` and above `above`.
    """

    output: str
    year: int | None = None
    below: float | None = None
    above: float | None = None
    share_of_cities: float = 1.0

    def __str__(self) -> str:
        bounds = [f"< {self.below:g}"] if self.below is not None else []
        bounds += [f"> {self.above:g}"] if self.above is not None else []
        return f"{self.output} {' and '.join(bounds)} x"


def met_by(expectation: Expectation, run: xr.Dataset, reference: xr.Dataset) -> xr.DataArray:
    """Whether each city (dim `city`, bool) meets `expectation`.

    Dims other than city and year are summed first. Where the reference is 0, the run meets
    `below` if it is 0 too, and `above` if it is positive.
    """
    value = _in_year(run, expectation)
    base = _in_year(reference, expectation)
    met = xr.full_like(value, True, dtype=bool)
    if expectation.below is not None:
        met &= (value < expectation.below * base) | ((base == 0) & (value == 0))
    if expectation.above is not None:
        met &= value > expectation.above * base
    return met & np.isfinite(value)


def _in_year(paths: xr.Dataset, expectation: Expectation) -> xr.DataArray:
    values = paths[expectation.output]
    year = values["year"][-1] if expectation.year is None else expectation.year
    chosen = values.sel(year=year, drop=True)
    return chosen.sum([dim for dim in chosen.dims if dim != "city"], skipna=False)


def fault_of(expectation: Expectation, run: xr.Dataset, reference: xr.Dataset) -> str:
    """Empty if met, else a sentence with the share of cities and those that fail."""
    met = met_by(expectation, run, reference)
    share = float(met.mean())
    if share >= expectation.share_of_cities:
        return ""
    failing = [str(city) for city in met["city"].values[~met.to_numpy()]]
    cities = ", ".join(failing[:5]) + (" ..." if len(failing) > 5 else "")
    needed = f"{expectation.share_of_cities:.0%}"
    return f"{expectation} holds in {share:.0%} of cities, not {needed}: fails in {cities}"
