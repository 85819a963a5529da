"""The posterior near its mode as a normal distribution (Gauss-Newton curvature plus prior)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular

from zhuanxing.analyses.calibrate.posterior import Noise, Posterior

__all__ = ["Laplace", "approximate"]


@dataclass(frozen=True)
class Laplace:
    """A normal posterior of z around `z`.

    `said` (n,) is what the model says of the figures there and `slopes` (n, parameters) the
    derivative; `information` (n, n) that of the figures; `factor` the lower Cholesky factor of the
    curvature.
    """

    z: np.ndarray
    said: np.ndarray
    slopes: np.ndarray
    information: np.ndarray
    factor: np.ndarray

    def covariance(self) -> np.ndarray:
        """Return the covariance of z (parameters, parameters)."""
        return np.asarray(cho_solve((self.factor, True), np.eye(len(self.z))))

    def variance(self) -> np.ndarray:
        """Return the variance of each z; the prior's is one."""
        return np.asarray(np.diag(self.covariance()))

    def left_out(self, value: np.ndarray) -> np.ndarray:
        """Return the errors (n,) of `value` (n,) had each figure been left out of the fit
        (e.g. Rasmussen and Williams, Gaussian Processes, eq. 5.12).
        """
        known = solve_triangular(self.factor, self.slopes.T @ self.information, lower=True)
        precision = np.diag(self.information) - (known**2).sum(axis=0)
        return np.asarray(self.information @ (value - self.said) / precision)

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
    single = solve_triangular(posterior.factor(noise), np.eye(len(said)), lower=True)
    information = single.T @ (((tails + 1) / (tails + 3))[:, None] * single)
    curvature = np.eye(len(z)) + slopes.T @ information @ slopes
    return Laplace(z, said, slopes, information, cholesky(curvature, lower=True))
