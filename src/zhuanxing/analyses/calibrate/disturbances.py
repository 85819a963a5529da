"""Disturbances: what the equations do not explain, as autoregressive processes by city and year.

The equations of ``disturbances.mdl`` add up yearly news (innovations, in standard deviations) that
fade; these are the names under which a fit sets them, and how size, opening size and persistence
turn news into the disturbances of mid-year and back.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jax import Array

from zhuanxing.uncertainty.ensemble import INNOVATION

__all__ = [
    "DIMENSION", "INNOVATION", "OPENING", "PERSISTENCE", "SIZE", "YEAR", "Scales", "innovations",
    "levels", "news_matrix",
]  # fmt: skip

SIZE, OPENING, PERSISTENCE = (
    "disturbance size",
    "opening disturbance size",
    "disturbance persistence",
)
DIMENSION, YEAR = "disturbance", "disturbed year"

Point = Array | np.ndarray


@dataclass(frozen=True)
class Scales:
    """By disturbance: standard deviation of a year's news, of the first year's, and persistence."""

    size: np.ndarray
    opening: np.ndarray
    persistence: np.ndarray

    def constants(self) -> dict[str, np.ndarray]:
        """Return them as constants of the model."""
        return {SIZE: self.size, OPENING: self.opening, PERSISTENCE: self.persistence}

    @staticmethod
    def of(constants: dict[str, np.ndarray]) -> Scales:
        """Return the scales that constants of the model give."""
        return Scales(constants[SIZE], constants[OPENING], constants[PERSISTENCE])


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
    return news / sizes(scales, level.shape[-1])
