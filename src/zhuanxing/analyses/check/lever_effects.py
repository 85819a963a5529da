"""What single levers do beside one another: distinct effects, output per yuan, doses delivered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from zhuanxing.analyses.check.finding import Finding, worst_first

__all__ = ["correlations", "distinct_finding", "dose_finding", "return_finding", "returns"]

# A relative change beyond this counts as this: an output that starts near zero decides nothing.
LARGEST = 5.0
TINY = 1e-12
SHOWN = 10


def correlations(baseline: xr.Dataset, runs: xr.Dataset, left_out: Sequence[str]) -> xr.DataArray:
    """Return the correlation of the effects of each two levers [run, other], in the last year.

    The effect of a lever is the vector of relative changes against `baseline` of all outputs but
    `left_out`, in all cities. Each entry counts in units of its root mean square over levers, so
    that no output weighs more for being volatile. `runs` has the levers along `run`.
    """
    names = [n for n in map(str, baseline.data_vars) if n not in left_out and n in runs]
    parts = [_relative(runs[n], baseline[n]) for n in names if baseline[n].dtype.kind == "f"]
    effects = np.clip(np.concatenate(parts, axis=1), -LARGEST, LARGEST)
    size = np.sqrt((effects**2).mean(0))
    scaled = effects[:, size > TINY] / size[size > TINY]
    acts = scaled.std(1) > 0
    found = np.zeros((len(scaled), len(scaled)))
    found[np.ix_(acts, acts)] = np.corrcoef(scaled[acts])
    levers = list(map(str, runs["run"].values))
    return xr.DataArray(found, {"run": levers, "other": levers}, ("run", "other"))


def _relative(changed: xr.DataArray, base: xr.DataArray) -> np.ndarray:
    """Return relative changes in the last year, one row a run."""
    last = base.isel(year=-1)
    difference = (changed.isel(year=-1) - last).transpose("run", *last.dims).values
    size = np.abs(last.values) + TINY + 1e-9 * np.abs(last.values).max()
    rows: np.ndarray = (difference / size).reshape(len(difference), -1)
    return rows


def distinct_finding(
    baseline: xr.Dataset, runs: xr.Dataset, left_out: Sequence[str], most: float
) -> Finding:
    """No two levers do the same; the worst pairs are told in any case."""
    table = correlations(baseline, runs, left_out)
    levers = table["run"].values
    pairs = [
        (abs(float(table[i, j])), f"{levers[i]} ~ {levers[j]}: {float(table[i, j]):+.3f}")
        for i in range(len(levers))
        for j in range(i)
    ]
    worst = worst_first(pairs)[:SHOWN]
    above = sum(size > most for size, _ in pairs)
    what = "两项举措效果不雷同 no two levers have the same effects"
    result = f"{above} pairs above, highest {worst[0]}"
    return Finding("levers", what, result, f"|r| <= {most:g}", above == 0, worst)


def returns(baseline: xr.Dataset, runs: xr.Dataset, gain: str, money: str) -> xr.DataArray:
    """Return what all cities gain in `gain` per yuan of `money` [run]; NaN without money.

    Both are outputs of `baseline` [year, city] and `runs` [run, year, city], over all years.
    """
    dims = ("city", "year")
    gained = (runs[gain] - baseline[gain]).sum(dims)
    spent = (runs[money] - baseline[money]).sum(dims)
    return gained / spent.where(spent > TINY)


def return_finding(
    ranges: Mapping[str, tuple[float, float]],
    baseline: xr.Dataset,
    runs: xr.Dataset,
    gain: str,
    money: str,
) -> Finding:
    """Output per yuan lies within the range that the lever table states for each lever."""
    found = returns(baseline, runs, gain, money)
    outside = []
    for lever, (low, high) in ranges.items():
        value = float(found.sel(run=lever))
        if not low <= value <= high:
            text = f"{lever}: {value:+.2f} yuan of output per yuan, stated {low:g} to {high:g}"
            outside.append((max(low - value, value - high), text))
    result = f"{len(ranges) - len(outside)} of {len(ranges)} levers that cost money"
    what = "每元产出在所述范围内 output per yuan within its stated range"
    return Finding("levers", what, result, "stated range", not outside, worst_first(outside))


def dose_finding(runs: xr.Dataset, dose: str) -> Finding:
    """Every lever delivers a dose."""
    given = runs[dose].isel(year=-1).sum("city")
    levers = list(map(str, runs["run"].values))
    none = [(1.0, lever) for lever in levers if not float(given.sel(run=lever, lever=lever)) > 0]
    result = f"{len(levers) - len(none)} of {len(levers)} levers"
    what = "剂量得到落实 delivers a dose"
    return Finding("levers", what, result, "> 0", not none, worst_first(none))
