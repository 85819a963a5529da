"""The most probable parameters and disturbances, and the shape of the posterior around them.

The exact gradient leads to the mode; the Gauss-Newton curvature (from grouped differences) scales
the steps on the way and the draws afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize

from zhuanxing.analyses.calibrate.curvature import Curvature, Jacobian, factorise
from zhuanxing.analyses.calibrate.posterior import Posterior, State

__all__ = ["Shape", "climb", "opened", "shape_at"]

# A parameter as near as this to the optimum, in standard deviations, is fitted.
ENOUGH = 0.01
# Stands for minus the log posterior where there is none.
FAR = 1e12
# Steps of the linear model, and parts of the last that are tried, each half of the one before.
STEPS, HALVED = 8, 12
# Times that the precision of the news is expected over what is left of them, and that found anew.
EXPECTED = 3
# Degrees of freedom from which errors are so light that a statistic is believed at first.
LIGHT = 10


@dataclass(frozen=True)
class Shape:
    """The posterior near a point: predictions (target, year, city), scaled errors (city, n) and
    their weights, the Jacobian, the precision of the prior (`shared` and `own`), and the curvature.
    """

    predicted: Float[np.ndarray, "target year city"]
    error: Float[np.ndarray, "city n"]
    weight: Float[np.ndarray, "city n"]
    jacobian: Jacobian
    prior: tuple[np.ndarray, np.ndarray]
    curvature: Curvature


def shape_at(posterior: Posterior, at: State) -> Shape:
    """Return the shape of the posterior at a point."""
    predicted, jacobian = posterior.jacobian(at)
    error = posterior.errors(at, predicted)
    weight = posterior.weights(error)
    prior = posterior.precisions(at)
    curvature = factorise(jacobian, weight, *prior)
    for _ in range(EXPECTED):
        prior = posterior.expected_precisions(at, prior, curvature.variance())
        curvature = factorise(jacobian, weight, *prior)
    return Shape(predicted, error, weight, jacobian, prior, curvature)


def opened(posterior: Posterior, at: State, shape: Shape) -> tuple[State, Curvature]:
    """Return a point from which to climb, and the curvature there, of the shape at the tables.

    Far from all statistics each looks like an outlier, which heavy tails hardly follow: a leap of
    the last year would be taken for an error. So statistics with light tails are believed, and the
    others and the news weighed by what is left of them after a first step that believes all:
    iteratively reweighted least squares from the convex side (graduated non-convexity, Blake and
    Zisserman 1987, Visual Reconstruction), linear around the tables. A step that leaves the domain
    of the equations is halved; where none of the halves is inside, the climb starts at `at`.
    """
    seen = posterior.observations
    light = (seen.present & (seen.tails >= LIGHT)).reshape(-1, len(seen.cities)).T
    jacobian = shape.jacobian
    weight = (shape.weight > 0).astype(float)
    precisions = np.ones_like(at.shared), np.ones_like(at.own)
    for _ in range(STEPS):
        curvature = factorise(jacobian, weight, *precisions)
        pull = shape.error * weight
        shared = np.einsum("cng,cn->g", jacobian.shared, pull)
        own = np.einsum("cnp,cn->cp", jacobian.own, pull)
        step = curvature.departure(*curvature.slope(shared - at.shared, own - at.own))
        left = shape.error - np.einsum("cnp,cp->cn", jacobian.own, step[1])
        left -= np.einsum("cng,g->cn", jacobian.shared, step[0])
        weight = np.where(light, 1.0, posterior.weights(left))
        there = replace(at, shared=at.shared + step[0], own=at.own + step[1])
        precisions = posterior.precisions(there)
    for half in range(HALVED):
        part = 0.5**half
        there = replace(at, shared=at.shared + part * step[0], own=at.own + part * step[1])
        if _finite(*posterior.value_and_gradient(there)):
            return there, factorise(jacobian, weight, *precisions)
    return at, shape.curvature


def _finite(*parts: float | np.ndarray) -> bool:
    """Say whether a value and its derivatives are numbers: the equations hold there."""
    return all(np.isfinite(part).all() for part in parts)


def climb(
    posterior: Posterior,
    at: State,
    curvature: Curvature,
    iterations: int,
    report: Callable[[float], None] = lambda part: None,
) -> tuple[State, Shape]:
    """Return the mode of the posterior given the scales, and the shape there.

    L-BFGS with at most `iterations` steps, in coordinates in which `curvature`, nearly that at the
    start, is one in every direction; `report` is told which part of them is done.
    """
    numbers, steps = len(at.shared), iter(range(1, iterations + 1))

    def there(y: np.ndarray) -> State:
        shared, own = curvature.departure(y[:numbers], y[numbers:].reshape(at.own.shape))
        return replace(at, shared=at.shared + shared, own=at.own + own)

    def loss(y: np.ndarray) -> tuple[float, np.ndarray]:
        value, *slopes = posterior.value_and_gradient(there(y))
        # A step too far can leave the domain of the equations; the search comes back from there.
        if not _finite(value, *slopes):
            return FAR, np.zeros_like(y)
        shared, own = curvature.slope(*slopes)
        return value, np.concatenate([shared, own.ravel()])

    found = minimize(
        loss, np.zeros(numbers + at.own.size), jac=True, method="L-BFGS-B",
        callback=lambda y: report(next(steps) / iterations),
        options={"maxiter": iterations, "maxcor": 30, "gtol": ENOUGH, "ftol": 1e-9},
    )  # fmt: skip
    mode = there(found.x)
    return mode, shape_at(posterior, mode)
