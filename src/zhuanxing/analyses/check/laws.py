"""Conservation laws and declared limits, at every time step of every run and city."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from zhuanxing.analyses.check.finding import Finding, worst_first


@dataclass(frozen=True)
class Law:
    """|residual| <= tolerance * |scale| at every step; both are variables of the model."""

    name: str
    residual: str
    scale: str
    label: str


def relative_residual(law: Law, steps: xr.Dataset) -> xr.DataArray:
    """|residual| / |scale| with the dims of the residual; where the scale is 0, 0 or infinite.

    `steps` holds both variables at every time step, along any dims (run, time, city, ...).
    A value that is not finite counts as infinite.
    """
    residual, scale = xr.broadcast(abs(steps[law.residual]), abs(steps[law.scale]))
    ratio = residual / scale.where(scale > 0)
    ratio = ratio.where(scale > 0, xr.where(residual == 0, 0.0, np.inf))
    return ratio.where(np.isfinite(residual) & np.isfinite(scale), np.inf)


def law_findings(
    laws: Sequence[Law], runs: Mapping[str, xr.Dataset], tolerance: float
) -> list[Finding]:
    """One finding a law, over all `runs` (label -> values at every step)."""
    return [_law_finding(law, runs, tolerance) for law in laws]


def _law_finding(law: Law, runs: Mapping[str, xr.Dataset], tolerance: float) -> Finding:
    scored: list[tuple[float, str]] = []
    for label, steps in runs.items():
        ratio = relative_residual(law, steps)
        worst = float(ratio.max())
        scored.append((worst, f"{label}: {worst:.1e} at {place_of_max(ratio)}"))
    largest = max(score for score, _ in scored)
    offenders = worst_first([item for item in scored if item[0] > tolerance])
    threshold = f"<= {tolerance:g} x scale"
    return Finding("laws", law.label, f"{largest:.1e}", threshold, not offenders, offenders)


def limit_findings(
    limits: Mapping[str, tuple[float | None, float | None]],
    runs: Mapping[str, xr.Dataset],
    tolerance: float,
) -> list[Finding]:
    """Every variable that declares limits in its units field stays within them.

    `tolerance` allows for rounding, relative to the limit's size or 1, whichever is larger.
    """
    scored: list[tuple[float, str]] = []
    for label, steps in runs.items():
        for name, (low, high) in limits.items():
            excess = _excess(steps[name], low, high)
            worst = float(excess.max())
            if worst > tolerance:
                value = float(steps[name].isel(_index_of_max(excess)))
                place = place_of_max(excess)
                scored.append((worst, f"{name} = {value:.6g} in {label} at {place}"))
    result = f"{len(limits)} variables, {len(scored)} cases outside"
    what = "变量在其声明的界限内 variables within declared limits"
    return [Finding("laws", what, result, "none", not scored, worst_first(scored))]


def _excess(values: xr.DataArray, low: float | None, high: float | None) -> xr.DataArray:
    """How far outside, relative to the limit's size or 1; infinite where not finite."""
    excess = xr.zeros_like(values, dtype=float)
    if low is not None:
        below = (low - values) / max(abs(low), 1.0)
        excess = xr.where(below > excess, below, excess)
    if high is not None:
        above = (values - high) / max(abs(high), 1.0)
        excess = xr.where(above > excess, above, excess)
    return excess.where(np.isfinite(values), np.inf)


def _index_of_max(values: xr.DataArray) -> dict[str, int]:
    index = np.unravel_index(int(np.argmax(values.to_numpy())), values.shape)
    return {str(dim): int(i) for dim, i in zip(values.dims, index, strict=True)}


def place_of_max(values: xr.DataArray) -> str:
    """The coordinates of the largest value, e.g. `city=north, time=2016.125`."""
    if not values.dims:
        return "all times"
    at = values.isel(_index_of_max(values))
    return ", ".join(f"{dim}={at[dim].item() if dim in at.coords else '?'}" for dim in values.dims)
