"""The posterior near its mode as a normal distribution (Gauss-Newton curvature plus prior)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular

from zhuanxing.calibrate.posterior import Noise, Posterior

__all__ = ["Laplace", "approximate"]


@dataclass(frozen=True)
class Laplace:
    """A normal posterior of z around `z`.

    `said` (n,) is what the model says of the figures there and `slopes` (n, parameters) the
    derivative; `weight` (n,) the information of each figure; `factor` the lower Cholesky factor
    of the curvature.
    """

    z: np.ndarray
    said: np.ndarray
    slopes: np.ndarray
    weight: np.ndarray
    factor: np.ndarray

    def covariance(self) -> np.ndarray:
        """Return the covariance of z (parameters, parameters)."""
        return np.asarray(cho_solve((self.factor, True), np.eye(len(self.z))))

    def variance(self) -> np.ndarray:
        """Return the variance of each z; the prior's is one."""
        return np.asarray(np.diag(self.covariance()))

    def variance_said(self) -> np.ndarray:
        """Return the variance that the parameters' uncertainty gives each figure (n,)."""
        spread = solve_triangular(self.factor, self.slopes.T, lower=True)
        return np.asarray((spread**2).sum(axis=0))

    def left_out(self, value: np.ndarray) -> np.ndarray:
        """Return the errors (n,) of `value` (n,) had each figure been left out of the fit."""
        # The residual, divided by the part of itself that a figure does not explain.
        return np.asarray((value - self.said) / (1 - self.weight * self.variance_said()))

    def draws(self, count: int, seed: int) -> np.ndarray:
        """Return draws of z (count, parameters)."""
        normal = np.random.default_rng(seed).standard_normal((len(self.z), count))
        departure = solve_triangular(self.factor.T, normal, lower=False)
        return np.asarray(self.z + departure.T)


def approximate(posterior: Posterior, z: np.ndarray, noise: Noise) -> Laplace:
    """Return the normal approximation at `z`.

    The curvature is the prior's plus the expected information of each figure's Student t, so it
    is never indefinite.
    """
    said, slopes = posterior.predictions(z, noise)
    tails = posterior.statistics.table["tails"].to_numpy(float)
    scale = np.asarray(posterior.scale(noise.structural))
    weight = (tails + 1) / (tails + 3) / scale**2
    curvature = np.eye(len(z)) + slopes.T @ (weight[:, None] * slopes)
    return Laplace(z, said, slopes, weight, cholesky(curvature, lower=True))
