"""Resolving a scenario with all it extends to lever settings by city."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from zhuanxing.data.names import ModelNames
from zhuanxing.errors import ZhuanxingError
from zhuanxing.inputs.changes import LEVER_YEARS, Changes, LeverSetting, as_constants
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
    for all elements or by element; `lineage` lists the scenario and what it extends.

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
    cities: tuple[str, ...]
    levers: tuple[str, ...]
    intensity: np.ndarray
    start: np.ndarray
    end: np.ndarray
    assumptions: Mapping[str, Constant]

    @property
    def base_year(self) -> int:
        """The year before the first in which a lever may start."""
        return int(self.start.min()) - 1

    def of_cities(self, cities: Sequence[str]) -> Scenario:
        """Return what the scenario sets in `cities`, in their order."""
        places = [self.cities.index(city) for city in cities]
        return replace(
            self,
            cities=tuple(cities),
            intensity=_frozen(self.intensity[places]),
            start=_frozen(self.start[places]),
            end=_frozen(self.end[places]),
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
    name = chain[0].name
    cities, levers = tuple(names.cities), tuple(names.levers)
    shape = len(cities), len(levers)
    settings = np.zeros(shape), np.full(shape, np.nan), np.full(shape, LEVER_YEARS[1])
    assumptions: dict[str, Constant] = {}
    for file in reversed(chain):
        _apply(settings, file.settings(names), np.ones(len(cities), dtype=bool), names)
        for number, override in enumerate(file.overrides, start=1):
            selected = _select(override.where, names)
            place = f"{folder.name}/{file.name}.yaml: overrides, item {number}"
            _require_action(override.named, selected, names, place)
            _apply(settings, override.settings(names), selected, names)
        assumptions |= as_constants(file.assumptions, file.budget, names.cities)
    intensity, start, end = map(_frozen, settings)
    unset = np.argwhere(np.isnan(start))
    if len(unset):
        raise ZhuanxingError(
            f"{folder.name}/{name}.yaml: the lever '{levers[unset[0][1]]}' has no start year; "
            "give 'levers.all.start' or extend a scenario that does"
        )
    labels, lineage = chain[0].labels, tuple(file.name for file in chain)
    return Scenario(
        name, labels, lineage, cities, levers, intensity, start, end, assumptions
    )  # fmt: skip


def changed(scenario: Scenario, changes: Changes, names: ModelNames) -> Scenario:
    """Return `scenario` with its levers scaled and replaced where `changes` says, and with other
    assumptions and another budget.

    Raises ZhuanxingError for levers that act in none of the cities.
    """
    selected = np.isin(scenario.cities, changes.city or scenario.cities)
    _require_action(changes.levers, selected, names, "levers")
    intensity, start, end = (
        array.copy() for array in (scenario.intensity, scenario.start, scenario.end)
    )
    intensity[selected] *= changes.scale
    _apply((intensity, start, end), changes.levers, selected, names)
    constants = as_constants(changes.assumptions, changes.budget, names.cities)
    return replace(
        scenario, intensity=_frozen(intensity), start=_frozen(start), end=_frozen(end),
        assumptions={**scenario.assumptions, **constants},
    )  # fmt: skip


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
            raise ZhuanxingError(
                f"{folder.name}/{chain[-1].name}.yaml: extends runs in a circle ({circle})"
            )
        chain.append(read_scenario(folder, following, names))
        following = chain[-1].extends
    return chain


def _select(where: Where, names: ModelNames) -> np.ndarray:
    selected = np.ones(len(names.cities), dtype=bool)
    for key, column in SELECTORS.items():
        values = getattr(where, key)
        if values is not None:
            selected &= np.isin(names.attribute(column), values)
    return selected


def _require_action(
    levers: Iterable[str], selected: np.ndarray, names: ModelNames, where: str
) -> None:
    """Refuse a lever that acts in none of the selected cities [city]."""
    for lever in levers:
        target = names.targets[:, tuple(names.levers).index(lever)]
        if not (selected & target).any():
            allowed = ", ".join(np.array(list(names.cities))[target])
            raise ZhuanxingError(
                "{where}: the lever '{lever}' acts only in {cities}; select one of these",
                where=where,
                lever=lever,
                cities=allowed,
            )


def _apply(
    arrays: tuple[np.ndarray, np.ndarray, np.ndarray],
    settings: Mapping[str, LeverSetting],
    selected: np.ndarray,
    names: ModelNames,
) -> None:
    """Write settings into intensity, start and end [city, lever]; no lever leaves its targets."""
    intensity, start, end = arrays
    columns = {lever: column for column, lever in enumerate(names.levers)}
    for lever, setting in settings.items():
        column = columns[lever]
        if setting.intensity is not None:
            intensity[selected & names.targets[:, column], column] = setting.intensity
        if setting.start is not None:
            start[selected, column] = setting.start
        if setting.end is not None:
            end[selected, column] = setting.end


def _frozen(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array
