"""The checks by name: what each has to run, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr

from zhuanxing.analyses.audit import REPRESENTED, unknown_names
from zhuanxing.analyses.calibrate.settings import CalibrateSettings
from zhuanxing.analyses.check.bench import Bench
from zhuanxing.analyses.check.evaluation import concordance_finding, loss_finding
from zhuanxing.analyses.check.extremes import Extreme, extreme_finding
from zhuanxing.analyses.check.finding import Finding
from zhuanxing.analyses.check.history import history_finding
from zhuanxing.analyses.check.laboratory import Experiment
from zhuanxing.analyses.check.laws import law_findings, limit_findings
from zhuanxing.analyses.check.lever_effects import distinct_finding, dose_finding, return_finding
from zhuanxing.analyses.check.levers import LeverTerms, lever_findings, rule_finding
from zhuanxing.analyses.check.loops import gains_of, loop_findings
from zhuanxing.analyses.check.products import (
    bound_finding,
    change_finding,
    factor_finding,
    growth_finding,
    quantity_finding,
)
from zhuanxing.analyses.check.reality import bounds_finding, gain_finding, worse_finding
from zhuanxing.analyses.check.settings import CheckSettings
from zhuanxing.analyses.check.shocks import Shock, shock_finding
from zhuanxing.analyses.check.structure import lever_term_finding, unread_finding
from zhuanxing.analyses.check.timestep import timestep_finding
from zhuanxing.analyses.check.units import NO_COMMENT, unit_problems
from zhuanxing.config import read_settings
from zhuanxing.equations import TABLES
from zhuanxing.errors import require_known
from zhuanxing.uncertainty.ensemble import prior_design

__all__ = ["CHECKS", "run_checks"]


@dataclass(frozen=True)
class Check:
    """`find` reads the annual outputs of the experiments that `runs` names, if any."""

    find: Callable[[Bench], list[Finding]]
    runs: Callable[[Bench], list[Experiment]] = lambda bench: []


def _of(scenario: Callable[[CheckSettings], str]) -> Callable[[Bench], list[Experiment]]:
    """Return the run of the scenario that the settings name."""
    return lambda bench: [bench.of_scenario(scenario(bench.settings))]


def run_checks(bench: Bench, only: Sequence[str] | None) -> Iterator[Finding]:
    """Findings of the checks named in `only` (None: all), in the order of `CHECKS`.

    All experiments run in one batch before the first check that needs one. Raises
    ZhuanxingError for an unknown check.
    """
    for name in only or ():
        require_known("check", name, CHECKS, "only")
    _require_names(bench)
    chosen = [check for name, check in CHECKS.items() if only is None or name in only]
    waiting = [experiment for check in chosen for experiment in check.runs(bench)]
    for check in chosen:
        if check.runs(bench):
            bench.laboratory.prepare(waiting)
        yield from check.find(bench)


def _require_names(bench: Bench) -> None:
    """Refuse outputs and cities in the settings that the model does not have."""
    settings = bench.settings
    expectations = [e for extreme in settings.extremes for e in extreme.expect]
    expectations += [e for worse in settings.reality.worse for e in worse.expect]
    named = [
        *(expectation.output for expectation in expectations),
        *settings.levers.scarce,
        *settings.levers.accounts,
        settings.levers.gain,
        settings.levers.money,
        settings.levers.dose,
        settings.levers.steady,
        settings.levers.rule.poor,
        settings.levers.rule.status,
        *(output for comparison in settings.history.compare for output in comparison.outputs),
        *(shock.output for shock in settings.shocks),
        *(bounds.output for bounds in settings.reality.bounds),
        *(gain.output for gain in settings.reality.gains),
    ]
    outputs = [output.name for output in bench.model.outputs]
    for name in named:
        require_known("output", name, outputs, "check.yaml")
    for city in (city for gain in settings.reality.gains for city in gain.cities):
        require_known("city", city, bench.model.names.cities, "check.yaml")


def _structure(bench: Bench) -> list[Finding]:
    model = bench.model
    reported = {name for law in bench.laws for name in (law.residual, law.scale)}
    for output in model.outputs:
        reported |= {output.variable, output.denominator}
    fit = read_settings(CalibrateSettings, model.places.conf / "calibrate.yaml")
    for target in fit.targets:
        reported |= {target.variable, target.over or ""}
    return [lever_term_finding(model), unread_finding(model, frozenset(reported))]


def _units(bench: Bench) -> list[Finding]:
    found = unit_problems(bench.parsed, bench.settings.units.tokens)
    # The structure holds no comments of the tables: reading them has made sure of each.
    problems = [p for p in found if p.message != NO_COMMENT or bench.where(p.variable) != TABLES]
    lines = tuple(f"{p.variable} ({bench.where(p.variable)}): {p.message}" for p in problems)
    count = len(bench.parsed.sections[0].elements)
    what = "每个方程量纲一致 every equation has consistent units"
    result = f"{len({p.variable for p in problems})} of {count} variables wrong"
    return [Finding("units", what, result, "none", not lines, lines)]


def _laws(bench: Bench) -> list[Finding]:
    """Laws and limits in scenarios and extremes, one at a time: paths by step are large."""
    terms = bench.settings.laws
    experiments = [*map(bench.of_scenario, terms.scenarios), *map(_run_of, bench.settings.extremes)]
    wanted = [name for law in bench.laws for name in (law.residual, law.scale)]
    runs = {
        experiment.label: bench.laboratory.steps(experiment, [*wanted, *bench.limits])
        for experiment in experiments
    }
    return [
        *law_findings(bench.laws, runs, terms.tolerance),
        *limit_findings(bench.limits, runs, terms.tolerance),
    ]


def _run_of(change: Extreme | Shock) -> Experiment:
    """Return the run of an extreme condition or a shock."""
    kind, intensity = type(change).__name__.lower(), getattr(change, "lever_intensity", None)
    return Experiment(
        f"{kind} {change.name}", change.scenario, every_lever=intensity, inputs=change.inputs
    )


def _with_references(bench: Bench, changes: Sequence[Extreme | Shock]) -> list[Experiment]:
    references = (bench.of_scenario(change.scenario) for change in changes)
    return [*map(_run_of, changes), *references]


def _compared(
    bench: Bench, changes: Sequence[Any], finding: Callable[[Any, xr.Dataset, xr.Dataset], Finding]
) -> list[Finding]:
    """Return what comes of each change, beside its scenario without it."""
    paths, scenario = bench.laboratory.paths, bench.of_scenario
    return [
        finding(change, paths(_run_of(change)), paths(scenario(change.scenario)))
        for change in changes
    ]


def _loops(bench: Bench) -> list[Finding]:
    """Gains on a second compiled model, in which every loop can be cut."""
    model, terms = bench.model, bench.settings.loops
    inputs = {
        name: bench.laboratory.overrides(bench.of_scenario(name))
        for name in dict.fromkeys(loop.scenario for loop in bench.loops)
    }
    structure = model.source.equations.structure()
    gains = gains_of(bench.loops, structure, model.places.origin, model.program, inputs, terms)
    return loop_findings(bench.loops, gains, terms)


def _timestep(bench: Bench) -> list[Finding]:
    terms = bench.settings.timestep
    experiment = bench.of_scenario(terms.scenario)
    coarse = bench.laboratory.paths(experiment)
    fine = bench.laboratory.paths_at_step(experiment, 0.5)
    return [timestep_finding(coarse, fine, terms.tolerance)]


def _lever_runs(bench: Bench) -> list[Experiment]:
    rules = [run for lever in bench.rules for run in _rule_runs(bench, lever).values()]
    return [_lever_baseline(bench), *_single_levers(bench).values(), *rules]


def _lever_baseline(bench: Bench) -> Experiment:
    return bench.of_scenario(bench.settings.levers.scenario)


def _single_levers(bench: Bench) -> dict[str, Experiment]:
    terms = bench.settings.levers
    return {
        case.lever: Experiment(
            f"lever {case.lever}", terms.scenario, levers={case.lever: 1.0}, start=terms.start
        )
        for case in bench.lever_cases
    }


def _rule_runs(bench: Bench, lever: str) -> dict[str, Experiment]:
    terms = bench.settings.levers
    return {
        run: Experiment(
            f"rule {lever} {run}",
            terms.scenario,
            levers={lever: intensity},
            start=terms.start,
            inputs=terms.rule.inputs,
        )
        for run, intensity in (("on", 1.0), ("off", 0.0))
    }


def _levers(bench: Bench) -> list[Finding]:
    given = bench.settings.levers
    terms = LeverTerms(
        given.start, given.start + given.within - 1, given.movement, given.share_of_cities,
        given.scarce, given.steady, given.steady_tolerance,
    )  # fmt: skip
    baseline = bench.laboratory.paths(_lever_baseline(bench))
    runs = bench.laboratory.many(_single_levers(bench))
    rules = {lever: _rule(bench, lever) for lever in bench.rules}
    cases = [replace(case, rule=rules.get(case.lever)) for case in bench.lever_cases]
    return [
        *lever_findings(cases, baseline, runs, terms),
        *_lever_effects(bench, baseline, runs, terms),
        *rules.values(),
    ]


def _lever_effects(
    bench: Bench, baseline: xr.Dataset, runs: xr.Dataset, terms: LeverTerms
) -> list[Finding]:
    given = bench.settings.levers
    years = slice(terms.first_year, terms.last_year)
    baseline, runs = baseline.sel(year=years), runs.sel(year=years)
    return [
        dose_finding(runs, given.dose),
        return_finding(bench.stated_returns, baseline, runs, given.gain, given.money),
        distinct_finding(baseline, runs, given.accounts, given.distinct),
    ]


def _rule(bench: Bench, lever: str) -> Finding:
    given = bench.settings.levers
    paths = bench.laboratory.many(_rule_runs(bench, lever))
    # In the first year the lever has only begun, so the rule is judged from the second on.
    return rule_finding(lever, paths[given.rule.poor], paths[given.rule.status], given.start + 1)


def _clauses(bench: Bench) -> list[Finding]:
    missing = tuple(unknown_names(bench.model))
    clauses = bench.model.tables.clauses
    carried = int((clauses["coverage"] == REPRESENTED).sum())
    what = "条款所列举措与方程存在 levers and equations of every clause exist"
    result = f"{carried} of {len(clauses)} clauses represented, {len(missing)} names unknown"
    return [Finding("clauses", what, result, "no unknown name", not missing, missing)]


def _evaluation(bench: Bench) -> list[Finding]:
    terms = bench.settings.evaluation
    scores = bench.laboratory.paths(bench.of_scenario(terms.history))["evaluation_score"]
    design = prior_design(bench.model.source.equations, terms.draws, terms.seed)
    runs = bench.model.run_many(design, scenario=terms.plan, outputs=["zone_status"])
    sound = runs["zone_status"].isel(run=np.flatnonzero(runs["failure"].values == ""))
    return [
        concordance_finding(scores, bench.model.tables.evaluations, terms.concordance),
        loss_finding(sound, terms.first_year, *terms.loss),
    ]


def _history(bench: Bench) -> list[Finding]:
    terms = bench.settings.history
    paths = bench.laboratory.paths(bench.of_scenario(terms.scenario))
    years = (terms.first_year, terms.last_year)
    return [
        history_finding(paths, bench.observations, comparison, years)
        for comparison in terms.compare
    ]


def _products(bench: Bench) -> list[Finding]:
    terms, tables = bench.settings.products, bench.model.tables
    paths = bench.laboratory.paths(bench.of_scenario(terms.scenario))
    return [
        *(factor_finding(paths, bench.model.tables.observations, test) for test in terms.factors),
        *(quantity_finding(paths, test) for test in terms.quantities),
        *(growth_finding(paths, test) for test in terms.growths),
        *(bound_finding(paths, test) for test in terms.bounds),
        *(change_finding(paths, tables.units, tables.provinces, test) for test in terms.changes),
    ]


def _reality(bench: Bench) -> list[Finding]:
    terms = bench.settings.reality
    runs = {name: bench.laboratory.paths(bench.of_scenario(name)) for name in bench.scenarios}
    return [
        *(bounds_finding(bounds, runs) for bounds in terms.bounds),
        *(worse_finding(worse, runs) for worse in terms.worse),
        *(gain_finding(gain, runs) for gain in terms.gains),
    ]


CHECKS = {
    "structure": Check(_structure),
    "units": Check(_units),
    "laws": Check(_laws),
    "extremes": Check(
        lambda bench: _compared(bench, bench.settings.extremes, extreme_finding),
        lambda bench: _with_references(bench, bench.settings.extremes),
    ),
    "shocks": Check(
        lambda bench: _compared(bench, bench.settings.shocks, shock_finding),
        lambda bench: _with_references(bench, bench.settings.shocks),
    ),
    "loops": Check(_loops),
    "timestep": Check(_timestep, _of(lambda settings: settings.timestep.scenario)),
    "levers": Check(_levers, _lever_runs),
    "clauses": Check(_clauses),
    "evaluation": Check(_evaluation, _of(lambda settings: settings.evaluation.history)),
    "history": Check(_history, _of(lambda settings: settings.history.scenario)),
    "products": Check(_products, _of(lambda settings: settings.products.scenario)),
    "reality": Check(_reality, lambda bench: [*map(bench.of_scenario, bench.scenarios)]),
}
