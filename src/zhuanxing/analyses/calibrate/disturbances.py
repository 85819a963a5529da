"""Disturbances: what the equations do not explain, as autoregressive processes by city and year.

The equations of `disturbances.mdl` add up yearly news (innovations, in standard deviations) that
fade, but for the opening difference of a level, which lasts, and may go on for some years before
they do (momentum: a damped trend, Gardner and McKenzie 1985). These are the names under which a fit
sets them, and how sizes, persistence and momentum turn news into the disturbances of mid-year and
back.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace

import jax.numpy as jnp
import numpy as np
from jax import Array

from zhuanxing.uncertainty.ensemble import COMMON_INNOVATION, INNOVATION

__all__ = [
    "COMMON", "COMMON_INNOVATION", "DIMENSION", "INNOVATION", "LASTING", "MOMENTUM", "OPENING",
    "PERSISTENCE", "SIZE", "YEAR", "Scales", "by_common", "by_level", "innovations", "levels",
    "news_matrix", "sizes",
]  # fmt: skip

SIZE, OPENING, PERSISTENCE, MOMENTUM, COMMON, LASTING = (
    "disturbance size", "opening disturbance size", "disturbance persistence",
    "disturbance momentum", "common disturbance size", "opening disturbance lasts",
)  # fmt: skip
DIMENSION, YEAR = "disturbance", "disturbed year"

Point = Array | np.ndarray


@dataclass(frozen=True)
class Scales:
    """By disturbance: standard deviation of the news of a city in a year, in the first year, of
    news that all cities share, persistence, and momentum; `lasting` is one where the opening does
    not fade.
    """

    size: np.ndarray
    opening: np.ndarray
    persistence: np.ndarray
    momentum: np.ndarray
    common: np.ndarray
    lasting: np.ndarray

    def constants(self) -> dict[str, np.ndarray]:
        """Return what a fit changes of them, as constants of the model."""
        return {
            SIZE: self.size,
            OPENING: self.opening,
            PERSISTENCE: self.persistence,
            MOMENTUM: self.momentum,
            COMMON: self.common,
        }

    def where(self, chosen: np.ndarray, other: Scales) -> Scales:
        """Return these scales where `chosen` (disturbance,), elsewhere the others."""
        pairs = zip(astuple(self), astuple(other), strict=True)
        return Scales(*(np.where(chosen, mine, theirs) for mine, theirs in pairs))

    @property
    def of_all(self) -> Scales:
        """The scales of the news that all cities share, as those of one city."""
        return replace(self, size=self.common, opening=self.common)

    def matrix(self, years: int) -> np.ndarray:
        """Return `news_matrix` of these scales."""
        return np.asarray(news_matrix(self.persistence, self.momentum, self.lasting, years))

    @staticmethod
    def of(constants: dict[str, np.ndarray]) -> Scales:
        """Return the scales that constants of the model give."""
        names = (SIZE, OPENING, PERSISTENCE, MOMENTUM, COMMON, LASTING)
        return Scales(*(constants[name] for name in names))


def news_matrix(persistence: Point, momentum: Point, lasting: Point, years: int) -> Array:
    """Return what is felt in a year (row) of the news of another (column): (K, years, years)."""
    lag = np.maximum(np.arange(years)[:, None] - np.arange(years), 0)
    left, goes = (jnp.asarray(part)[:, None, None] for part in (persistence, momentum))
    felt = left**lag * (1 - goes ** (lag + 1)) / (1 - goes)
    stays = (np.asarray(lasting)[:, None, None] > 0) & (np.arange(years) == 0)
    return jnp.tril(jnp.where(stays, 1.0, felt))


def sizes(scales: Scales, years: int) -> np.ndarray:
    """Return the standard deviation of the news (K, years)."""
    found = np.repeat(scales.size[:, None], years, axis=1)
    found[:, 0] = scales.opening
    return found


def levels(innovation: np.ndarray, scales: Scales) -> np.ndarray:
    """Return the disturbances of mid-year (..., K, years) that innovations of that shape make."""
    years = innovation.shape[-1]
    news = innovation * sizes(scales, years)
    return np.asarray(np.einsum("kys,...ks->...ky", scales.matrix(years), news))


def innovations(level: np.ndarray, scales: Scales) -> np.ndarray:
    """Return the innovations that make disturbances `level` (..., K, years): `levels` undone."""
    years = level.shape[-1]
    undone = np.linalg.inv(scales.matrix(years))
    return np.asarray(np.einsum("kys,...ks->...ky", undone, level) / sizes(scales, years))


def by_level(by_news: np.ndarray, scales: Scales) -> np.ndarray:
    """Return derivatives (city, n, K, years) by disturbances, of those by innovations."""
    years = by_news.shape[-1]
    undone = np.linalg.inv(scales.matrix(years))
    return np.asarray(np.einsum("cnky,kys->cnks", by_news / sizes(scales, years), undone))


def by_common(by_news: np.ndarray, scales: Scales) -> np.ndarray:
    """Return derivatives (city, n, K x years) by innovations of all cities alike, of those by the
    innovations of every city.
    """
    kinds = len(scales.size)
    apart = by_news.reshape(*by_news.shape[:2], kinds, -1)
    ratio = scales.common[:, None] / sizes(scales, apart.shape[3])
    found: np.ndarray = (apart * ratio).reshape(by_news.shape)
    return found
