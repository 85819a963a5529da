"""Shocks to the economy: how far output or investment moves, against stated intervals."""

from __future__ import annotations

import numpy as np
import xarray as xr

from zhuanxing.analyses.check.extremes import InputChange
from zhuanxing.analyses.check.finding import Finding
from zhuanxing.config import Output, ScenarioName, checked


@checked
class Interval:
    """Relative change in `year` lies from `low` to `high`, in percent."""

    year: int
    low: float
    high: float


@checked
class Shock:
    """`inputs` change `scenario`; `output` of all cities together moves as `within` says.

    `fades_by`: a later year in which the change is smaller than its largest by a third or more.
    """

    name: str
    label: str
    scenario: ScenarioName
    output: Output
    inputs: tuple[InputChange, ...]
    within: tuple[Interval, ...]
    fades_by: int | None = None


def relative_path(run: xr.Dataset, reference: xr.Dataset, output: str) -> xr.DataArray:
    """Change of `output` summed over everything but years, in percent of `reference` [year]."""
    values = [paths[output].sum([d for d in paths[output].dims if d != "year"], skipna=False)
              for paths in (run, reference)]  # fmt: skip
    return 100.0 * (values[0] / values[1] - 1.0)


def shock_finding(shock: Shock, run: xr.Dataset, reference: xr.Dataset) -> Finding:
    """The change in each stated year, and whether it fades."""
    path = relative_path(run, reference, shock.output)
    faults = [_outside(interval, path) for interval in shock.within]
    if shock.fades_by is not None:
        faults.append(_not_faded(path, shock.fades_by))
    told = [interval.year for interval in shock.within] + [shock.fades_by or 0]
    result = ", ".join(f"{float(path.sel(year=y)):+.2f} % in {y}" for y in told if y)
    asked = [f"{i.low:g} to {i.high:g} % in {i.year}" for i in shock.within]
    asked += [f"fading by {shock.fades_by}"] if shock.fades_by else []
    threshold = f"{shock.output}: " + ", ".join(asked)
    offenders = tuple(fault for fault in faults if fault)
    return Finding("shocks", shock.label, result, threshold, not offenders, offenders)


def _outside(interval: Interval, path: xr.DataArray) -> str:
    moved = float(path.sel(year=interval.year))
    if interval.low <= moved <= interval.high:
        return ""
    return f"{moved:+.2f} % in {interval.year}, not {interval.low:g} to {interval.high:g} %"


def _not_faded(path: xr.DataArray, year: int) -> str:
    largest, left = float(np.abs(path).max()), abs(float(path.sel(year=year)))
    if left <= largest * 2 / 3:
        return ""
    return f"{left:.2f} % are left in {year} of {largest:.2f} %"
