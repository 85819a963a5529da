"""Resolving a scenario with all it extends to lever settings by city."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from zhuanxing.data.kinds import LEVER_YEARS
from zhuanxing.data.names import ModelNames
from zhuanxing.errors import ZhuanxingError
from zhuanxing.inputs.changes import Changes
from zhuanxing.inputs.scenario_files import (
    SELECTORS,
    ScenarioFile,
    Where,
    parse_scenario,
    read_scenario,
)

__all__ = ["Scenario", "changed", "resolve", "resolve_mapping"]

BASELINE, CUSTOM = "baseline", "custom"
# A number for all elements, or by element.
Constant = float | Mapping[str, float]


@dataclass(frozen=True)
class Scenario:
    """A scenario ready to run.

    `intensity` [city, lever] (Dmnl, 0-1, zero outside a lever's target cities), `start` and `end`
    [city, lever] (calendar years) are read-only arrays; `assumptions` replaces values by name,
    for all elements or by element; `lineage` lists the scenario and what it extends; `base_year` is
    the year before the first in which the oldest of these lets a lever start.

    Examples
    --------
    >>> import zhuanxing
    >>> plan = zhuanxing.load().scenario("plan")
    >>> plan.lineage, plan.intensity.shape == (len(plan.cities), len(plan.levers))
    (('plan', 'baseline'), True)
    """

    name: str
    labels: Mapping[str, str]
    lineage: tuple[str, ...]
    base_year: int
    cities: tuple[str, ...]
    levers: tuple[str, ...]
    intensity: np.ndarray
    start: np.ndarray
    end: np.ndarray
    assumptions: Mapping[str, Constant]

    def __post_init__(self) -> None:
        for array in (self.intensity, self.start, self.end):
            array.flags.writeable = False

    def of_cities(self, cities: Sequence[str]) -> Scenario:
        """Return what the scenario sets in `cities`, in their order."""
        places = [self.cities.index(city) for city in cities]
        return replace(
            self,
            cities=tuple(cities),
            intensity=self.intensity[places],
            start=self.start[places],
            end=self.end[places],
            assumptions={
                name: _without(value, set(self.cities) - set(cities))
                for name, value in self.assumptions.items()
            },
        )


def resolve(folder: Path, name: str, names: ModelNames) -> Scenario:
    """Resolve `folder`/`name`.yaml from its oldest ancestor down.

    Raises ZhuanxingError for anything unknown, for `extends` that runs in a circle, for a lever
    without a start year, and for an override that selects no city where its lever acts.
    """
    return _resolved(_chain(folder, name, names), folder, names)


def resolve_mapping(folder: Path, content: Mapping[str, Any], names: ModelNames) -> Scenario:
    """Resolve a scenario that is written as a mapping with the keys of a scenario file.

    What it extends is looked for in `folder`; without `extends` that is the baseline, and without
    names it is called custom. Raises ZhuanxingError as `resolve`.
    """
    name = str(content.get("name", CUSTOM))
    filled = {"name_zh": "自定", "name_en": "Custom", "extends": BASELINE, **content}
    filled.pop("name", None)
    first = parse_scenario(filled, folder, name, names, f"scenario {name}")
    rest = _chain(folder, first.extends, names) if first.extends else []
    return _resolved([first, *rest], folder, names)


def _resolved(chain: list[ScenarioFile], folder: Path, names: ModelNames) -> Scenario:
    made = _nothing(chain, names)
    for file in reversed(chain):
        made = changed(made, file.changes(names), names, named=())
        for number, override in enumerate(file.overrides, start=1):
            place = f"{folder.name}/{file.name}.yaml: overrides, item {number}"
            changes = override.changes(names, _selected(override.where, names, place))
            made = changed(made, changes, names, place, override.named)
        if not made.base_year and not np.isnan(made.start).all():
            made = replace(made, base_year=int(np.nanmin(made.start)) - 1)
    unset = np.argwhere(np.isnan(made.start))
    if len(unset):
        raise ZhuanxingError(
            "{where}: the lever '{lever}' has no start year; give 'levers.all.start' or extend a "
            "scenario that does",
            where=f"{folder.name}/{made.name}.yaml",
            lever=made.levers[unset[0][1]],
        )
    return made


def _nothing(chain: list[ScenarioFile], names: ModelNames) -> Scenario:
    """Return the scenario of a chain of files before any of them is read."""
    shape = len(names.cities), len(names.levers)
    arrays = np.zeros(shape), np.full(shape, np.nan), np.full(shape, LEVER_YEARS[1])
    return Scenario(
        chain[0].name, chain[0].labels, tuple(file.name for file in chain), 0,
        tuple(names.cities), tuple(names.levers), *arrays, {},
    )  # fmt: skip


def changed(
    scenario: Scenario,
    changes: Changes,
    names: ModelNames,
    where: str = "levers",
    named: Iterable[str] | None = None,
) -> Scenario:
    """Return `scenario` with its levers scaled and replaced where `changes` says, and with other
    assumptions and another budget. Here alone settings become arrays.

    No lever leaves its targets. Raises ZhuanxingError, beginning with `where`, if one of the levers
    `named`, by default all that are changed, acts in none of the cities.
    """
    selected = np.isin(scenario.cities, changes.city or scenario.cities)
    columns = {lever: column for column, lever in enumerate(scenario.levers)}
    for lever in changes.levers if named is None else named:
        _require_action(lever, names.targets[:, columns[lever]], selected, names, where)
    intensity, start, end = (
        array.copy() for array in (scenario.intensity, scenario.start, scenario.end)
    )
    intensity[selected] *= changes.scale
    for lever, setting in changes.levers.items():
        column = columns[lever]
        if "intensity" in setting:
            intensity[selected & names.targets[:, column], column] = setting["intensity"]
        if "start" in setting:
            start[selected, column] = setting["start"]
        if "end" in setting:
            end[selected, column] = setting["end"]
    assumptions = {**scenario.assumptions, **changes.constants(names.cities)}
    return replace(scenario, intensity=intensity, start=start, end=end, assumptions=assumptions)


def _without(value: Constant, cities: set[str]) -> Constant:
    """Return an assumption without the elements of `cities`."""
    if not isinstance(value, Mapping):
        return value
    return {key: number for key, number in value.items() if not cities & set(key.split(";"))}


def _chain(folder: Path, name: str, names: ModelNames) -> list[ScenarioFile]:
    chain: list[ScenarioFile] = []
    following: str | None = name
    while following is not None:
        lineage = [file.name for file in chain]
        if following in lineage:
            circle = " -> ".join([*lineage[lineage.index(following) :], following])
            where = f"{folder.name}/{chain[-1].name}.yaml"
            raise ZhuanxingError(
                "{where}: extends runs in a circle ({circle})", where=where, circle=circle
            )
        chain.append(read_scenario(folder, following, names))
        following = chain[-1].extends
    return chain


def _selected(where: Where, names: ModelNames, place: str) -> tuple[str, ...]:
    """Return the cities that satisfy every selector; refuse where there is none."""
    selected = np.ones(len(names.cities), dtype=bool)
    for key, column in SELECTORS.items():
        values = getattr(where, key)
        if values is not None:
            selected &= np.isin(names.attribute(column), values)
    if not selected.any():
        raise ZhuanxingError("{where}: no city satisfies all of its 'where'", where=place)
    return tuple(np.array(list(names.cities))[selected])


def _require_action(
    lever: str, target: np.ndarray, selected: np.ndarray, names: ModelNames, where: str
) -> None:
    """Refuse a lever that acts in none of the selected cities [city]."""
    if not (selected & target).any():
        raise ZhuanxingError(
            "{where}: the lever '{lever}' acts only in {cities}; select one of these",
            where=where, lever=lever, cities=", ".join(np.array(list(names.cities))[target]),
        )  # fmt: skip
