"""What a fit estimates: numbers of the tables, initial values of cities, and disturbances.

All are standard normal (innovations: Student t) at first: `shared` (shared,) and `own` (city,
own). The columns of `own` are the initial values, the innovations by disturbance and year, and
the biases of the statistics; `shared` are the numbers and the innovations of all cities alike. A
number with a range keeps inside it (`ranges.inside`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import jax.numpy as jnp
import numpy as np
from jax import Array

from zhuanxing.analyses.calibrate.disturbances import (
    COMMON,
    COMMON_INNOVATION,
    DIMENSION,
    INNOVATION,
    MOMENTUM,
    OPENING,
    PERSISTENCE,
    SIZE,
    Point,
    Scales,
    levels,
)
from zhuanxing.analyses.calibrate.settings import CityParameter
from zhuanxing.data.initial.carrying import CARRIED, ESTIMATED
from zhuanxing.errors import ZhuanxingError, require_known
from zhuanxing.uncertainty.ranges import Range, inside, uncertain_numbers

if TYPE_CHECKING:
    from zhuanxing.model import Model

__all__ = ["Block", "Parameters", "free_parameters"]


@dataclass(frozen=True)
class Block:
    """One initial value: its columns of `own`, and what its departures u (city, group) change.

    `reach` (city,) multiplies the departures of cities whose value rests on less.
    """

    setting: CityParameter
    columns: slice
    groups: tuple[str, ...]
    base: np.ndarray
    belongs: np.ndarray
    reach: np.ndarray

    def constant(self, own: Point, base: Point, reach: Point) -> Array:
        """Return the constant in its own shape; `base` and `reach` are those of the block."""
        u = self.setting.spread * reach[:, None] * own[:, self.columns]
        if self.setting.link == "log":
            return jnp.asarray(base * jnp.exp(u[:, 0]))
        scaled = base * jnp.exp(u @ self.belongs.T)
        return jnp.asarray(scaled / scaled.sum(axis=1, keepdims=True))


@dataclass(frozen=True)
class Parameters:
    """All that is estimated. `years` are those of the innovations, from the model's first year;
    `biased` the targets with a bias. `all_years` is the length of the model's innovations.
    """

    numbers: tuple[Range, ...]
    blocks: tuple[Block, ...]
    disturbances: tuple[str, ...]
    years: tuple[int, ...]
    biased: np.ndarray
    cities: tuple[str, ...]
    all_years: int
    bases: dict[str, np.ndarray]

    @property
    def initial(self) -> int:
        """Number of columns of initial values."""
        return self.blocks[-1].columns.stop if self.blocks else 0

    @property
    def news(self) -> slice:
        """The columns of the innovations."""
        return slice(self.initial, self.initial + len(self.disturbances) * len(self.years))

    @property
    def common(self) -> slice:
        """The places of the innovations of all cities alike in `shared`."""
        first = len(self.numbers)
        return slice(first, first + len(self.disturbances) * len(self.years))

    @property
    def width(self) -> int:
        """Number of columns of `own`."""
        found: int = self.news.stop + len(self.biased)
        return found

    @property
    def count(self) -> int:
        """How many numbers are estimated."""
        found: int = self.common.stop + len(self.cities) * self.width
        return found

    @property
    def names(self) -> list[str]:
        """Return the constants that a fit changes."""
        named = [number.name for number in self.numbers]
        named += [block.setting.name for block in self.blocks]
        news = [INNOVATION, COMMON_INNOVATION, SIZE, OPENING, PERSISTENCE, MOMENTUM, COMMON]
        return list(dict.fromkeys([*named, *news]))

    def start(self) -> tuple[np.ndarray, np.ndarray]:
        """Return `shared` and `own` of the tables: zeros."""
        return np.zeros(self.common.stop), np.zeros((len(self.cities), self.width))

    def values(self, shared: Point) -> Array:
        """Return the numbers with a range, in order (numbers,)."""
        return inside(self.numbers, shared[..., : len(self.numbers)])

    def innovation(self, own: Point) -> Array:
        """Return the innovations (city, disturbance, year)."""
        shape = (len(self.cities), len(self.disturbances), len(self.years))
        return jnp.asarray(own[:, self.news]).reshape(shape)

    def common_innovation(self, shared: Point) -> Array:
        """Return the innovations of all cities alike (disturbance, year)."""
        return jnp.asarray(shared[self.common]).reshape(len(self.disturbances), -1)

    def disturbances_of(self, shared: np.ndarray, own: np.ndarray, scales: Scales) -> np.ndarray:
        """Return the disturbances of mid-year (city, disturbance, year), with what is common."""
        common = levels(np.asarray(self.common_innovation(shared)), scales.of_all)
        found: np.ndarray = levels(np.asarray(self.innovation(own)), scales) + common
        return found

    @property
    def tabled(self) -> dict[str, dict[str, np.ndarray]]:
        """What the tables say of the constants: values of those with free numbers, values and
        reach of initial values. It differs between years of information.
        """
        return {
            "numbers": self.bases,
            "initial": {block.setting.name: block.base for block in self.blocks},
            "reach": {block.setting.name: block.reach for block in self.blocks},
        }

    def constants(
        self,
        shared: Point,
        own: Point,
        scales: Mapping[str, Point],
        tabled: Mapping[str, Mapping[str, Point]] | None = None,
    ) -> dict[str, Array]:
        """Return the constants of the model by name, in their own shape.

        A compiled function that is to serve several years of information is given `tabled`.
        """
        known = self.tabled if tabled is None else tabled
        found = {name: jnp.asarray(base) for name, base in known["numbers"].items()}
        values = self.values(shared)
        for place, number in enumerate(self.numbers):
            found[number.name] = jnp.where(number.mask, values[place], found[number.name])
        for block in self.blocks:
            name = block.setting.name
            found[name] = block.constant(own, known["initial"][name], known["reach"][name])
        news = self.innovation(own)
        later = (0, self.all_years - news.shape[2])
        found[INNOVATION] = jnp.pad(news, ((0, 0), (0, 0), later))
        found[COMMON_INNOVATION] = jnp.pad(self.common_innovation(shared), ((0, 0), later))
        return found | {name: jnp.asarray(value) for name, value in scales.items()}


def free_parameters(
    model: Model,
    patterns: Sequence[str],
    cities: Sequence[CityParameter],
    years: Sequence[int],
    biased: np.ndarray,
) -> Parameters:
    """Return the parameters that the settings ask for; `biased` (target,) is true of targets with
    a bias.

    Raises ZhuanxingError for a name or group that the model does not have.
    """
    constants = model.program.constants()
    by_city = {setting.name for setting in cities}
    numbers = [
        number
        for number in uncertain_numbers(model.source.equations, patterns)
        if number.name not in by_city
    ]
    blocks: list[Block] = []
    for setting in cities:
        start = blocks[-1].columns.stop if blocks else 0
        blocks.append(_block(model, setting, constants, start))
    names = {number.name for number in numbers}
    return Parameters(
        tuple(numbers), tuple(blocks), model.elements(DIMENSION), tuple(years),
        np.flatnonzero(biased), model.elements("city"), constants[INNOVATION].shape[2],
        {name: constants[name] for name in names},
    )  # fmt: skip


def _block(
    model: Model, setting: CityParameter, constants: dict[str, np.ndarray], start: int
) -> Block:
    for name in filter(None, (setting.name, setting.groups)):
        require_known("constant", name, constants, "calibrate.yaml: cities")
    groups: tuple[str, ...] = ("",)
    belongs = np.ones((1, 1))
    if setting.link == "shares":
        if setting.groups is None:
            raise ZhuanxingError(f"calibrate.yaml: '{setting.name}' of link shares needs groups")
        # The last group is what the others are relative to.
        groups = model.elements(model.program.variables[setting.groups].dims[1])[:-1]
        belongs = constants[setting.groups][:, :-1]
    columns = slice(start, start + len(groups))
    return Block(setting, columns, groups, constants[setting.name], belongs, _reach(model, setting))


def _reach(model: Model, setting: CityParameter) -> np.ndarray:
    """Return how far the values of the cities depart, by where they come from [city]."""
    cities = list(model.elements("city"))
    name = f"{setting.name.replace(' ', '_')}_origin"
    if name not in model.source.origins:
        return np.ones(len(cities))
    origins = model.source.origins[name].sel(city=cities)
    # All elements of a city's value have one origin.
    first = origins.isel({dim: 0 for dim in origins.dims if dim != "city"}).values
    factor = {CARRIED: setting.carried, ESTIMATED: setting.estimated}
    return np.array([factor.get(str(origin), 1.0) for origin in first])
