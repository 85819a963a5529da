"""The free parameters: a standard normal vector z and the constants of the model that it means.

A number with a range keeps inside it (`ranges.inside`). Parameters by city are hierarchical:
departures of the archetype plus departures of the city, each a spread times z. The spreads are
estimated with the fit (see marginal.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import jax.numpy as jnp
import numpy as np
from jax import Array

from zhuanxing.analyses.calibrate.settings import CityParameter
from zhuanxing.data.initial.carrying import CARRIED, ESTIMATED
from zhuanxing.data.tables import Tables
from zhuanxing.errors import ZhuanxingError, nearest
from zhuanxing.uncertainty.ranges import Range, inside, uncertain_numbers

if TYPE_CHECKING:
    from zhuanxing.model import Model

__all__ = ["Block", "Parameters", "Point", "free_parameters"]

Point = Array | np.ndarray

LINKS = ("range", "log", "shares")


@dataclass(frozen=True)
class Block:
    """One hierarchical parameter: its place in z and what its departures u [city, group] change.

    z holds first the archetypes [archetype, group], then the cities [city, group]. `reach` [city]
    multiplies the departures of cities whose value rests on less.
    """

    setting: CityParameter
    start: int
    archetypes: tuple[str, ...]
    cities: tuple[str, ...]
    member: np.ndarray
    groups: tuple[str, ...]
    base: np.ndarray
    half: np.ndarray
    belongs: np.ndarray
    reach: np.ndarray

    @property
    def of_archetypes(self) -> slice:
        """Return the place of the archetypes in z."""
        return slice(self.start, self.start + len(self.archetypes) * len(self.groups))

    @property
    def of_cities(self) -> slice:
        """Return the place of the cities in z."""
        first = self.of_archetypes.stop
        return slice(first, first + len(self.cities) * len(self.groups))

    def departures(self, z: Point, spread: Point) -> Array:
        """Return u [city, group]; `spread` is (archetype, city)."""
        groups = len(self.groups)
        of_archetype = z[self.of_archetypes].reshape(-1, groups)[self.member]
        of_city = z[self.of_cities].reshape(-1, groups)
        whole = spread[0] * of_archetype + spread[1] * of_city
        return jnp.asarray(self.reach[:, None] * whole)

    def constant(self, z: Point, spread: Point) -> Array:
        """Return the constant in its own shape."""
        u = self.departures(z, spread)
        if self.setting.link == "range":
            return jnp.asarray(self.base + self.half * jnp.tanh(u[:, 0]))
        if self.setting.link == "log":
            return jnp.asarray(self.base * jnp.exp(u[:, 0]))
        scaled = self.base * jnp.exp(u @ self.belongs.T)
        return jnp.asarray(scaled / scaled.sum(axis=1, keepdims=True))

    def labels(self) -> list[str]:
        """Return a name for each z of the block, in order."""
        named = []
        for owner in (*(f"all {a}" for a in self.archetypes), *self.cities):
            for group in self.groups:
                named.append(f"{self.setting.name}[{';'.join(filter(None, (owner, group)))}]")
        return named


@dataclass(frozen=True)
class Parameters:
    """All free parameters. z is (count,), spreads (blocks, 2)."""

    numbers: tuple[Range, ...]
    blocks: tuple[Block, ...]
    bases: dict[str, np.ndarray]

    @property
    def count(self) -> int:
        """Return the length of z."""
        return self.blocks[-1].of_cities.stop if self.blocks else len(self.numbers)

    @property
    def names(self) -> list[str]:
        """Return the constants that the parameters change."""
        named = [number.name for number in self.numbers]
        return list(dict.fromkeys([*named, *(block.setting.name for block in self.blocks)]))

    @property
    def labels(self) -> list[str]:
        """Return a name for each z."""
        named = [number.label for number in self.numbers]
        return [*named, *(label for block in self.blocks for label in block.labels())]

    def first_spreads(self) -> np.ndarray:
        """Return the spreads of the settings (blocks, 2)."""
        pairs = [(block.setting.archetype, block.setting.city) for block in self.blocks]
        return np.array(pairs, float).reshape(-1, 2)

    def values(self, z: Point) -> Array:
        """Return the numbers with a range at `z`, in order (numbers,)."""
        return inside(self.numbers, z[: len(self.numbers)])

    def constants(self, z: Point, spreads: Point) -> dict[str, Array]:
        """Return the constants of the model that `z` means, by name, in their own shape."""
        found: dict[str, Array] = {name: jnp.asarray(self.bases[name]) for name in self.names}
        values = self.values(z)
        for place, number in enumerate(self.numbers):
            found[number.name] = jnp.where(number.mask, values[place], found[number.name])
        for place, block in enumerate(self.blocks):
            found[block.setting.name] = block.constant(z, spreads[place])
        return found


def free_parameters(
    model: Model, tables: Tables, patterns: Sequence[str], cities: Sequence[CityParameter]
) -> Parameters:
    """Return the parameters that the settings ask for.

    Raises ZhuanxingError for a name, link or group that the model does not have.
    """
    constants = model.program.constants()
    by_city = {setting.name for setting in cities}
    numbers = [
        number
        for number in uncertain_numbers(model.source.equations, patterns)
        if number.name not in by_city
    ]
    blocks: list[Block] = []
    start = len(numbers)
    for setting in cities:
        block = _block(model, tables, setting, constants, start)
        blocks.append(block)
        start = block.of_cities.stop
    if start == 0:
        raise ZhuanxingError("calibrate.yaml: neither parameters nor cities name anything to fit")
    names = {number.name for number in numbers} | by_city
    return Parameters(tuple(numbers), tuple(blocks), {name: constants[name] for name in names})


def _block(
    model: Model,
    tables: Tables,
    setting: CityParameter,
    constants: dict[str, np.ndarray],
    start: int,
) -> Block:
    for name in filter(None, (setting.name, setting.groups)):
        _require("constant", name, constants)
    _require("link", setting.link, LINKS)
    cities = model.elements("city")
    kinds = [model.names.cities[city]["archetype"] for city in cities]
    archetypes = tuple(dict.fromkeys(kinds))
    base = constants[setting.name]
    half = np.zeros(len(cities))
    if setting.link == "range":
        half = _half_range(model, setting.name)
    groups: tuple[str, ...] = ("",)
    belongs = np.ones((1, 1))
    if setting.link == "shares":
        if setting.groups is None:
            raise ZhuanxingError(f"calibrate.yaml: '{setting.name}' of link shares needs groups")
        dim = model.program.variables[setting.groups].dims[1].replace(" ", "_")
        # The last group is what the others are relative to.
        groups = model.elements(dim)[:-1]
        belongs = constants[setting.groups][:, :-1]
    member = np.array([archetypes.index(kind) for kind in kinds])
    reach = _reach(model, setting, cities)
    return Block(
        setting, start, archetypes, tuple(cities), member, groups, base, half, belongs, reach
    )


def _half_range(model: Model, name: str) -> np.ndarray:
    """Return half the range [city] that assumptions.csv gives for the constant `name`."""
    equations = model.source.equations
    half = np.zeros(len(model.elements("city")))
    for row in equations.constant(name).rows:
        half[equations.mask(name, row.subscript)] = (row.high - row.low) / 2
    return half


def _reach(model: Model, setting: CityParameter, cities: Sequence[str]) -> np.ndarray:
    """Return how far the values of the cities depart, by where they come from [city]."""
    name = f"{setting.name.replace(' ', '_')}_origin"
    if name not in model.source.origins:
        return np.ones(len(cities))
    origins = model.source.origins[name].sel(city=list(cities))
    # All elements of a city's value have one origin.
    first = origins.isel({dim: 0 for dim in origins.dims if dim != "city"}).values
    factor = {CARRIED: setting.carried, ESTIMATED: setting.estimated}
    return np.array([factor.get(str(origin), 1.0) for origin in first])


def _require(kind: str, name: str, known: Sequence[str] | dict[str, np.ndarray]) -> None:
    if name not in known:
        raise ZhuanxingError(
            f"calibrate.yaml: cities: there is no {kind} '{name}'; "
            f"did you mean '{nearest(name, list(known))}'?"
        )
