"""The posterior of a fit: prior, likelihood, their exact gradient, and the shape around a point.

Weak-constraint variational smoothing (Trémolet 2006, Quarterly Journal of the Royal Meteorological
Society 132, 2483-2504): parameters, initial values and the yearly news of every disturbance are
estimated together from all statistics of all years. Errors of statistics and news are Student t,
so that one outlier neither bends a path nor sets the size of a series' errors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Bool, Float, Int, Real

from zhuanxing.analyses.calibrate.curvature import Jacobian
from zhuanxing.analyses.calibrate.disturbances import Point, Scales, by_common
from zhuanxing.analyses.calibrate.observations import Observations, predict
from zhuanxing.analyses.calibrate.parameters import Parameters
from zhuanxing.analyses.calibrate.tails import expected_precision, precision
from zhuanxing.engine.running.executable_cache import jitted
from zhuanxing.engine.running.inputs import FINAL_TIME
from zhuanxing.engine.running.xla_options import SLOPES
from zhuanxing.errors import ZhuanxingError

if TYPE_CHECKING:
    from zhuanxing.engine import Program, Runs

__all__ = ["Posterior", "State"]

Pair = tuple[np.ndarray, np.ndarray]

# Runs in a batch.
TOGETHER = 64
# Step of a derivative, in standard deviations of the prior.
STEP = 1e-4


@dataclass(frozen=True)
class State:
    """A point: `shared` (shared,), `own` (city, own) and the scales of the disturbances."""

    shared: Float[np.ndarray, " shared"]
    own: Float[np.ndarray, "city own"]
    scales: Scales


@dataclass(frozen=True)
class Posterior:
    """Parameters given statistics, in a program with the overrides of a scenario.

    `elements` are the places of the targets' elements in their dimension; `tails` (disturbance,)
    are the degrees of freedom of the news, `recorded` is true where a record tells the past.
    """

    program: Program
    overrides: Mapping[str, np.ndarray]
    parameters: Parameters
    observations: Observations
    elements: Mapping[str, int]
    tails: Real[np.ndarray, " disturbance"]
    recorded: Bool[np.ndarray, " disturbance"]

    @property
    def clock(self) -> dict[str, np.ndarray]:
        """The end of a run: that of the last year that could be compared."""
        return {FINAL_TIME: np.asarray(self.observations.years[-1] + 1.0)}

    @property
    def requests(self) -> dict[str, str]:
        """What to ask of the engine, by variable."""
        return self.observations.requests()

    @property
    def _tails(self) -> np.ndarray:
        """The degrees of freedom of every column of news."""
        return np.repeat(self.tails, len(self.parameters.years))

    @cached_property
    def _traced(self) -> tuple[Callable[..., dict[str, Array]], dict[str, np.ndarray]]:
        overrides = {**self.overrides, **self.clock}
        return self.program.traced(overrides, self.requests, self.parameters.names)

    @cached_property
    def _compiled(self) -> Callable[..., tuple[Array, tuple[Array, Array]]]:
        return jitted(jax.value_and_grad(self.negative_log, argnums=(0, 1)), SLOPES)

    @property
    def given(self) -> dict[str, Any]:
        """What `negative_log` is given of this fit: statistics, tables and fixed inputs."""
        return {
            "seen": self.observations.arrays(),
            "tabled": self.parameters.tabled,
            "fixed": self._traced[1],
        }

    def biases(self, own: Point) -> Array:
        """Return the lasting differences between statistic and model (target, year, city), in
        points.
        """
        biased, bias = self.parameters.biased, self.observations.bias
        sized = bias[biased, :, None] * own[:, None, self.parameters.news.stop :].T
        return jnp.zeros((*bias.shape, len(self.parameters.cities))).at[biased].set(sized)

    def negative_log(
        self, shared: Point, own: Point, scales: Mapping[str, Point], given: Mapping[str, Any]
    ) -> Array:
        """Return minus the log posterior density, up to a constant that is not of the parameters.

        `given`, the property of that name, is what differs between fits to several years, so that
        they share one compiled function.
        """
        seen = given["seen"]
        constants = self.parameters.constants(shared, own, scales, given["tabled"])
        outputs = self._traced[0](constants, given["fixed"])
        predicted = predict(self.observations.targets, self.elements, outputs)
        error = seen["value"] - predicted - self.biases(own)
        scaled = jnp.where(jnp.asarray(seen["present"]), error / seen["error"], 0.0)
        misfit = (seen["tails"] + 1) / 2 * jnp.log1p(scaled**2 / seen["tails"])
        news = own[:, self.parameters.news]
        common = shared[self.parameters.common]
        rest = (own**2).sum() - (news**2).sum() + (shared**2).sum() - (common**2).sum()
        tails = self._tails
        unusual = jnp.log1p(news**2 / tails).sum(axis=0) + jnp.log1p(common**2 / tails)
        found: Array = misfit.sum() + ((tails + 1) / 2 * unusual).sum() + rest / 2
        return found

    def value_and_gradient(self, at: State) -> tuple[float, np.ndarray, np.ndarray]:
        """Return minus the log posterior and its exact derivatives by `shared` and `own`."""
        value, (shared, own) = self._compiled(at.shared, at.own, at.scales.constants(), self.given)
        return float(value), np.asarray(shared), np.asarray(own)

    def predictions(
        self,
        shared: Float[np.ndarray, "point shared"],
        own: Float[np.ndarray, "point city own"],
        scales: Scales,
    ) -> Float[np.ndarray, "point target year city"]:
        """Return what the model says at many points.

        Raises ZhuanxingError if a point leaves the domain of the equations.
        """
        runs = self.runs(shared, own, scales)
        if runs.failures:
            first = runs.failures[0]
            raise ZhuanxingError(
                f"calibrate: '{first.variable}' leaves its domain in {first.year:g} for values "
                "inside the ranges of the parameters; narrow a range or leave a parameter out"
            )
        return self.said(runs)

    def runs(
        self,
        shared: Float[np.ndarray, "point shared"],
        own: Float[np.ndarray, "point city own"],
        scales: Scales,
    ) -> Runs:
        """Return the runs at many points; one that leaves the domain of the equations is NaN."""
        constants = self.constants(shared, own, scales)
        overrides = {**self.overrides, **constants, **self.clock}
        return self.program.run_many(overrides, self.requests, TOGETHER)

    def said(self, runs: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return the predictions of many runs' outputs (points, target, year, city)."""
        return np.asarray(self._said(dict(runs)))

    def constants(
        self, shared: np.ndarray, own: np.ndarray, scales: Scales
    ) -> dict[str, np.ndarray]:
        """Return the constants of the model at many points, by name (points, ...)."""
        found = self._constants(shared, own)
        return {**{name: np.asarray(value) for name, value in found.items()}, **scales.constants()}

    @cached_property
    def _said(self) -> Callable[..., Array]:
        targets = self.observations.targets
        return jitted(jax.vmap(lambda outputs: predict(targets, self.elements, outputs)))

    @cached_property
    def _constants(self) -> Callable[..., dict[str, Array]]:
        return jitted(jax.vmap(lambda shared, own: self.parameters.constants(shared, own, {})))

    def errors(
        self, at: State, predicted: Float[np.ndarray, "target year city"]
    ) -> Float[np.ndarray, "city n"]:
        """Return the scaled errors of predictions; n goes through targets and years, and is zero
        where there is no statistic.
        """
        seen = self.observations
        error = (seen.value - predicted - np.asarray(self.biases(at.own))) / seen.error
        return np.where(seen.present, error, 0.0).reshape(-1, len(seen.cities)).T

    def weights(self, error: Float[np.ndarray, "city n"]) -> Float[np.ndarray, "city n"]:
        """Return how much scaled errors count: less, the further out in their tail."""
        seen = self.observations
        tails = seen.tails.reshape(-1, len(seen.cities)).T
        present = seen.present.reshape(-1, len(seen.cities)).T
        return np.where(present, (tails + 1) / (tails + error**2), 0.0)

    def precisions(
        self, at: State
    ) -> tuple[Float[np.ndarray, " shared"], Float[np.ndarray, "city own"]]:
        """Return the precision of the prior at a point: `shared` and `own`."""
        shared, own = np.ones_like(at.shared), np.ones_like(at.own)
        news, common = self.parameters.news, self.parameters.common
        own[:, news] = precision(self._tails, at.own[:, news])
        shared[common] = precision(self._tails, at.shared[common])
        return shared, own

    def expected_precisions(
        self, at: State, prior: Pair, variance: Pair
    ) -> tuple[Float[np.ndarray, " shared"], Float[np.ndarray, "city own"]]:
        """Return the precision of the prior as it is expected over the posterior around its mode,
        which has the `variance` with the precision `prior`: each `shared` and `own`.
        """
        shared, own = (part.copy() for part in prior)
        news, common, tails = self.parameters.news, self.parameters.common, self._tails
        own[:, news] = expected_precision(
            tails, at.own[:, news], variance[1][:, news], own[:, news]
        )
        shared[common] = expected_precision(
            tails, at.shared[common], variance[0][common], shared[common]
        )
        return shared, own

    def jacobian(self, at: State) -> tuple[Float[np.ndarray, "target year city"], Jacobian]:
        """Return the predictions at a point and their derivatives, scaled by the errors.

        A parameter of a city hardly acts on others, so that of every city moves in one run: as
        many runs as there are columns, not as there are parameters (grouped differences, Curtis,
        Powell and Reid 1974, Journal of the Institute of Mathematics 13, 117-119). The gradient
        that a fit follows is exact; this is for its curvature. News of all cities alike do what
        news of every city do together.
        """
        moves = list(self._moves(at))
        shared = np.stack([at.shared, *(move[0] for move in moves)])
        own = np.stack([at.own, *(move[1] for move in moves)])
        said = self.predictions(shared, own, at.scales)
        slopes = (said[1:] - said[0]) / STEP
        scaled = np.where(self.observations.present, slopes / self.observations.error, 0.0)
        whole = np.moveaxis(scaled.reshape(len(slopes), -1, len(at.own)), (0, 1, 2), (2, 1, 0))
        jacobian = np.zeros((*whole.shape[:2], at.own.shape[1]))
        numbers = len(self.parameters.numbers)
        jacobian[:, :, self._acting] = whole[:, :, numbers:]
        self._add_biases(jacobian)
        common = by_common(jacobian[:, :, self.parameters.news], at.scales)
        return said[0], Jacobian(jacobian, np.concatenate([whole[:, :, :numbers], common], axis=2))

    @cached_property
    def _acting(self) -> Int[np.ndarray, " column"]:
        """The columns of `own` that act on a statistic through the model."""
        parameters = self.parameters
        seen = self.observations.present.any(axis=(0, 2))
        last = int(np.flatnonzero(seen).max())
        until = np.tile(np.arange(len(parameters.years)) <= last, len(parameters.disturbances))
        news = parameters.news.start + np.flatnonzero(until)
        return np.concatenate([np.arange(parameters.initial), news])

    def _moves(self, at: State) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield for every column the point a step away: shared and own."""
        for place in range(len(self.parameters.numbers)):
            shared = at.shared.copy()
            shared[place] += STEP
            yield shared, at.own
        for column in self._acting:
            own = at.own.copy()
            own[:, column] += STEP
            yield at.shared, own

    def _add_biases(self, jacobian: Float[np.ndarray, "city n own"]) -> None:
        """Fill in the derivatives by the biases: each adds its size to its own statistics."""
        seen = self.observations
        for column, target in enumerate(self.parameters.biased, self.parameters.news.stop):
            part = np.zeros(seen.value.shape)
            sized = seen.bias[target, :, None] / seen.error[target]
            part[target] = np.where(seen.present[target], sized, 0.0)
            jacobian[:, :, column] = part.reshape(-1, len(seen.cities)).T
