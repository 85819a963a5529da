"""Distributions cut off at two bounds: a uniform number becomes a draw by the quantile.

Where the quantile has no formula, it is found by halving between bounds that hold it for every
uniform number of 53 bits (Boucheron, Lugosi and Massart 2013, Concentration Inequalities, sections
2.2 and 2.4); such a draw has no derivative. What no distribution has, as a negative mean of counts,
gives NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from zhuanxing.engine.translating.nodes import Array, Env, special

__all__ = ["TRUNCATED", "Distribution", "lognormal", "normal"]

# -log of the least part of a distribution that a uniform number of 53 bits tells apart.
TAIL = 37.5
HALVINGS = 64


@dataclass(frozen=True)
class Distribution:
    """Its cumulative distribution and quantile, functions of (xp, value, *numbers).

    `count` numbers are its own; `valid` tells where they make sense; `whole` that it has whole
    values only.
    """

    count: int
    cumulative: Callable[..., Array]
    quantile: Callable[..., Array]
    valid: Callable[..., Array]
    whole: bool = False

    def draw(self, env: Env, u: Array, *given: Array) -> Array:
        """Return draws from uniform numbers, given its own numbers, the bounds and the seed.

        The seed has acted on the uniform numbers already.
        """
        xp = env.xp
        numbers, (low, high) = given[: self.count], given[self.count : self.count + 2]
        if self.whole:
            low, high = xp.ceil(low) - 1.0, xp.floor(high)
        first, last = (self._share(xp, bound, numbers) for bound in (low, high))
        found = self.quantile(xp, first + u * (last - first), *numbers)
        return xp.where(self.valid(*numbers), found, np.nan)

    def _share(self, xp: Any, bound: Array, numbers: tuple[Array, ...]) -> Array:
        inside = xp.where(xp.isinf(bound), 0.0, bound)
        ends = xp.where(bound > 0, 1.0, 0.0)
        return xp.where(xp.isinf(bound), ends, self.cumulative(xp, inside, *numbers))


def normal(
    env: Env, u: Array, low: Array, high: Array, mean: Array, deviation: Array, seed: Array = 0.0
) -> Array:
    """Return numbers from a normal distribution between two bounds."""
    ndtr, ndtri = special(env.xp, "ndtr"), special(env.xp, "ndtri")
    width = env.xp.where(deviation == 0, 1.0, deviation)
    first, last = ndtr((low - mean) / width), ndtr((high - mean) / width)
    return mean + deviation * ndtri(first + u * (last - first))


def lognormal(
    env: Env, u: Array, mean: Array, deviation: Array, low: Array, high: Array, seed: Array = 0.0
) -> Array:
    """Return numbers of this mean and standard deviation, whose logarithm is normal."""
    xp = env.xp
    variance = xp.log1p((deviation / mean) ** 2)
    least, most = (xp.log(xp.maximum(bound, 0.0)) for bound in (low, high))
    centre = xp.log(mean) - variance / 2.0
    return xp.exp(normal(env, u, least, most, centre, xp.sqrt(variance)))


# -- quantiles by formula ---------------------------------------------------------------------


def _triangle(xp: Any, x: Array, low: Array, mode: Array, high: Array) -> Array:
    x = xp.clip(x, low, high)
    rising = (x - low) ** 2 / xp.maximum((high - low) * (mode - low), 1e-300)
    falling = 1.0 - (high - x) ** 2 / xp.maximum((high - low) * (high - mode), 1e-300)
    return xp.where(x < mode, rising, falling)


def _triangle_quantile(xp: Any, share: Array, low: Array, mode: Array, high: Array) -> Array:
    width = high - low
    rising = low + xp.sqrt(share * width * (mode - low))
    falling = high - xp.sqrt((1.0 - share) * width * (high - mode))
    return xp.where(share * width < mode - low, rising, falling)


# -- quantiles by halving ---------------------------------------------------------------------


def _repeated(xp: Any, step: Callable[[Any], Any], start: tuple[Array, Array]) -> Array:
    """Return the upper bound after halving; both bounds have the shape of all numbers."""
    if xp is np:
        for _ in range(HALVINGS):
            start = step(start)
        return start[1]
    fixed = jax.lax.stop_gradient(start)
    return jax.lax.fori_loop(0, HALVINGS, lambda _, now: step(now), fixed)[1]


def _halved(
    xp: Any, cumulative: Callable[[Array], Array], share: Array, low: Any, high: Any
) -> Any:
    """Return where a cumulative distribution reaches a share, between two bounds."""
    share = share if xp is np else jax.lax.stop_gradient(share)
    whole = np.broadcast_shapes(np.shape(share), np.shape(high))

    def step(bounds: tuple[Array, Array]) -> tuple[Array, Array]:
        first, last = bounds
        middle = (first + last) / 2.0
        beyond = cumulative(middle) < share
        return xp.where(beyond, middle, first), xp.where(beyond, last, middle)

    return _repeated(xp, step, (xp.full(whole, low), xp.broadcast_to(high, whole) + 0.0))


def _counted(xp: Any, cumulative: Callable[[Array], Array], share: Array, high: Array) -> Any:
    """Return the least whole number at which a cumulative distribution reaches a share."""
    found = _halved(xp, lambda x: cumulative(xp.floor(x)), share, -1.0, high)
    return xp.floor(found)


def _fixed(xp: Any, *arrays: Array) -> tuple[Array, ...]:
    return arrays if xp is np else jax.lax.stop_gradient(arrays)


def _gamma(xp: Any, x: Array, shape: Array, scale: Array) -> Array:
    return special(xp, "gammainc")(shape, xp.maximum(x, 0.0) / scale)


def _gamma_quantile(xp: Any, share: Array, shape: Array, scale: Array) -> Array:
    (shape,) = _fixed(xp, shape)
    most = shape + xp.sqrt(2.0 * TAIL * shape) + TAIL
    gammainc = special(xp, "gammainc")
    return scale * _halved(xp, lambda x: gammainc(shape, x), share, 0.0, most)


def _beta(xp: Any, x: Array, alpha: Array, beta: Array) -> Array:
    return special(xp, "betainc")(alpha, beta, xp.clip(x, 0.0, 1.0))


def _beta_quantile(xp: Any, share: Array, alpha: Array, beta: Array) -> Array:
    alpha, beta = _fixed(xp, alpha, beta)
    high = xp.ones(np.broadcast_shapes(np.shape(alpha), np.shape(beta)))
    return _halved(xp, lambda x: _beta(xp, x, alpha, beta), share, 0.0, high)


def _poisson(xp: Any, x: Array, mean: Array) -> Array:
    share = special(xp, "gammaincc")(xp.maximum(x, 0.0) + 1.0, mean)
    return xp.where(x < 0, 0.0, share)


def _poisson_quantile(xp: Any, share: Array, mean: Array) -> Array:
    (mean,) = _fixed(xp, mean)
    most = xp.ceil(mean + xp.sqrt(2.0 * TAIL * mean) + TAIL)
    return _counted(xp, lambda x: _poisson(xp, x, mean), share, most)


def _binomial(xp: Any, x: Array, trials: Array, chance: Array) -> Array:
    n = xp.floor(trials)
    chance = xp.where((chance >= 0) & (chance <= 1), chance, 1.0)  # as in Stella
    inside = xp.clip(x, 0.0, xp.maximum(n - 1.0, 0.0))
    share = special(xp, "betainc")(xp.maximum(n - inside, 1.0), inside + 1.0, 1.0 - chance)
    return xp.where(x < 0, 0.0, xp.where(x >= n, 1.0, share))


def _binomial_quantile(xp: Any, share: Array, trials: Array, chance: Array) -> Array:
    trials, chance = _fixed(xp, trials, chance)
    return _counted(xp, lambda x: _binomial(xp, x, trials, chance), share, xp.floor(trials))


def _trials(xp: Any, x: Array, chance: Array, successes: Array) -> Array:
    """The trials that so many successes take, by those that fail."""
    failed = xp.maximum(x - successes, 0.0)
    share = special(xp, "betainc")(successes, failed + 1.0, chance)
    return xp.where(x < successes, 0.0, share)


def _trials_quantile(xp: Any, share: Array, chance: Array, successes: Array) -> Array:
    chance, successes = _fixed(xp, chance, successes)
    most = (successes + xp.sqrt(2.0 * TAIL * successes) + 2.0 * TAIL) / chance
    return _counted(xp, lambda x: _trials(xp, x, chance, successes), share, xp.ceil(most))


# By the name of the call that the readers of files make for them.
TRUNCATED: dict[str, Distribution] = {
    "truncated triangular": Distribution(
        3, _triangle, _triangle_quantile, lambda low, mode, high: (low <= mode) & (mode <= high)
    ),
    "truncated weibull": Distribution(
        2,
        lambda xp, x, shape, scale: -xp.expm1(-((xp.maximum(x, 0.0) / scale) ** shape)),
        lambda xp, share, shape, scale: scale * (-xp.log1p(-share)) ** (1.0 / shape),
        lambda shape, scale: (shape > 0) & (scale > 0),
    ),
    "truncated pareto": Distribution(
        2,
        lambda xp, x, shape, scale: 1.0 - (scale / xp.maximum(x, scale)) ** shape,
        lambda xp, share, shape, scale: scale * (1.0 - share) ** (-1.0 / shape),
        lambda shape, scale: (shape > 0) & (scale > 0),
    ),
    "truncated logistic": Distribution(
        2,
        lambda xp, x, mean, scale: 1.0 / (1.0 + xp.exp((mean - x) / scale)),
        lambda xp, share, mean, scale: mean + scale * (xp.log(share) - xp.log1p(-share)),
        lambda mean, scale: scale > 0,
    ),
    "truncated gamma": Distribution(
        2, _gamma, _gamma_quantile, lambda shape, scale: (shape > 0) & (scale > 0)
    ),
    "truncated beta": Distribution(
        2, _beta, _beta_quantile, lambda alpha, beta: (alpha > 0) & (beta > 0)
    ),
    "truncated poisson": Distribution(
        1, _poisson, _poisson_quantile, lambda mean: mean >= 0, whole=True
    ),
    "truncated binomial": Distribution(
        2, _binomial, _binomial_quantile,
        lambda trials, chance: trials >= 0, whole=True,
    ),
    "truncated negative binomial": Distribution(
        2, _trials, _trials_quantile,
        lambda chance, successes: (chance > 0) & (chance <= 1) & (successes > 0), whole=True,
    ),
}  # fmt: skip
