"""Which packages reach a city's aims at the least of something: search, rounding, alternatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from zhuanxing.analyses.optimise.goals import Goal, parse_goal
from zhuanxing.analyses.optimise.response import Response
from zhuanxing.analyses.optimise.search import Problem, Solution, alternative, best, rounded
from zhuanxing.errors import ZhuanxingError, require_known

if TYPE_CHECKING:
    from zhuanxing.inputs import Scenario
    from zhuanxing.model import Model

__all__ = ["Question", "optimise", "require_goals"]

Report = Callable[[str], None]
# Solutions that differ by less than a step in every lever are one.
ALTERNATIVES = 2
# What packages cost is shown beside what they do.
SPENDING = "lever_spending_total"
# Shrinking by less than this part of an output is rounding.
SHRINKS = 0.002
ROUNDS_OF_MARGINS = 2


@dataclass(frozen=True)
class Question:
    """What is asked of the levers of `city`.

    Bring `output` down, or up where `highest`, under `aims` and `keep` (goals.parse_goal), in
    whole steps of `step`. Other cities follow `scenario`, from whose levers the search starts;
    `against` is the baseline. Packages may cost `allowance` more of what is brought down, as a part
    of its size, to differ. With `draws` every aim holds in a share `sureness` of them. `watch`
    names outputs that ought not to shrink; `base_year`, since which a change counts, is by default
    that of the scenario.
    """

    city: str
    output: str
    highest: bool
    aims: tuple[str, ...]
    keep: tuple[str, ...] = ()
    step: float = 0.1
    allowance: float = 0.02
    draws: int = 0
    sureness: float = 0.8
    watch: tuple[str, ...] = ("gdp", "employment")
    base_year: int | None = None
    iterations: int = 12


def optimise(
    model: Model,
    scenario: Scenario,
    against: Scenario,
    question: Question,
    report: Report = lambda stage: None,
) -> xr.Dataset:
    """Return near-best packages, the best first.

    Variables: `intensity` (package, lever); `value` (package, output), in the last year; `met`
    (package, goal); `limit` (goal); `baseline` (output); with draws `sure` (package, goal), the
    share of draws in which a goal holds. The attributes `baseline_meets`, `feasible`, `obstacle`
    and `shrinks` (names of goals and outputs, parted by ";") hold the verdicts. Raises
    ZhuanxingError for an unknown name and an aim that is none.
    """
    require_goals(model, scenario, question)
    years = model.run(against, city=[question.city]).sel(city=question.city)
    goals = _goals(
        model, scenario, question, lambda output, year: float(years[output].sel(year=year))
    )
    steered = dict.fromkeys([question.output, *(goal.output for goal in goals)])
    outputs = tuple(steered | dict.fromkeys([*question.watch, SPENDING]))
    response = Response(model, scenario, question.city, outputs, len(steered))
    last = int(years["year"].values[-1])
    baseline = np.array([float(years[name].sel(year=last)) for name in outputs])
    # What the baseline has none of, as spending on levers, is as large as the scenario's.
    size = np.maximum(np.abs(baseline), np.abs(response.values(response.start)))
    problem = Problem(
        response, goals, 0, -1.0 if question.highest else 1.0, np.where(size > 0, size, 1.0),
        question.iterations,
    )  # fmt: skip
    report("search")
    start = response.start
    found = best(problem, [start, np.full_like(start, 0.5)])
    if question.draws and found.reached:
        problem, found = _made_sure(model, scenario, problem, found, question, report)
    report("alternatives")
    packages = [rounded(problem, one, question.step) for one in _family(problem, found, question)]
    packages = _distinct(packages, question.step)
    answer = _answer(model, problem, packages, baseline, question)
    if not question.draws:
        return answer
    shares = [
        (_drawn_gaps(model, scenario, problem, one.x, question.draws) <= 0).mean(axis=0)
        for one in packages
    ]
    return answer.assign(sure=(("package", "goal"), np.stack(shares)))


def require_goals(model: Model, scenario: Scenario, question: Question) -> None:
    """Raise ZhuanxingError, before anything is run, for a name or an aim that is none."""
    require_known("city", question.city, model.names.cities, "optimise")
    _goals(model, scenario, question, lambda output, year: 0.0)


def _goals(
    model: Model, scenario: Scenario, question: Question, found: Callable[[str, int], float]
) -> list[Goal]:
    """Return the aims and conditions, with the baseline's outputs `found`."""
    known = [one.name for one in model.plain_outputs]
    require_known("output", question.output, known, "optimise")
    for name in question.watch:
        require_known("output", name, known, "optimise: watch")
    first, last = model.years[0], model.years[-1]

    def value(output: str, year: int) -> float:
        if not first <= year <= last:
            raise ZhuanxingError(
                "an aim names the year {year}, but runs cover {first} to {last}",
                year=year, first=first, last=last,
            )  # fmt: skip
        return found(output, year)

    base_year = question.base_year or scenario.base_year
    return [
        parse_goal(text, known, value, base_year, last, model.names.of("output").find)
        for text in (*question.aims, *question.keep)
    ]


def _family(problem: Problem, first: Solution, question: Question) -> list[Solution]:
    """Return the best solution and those near it that use other levers."""
    family = [first]
    used = first.x.copy()
    while first.reached and len(family) <= ALTERNATIVES:
        other = alternative(problem, first, used, question.allowance)
        if other is None:
            break
        family.append(other)
        used += other.x
    return family


def _distinct(packages: Sequence[Solution], step: float) -> list[Solution]:
    kept: list[Solution] = []
    for package in packages:
        new = all(np.abs(package.x - other.x).max() > step / 2 for other in kept)
        if new and (package.reached or not kept):
            kept.append(package)
    return kept


def _made_sure(
    model: Model,
    scenario: Scenario,
    problem: Problem,
    found: Solution,
    question: Question,
    report: Report,
) -> tuple[Problem, Solution]:
    """Tighten the goals until each holds in a share `sureness` of the draws."""
    for _ in range(ROUNDS_OF_MARGINS):
        report("draws")
        gaps = _drawn_gaps(model, scenario, problem, found.x, question.draws)
        late = np.quantile(gaps, question.sureness, axis=0)
        if (late <= 0).all():
            break
        problem = replace(problem, margins=problem.margins + np.maximum(late, 0.0))
        found = best(problem, [found.x])
    return problem, found


def _drawn_gaps(
    model: Model, scenario: Scenario, problem: Problem, x: np.ndarray, draws: int
) -> np.ndarray:
    """Return by how much each goal is missed in each draw [run, goal], in parts of its size."""
    points = np.repeat(x[None], draws, axis=0)
    design = model.ensemble_design(scenario, draws).merge(problem.response.designs(points))
    names = [output.name for output in problem.response.outputs]
    # One compiled batch answers every question about plain outputs.
    asked = [output.name for output in model.plain_outputs]
    many = model.run_many(design, scenario=scenario, outputs=asked)
    city = str(problem.response.city)
    values = np.stack([many[n].sel(city=city).isel(year=-1).values for n in names], axis=1)
    sound = np.isfinite(values).all(axis=1)
    return np.stack([problem.gaps(row) for row in values[sound]])


def _answer(
    model: Model,
    problem: Problem,
    packages: Sequence[Solution],
    baseline: np.ndarray,
    question: Question,
) -> xr.Dataset:
    response, goals = problem.response, problem.goals
    gaps = np.stack([problem.gaps(package.values) for package in packages])
    rows = [model.names.levers[lever] for lever in response.levers]
    names = [output.name for output in response.outputs]
    missed = [goal.text for goal, gap in zip(goals, gaps[0], strict=True) if gap > 1e-6]
    return xr.Dataset(
        {
            "intensity": (("package", "lever"), np.stack([one.x for one in packages])),
            "value": (("package", "output"), np.stack([one.values for one in packages])),
            "met": (("package", "goal"), gaps <= 1e-6),
            "limit": ("goal", [goal.limit for goal in goals]),
            "baseline": ("output", baseline),
        },
        {
            "package": np.arange(1, len(packages) + 1),
            "lever": list(response.levers),
            "lever_zh": ("lever", [row["name_zh"] for row in rows]),
            "lever_en": ("lever", [row["name_en"] for row in rows]),
            "output": names,
            "output_zh": ("output", [output.name_zh for output in response.outputs]),
            "output_en": ("output", [output.name_en for output in response.outputs]),
            "unit": ("output", [output.unit for output in response.outputs]),
            "goal": [goal.text for goal in goals],
            "goal_output": ("goal", [goal.output for goal in goals]),
        },
        {
            "city": question.city,
            "year": model.years[-1],
            "objective": question.output,
            "sense": "highest" if question.highest else "lowest",
            "baseline_meets": str(bool((problem.gaps(baseline) <= 0).all())),
            "feasible": str(not missed),
            "obstacle": ";".join(missed),
            "shrinks": ";".join(_shrinking(packages[0].values, baseline, names, question)),
        },
    )


def _shrinking(
    values: np.ndarray, baseline: np.ndarray, names: Sequence[str], question: Question
) -> list[str]:
    """Return the outputs to watch that the package makes smaller."""
    return [
        name
        for name, value, before in zip(names, values, baseline, strict=True)
        if name in question.watch and value < before - SHRINKS * abs(before)
    ]
