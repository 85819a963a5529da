"""Disturbances: what the equations do not explain, as autoregressive processes by city and year.

The equations of ``disturbances.mdl`` add up yearly news (innovations, in standard deviations) that
fade; these are the names under which a fit sets them, and how size, opening size and persistence
turn news into the disturbances of mid-year and back.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass

import jax.numpy as jnp
import numpy as np
from jax import Array

from zhuanxing.uncertainty.ensemble import COMMON_INNOVATION, INNOVATION

__all__ = [
    "COMMON", "COMMON_INNOVATION", "DIMENSION", "INNOVATION", "OPENING", "PERSISTENCE", "SIZE",
    "YEAR", "Scales", "by_common", "innovations", "levels", "news_matrix",
]  # fmt: skip

SIZE, OPENING, PERSISTENCE, COMMON = (
    "disturbance size",
    "opening disturbance size",
    "disturbance persistence",
    "common disturbance size",
)
DIMENSION, YEAR = "disturbance", "disturbed year"

Point = Array | np.ndarray


@dataclass(frozen=True)
class Scales:
    """By disturbance: standard deviation of the news of a city in a year, in the first year, of
    news that all cities share, and persistence.
    """

    size: np.ndarray
    opening: np.ndarray
    persistence: np.ndarray
    common: np.ndarray

    def constants(self) -> dict[str, np.ndarray]:
        """Return them as constants of the model."""
        return {
            SIZE: self.size,
            OPENING: self.opening,
            PERSISTENCE: self.persistence,
            COMMON: self.common,
        }

    def where(self, chosen: np.ndarray, other: Scales) -> Scales:
        """Return these scales where `chosen` (disturbance,), elsewhere the others."""
        pairs = zip(astuple(self), astuple(other), strict=True)
        return Scales(*(np.where(chosen, mine, theirs) for mine, theirs in pairs))

    @property
    def of_all(self) -> Scales:
        """The scales of the news that all cities share, as those of one city."""
        return Scales(self.common, self.common, self.persistence, self.common)

    @staticmethod
    def of(constants: dict[str, np.ndarray]) -> Scales:
        """Return the scales that constants of the model give."""
        return Scales(*(constants[name] for name in (SIZE, OPENING, PERSISTENCE, COMMON)))


def news_matrix(persistence: Point, years: int) -> Array:
    """Return what is left in a year (row) of the news of another (column): (K, years, years)."""
    lag = np.arange(years)[:, None] - np.arange(years)
    powers = jnp.asarray(persistence)[:, None, None] ** np.maximum(lag, 0)
    return jnp.where(lag >= 0, powers, 0.0)


def sizes(scales: Scales, years: int) -> np.ndarray:
    """Return the standard deviation of the news (K, years)."""
    found = np.repeat(scales.size[:, None], years, axis=1)
    found[:, 0] = scales.opening
    return found


def levels(innovation: np.ndarray, scales: Scales) -> np.ndarray:
    """Return the disturbances of mid-year (..., K, years) that innovations of that shape make."""
    years = innovation.shape[-1]
    matrix = np.asarray(news_matrix(scales.persistence, years))
    news = innovation * sizes(scales, years)
    return np.asarray(np.einsum("kys,...ks->...ky", matrix, news))


def innovations(level: np.ndarray, scales: Scales) -> np.ndarray:
    """Return the innovations that make disturbances `level` (..., K, years): `levels` undone."""
    news = level.copy()
    news[..., 1:] -= scales.persistence[:, None] * level[..., :-1]
    found: np.ndarray = news / sizes(scales, level.shape[-1])
    return found


def by_common(by_news: np.ndarray, scales: Scales) -> np.ndarray:
    """Return derivatives (city, n, K x years) by innovations of all cities alike, of those by the
    innovations of every city.
    """
    kinds = len(scales.size)
    apart = by_news.reshape(*by_news.shape[:2], kinds, -1)
    ratio = scales.common[:, None] / sizes(scales, apart.shape[3])
    found: np.ndarray = (apart * ratio).reshape(by_news.shape)
    return found
