"""The sizes, persistence and momentum of disturbances that make the statistics most probable.

Empirical Bayes (type-II maximum likelihood; e.g. Gelman et al., Bayesian Data Analysis, ch. 5):
around the mode the statistics of a city are linear in its disturbances, whose prior is normal
given how unusual each year's news were, so the disturbances can be integrated out. What is left is
a normal density of the statistics given size, opening size, persistence and momentum. A disturbance
that only follows noise so gets a small size, and one outlier does not enlarge that of a whole
series.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.scipy.linalg import solve_triangular
from jaxtyping import Bool, Float
from scipy.optimize import minimize

from zhuanxing.analyses.calibrate.curvature import Curvature, Jacobian, factorise
from zhuanxing.analyses.calibrate.disturbances import (
    Scales,
    by_common,
    by_level,
    innovations,
    levels,
    news_matrix,
    sizes,
)
from zhuanxing.analyses.calibrate.posterior import Posterior, State
from zhuanxing.analyses.calibrate.smoother import Shape
from zhuanxing.engine.running.executable_cache import jitted

__all__ = ["Linear", "most_probable", "most_probable_scales", "news_that_tell"]

# Weight of the first guess of a size, in years of news of one city.
GUESS = 4.0
# How far the logit of a persistence or momentum may lie from its first guess, standard deviation.
DOUBT = 1.5
# No disturbance lasts or goes on for ever, and none has a size of nothing.
LONGEST, SHORTEST, FARTHEST = 0.995, 0.02, 0.9
SIZES = (-12.0, 3.0)
MOST = 25


Kinds = Float[Array, " kind"]


@dataclass(frozen=True)
class Linear:
    """Statistics of every city as linear in its parameters: `shown` (city, n) = `acting`
    (city, n, K, years) disturbances + `others` (city, n, q) z + errors of variance 1 / `weight`.

    `unusual` (city, K, years) are the precisions of the news relative to usual ones; openings of
    `lasting` (K,) do not fade.
    """

    shown: Float[np.ndarray, "city n"]
    acting: Float[np.ndarray, "city n kind year"]
    others: Float[np.ndarray, "city n other"]
    weight: Float[np.ndarray, "city n"]
    unusual: Float[np.ndarray, "city kind year"]
    lasting: Float[np.ndarray, " kind"]

    def minus_log(self, size: Kinds, opening: Kinds, persistence: Kinds, momentum: Kinds) -> Array:
        """Return minus the log density of `shown`, up to a constant."""
        years = self.acting.shape[3]
        news = jnp.concatenate(
            [opening[:, None], jnp.repeat(size[:, None], years - 1, axis=1)], axis=1
        )
        spread = news / jnp.sqrt(self.unusual)
        matrix = news_matrix(persistence, momentum, self.lasting, years)
        by_news = jnp.einsum("cnky,kys->cnks", self.acting, matrix)
        whole = (by_news * spread[:, None]).reshape(*self.shown.shape, -1)
        whole = jnp.concatenate([whole, jnp.asarray(self.others)], axis=2)
        scaled = whole * jnp.sqrt(jnp.asarray(self.weight))[..., None]
        among = jnp.einsum("cnp,cmp->cnm", scaled, scaled) + jnp.eye(scaled.shape[1])
        factor = jnp.linalg.cholesky(among)
        shown = self.shown * np.sqrt(self.weight)
        left = solve_triangular(factor, shown[..., None], lower=True)
        diagonal = jnp.diagonal(factor, axis1=1, axis2=2)
        return jnp.log(diagonal).sum() + (left**2).sum() / 2


def most_probable(
    posterior: Posterior, at: State, shape: Shape, guess: Scales
) -> tuple[State, Curvature]:
    """Return the point with the most probable scales and the same disturbances, and the curvature
    there.

    `shape` is that at the point; `guess` weighs like a few years of news. What all cities share
    is not integrated out, for it ties their statistics together: its size takes one step of
    expectation and maximisation (Dempster, Laird and Rubin 1977) in each round.
    """
    scales = most_probable_scales(_linear(posterior, at, shape), at.scales, guess)
    scales = replace(scales, common=_common_size(posterior, at, shape, guess))
    scales = guess.where(posterior.recorded, scales)
    there = _rescaled(posterior, at, scales)
    news = posterior.parameters.news
    jacobian = shape.jacobian.own.copy()
    per_level = _by_level(posterior, at, jacobian)
    years = per_level.shape[3]
    by_news = np.einsum("cnky,kys->cnks", per_level, scales.matrix(years))
    jacobian[:, :, news] = (by_news * sizes(scales, years)).reshape(*jacobian.shape[:2], -1)
    shared = shape.jacobian.shared.copy()
    shared[:, :, posterior.parameters.common] = by_common(jacobian[:, :, news], scales)
    moved = Jacobian(jacobian, shared)
    return there, factorise(moved, shape.weight, *posterior.precisions(there))


def most_probable_scales(linear: Linear, start: Scales, guess: Scales) -> Scales:
    """Return the most probable scales, sought from `start`; `guess` is what they may be.

    A disturbance whose guess of a persistence is one is a random walk: that is kept.
    """
    kinds, walks = len(guess.size), guess.persistence >= 1.0
    first = jnp.asarray(np.concatenate([guess.size, guess.opening]))
    middle = jnp.asarray(np.concatenate([_logit(guess.persistence), _logit(guess.momentum)]))

    def loss(free: Array) -> Array:
        logarithm, scale = free[: 2 * kinds], jnp.exp(free[: 2 * kinds])
        persistence, momentum = jnp.split(jax.nn.sigmoid(free[2 * kinds :]), 2)
        goes = jnp.where(linear.lasting > 0, momentum, 0.0)
        doubt = GUESS * (logarithm + (first / scale) ** 2 / 2).sum()
        doubt += ((free[2 * kinds :] - middle) ** 2).sum() / (2 * DOUBT**2)
        left = jnp.where(walks, 1.0, persistence)
        return linear.minus_log(scale[:kinds], scale[kinds:], left, goes) + doubt

    lowest, highest, farthest = _logit(np.array([SHORTEST, LONGEST, FARTHEST]))
    begin = [np.log(start.size), np.log(start.opening), _logit(start.persistence)]
    found = minimize(
        jitted(jax.value_and_grad(loss)),
        np.concatenate([*begin, _logit(start.momentum)]),
        jac=True,
        method="L-BFGS-B",
        bounds=[SIZES] * (2 * kinds) + [(lowest, highest)] * kinds + [(lowest, farthest)] * kinds,
        options={"maxiter": MOST},
    )
    scale = np.exp(found.x[: 2 * kinds])
    persistence, momentum = np.split(1 / (1 + np.exp(-found.x[2 * kinds :])), 2)
    return replace(
        start, size=scale[:kinds], opening=scale[kinds:],
        persistence=np.where(walks, 1.0, persistence),
        momentum=np.where(start.lasting > 0, momentum, 0.0),
    )  # fmt: skip


def news_that_tell(
    posterior: Posterior, shape: Shape
) -> tuple[Float[np.ndarray, " kind"], Float[np.ndarray, " kind"]]:
    """Return of how many news, were they seen exactly and normal, one would know as much of the
    size of each disturbance as the statistics tell: those of a city, and those that all share.

    By the information of a size in news that are seen through errors (the square of the part of
    their variance that is not left) and have heavy tails (Lange, Little and Taylor 1989, Journal
    of the American Statistical Association 84, 881-896), with the weight of the first guess. A
    record that a size is taken from shows all news.
    """
    parameters, kinds = posterior.parameters, len(posterior.tails)
    shared, own = shape.curvature.variance()
    usual, unusual = shape.prior
    seen = _told_of(posterior)
    heavy = posterior.tails / (posterior.tails + 3)

    def told(left: np.ndarray) -> np.ndarray:
        part = np.clip(1 - left, 0.0, 1.0).reshape(-1, kinds, len(seen)) ** 2
        part[:, posterior.recorded] = 1.0
        return np.asarray(GUESS + heavy * part[..., seen].sum(axis=(0, 2)))

    return told((unusual * own)[:, parameters.news]), told((usual * shared)[parameters.common])


def _common_size(
    posterior: Posterior, at: State, shape: Shape, guess: Scales
) -> Float[np.ndarray, " kind"]:
    """Return the root mean square of the news of all cities alike after the opening, with their
    variance.
    """
    common, kinds = posterior.parameters.common, len(guess.size)
    variance = shape.curvature.variance()[0][common]
    square = (shape.prior[0][common] * (at.shared[common] ** 2 + variance)).reshape(kinds, -1)
    seen = _told_of(posterior)
    total = square[:, seen].sum(axis=1) * at.scales.common**2 + GUESS * guess.common**2
    return np.asarray(np.sqrt(total / (seen.sum() + GUESS)))


def _told_of(posterior: Posterior) -> Bool[np.ndarray, " year"]:
    """Return the years that tell how large news of a year are: the opening is of all before."""
    seen = np.asarray(posterior.observations.present.any(axis=(0, 2)))
    return seen & (np.arange(len(seen)) > 0)


def _rescaled(posterior: Posterior, at: State, scales: Scales) -> State:
    """Return the point with the same disturbances under other scales."""
    news = posterior.parameters.news
    shape = (len(at.own), len(scales.size), -1)
    level = levels(at.own[:, news].reshape(shape), at.scales)
    own = at.own.copy()
    own[:, news] = innovations(level, scales).reshape(len(own), -1)
    shared = at.shared.copy()
    common = levels(np.asarray(posterior.parameters.common_innovation(shared)), at.scales.of_all)
    shared[posterior.parameters.common] = innovations(common, scales.of_all).ravel()
    return replace(at, shared=shared, own=own, scales=scales)


def _linear(posterior: Posterior, at: State, shape: Shape) -> Linear:
    """Return the statistics as linear around a point."""
    news = posterior.parameters.news
    shown = shape.error + np.einsum("cnp,cp->cn", shape.jacobian.own, at.own)
    shown, jacobian, weight = _present(shown, shape.jacobian.own, shape.weight)
    acting = _by_level(posterior, at, jacobian)
    others = np.delete(jacobian, np.arange(news.start, news.stop), axis=2)
    unusual = shape.prior[1][:, news].reshape(len(at.own), *acting.shape[2:])
    return Linear(shown, acting, others, weight, unusual, at.scales.lasting)


def _by_level(
    posterior: Posterior, at: State, jacobian: Float[np.ndarray, "city n own"]
) -> Float[np.ndarray, "city n kind year"]:
    """Return the derivatives by disturbances, of those by parameters."""
    shape = (*jacobian.shape[:2], len(at.scales.size), len(posterior.parameters.years))
    return by_level(jacobian[:, :, posterior.parameters.news].reshape(shape), at.scales)


def _present(*arrays: np.ndarray) -> list[np.ndarray]:
    """Return arrays (city, n, ...) with the statistics of each city first, as many rows as the
    city with most has; the last of the arrays is zero where there is no statistic.
    """
    present = arrays[-1] > 0
    order = np.argsort(~present, axis=1, kind="stable")[:, : present.sum(axis=1).max()]
    return [
        np.take_along_axis(array, order.reshape(*order.shape, *[1] * (array.ndim - 2)), axis=1)
        for array in arrays
    ]


def _logit(part: np.ndarray) -> np.ndarray:
    """Return the logit; that of nothing is that of the shortest, that of all of the longest."""
    inside = np.clip(part, SHORTEST, LONGEST)
    return np.asarray(np.log(inside / (1 - inside)))
