"""Whether halving the time step leaves the annual outputs as they are.

Two paths are compared as solvers of differential equations are: a difference counts relative to
the largest value on that city's path, since a flow in the year in which it sets in says nothing
of the integration. Shares and rates in percent are compared in points: 0.5 points count as 0.5 %.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from zhuanxing.analyses.check.finding import Finding, worst_first
from zhuanxing.analyses.check.laws import place_of_max

PERCENT = "percent"


def relative_change(coarse: xr.DataArray, fine: xr.DataArray) -> xr.DataArray:
    """|coarse - fine| relative to the largest |fine| over the years, or in points / 100.

    Points are taken where `fine` has the attribute `units` = percent. A value that only one
    of the two has (the other is NaN), or a change from a path of zeros, is infinite.
    """
    difference = abs(coarse - fine)
    if fine.attrs.get("units") == PERCENT:
        ratio = difference / 100.0
    else:
        ratio = difference / abs(fine).max("year")
    same = (difference == 0.0) | (np.isnan(coarse) & np.isnan(fine))
    return ratio.where(~same, 0.0).fillna(np.inf)


def timestep_finding(coarse: xr.Dataset, fine: xr.Dataset, tolerance: float) -> Finding:
    """Annual outputs of one run at a time step (`coarse`) and at half of it (`fine`).

    `tolerance` is a fraction: 0.005 allows 0.5 %.
    """
    scored: list[tuple[float, str]] = []
    worst = 0.0
    for name in map(str, fine.data_vars):
        change = relative_change(coarse[name], fine[name])
        largest = float(change.max())
        worst = max(worst, largest)
        if largest > tolerance:
            outside = int((change > tolerance).sum())
            text = f"{name}: {largest:.2%} at {place_of_max(change)}; {outside} of {change.size}"
            scored.append((largest, f"{text} values outside"))
    what = "时间步长减半后年度结果不变 annual outputs when the time step is halved"
    result = f"{worst:.2%} at most, {len(scored)} of {len(fine.data_vars)} outputs outside"
    return Finding("timestep", what, result, f"<= {tolerance:.1%}", not scored, worst_first(scored))
