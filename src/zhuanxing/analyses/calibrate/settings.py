"""``conf/calibrate.yaml`` as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from zhuanxing.settings import AtLeast

__all__ = [
    "METHODS",
    "CalibrateSettings",
    "CityParameter",
    "NutsSettings",
    "Quality",
    "Target",
]

METHODS = ("map", "laplace", "nuts")


@dataclass(frozen=True)
class CityParameter:
    """A constant by city whose values are drawn around those of the city's archetype.

    The departure u of a city is `archetype` x z + `city` x z' with standard normal z and z'.
    `link` says what u does: `range` moves the value inside its low-high range (u in halves of the
    range), `log` multiplies it by exp(u), `shares` multiplies the part of each group of the second
    dimension by exp(u) and makes them add up again; `groups` is then the constant that is one
    where an element belongs to a group. Initial values that were carried from another year, or
    estimated from the archetype, depart `carried` and `estimated` times as far as observed ones.
    """

    name: str
    link: str
    archetype: float
    city: float
    groups: str | None = None
    carried: float = 1.0
    estimated: float = 1.0


@dataclass(frozen=True)
class Target:
    """What a statistic is compared with.

    `how`: `change` (percent on last year), `mean_change` (percent a year over the years that the
    statistic's name ends in), `share` (percent of `over`) or `level` (100 x logarithm).
    `way` is sum or end, within the year; `over` divides. `error` is the observation error of a
    good source and `structural` the first guess of the model's own error, both in points.
    """

    observed: str
    variable: str
    how: str
    error: float
    structural: float
    way: str = "sum"
    element: str | None = None
    over: str | None = None


@dataclass(frozen=True)
class Quality:
    """A class of sources: `error` times the error of a good one, `tails` degrees of freedom."""

    quality: str
    error: float
    tails: float


@dataclass(frozen=True)
class NutsSettings:
    """The full posterior: of the parameters of the cities of `archetype`; null is all."""

    archetype: str | None
    # Two chains are compared, and their halves with one another.
    chains: Annotated[int, AtLeast(2)]
    warmup: Annotated[int, AtLeast(1)]
    samples: Annotated[int, AtLeast(4)]


@dataclass(frozen=True)
class CalibrateSettings:
    """All of ``conf/calibrate.yaml``."""

    name: str
    method: str
    last_year: int
    scenario: str
    seed: Annotated[int, AtLeast(0)]
    draws: Annotated[int, AtLeast(1)]
    rounds: Annotated[int, AtLeast(1)]
    iterations: Annotated[int, AtLeast(1)]
    basis: tuple[str, ...]
    parameters: tuple[str, ...]
    cities: tuple[CityParameter, ...]
    targets: tuple[Target, ...]
    quality: tuple[Quality, ...]
    nuts: NutsSettings
