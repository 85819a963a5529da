"""The most probable parameters, and the errors and spreads that make the fit most plausible.

Rounds of two steps: L-BFGS-B to the maximum of the posterior given the errors and spreads, then
the errors and spreads that make the figures most probable around it (marginal.py). Both rest on
the years of the fit alone, and errors are not understated because parameters followed the figures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from zhuanxing.analyses.calibrate.laplace import Laplace, approximate
from zhuanxing.analyses.calibrate.marginal import most_probable
from zhuanxing.analyses.calibrate.posterior import Noise, Posterior

__all__ = ["Fit", "fit_map"]

Report = Callable[[float], None]
# Parameters that have come as near as this to the optimum (in the gradient) are fitted.
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Fit:
    """A fitted posterior: its mode z, the errors and spreads there, and the Laplace shape.

    `before` (n,) is what the model said of the figures with the values of the tables.
    """

    posterior: Posterior
    z: np.ndarray
    noise: Noise
    laplace: Laplace
    before: np.ndarray
    evaluations: int


def fit_map(
    posterior: Posterior, rounds: int, iterations: int, report: Report = lambda part: None
) -> Fit:
    """Return the fit after `rounds` rounds of at most `iterations` iterations.

    `report` is told which part of the whole is finished.
    """
    guess = posterior.first_noise()
    z, noise, evaluations = np.zeros(posterior.parameters.count), guess, 0
    before = posterior.said(z[None], guess)[0]
    for number in range(rounds):
        report(number / rounds)
        z, used = _climb(posterior, z, noise, iterations)
        evaluations += used
        laplace = approximate(posterior, z, noise)
        if number < rounds - 1:
            z, noise = most_probable(posterior, noise, guess, laplace)
    report(1.0)
    return Fit(posterior, z, noise, laplace, before, evaluations)


def _climb(
    posterior: Posterior, z: np.ndarray, noise: Noise, iterations: int
) -> tuple[np.ndarray, int]:
    found = minimize(
        posterior.value_and_gradient(noise),
        z,
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": iterations, "maxcor": 30, "gtol": TOLERANCE, "ftol": 1e-10},
    )
    return np.asarray(found.x), int(found.nfev)
