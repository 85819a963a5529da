"""The posterior of the free parameters: prior, likelihood, and their derivatives.

Each figure is Student t around what the model says, with the degrees of freedom of its source and
a scale of two parts: the observation error of the source and the structural error of the model,
which is estimated with the fit.
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
from jax.scipy.stats import norm
from jax.scipy.stats import t as student

from zhuanxing.calibrate.parameters import Parameters, Point
from zhuanxing.calibrate.statistics import Statistics
from zhuanxing.engine.compiling import GRADIENT
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
    """What is estimated beside z: `spreads` (blocks, 2) and `structural` (targets,), points."""

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

    def scale(self, structural: Point) -> Array:
        """Return the scale of each figure's error (n,), points."""
        error = jnp.asarray(self.statistics.table["error"].to_numpy(float))
        return jnp.sqrt(structural[self.statistics.target] ** 2 + error**2)

    def negative_log(
        self, z: Point, spreads: Point, structural: Point, fixed: Mapping[str, Point]
    ) -> Array:
        """Return minus the log posterior density of z, up to a constant."""
        tails = jnp.asarray(self.statistics.table["tails"].to_numpy(float))
        scale = self.scale(structural)
        error = (self.statistics.value - self.predict(z, spreads, fixed)) / scale
        return -(student.logpdf(error, tails) - jnp.log(scale)).sum() - norm.logpdf(z).sum()

    @cached_property
    def _compiled(self) -> Callable[..., tuple[Array, Array]]:
        return jax.jit(jax.value_and_grad(self.negative_log), compiler_options=GRADIENT)

    def value_and_gradient(self, z: np.ndarray, noise: Noise) -> tuple[float, np.ndarray]:
        """Return minus the log posterior and its derivative by z."""
        value, slope = self._compiled(z, noise.spreads, noise.structural, self.fixed)
        return float(value), np.asarray(slope)

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
