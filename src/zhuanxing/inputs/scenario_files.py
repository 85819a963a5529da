"""Scenario files: reading one YAML file and checking every name and number in it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zhuanxing.data.names import ModelNames
from zhuanxing.errors import ZhuanxingError, require_known
from zhuanxing.inputs.budget import budget_assumptions
from zhuanxing.storage.yaml_files import load_yaml

__all__ = [
    "LeverSetting",
    "Override",
    "ScenarioFile",
    "assumption_values",
    "lever_setting",
    "read_scenario",
    "scenario_names",
]

EVERY_LEVER = "all"
LEVER_YEARS = (2015.0, 2050.0)
KEYS = (
    "name_zh",
    "name_en",
    "description_zh",
    "description_en",
    "extends",
    "levers",
    "groups",
    "overrides",
    "assumptions",
    "budget",
)
# How a `where:` may select cities, and the column of units.csv that each key reads.
SELECTORS = {
    "city": "unit_id", "zone": "zone_id", "archetype": "archetype", "named": "named",
}  # fmt: skip


@dataclass(frozen=True)
class LeverSetting:
    """What a scenario says of one lever; None leaves the extended scenario's value.

    intensity in [0, 1] (Dmnl), start and end calendar years.
    """

    intensity: float | None = None
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True)
class Override:
    """Lever settings for the cities that satisfy every selector in `where`.

    `named` lists the levers written by their own name, not through `all` or a group.
    """

    where: Mapping[str, tuple[str, ...]]
    levers: Mapping[str, LeverSetting]
    named: frozenset[str]


@dataclass(frozen=True)
class ScenarioFile:
    """One scenario file as written, every name in it known. Lever keys are levers only."""

    name: str
    labels: Mapping[str, str]
    extends: str | None
    levers: Mapping[str, LeverSetting]
    overrides: tuple[Override, ...]
    assumptions: Mapping[str, float | dict[str, float]]


def scenario_names(folder: Path) -> tuple[str, ...]:
    """Return the names of the scenario files in `folder`, sorted."""
    return tuple(sorted(path.stem for path in folder.glob("*.yaml")))


def read_scenario(folder: Path, name: str, names: ModelNames) -> ScenarioFile:
    """Read and check `folder`/`name`.yaml.

    Raises ZhuanxingError, in one sentence with the nearest valid name, for an unknown scenario,
    key, lever, group, city, zone, archetype or assumption, or a number out of range.
    """
    require_known("scenario", name, scenario_names(folder), f"{folder.name}/")
    path = folder / f"{name}.yaml"
    where = f"{folder.name}/{path.name}"
    return parse_scenario(load_yaml(path, where), folder, name, names, where)


def parse_scenario(
    content: Any, folder: Path, name: str, names: ModelNames, where: str
) -> ScenarioFile:
    """Check the content of a scenario file, or a mapping like one, that extends those of `folder`.

    `where` begins every message. Raises ZhuanxingError as `read_scenario`.
    """
    raw = _mapping(content, where)
    for key in raw:
        require_known("key", key, KEYS, where)
    for key in ("name_zh", "name_en"):
        if not isinstance(raw.get(key), str):
            raise ZhuanxingError(f"{where}: the key '{key}' must hold the scenario's name as text")
    extends = raw.get("extends")
    if extends is not None:
        require_known("scenario", str(extends), scenario_names(folder), f"{where}: extends")
    labels = {key: str(raw.get(key, "")) for key in KEYS[:4]}
    return ScenarioFile(
        name=name,
        labels=labels,
        extends=extends,
        levers=_levers(raw, names, where),
        overrides=tuple(_overrides(raw.get("overrides"), names, where)),
        assumptions={
            **assumption_values(raw.get("assumptions"), names, f"{where}: assumptions"),
            **budget_assumptions(raw.get("budget"), names, f"{where}: budget"),
        },
    )


def lever_setting(raw: Any, where: str) -> LeverSetting:
    """Check one `{intensity: .., start: .., end: ..}`; a bare number is an intensity."""
    fields = raw if isinstance(raw, Mapping) else {"intensity": raw}
    for key in fields:
        require_known("lever setting", str(key), ("intensity", "start", "end"), where)
    intensity = fields.get("intensity")
    if intensity is not None:
        intensity = _number(intensity, f"{where}.intensity")
        if not 0.0 <= intensity <= 1.0:
            raise ZhuanxingError(
                f"{where}.intensity is {intensity:g}, but an intensity lies between 0 and 1"
            )
    return LeverSetting(intensity, *(_year(fields, key, where) for key in ("start", "end")))


def _year(fields: Mapping[str, Any], key: str, where: str) -> float | None:
    """Return a start or an end, in calendar years; None if it is not set."""
    if fields.get(key) is None:
        return None
    year = _number(fields[key], f"{where}.{key}")
    if not LEVER_YEARS[0] <= year <= LEVER_YEARS[1]:
        raise ZhuanxingError(
            f"{where}.{key} is {year:g}, but {'a start' if key == 'start' else 'an end'} is a "
            f"calendar year between {LEVER_YEARS[0]:.0f} and {LEVER_YEARS[1]:.0f}"
        )
    return year


def _levers(raw: Mapping[str, Any], names: ModelNames, where: str) -> dict[str, LeverSetting]:
    """Merge `levers.all`, `groups` and `levers`: the narrower wins, field by field."""
    levers = _mapping(raw.get("levers") or {}, f"{where}: levers")
    groups = _mapping(raw.get("groups") or {}, f"{where}: groups")
    settings: dict[str, LeverSetting] = {}
    if EVERY_LEVER in levers:
        general = lever_setting(levers[EVERY_LEVER], f"{where}: levers.{EVERY_LEVER}")
        settings = dict.fromkeys(names.levers, general)
    for group, value in groups.items():
        group = names.of("lever group").find(group, f"{where}: groups")
        setting = lever_setting(value, f"{where}: groups.{group}")
        for lever, row in names.levers.items():
            if row["group"] == group:
                settings[lever] = _merge(settings.get(lever), setting)
    for lever, value in levers.items():
        if lever != EVERY_LEVER:
            lever = names.of("lever").find(lever, f"{where}: levers")
            setting = lever_setting(value, f"{where}: levers.{lever}")
            settings[lever] = _merge(settings.get(lever), setting)
    return settings


def _merge(wide: LeverSetting | None, narrow: LeverSetting) -> LeverSetting:
    if wide is None:
        return narrow
    return LeverSetting(
        wide.intensity if narrow.intensity is None else narrow.intensity,
        wide.start if narrow.start is None else narrow.start,
        wide.end if narrow.end is None else narrow.end,
    )


def _overrides(raw: Any, names: ModelNames, where: str) -> Iterator[Override]:
    if raw is None:
        return
    if not isinstance(raw, list):
        raise ZhuanxingError(f"{where}: overrides must be a list of 'where' and 'levers'")
    for number, item in enumerate(raw, start=1):
        place = f"{where}: overrides, item {number}"
        entry = _mapping(item, place)
        for key in entry:
            require_known("key", key, ("where", "levers", "groups"), place)
        yield Override(
            where=_where(entry.get("where"), names, place),
            levers=_levers(entry, names, place),
            named=frozenset(
                names.of("lever").find(lever, place)
                for lever in entry.get("levers") or ()
                if lever != EVERY_LEVER
            ),
        )


def _where(raw: Any, names: ModelNames, place: str) -> dict[str, tuple[str, ...]]:
    selection = _mapping(raw, f"{place}, where")
    if not selection:
        raise ZhuanxingError(f"{place}, where: name a city, a zone or an archetype")
    chosen: dict[str, tuple[str, ...]] = {}
    for key, value in selection.items():
        require_known("selector", key, SELECTORS, f"{place}, where")
        values = value if isinstance(value, list) else [value]
        known = names.of(key)
        chosen[key] = tuple(known.find(str(entry), f"{place}, where.{key}") for entry in values)
    return chosen


def assumption_values(
    raw: Any, names: ModelNames, where: str
) -> dict[str, float | dict[str, float]]:
    """Check replaced assumptions: `name: value`, or `name: {element: value}`.

    A name may be written with underscores for its spaces.
    """
    values: dict[str, float | dict[str, float]] = {}
    for key, value in _mapping(raw or {}, where).items():
        name = names.of("assumption").find(key, where).replace("_", " ")
        if isinstance(value, Mapping):
            for element in value:
                require_known("element", element, names.assumptions[name], f"{where}.{key}")
            values[name] = {e: _number(v, f"{where}.{key}.{e}") for e, v in value.items()}
        else:
            values[name] = _number(value, f"{where}.{key}")
    return values


def _number(value: Any, where: str) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        with suppress(OverflowError):
            if math.isfinite(number := float(value)):
                return number
    raise ZhuanxingError(f"{where} is '{str(value)[:60]}', but a number is expected")


def _mapping(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise ZhuanxingError(f"{where}: expected names with values ('name: value')")
    return dict(value)
