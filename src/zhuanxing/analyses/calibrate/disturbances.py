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
from jaxtyping import Bool, Float

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
Kinds = Float[Array, " kind"] | Float[np.ndarray, " kind"]


@dataclass(frozen=True)
class Scales:
    """By disturbance: standard deviation of the news of a city in a year, in the first year, of
    news that all cities share, persistence, and momentum; `lasting` is one where the opening does
    not fade.
    """

    size: Float[np.ndarray, " kind"]
    opening: Float[np.ndarray, " kind"]
    persistence: Float[np.ndarray, " kind"]
    momentum: Float[np.ndarray, " kind"]
    common: Float[np.ndarray, " kind"]
    lasting: Float[np.ndarray, " kind"]

    def constants(self) -> dict[str, np.ndarray]:
        """Return what a fit changes of them, as constants of the model."""
        return {
            SIZE: self.size,
            OPENING: self.opening,
            PERSISTENCE: self.persistence,
            MOMENTUM: self.momentum,
            COMMON: self.common,
        }

    def where(self, chosen: Bool[np.ndarray, " kind"], other: Scales) -> Scales:
        """Return these scales where `chosen`, elsewhere the others."""
        pairs = zip(astuple(self), astuple(other), strict=True)
        return Scales(*(np.where(chosen, mine, theirs) for mine, theirs in pairs))

    @property
    def of_all(self) -> Scales:
        """The scales of the news that all cities share, as those of one city.

        Equations are as far from all cities at the start as from one.
        """
        return replace(self, size=self.common)

    def matrix(self, years: int) -> Float[np.ndarray, "kind year year"]:
        """Return `news_matrix` of these scales."""
        return np.asarray(news_matrix(self.persistence, self.momentum, self.lasting, years))

    @staticmethod
    def of(constants: dict[str, np.ndarray]) -> Scales:
        """Return the scales that constants of the model give."""
        names = (SIZE, OPENING, PERSISTENCE, MOMENTUM, COMMON, LASTING)
        return Scales(*(constants[name] for name in names))


def news_matrix(
    persistence: Kinds, momentum: Kinds, lasting: Kinds, years: int
) -> Float[Array, "kind year year"]:
    """Return what is felt in a year (row) of the news of another (column)."""
    lag = np.maximum(np.arange(years)[:, None] - np.arange(years), 0)
    left, goes = (jnp.asarray(part)[:, None, None] for part in (persistence, momentum))
    felt = left**lag * (1 - goes ** (lag + 1)) / (1 - goes)
    stays = (np.asarray(lasting)[:, None, None] > 0) & (np.arange(years) == 0)
    return jnp.tril(jnp.where(stays, 1.0, felt))


def sizes(scales: Scales, years: int) -> Float[np.ndarray, "kind year"]:
    """Return the standard deviation of the news."""
    found = np.repeat(scales.size[:, None], years, axis=1)
    found[:, 0] = scales.opening
    return found


def levels(
    innovation: Float[np.ndarray, "*before kind year"], scales: Scales
) -> Float[np.ndarray, "*before kind year"]:
    """Return the disturbances of mid-year that innovations make."""
    years = innovation.shape[-1]
    news = innovation * sizes(scales, years)
    return np.asarray(np.einsum("kys,...ks->...ky", scales.matrix(years), news))


def innovations(
    level: Float[np.ndarray, "*before kind year"], scales: Scales
) -> Float[np.ndarray, "*before kind year"]:
    """Return the innovations that make the disturbances `level`: `levels` undone."""
    years = level.shape[-1]
    undone = np.linalg.inv(scales.matrix(years))
    return np.asarray(np.einsum("kys,...ks->...ky", undone, level) / sizes(scales, years))


def by_level(
    by_news: Float[np.ndarray, "city n kind year"], scales: Scales
) -> Float[np.ndarray, "city n kind year"]:
    """Return derivatives by disturbances, of those by innovations."""
    years = by_news.shape[-1]
    undone = np.linalg.inv(scales.matrix(years))
    return np.asarray(np.einsum("cnky,kys->cnks", by_news / sizes(scales, years), undone))


def by_common(
    by_news: Float[np.ndarray, "city n news"], scales: Scales
) -> Float[np.ndarray, "city n news"]:
    """Return derivatives by innovations of all cities alike, of those by the innovations of every
    city; news go through disturbances and years.
    """
    kinds = len(scales.size)
    apart = by_news.reshape(*by_news.shape[:2], kinds, -1)
    years = apart.shape[3]
    ratio = sizes(scales.of_all, years) / sizes(scales, years)
    found: np.ndarray = (apart * ratio).reshape(by_news.shape)
    return found
