"""The most probable parameters and disturbances, and the shape of the posterior around them.

The exact gradient leads to the mode; the Gauss-Newton curvature (from grouped differences) scales
the steps on the way and the draws afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

from zhuanxing.analyses.calibrate.curvature import Curvature, Jacobian, factorise
from zhuanxing.analyses.calibrate.posterior import Posterior, State

__all__ = ["Shape", "climb", "shape_at"]

# A parameter as near as this to the optimum, in standard deviations, is fitted.
ENOUGH = 0.01
# Stands for minus the log posterior where there is none.
FAR = 1e12


@dataclass(frozen=True)
class Shape:
    """The posterior near a point: predictions (target, year, city), scaled errors (city, n) and
    their weights, the Jacobian, and the curvature.
    """

    predicted: np.ndarray
    error: np.ndarray
    weight: np.ndarray
    jacobian: Jacobian
    curvature: Curvature


def shape_at(posterior: Posterior, at: State) -> Shape:
    """Return the shape of the posterior at a point."""
    predicted, jacobian = posterior.jacobian(at)
    error = posterior.errors(at, predicted)
    weight = posterior.weights(error)
    curvature = factorise(jacobian, weight, *posterior.precisions(at))
    return Shape(predicted, error, weight, jacobian, curvature)


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
        if not (np.isfinite(value) and all(np.isfinite(slope).all() for slope in slopes)):
            return FAR, np.zeros_like(y)
        shared, own = curvature.slope(*slopes)
        return value, np.concatenate([shared, own.ravel()])

    found = minimize(
        loss,
        np.zeros(numbers + at.own.size),
        jac=True,
        method="L-BFGS-B",
        callback=lambda y: report(next(steps) / iterations),
        options={"maxiter": iterations, "maxcor": 30, "gtol": ENOUGH, "ftol": 1e-9},
    )
    mode = there(found.x)
    return mode, shape_at(posterior, mode)
