"""Reality checks: what no scenario may do, and how scenarios must stand to each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from zhuanxing.analyses.check.expectation import Expectation, met_by
from zhuanxing.analyses.check.finding import Finding, worst_first
from zhuanxing.config import City, ScenarioName, checked


@checked
class Bounds:
    """`output` stays within low..high in every scenario, city and year."""

    label: str
    output: str
    low: float
    high: float


@checked
class Worse:
    """`scenario` does worse than `reference` in at least `at_least` of the expectations."""

    label: str
    scenario: ScenarioName
    reference: ScenarioName
    expect: tuple[Expectation, ...]
    at_least: int


@checked
class GainRatio:
    """Each of `cities` gains `ratio` times what the median city gains.

    The gain is `output` in `year` in `scenario` less the same in `reference`.
    """

    label: str
    scenario: ScenarioName
    reference: ScenarioName
    output: str
    year: int
    cities: tuple[City, ...]
    ratio: float


def bounds_finding(bounds: Bounds, runs: Mapping[str, xr.Dataset]) -> Finding:
    """Worst excursions by scenario and city; values before the first difference are skipped."""
    scored: list[tuple[float, str]] = []
    least, most = np.inf, -np.inf
    for label, paths in runs.items():
        values = paths[bounds.output].dropna("year", how="all")
        least, most = min(least, float(values.min())), max(most, float(values.max()))
        below, above = bounds.low - values, values - bounds.high
        excess = xr.where(below > above, below, above).fillna(np.inf)
        worst = excess.max("year")
        for city in worst["city"].values[(worst > 0).to_numpy()]:
            series, over = values.sel(city=city), excess.sel(city=city)
            year = int(series["year"][int(over.argmax("year"))])
            text = f"{label}, {city}: {float(series.sel(year=year)):.4g} in {year}"
            scored.append((float(over.max()), text))
    result = f"{least:.4g} to {most:.4g}"
    threshold = f"{bounds.low:g} to {bounds.high:g}"
    return Finding("reality", bounds.label, result, threshold, not scored, worst_first(scored))


def worse_finding(worse: Worse, runs: Mapping[str, xr.Dataset]) -> Finding:
    """How many of the expectations hold for `scenario` against `reference`."""
    lines, held = [], 0
    for expectation in worse.expect:
        share = float(met_by(expectation, runs[worse.scenario], runs[worse.reference]).mean())
        held += share >= expectation.share_of_cities
        lines.append(f"{expectation} in {share:.0%} of cities")
    threshold = f">= {worse.at_least} of {len(worse.expect)}"
    result = f"{held}: " + "; ".join(lines)
    return Finding("reality", worse.label, result, threshold, held >= worse.at_least, tuple(lines))


def gain_finding(rule: GainRatio, runs: Mapping[str, xr.Dataset]) -> Finding:
    """Smallest gain among `cities` as a multiple of the median gain over all cities."""
    chosen = {
        label: runs[label][rule.output].sel(year=rule.year)
        for label in (rule.scenario, rule.reference)
    }
    gain = chosen[rule.scenario] - chosen[rule.reference]
    median = float(gain.median("city"))
    faults = _gains_too_small(gain, rule, median)
    smallest = float(gain.sel(city=list(rule.cities)).min())
    result = f"least {smallest:.4g}, median city {median:.4g}"
    threshold = f">= {rule.ratio:g} x median"
    return Finding("reality", rule.label, result, threshold, not faults, tuple(faults))


def _gains_too_small(gain: xr.DataArray, rule: GainRatio, median: float) -> Sequence[str]:
    """Cities that gain nothing, or less than the ratio asks for."""
    amounts = [(city, float(gain.sel(city=city))) for city in rule.cities]
    return [
        f"{city}: gain {amount:.4g}, median city {median:.4g}"
        for city, amount in amounts
        if amount <= 0 or amount < rule.ratio * median
    ]
