"""The search for a package: constrained minimisation, from several starts, then to whole steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linprog, minimize

from zhuanxing.analyses.optimise.goals import Goal
from zhuanxing.analyses.optimise.response import Response

__all__ = ["Problem", "Solution", "alternative", "best", "rounded"]

# Relative to the size of an output: what counts as reached, and what is not worth another step.
REACHED, PRECISION = 1e-6, 1e-5
MOST_REPAIRS = 40
# Price of missing a goal by its whole size, and of a lever at full strength: one that brings less
# than a ten-thousandth of an output is not worth its office.
PRICE, PARSIMONY = 1e2, 1e-4
FIRST_STEP, SMALLEST_STEP, POLISH = 1.0, 0.02, 6


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

    def cost(self, x: np.ndarray, values: np.ndarray) -> float:
        """Return what is brought down, in parts of its size, from values [output] at x [lever]."""
        return float(self.sign * values[self.goal_row] / self.scale[self.goal_row])

    def cost_slope(self, slopes: np.ndarray) -> np.ndarray:
        """Return the derivatives of the cost [lever] from those of the outputs."""
        found: np.ndarray = self.sign * slopes[self.goal_row] / self.scale[self.goal_row]
        return found

    def slack(self, values: np.ndarray) -> np.ndarray:
        """Return by how much every goal is met [goal], in parts of its size, less its margin."""
        return -self.gaps(values) - self.margins

    def slack_slopes(self, slopes: np.ndarray) -> np.ndarray:
        """Return the derivatives of the slack [goal, lever] from those of the outputs."""
        signs = np.array([1.0 if goal.at_least else -1.0 for goal in self.goals])
        found: np.ndarray = (signs / self.scale[self.rows])[:, None] * slopes[self.rows]
        return found

    def gaps(self, values: np.ndarray) -> np.ndarray:
        """Return by how much values [output] miss each goal, in parts of its size."""
        return np.array(
            [
                goal.gap(values[row]) / self.scale[row]
                for goal, row in zip(self.goals, self.rows, strict=True)
            ]
        )

    def merit(self, x: np.ndarray, values: np.ndarray) -> float:
        """Return the cost with the prices of levers and of missed goals."""
        missed = np.maximum(-self.slack(values), 0.0).sum()
        return self.cost(x, values) + PARSIMONY * float(x.sum()) + PRICE * float(missed)


@dataclass(frozen=True)
class _Alternative(Problem):
    """Use levers with small `weights` [lever], at a cost of `most` at the most."""

    weights: np.ndarray = field(default_factory=lambda: np.zeros(0))
    most: float = 0.0

    def cost(self, x: np.ndarray, values: np.ndarray) -> float:
        return float(self.weights @ x)

    def cost_slope(self, slopes: np.ndarray) -> np.ndarray:
        return self.weights

    def slack(self, values: np.ndarray) -> np.ndarray:
        return np.append(super().slack(values), self.most - super().cost(values, values))

    def slack_slopes(self, slopes: np.ndarray) -> np.ndarray:
        return np.vstack([super().slack_slopes(slopes), -super().cost_slope(slopes)])


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

    Linear programs along the exact derivatives find the corner; where they do not settle, SLSQP
    finishes what they found.
    """
    searched = [_by_linear_programs(problem, start) for start in starts]
    found = [one for one, _ in searched]
    if not all(settled for _, settled in searched):
        found.append(_polished(problem, _better(problem, found).x))
    return _better(problem, found)


def _better(problem: Problem, found: Sequence[Solution]) -> Solution:
    """Return the best of those that reach the goals, else the one that misses them least."""
    return min(found, key=lambda one: (not one.reached, problem.merit(one.x, one.values)))


def _by_linear_programs(problem: Problem, start: np.ndarray) -> tuple[Solution, bool]:
    """Return what sequential linear programming finds (Griffith and Stewart 1961,
    doi:10.1287/mnsc.7.4.379), and whether it settled, with a trust region and a price on missing a
    goal.

    The response to levers is nearly linear, so that a handful of programs is enough; derivatives
    are taken only where a step was good. Levers that do nothing for the goals stay at zero.
    """
    x, radius = np.clip(start, 0.0, 1.0), FIRST_STEP
    values = problem.response.values(x)
    for _ in range(problem.iterations):
        line = _Line(problem, x)
        moved, promised = line.best(radius, line.slack)
        if promised < PRECISION or radius < SMALLEST_STEP:
            return _solution(problem, x), promised < PRECISION
        moved, after = _corrected(problem, line, radius, moved)
        if problem.merit(moved, after) < problem.merit(x, values) - PRECISION:
            x, values, radius = moved, after, min(2 * radius, 1.0)
        else:
            radius /= 3
    return _solution(problem, x), False


def _corrected(
    problem: Problem, line: _Line, radius: float, moved: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return a step and its outputs, by a second program where the curvature of a goal is felt.

    Without it a curved goal forbids every step but the smallest (Fletcher 1982,
    doi:10.1007/BFb0121219).
    """
    after = problem.response.values(moved)
    slack = problem.slack(after)
    if (slack >= 0).all():
        return moved, after
    again, _ = line.best(radius, slack - line.slack_slopes @ (moved - line.x))
    there = problem.response.values(again)
    if problem.merit(again, there) < problem.merit(moved, after):
        return again, there
    return moved, after


class _Line:
    """A problem made linear at `x`."""

    def __init__(self, problem: Problem, x: np.ndarray) -> None:
        values, slopes = problem.response.with_slopes(x)
        self.x = x
        self.slack = problem.slack(values)
        self.cost_slope = problem.cost_slope(slopes)
        self.slack_slopes = problem.slack_slopes(slopes)

    def best(self, radius: float, slack: np.ndarray) -> tuple[np.ndarray, float]:
        """Return the best package, no lever further than `radius`, and the promised gain in merit.

        `slack` [goal] is what the goals are taken to have at `x`.
        """
        x, slopes, count = self.x, self.slack_slopes, len(slack)
        prices = np.r_[self.cost_slope + PARSIMONY, np.full(count, PRICE)]
        found = linprog(
            prices,
            A_ub=np.hstack([-slopes, -np.eye(count)]) if count else None,
            b_ub=slack - slopes @ x if count else None,
            bounds=[
                *zip(np.maximum(x - radius, 0.0), np.minimum(x + radius, 1.0), strict=True),
                *[(0.0, None)] * count,
            ],
        )
        if not found.success:
            return x, 0.0
        now = prices @ np.r_[x, np.maximum(-slack, 0.0)]
        return np.clip(found.x[: len(x)], 0.0, 1.0), float(now - found.fun)


def alternative(
    problem: Problem, first: Solution, used: np.ndarray, allowance: float
) -> Solution | None:
    """Return a package almost as good as `first` that uses other levers, None if there is none.

    Levers that were `used` [lever] before are avoided as far as the goals and the allowance (in
    parts of the size of what is brought down) let it: the Hop-Skip-Jump method of modelling to
    generate alternatives (Brill, Chang and Hopkins 1982, doi:10.1287/mnsc.28.3.221).
    """
    other = _Alternative(
        **vars(problem),
        weights=used / max(float(used.sum()), 1e-9),
        most=problem.cost(first.x, first.values) + allowance,
    )
    found, _ = _by_linear_programs(other, first.x)
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
    line = _Line(problem, x)
    slack, slopes, cost = line.slack, line.slack_slopes, line.cost_slope
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
    measure = problem.response.with_slopes

    def cost(x: np.ndarray) -> tuple[float, np.ndarray]:
        values, slopes = measure(x)
        return problem.cost(x, values), problem.cost_slope(slopes)

    found = minimize(
        cost, start, jac=True, method="SLSQP", bounds=[(0.0, 1.0)] * len(start),
        constraints=[
            {
                "type": "ineq",
                "fun": lambda x: problem.slack(measure(x)[0]),
                "jac": lambda x: problem.slack_slopes(measure(x)[1]),
            }
        ] if problem.goals else [],
        options={"maxiter": POLISH, "ftol": PRECISION},
    )  # fmt: skip
    return _solution(problem, np.clip(found.x, 0.0, 1.0))


def _solution(problem: Problem, x: np.ndarray) -> Solution:
    values = problem.response.values(x)
    return Solution(x, values, float(max(-problem.slack(values), default=0.0)))
