"""Resolving a scenario with all it extends to lever settings by city."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from zhuanxing.data.names import ModelNames
from zhuanxing.errors import ZhuanxingError
from zhuanxing.inputs.budget import budget_assumptions
from zhuanxing.inputs.scenario_files import (
    LEVER_YEARS,
    SELECTORS,
    LeverSetting,
    ScenarioFile,
    assumption_values,
    lever_setting,
    parse_scenario,
    read_scenario,
)

__all__ = [
    "Scenario",
    "override_assumptions",
    "override_budget",
    "override_levers",
    "resolve",
    "resolve_mapping",
    "scale_levers",
]

BASELINE, CUSTOM = "baseline", "custom"


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
    assumptions: Mapping[str, float | dict[str, float]]

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
    intensity = np.zeros((len(cities), len(levers)))
    start = np.full((len(cities), len(levers)), np.nan)
    end = np.full((len(cities), len(levers)), LEVER_YEARS[1])
    assumptions: dict[str, float | dict[str, float]] = {}
    for file in reversed(chain):
        where = f"{folder.name}/{file.name}.yaml"
        everywhere = np.ones(len(cities), dtype=bool)
        _apply((intensity, start, end), file.levers, everywhere, names)
        for number, override in enumerate(file.overrides, start=1):
            selected = _select(override.where, names)
            place = f"{where}: overrides, item {number}"
            _require_action(override.named, selected, names, place)
            _apply((intensity, start, end), override.levers, selected, names)
        assumptions.update(file.assumptions)
    unset = np.argwhere(np.isnan(start))
    if len(unset):
        raise ZhuanxingError(
            f"{folder.name}/{name}.yaml: the lever '{levers[unset[0][1]]}' has no start year; "
            "give 'levers.all.start' or extend a scenario that does"
        )
    labels, lineage = chain[0].labels, tuple(file.name for file in chain)
    return Scenario(
        name,
        labels,
        lineage,
        cities,
        levers,
        _frozen(intensity),
        _frozen(start),
        _frozen(end),
        assumptions,
    )


def override_levers(
    scenario: Scenario,
    levers: Mapping[str, Mapping[str, float] | float],
    cities: Sequence[str] | None,
    names: ModelNames,
) -> Scenario:
    """Return `scenario` with lever settings replaced in `cities` (None: in all of them).

    `levers` maps a lever to an intensity or to {"intensity": .., "start": ..}. Raises
    ZhuanxingError for unknown names, numbers out of range, and levers that act in none of
    `cities`.
    """
    selected = np.ones(len(scenario.cities), dtype=bool)
    if cities is not None:
        for city in cities:
            names.of("city").find(city, "city")
        selected = np.isin(scenario.cities, list(cities))
    settings: dict[str, LeverSetting] = {}
    for written, value in levers.items():
        lever = names.of("lever").find(written, "levers")
        settings[lever] = lever_setting(value, f"levers.{lever}")
    arrays = scenario.intensity.copy(), scenario.start.copy(), scenario.end.copy()
    _require_action(settings, selected, names, "levers")
    _apply(arrays, settings, selected, names)
    intensity, start, end = map(_frozen, arrays)
    return replace(scenario, intensity=intensity, start=start, end=end)


def scale_levers(scenario: Scenario, share: float, cities: Sequence[str] | None = None) -> Scenario:
    """Return `scenario` with every lever at `share` (0 to 1) of its strength, in `cities` alone."""
    intensity = scenario.intensity.copy()
    chosen = np.isin(scenario.cities, list(scenario.cities if cities is None else cities))
    intensity[chosen] *= share
    return replace(scenario, intensity=_frozen(intensity))


def override_assumptions(
    scenario: Scenario, values: Mapping[str, Any], names: ModelNames
) -> Scenario:
    """Return `scenario` with further assumptions replaced, for all or by element."""
    checked = assumption_values(values, names, "assumptions")
    return replace(scenario, assumptions={**scenario.assumptions, **checked})


def override_budget(scenario: Scenario, budget: Any, names: ModelNames) -> Scenario:
    """Return `scenario` with the budget of zhuanxing.inputs.budget."""
    checked = budget_assumptions(budget, names, "budget")
    return replace(scenario, assumptions={**scenario.assumptions, **checked})


def _without(value: float | dict[str, float], cities: set[str]) -> float | dict[str, float]:
    """Return an assumption without the elements of `cities`."""
    if not isinstance(value, dict):
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


def _select(where: Mapping[str, tuple[str, ...]], names: ModelNames) -> np.ndarray:
    selected = np.ones(len(names.cities), dtype=bool)
    for key, values in where.items():
        selected &= np.isin(names.attribute(SELECTORS[key]), values)
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
                f"{where}: the lever '{lever}' acts only in {allowed}; select one of these"
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
