"""Whether halving the time step leaves the annual outputs as they are."""

from __future__ import annotations

import numpy as np
import xarray as xr

from zhuanxing.check.finding import Finding, worst_first
from zhuanxing.check.laws import place_of_max

# A value below this part of the output's own mean over cities is compared with that part of the
# mean: half a percent of a nearly empty stock says nothing about the integration.
_FLOOR = 0.01


def relative_change(coarse: xr.DataArray, fine: xr.DataArray) -> xr.DataArray:
    """|coarse - fine| relative to |fine|, or to 1 % of its mean over cities where that is larger.

    A growth rate (attribute ``aggregate`` = ``change``, in percent) passes through zero, so it is
    compared as the growth factor that it stands for: 0.5 points of growth count as 0.5 %.
    Differences where one of the two is not finite, or where only ``fine`` is 0, are infinite.
    """
    difference = abs(coarse - fine)
    if fine.attrs.get("aggregate") == "change":
        floor = 100.0 + fine
    else:
        size = abs(fine)
        mean = size.mean("city") if "city" in fine.dims else size
        floor = xr.where(size > _FLOOR * mean, size, _FLOOR * mean)
    ratio = (difference / floor.where(floor > 0)).where(difference != 0.0, 0.0)
    same_gap = np.isnan(coarse) & np.isnan(fine)
    return ratio.fillna(np.inf).where(~same_gap, 0.0)


def timestep_finding(coarse: xr.Dataset, fine: xr.Dataset, tolerance: float) -> Finding:
    """Annual outputs of one run at a time step (``coarse``) and at half of it (``fine``).

    ``tolerance`` is a fraction: 0.005 allows 0.5 %.
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
