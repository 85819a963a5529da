"""Each lever alone: does it move its indicator, does it cost, does it stay where it belongs?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from zhuanxing.analyses.check.finding import Finding, worst_first


@dataclass(frozen=True)
class LeverCase:
    """A lever with the output that it must move, up or down, in its target cities.

    A lever that is a rule has the finding on the rule in place of that: see `rule_finding`.
    """

    lever: str
    indicator: str
    direction: str
    targets: tuple[str, ...]
    rule: Finding | None = None


@dataclass(frozen=True)
class LeverTerms:
    """What a lever must do; movements are fractions of the baseline value.

    `scarce` are outputs of which a lever must use some: money, administrative effort, ...
    `steady` is the output that must not move by more than `steady_tolerance` elsewhere.
    """

    first_year: int
    last_year: int
    movement: float
    share_of_cities: float
    scarce: tuple[str, ...]
    steady: str
    steady_tolerance: float


def lever_findings(
    cases: Sequence[LeverCase], baseline: xr.Dataset, runs: xr.Dataset, terms: LeverTerms
) -> list[Finding]:
    """One finding a question over all levers; the levers that fail are the offenders.

    `baseline` has dims city and year (and others that are summed); `runs` has in addition
    `run`, whose coordinate is the lever that stands alone at full in its target cities.
    """
    years = slice(terms.first_year, terms.last_year)
    baseline, runs = baseline.sel(year=years), runs.sel(year=years)
    questions = (
        (_indicator_fault, "指标按方向变动 moves its indicator", f"> {terms.movement:.1%}"),
        (_cost_fault, "占用资金或稀缺资源 uses money or another scarce thing", "> 0"),
        (
            _spill_fault,
            "非目标城市不受影响 leaves other cities alone",
            f"<= {terms.steady_tolerance:.0%}",
        ),
    )
    findings = []
    for fault_of, what, threshold in questions:
        faults = [
            (case, fault_of(case, baseline, runs.sel(run=case.lever), terms)) for case in cases
        ]
        failed = [(score, f"{case.lever}: {text}") for case, (score, text) in faults if text]
        result = f"{len(cases) - len(failed)} of {len(cases)} levers"
        findings.append(Finding("levers", what, result, threshold, not failed, worst_first(failed)))
    return findings


def _by_city(paths: xr.Dataset, name: str, cities: Sequence[str]) -> xr.DataArray:
    values = paths[name].sel(city=list(cities))
    return values.sum([dim for dim in values.dims if dim not in ("city", "year")])


def relative_movement(changed: xr.DataArray, base: xr.DataArray) -> xr.DataArray:
    """(changed - base) / |base|; from a base of zero any movement is infinite."""
    difference = changed - base
    return (
        (difference / abs(base))
        .where(base != 0, np.sign(difference) * np.inf)
        .where(difference != 0, 0.0)
    )


def _indicator_fault(
    case: LeverCase, baseline: xr.Dataset, run: xr.Dataset, terms: LeverTerms
) -> tuple[float, str]:
    if case.rule is not None:
        return (0.0, "") if case.rule.passed else (np.inf, case.rule.result)
    if case.indicator not in baseline:
        return np.inf, f"indicator '{case.indicator}' is not an output"
    sign = {"up": 1.0, "down": -1.0}[case.direction]
    base = _by_city(baseline, case.indicator, case.targets)
    changed = _by_city(run, case.indicator, case.targets)
    total = sign * relative_movement(changed.sum("city"), base.sum("city"))
    year = int(total["year"][int(abs(total).argmax("year"))])
    moved = float(total.sel(year=year))
    cities = sign * relative_movement(changed, base).sel(year=year)
    share = float((cities > 0).mean())
    if moved > terms.movement and share > terms.share_of_cities:
        return 0.0, ""
    text = f"{case.indicator} {case.direction} expected, moved {sign * moved:+.3%} in {year}"
    return terms.movement - moved, f"{text}, right in {share:.0%} of its cities"


def _cost_fault(
    case: LeverCase, baseline: xr.Dataset, run: xr.Dataset, terms: LeverTerms
) -> tuple[float, str]:
    used = {}
    for name in terms.scarce:
        base = _by_city(baseline, name, case.targets).sum()
        used[name] = float(_by_city(run, name, case.targets).sum() - base)
    if max(used.values()) > 0:
        return 0.0, ""
    return 1.0, ", ".join(f"{name} {value:+.3g}" for name, value in used.items())


def _spill_fault(
    case: LeverCase, baseline: xr.Dataset, run: xr.Dataset, terms: LeverTerms
) -> tuple[float, str]:
    others = [str(city) for city in baseline["city"].values if city not in case.targets]
    if not others:
        return 0.0, ""
    base = _by_city(baseline, terms.steady, others)
    change = abs(relative_movement(_by_city(run, terms.steady, others), base)).max("year")
    worst = float(change.max())
    if worst <= terms.steady_tolerance:
        return 0.0, ""
    city = str(change["city"].values[int(change.argmax("city"))])
    return worst, f"{terms.steady} of {city} moves by {worst:.2%}"


def rule_finding(lever: str, poor: xr.DataArray, status: xr.DataArray, first_year: int) -> Finding:
    """The lever of direction `rule`: two poor years in a row end the status, but only under it.

    `poor` (poor years in a row) and `status` (1 in a zone) have dims run, city and year;
    run is `on` or `off`. From `first_year` the lever is expected to be in force.
    """
    years = slice(first_year, None)
    poor, status = poor.sel(year=years), status.sel(year=years)
    twice = poor >= 2
    in_zone = status > 0.5
    judged = twice.sel(run="on").any("year") & twice.sel(run="off").any("year")
    kept = judged & (twice & in_zone).sel(run="on").any("year")
    lost = judged & ~in_zone.sel(run="off").all("year")
    faults = [f"{lever}: {city} is poor twice and keeps its status" for city in _names(kept)]
    faults += [f"{lever}: {city} loses its status without the rule" for city in _names(lost)]
    count = int(judged.sum())
    if count == 0:
        faults.append(f"{lever}: no city is poor twice in both runs, so nothing is tested")
    what = "两年差评终止示范区资格 two poor years end the status under the rule alone"
    result = f"{count} cities poor twice, {len(faults)} faults"
    return Finding(
        "levers", what, result, "status ends with it, stays without", not faults, tuple(faults)
    )


def _names(chosen: xr.DataArray) -> list[str]:
    return [str(city) for city in chosen["city"].values[chosen.to_numpy()]]
