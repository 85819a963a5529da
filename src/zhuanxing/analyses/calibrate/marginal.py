"""The errors and spreads that make the statistics most probable, whatever z.

Empirical Bayes (type-II maximum likelihood; e.g. Gelman et al., Bayesian Data Analysis, ch. 5):
around the mode the figures are linear in z, whose prior is normal, so z can be integrated out and
what is left is a normal density of the figures given errors and spreads. A parameter that only
follows noise so gets a small spread, and an error that only hides a lead does not stay large.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from scipy.linalg import solve_triangular
from scipy.optimize import minimize

from zhuanxing.analyses.calibrate.laplace import Laplace
from zhuanxing.analyses.calibrate.parameters import Point
from zhuanxing.analyses.calibrate.posterior import Noise, Posterior

__all__ = ["most_probable"]

# Weight of the first guess of an error or spread, in figures: keeps a target with two figures
# from being thought exact.
GUESS = 4.0


@dataclass(frozen=True)
class _Linear:
    """The figures as `shown` (n,) = `slopes` (n, parameters) z + errors, for spreads as in `noise`.

    `weight` (n,) is below one for a figure far out in its tail: it counts as one with a larger
    error.
    """

    posterior: Posterior
    noise: Noise
    slopes: np.ndarray
    shown: np.ndarray
    weight: np.ndarray

    def scaled(self, spreads: Point) -> Array:
        """Return the slopes for other spreads (blocks, 2)."""
        ratio = jnp.asarray(spreads / self.noise.spreads)
        stretch = jnp.ones(self.posterior.parameters.count)
        for row, block in enumerate(self.posterior.parameters.blocks):
            for column, part in enumerate((block.of_archetypes, block.of_cities)):
                stretch = stretch.at[part].set(ratio[row, column])
        return jnp.asarray(self.slopes * stretch)

    def covariance(self, spreads: Point, structural: Point) -> Array:
        """Return the covariance of `shown` (n, n), points squared."""
        scaled = self.scaled(spreads)
        return scaled @ scaled.T + self.posterior.covariance(structural, self.weight)


def most_probable(
    posterior: Posterior, noise: Noise, guess: Noise, laplace: Laplace
) -> tuple[np.ndarray, Noise]:
    """Return z and noise: the most probable errors and spreads, and the mode of z given them.

    `laplace` is the approximation at `noise`, and `guess` weighs like GUESS figures.
    """
    linear = _linear(posterior, noise, laplace)
    links = [block.setting.link for block in posterior.parameters.blocks]
    # The other bases were made from the very figures of the fit, which they therefore meet by
    # construction: such figures cannot tell how far off a base is where there was none.
    free = np.flatnonzero(np.array(links) == "range")
    first = np.concatenate([guess.spreads[free].ravel(), guess.structural])
    count = guess.spreads[free].size

    def parts(scales: Point) -> tuple[Array, Array]:
        spreads = jnp.asarray(noise.spreads).at[free].set(scales[:count].reshape(-1, 2))
        return spreads, jnp.asarray(scales[count:])

    def loss(logarithm: Array) -> Array:
        scales = jnp.exp(logarithm)
        covariance = linear.covariance(*parts(scales))
        factor = jnp.linalg.cholesky(covariance)
        misfit = jax.scipy.linalg.solve_triangular(factor, linear.shown, lower=True)
        doubt = GUESS * (logarithm + (first / scales) ** 2 / 2).sum()
        return jnp.log(jnp.diag(factor)).sum() + (misfit**2).sum() / 2 + doubt

    start = np.log(np.concatenate([noise.spreads[free].ravel(), noise.structural]))
    found = minimize(jax.jit(jax.value_and_grad(loss)), start, jac=True, method="L-BFGS-B")
    best = Noise(*map(np.asarray, parts(np.exp(found.x))))
    covariance = np.asarray(linear.covariance(best.spreads, best.structural))
    z = np.asarray(linear.scaled(best.spreads)).T @ np.linalg.solve(covariance, linear.shown)
    return z, best


def _linear(posterior: Posterior, noise: Noise, laplace: Laplace) -> _Linear:
    statistics = posterior.statistics
    tails = statistics.table["tails"].to_numpy(float)
    residual = statistics.value - laplace.said
    distance = solve_triangular(posterior.factor(noise), residual, lower=True)
    return _Linear(
        posterior,
        noise,
        laplace.slopes,
        residual + laplace.slopes @ laplace.z,
        (tails + 1) / (tails + distance**2),
    )
