"""The middle and the spread of an output that holds many runs or quantiles of runs."""

from __future__ import annotations

import xarray as xr

__all__ = ["CHANGE", "DIFFERENCE", "ENDS", "HIGH", "LOW", "centre", "interval"]

LOW, HIGH = 0.05, 0.95
# Ends of the intervals over draws of what is uncertain: four fifths of the draws lie between.
ENDS = (0.1, 0.9)
# What the bands of a scenario hold besides its outputs, by prefix of the output's name: its
# difference from another scenario over pairs of runs, and its percent change since a year.
DIFFERENCE, CHANGE = "difference_of_", "change_of_"


def centre(data: xr.DataArray) -> xr.DataArray:
    """Return the median over `run`, or the middle `quantile`; without either, `data` itself."""
    if "quantile" in data.dims:
        return data.sel(quantile=0.5, method="nearest")
    return data.median("run", keep_attrs=True) if "run" in data.dims else data


def interval(data: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray, float, float] | None:
    """Return (lower, upper, lower level, upper level), or None when `data` is a single run.

    Over `run` the levels are LOW and HIGH; over `quantile` the outermost quantiles stored.
    """
    if "quantile" in data.dims:
        levels = sorted(float(level) for level in data["quantile"].values)
        low, high = levels[0], levels[-1]
        return data.sel(quantile=low), data.sel(quantile=high), low, high
    if "run" in data.dims:
        return data.quantile(LOW, "run"), data.quantile(HIGH, "run"), LOW, HIGH
    return None
