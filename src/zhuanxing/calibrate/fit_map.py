"""The most probable parameters, and the errors and spreads that make the fit most plausible.

Rounds of two steps: L-BFGS-B to the maximum of the posterior given the errors, then the errors and
spreads from what is left unexplained, the uncertainty of the parameters counted in (the step of
the EM algorithm, with the Laplace approximation for the posterior). Errors are so estimated on
the years of the fit alone, and not understated because the parameters followed the figures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from zhuanxing.calibrate.laplace import Laplace, approximate
from zhuanxing.calibrate.posterior import Noise, Posterior

__all__ = ["Fit", "fit_map"]

Report = Callable[[float], None]
# Weight of the first guess of an error or spread, in figures: keeps a target with two figures
# from being thought exact.
GUESS = 4.0
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
    targets = posterior.statistics.targets
    guess = Noise(
        posterior.parameters.first_spreads(), np.array([target.structural for target in targets])
    )
    z, noise, evaluations = np.zeros(posterior.parameters.count), guess, 0
    before = posterior.said(z[None], guess)[0]
    for number in range(rounds):
        report(number / rounds)
        z, used = _climb(posterior, z, noise, iterations)
        evaluations += used
        laplace = approximate(posterior, z, noise)
        if number < rounds - 1:
            z, noise = _estimate(posterior, z, noise, guess, laplace)
    report(1.0)
    return Fit(posterior, z, noise, laplace, before, evaluations)


def _climb(
    posterior: Posterior, z: np.ndarray, noise: Noise, iterations: int
) -> tuple[np.ndarray, int]:
    found = minimize(
        lambda point: posterior.value_and_gradient(point, noise),
        z,
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": iterations, "maxcor": 30, "gtol": TOLERANCE, "ftol": 1e-10},
    )
    return np.asarray(found.x), int(found.nfev)


def _estimate(
    posterior: Posterior, z: np.ndarray, noise: Noise, guess: Noise, laplace: Laplace
) -> tuple[np.ndarray, Noise]:
    """Return z and noise with errors and spreads re-estimated; z keeps its meaning."""
    structural = _structural(posterior, noise, guess, laplace)
    parameters = posterior.parameters
    spreads, moved = noise.spreads.copy(), z.copy()
    uncertain = laplace.variance()
    for row, block in enumerate(parameters.blocks):
        for column, part in enumerate((block.of_archetypes, block.of_cities)):
            square = noise.spreads[row, column] ** 2 * (z[part] ** 2 + uncertain[part])
            weight = GUESS * guess.spreads[row, column] ** 2
            spread = np.sqrt((weight + square.sum()) / (GUESS + len(square)))
            if noise.spreads[row, column] > 0:
                moved[part] = z[part] * noise.spreads[row, column] / spread
                spreads[row, column] = spread
    return moved, Noise(spreads, structural)


def _structural(posterior: Posterior, noise: Noise, guess: Noise, laplace: Laplace) -> np.ndarray:
    statistics = posterior.statistics
    tails = statistics.table["tails"].to_numpy(float)
    error = statistics.table["error"].to_numpy(float)
    scale = np.asarray(posterior.scale(noise.structural))
    residual = statistics.value - laplace.said
    # A figure far out in the tail says little of the scale.
    weight = (tails + 1) / (tails + (residual / scale) ** 2)
    square = weight * residual**2 + laplace.variance_said()
    found = noise.structural.copy()
    for index in range(len(statistics.targets)):
        chosen = statistics.target == index
        excess = (square[chosen] - error[chosen] ** 2).sum() + GUESS * guess.structural[index] ** 2
        least = 0.1 * guess.structural[index]
        found[index] = np.sqrt(max(excess / (GUESS + chosen.sum()), least**2))
    return found
