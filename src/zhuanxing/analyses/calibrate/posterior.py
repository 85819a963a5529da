"""The posterior of the free parameters: prior, likelihood, and their derivatives.

The errors of the figures have two parts: the observation error of the source, and the structural
error of the model, which is estimated with the fit and of which figures of one city may share a
part. Freed of what is shared, each error is Student t with the degrees of freedom of its source.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.scipy.linalg import solve_triangular
from jax.scipy.stats import norm
from jax.scipy.stats import t as student

from zhuanxing.analyses.calibrate.observations import Statistics
from zhuanxing.analyses.calibrate.parameters import Parameters, Point
from zhuanxing.engine.running.xla_options import GRADIENT
from zhuanxing.errors import ZhuanxingError

if TYPE_CHECKING:
    from zhuanxing.engine import Program

__all__ = ["Noise", "Posterior"]

# Runs in a batch.
TOGETHER = 64
# Step of a derivative, in standard deviations of the prior.
STEP = 1e-3


@dataclass(frozen=True)
class Noise:
    """What is estimated beside z: `spreads` (blocks, 2) and `structural` (targets,), the errors of
    changes, and the steps a year of the errors of levels, in points.
    """

    spreads: np.ndarray
    structural: np.ndarray


@dataclass(frozen=True)
class Posterior:
    """Parameters given statistics, in a program with the overrides of a scenario."""

    program: Program
    overrides: Mapping[str, np.ndarray]
    parameters: Parameters
    statistics: Statistics

    @cached_property
    def _traced(self) -> tuple[Callable[..., dict[str, Array]], dict[str, np.ndarray]]:
        return self.program.traced(
            self.overrides,
            self.statistics.requests,
            self.parameters.names,
            final_time=self.final_time,
        )

    @property
    def fixed(self) -> dict[str, np.ndarray]:
        """Return the inputs of a run that no parameter changes."""
        return self._traced[1]

    @property
    def final_time(self) -> float:
        """Return the end of the last year that a figure needs."""
        return float(self.statistics.table["year"].max() + 1)

    def predict(self, z: Point, spreads: Point, fixed: Mapping[str, Point]) -> Array:
        """Return what the model says of each figure (n,)."""
        return self.statistics.predict(
            self._traced[0](self.parameters.constants(z, spreads), fixed)
        )

    def covariance(self, structural: Point, weight: Point) -> Array:
        """Return the squared scale of the figures' errors (n, n), points squared.

        A figure of `weight` (n,) below one counts as one with a larger error.
        """
        size = jnp.asarray(structural)[self.statistics.target]
        error = jnp.asarray(self.statistics.table["error"].to_numpy(float))
        whole = size[:, None] * size * self.statistics.shared + jnp.diag(error**2)
        return whole / jnp.sqrt(jnp.outer(jnp.asarray(weight), jnp.asarray(weight)))

    def factor(self, noise: Noise) -> np.ndarray:
        """Return the lower Cholesky factor (n, n) of the squared scale: errors are it times
        independent ones of scale one.
        """
        ones = np.ones(len(self.statistics.table))
        return np.linalg.cholesky(np.asarray(self.covariance(noise.structural, ones)))

    def negative_log(
        self, z: Point, spreads: Point, factor: Point, fixed: Mapping[str, Point]
    ) -> Array:
        """Return minus the log posterior density of z, up to a constant that is not of z."""
        tails = jnp.asarray(self.statistics.table["tails"].to_numpy(float))
        error = self.statistics.value - self.predict(z, spreads, fixed)
        single = solve_triangular(jnp.asarray(factor), error, lower=True)
        return -student.logpdf(single, tails).sum() - norm.logpdf(z).sum()

    def first_noise(self) -> Noise:
        """Return the errors and spreads of the settings."""
        structural = np.array([target.structural for target in self.statistics.targets])
        return Noise(self.parameters.first_spreads(), structural)

    @cached_property
    def _compiled(self) -> Callable[..., tuple[Array, Array]]:
        return jax.jit(jax.value_and_grad(self.negative_log), compiler_options=GRADIENT)

    def value_and_gradient(self, noise: Noise) -> Callable[[np.ndarray], tuple[float, np.ndarray]]:
        """Return the function of z that gives minus the log posterior and its derivative by z."""
        factor = self.factor(noise)

        def both(z: np.ndarray) -> tuple[float, np.ndarray]:
            value, slope = self._compiled(z, noise.spreads, factor, self.fixed)
            return float(value), np.asarray(slope)

        return both

    def said(self, many: np.ndarray, noise: Noise) -> np.ndarray:
        """Return what the model says at each of `many` z (points, parameters): (points, n).

        Raises ZhuanxingError if a point leaves the domain of the equations.
        """
        constants = jax.jit(jax.vmap(lambda z: self.parameters.constants(z, noise.spreads)))(many)
        overrides = {**self.overrides, **{k: np.asarray(v) for k, v in constants.items()}}
        runs = self.program.run_many(
            overrides, self.statistics.requests, TOGETHER, final_time=self.final_time
        )
        if runs.failures:
            first = runs.failures[0]
            raise ZhuanxingError(
                f"calibrate: '{first.variable}' leaves its domain in {first.year:g} for values "
                "inside the ranges of the parameters; narrow a range or leave a parameter out"
            )
        return np.asarray(jax.jit(jax.vmap(self.statistics.predict))(dict(runs)))

    def predictions(self, z: np.ndarray, noise: Noise) -> tuple[np.ndarray, np.ndarray]:
        """Return what the model says (n,) and its derivative by z (n, parameters).

        Central differences over one batch of runs: a batch costs a twentieth of as many forward
        derivatives, and the error is of the order of STEP squared.
        """
        steps = STEP * np.eye(len(z))
        points = np.concatenate([z[None], z + steps, z - steps])
        said = self.said(points, noise)
        up, down = said[1 : 1 + len(z)], said[1 + len(z) :]
        return said[0], ((up - down) / (2 * STEP)).T
