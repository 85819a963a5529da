"""The search for a package: constrained minimisation, from several starts, then to whole steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog, minimize

from zhuanxing.analyses.optimise.goals import Goal
from zhuanxing.analyses.optimise.response import Response

__all__ = ["Problem", "Solution", "alternative", "best", "rounded"]

# Relative to the size of an output: what counts as reached, and where a search stops.
REACHED, PRECISION = 1e-6, 1e-5
MOST_REPAIRS = 40
# Price of missing a goal by its whole size, and of a lever at full strength that helps nothing.
PRICE, PARSIMONY = 1e2, 1e-5
FIRST_STEP, SMALLEST_STEP, POLISH = 0.4, 0.02, 6
Objective = Callable[[np.ndarray], tuple[float, np.ndarray]]
# By how much every goal is met [goal], and the derivatives [goal, lever].
Bound = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Problem:
    """Bring output `goal_row` down (or up) under `goals`; `scale` [output] is each one's size.

    `margins` [goal] tighten the goals, in parts of their sizes.
    """

    response: Response
    goals: Sequence[Goal]
    goal_row: int
    sign: float
    scale: np.ndarray
    iterations: int = 12
    margins: np.ndarray | float = 0.0

    @property
    def rows(self) -> list[int]:
        """Return the row of each goal's output."""
        names = [output.name for output in self.response.outputs]
        return [names.index(goal.output) for goal in self.goals]

    def objective(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Return what is brought down, in parts of its size, and its derivatives [lever]."""
        values, slopes = self.response.with_slopes(x)
        factor = self.sign / self.scale[self.goal_row]
        return float(values[self.goal_row] * factor), slopes[self.goal_row] * factor

    def slack(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return by how much each goal is met, in parts of its size, and the derivatives."""
        values, slopes = self.response.with_slopes(x)
        rows = self.rows
        signs = np.array([1.0 if goal.at_least else -1.0 for goal in self.goals])
        limits = np.array([goal.limit for goal in self.goals])
        scale = self.scale[rows]
        gap = signs * (values[rows] - limits) / scale - self.margins
        return gap, signs[:, None] * slopes[rows] / scale[:, None]

    def gaps(self, values: np.ndarray) -> np.ndarray:
        """Return by how much values [output] miss each goal, in parts of its size."""
        return np.array(
            [
                goal.gap(values[row]) / self.scale[row]
                for goal, row in zip(self.goals, self.rows, strict=True)
            ]
        )


@dataclass(frozen=True)
class Solution:
    """Intensities [lever], the outputs there [output], and the worst gap of a goal."""

    x: np.ndarray
    values: np.ndarray
    gap: float

    @property
    def reached(self) -> bool:
        """Say whether every goal is met."""
        return self.gap <= REACHED


def best(problem: Problem, starts: Sequence[np.ndarray]) -> Solution:
    """Return the best package that reaches the goals, else the one that misses them least.

    Linear programs along the exact derivatives find the corner, and SLSQP finishes the best one.
    """
    found = [_by_linear_programs(problem, start, problem.objective) for start in starts]
    found.append(_polished(problem, _better(problem, found).x))
    chosen = _better(problem, found)
    return chosen if chosen.reached else nearest_to(problem, chosen.x)


def _better(problem: Problem, found: Sequence[Solution]) -> Solution:
    """Return the best of those that reach the goals, else the one that misses them least."""
    reached = [one for one in found if one.reached]
    if not reached:
        return min(found, key=lambda one: one.gap)
    return min(reached, key=lambda one: problem.sign * one.values[problem.goal_row])


def _by_linear_programs(
    problem: Problem, start: np.ndarray, objective: Objective, bound: Bound | None = None
) -> Solution:
    """Return what sequential linear programming finds (Griffith and Stewart 1961,
    doi:10.1287/mnsc.7.4.379), with a trust region and a price on missing a goal.

    The response to levers is nearly linear, so that a handful of programs is enough. Levers that
    do nothing for the goals stay at zero.
    """
    slack = bound or problem.slack
    x, radius = np.clip(start, 0.0, 1.0), FIRST_STEP
    merit = _merit(objective, slack, x)
    for _ in range(problem.iterations):
        moved = _programmed(objective, slack, x, radius)
        after = _merit(objective, slack, moved)
        if after < merit - PRECISION:
            x, merit, radius = moved, after, min(2 * radius, 1.0)
        else:
            radius /= 3
        if radius < SMALLEST_STEP:
            break
    return _solution(problem, x)


def _merit(objective: Objective, slack: Bound, x: np.ndarray) -> float:
    missed = np.maximum(-slack(x)[0], 0.0).sum()
    return objective(x)[0] + PARSIMONY * float(x.sum()) + PRICE * float(missed)


def _programmed(objective: Objective, slack: Bound, x: np.ndarray, radius: float) -> np.ndarray:
    """Return the best package of the linear model around `x`, no lever further than `radius`."""
    _, slope = objective(x)
    gaps, slopes = slack(x)
    count = len(gaps)
    found = linprog(
        np.r_[slope + PARSIMONY, np.full(count, PRICE)],
        A_ub=np.hstack([-slopes, -np.eye(count)]) if count else None,
        b_ub=gaps - slopes @ x if count else None,
        bounds=[
            *zip(np.maximum(x - radius, 0.0), np.minimum(x + radius, 1.0), strict=True),
            *[(0.0, None)] * count,
        ],
    )
    return np.clip(found.x[: len(x)], 0.0, 1.0) if found.success else x


def nearest_to(problem: Problem, start: np.ndarray) -> Solution:
    """Return the package with the smallest sum of squared gaps."""

    def missed(x: np.ndarray) -> tuple[float, np.ndarray]:
        slack, slopes = problem.slack(x)
        gap = np.maximum(-slack, 0.0)
        return 1e4 * float(gap @ gap), -2e4 * gap @ slopes

    found = minimize(
        missed, start, jac=True, method="L-BFGS-B", bounds=[(0.0, 1.0)] * len(start),
        options={"maxiter": problem.iterations, "ftol": 1e-12},
    )  # fmt: skip
    return _solution(problem, np.clip(found.x, 0.0, 1.0))


def alternative(
    problem: Problem, first: Solution, used: np.ndarray, allowance: float
) -> Solution | None:
    """Return a package almost as good as `first` that uses other levers, None if there is none.

    Levers that were `used` [lever] before are avoided as far as the goals and the allowance (in
    parts of the size of what is brought down) let it: the Hop-Skip-Jump method of modelling to
    generate alternatives (Brill, Chang and Hopkins 1982, doi:10.1287/mnsc.28.3.221).
    """
    worst = problem.sign * first.values[problem.goal_row] / problem.scale[problem.goal_row]
    weights = used / max(float(used.sum()), 1e-9)

    def bound(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        value, slope = problem.objective(x)
        slack, slopes = problem.slack(x)
        return np.append(slack, worst + allowance - value), np.vstack([slopes, -slope])

    found = _by_linear_programs(problem, first.x, lambda x: (float(weights @ x), weights), bound)
    return found if found.reached else None


def rounded(problem: Problem, solution: Solution, step: float) -> Solution:
    """Return the package in whole steps, mended lever by lever where rounding misses a goal.

    Of all single steps of a lever the one is taken whose derivatives promise to close the gap at
    the least cost to what is brought down.
    """
    x = np.clip(np.round(solution.x / step) * step, 0.0, 1.0)
    now = _solution(problem, x)
    for _ in range(MOST_REPAIRS):
        if now.reached or not solution.reached:
            break
        x = _mended(problem, now.x, step)
        now = _solution(problem, x)
    return now


def _mended(problem: Problem, x: np.ndarray, step: float) -> np.ndarray:
    slack, slopes = problem.slack(x)
    _, cost = problem.objective(x)
    need = np.maximum(-slack, 0.0)
    gain = np.minimum(need[:, None], step * np.abs(slopes)) * np.sign(slopes)
    harm = np.minimum(slack[:, None] - step * np.abs(slopes), 0.0)
    options = []
    for move in (step, -step):
        promise = (gain * np.sign(move)).sum(axis=0)
        side = np.where(slopes * np.sign(move) < 0, harm, 0.0).sum(axis=0)
        score = promise + side - 1e-3 * np.maximum(cost * move, 0.0)
        possible = (x + move >= -1e-9) & (x + move <= 1 + 1e-9)
        lever = int(np.where(possible, score, -np.inf).argmax())
        options.append((float(score[lever]), lever, move))
    _, lever, move = max(options)
    moved = x.copy()
    moved[lever] = np.clip(moved[lever] + move, 0.0, 1.0)
    return moved


def _polished(problem: Problem, start: np.ndarray) -> Solution:
    found = minimize(
        problem.objective, start, jac=True, method="SLSQP", bounds=[(0.0, 1.0)] * len(start),
        constraints=[
            {
                "type": "ineq",
                "fun": lambda x: problem.slack(x)[0],
                "jac": lambda x: problem.slack(x)[1],
            }
        ] if problem.goals else [],
        options={"maxiter": POLISH, "ftol": PRECISION},
    )  # fmt: skip
    return _solution(problem, np.clip(found.x, 0.0, 1.0))


def _solution(problem: Problem, x: np.ndarray) -> Solution:
    values = problem.response.values(x)
    gaps = problem.gaps(values) + problem.margins
    return Solution(x, values, float(max(gaps, default=0.0)))
