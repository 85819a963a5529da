"""Scenario files: what a planner writes in one, every name and number in it checked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from zhuanxing.config import Archetype, City, Several, Text, Zone, checked, validated
from zhuanxing.config.fields import Named
from zhuanxing.data.names import ModelNames
from zhuanxing.errors import ZhuanxingError, require_known
from zhuanxing.inputs.changes import Assumptions, Budget, Changes, Groups, LeverSetting, Setting
from zhuanxing.storage.yaml_files import load_yaml

__all__ = ["Override", "ScenarioFile", "parse_scenario", "read_scenario", "scenario_names"]

EVERY_LEVER = "all"
LABELS = ("name_zh", "name_en", "description_zh", "description_en")
# How `where:` selects cities, and the column of units.csv that each key reads.
SELECTORS = {
    "city": "unit_id", "zone": "zone_id", "archetype": "archetype", "named": "named",
}  # fmt: skip
FileLevers = Mapping[Annotated[str, Named("lever", (EVERY_LEVER,))], Setting]


@checked
class Where:
    """Cities that satisfy every selector."""

    city: Several[City] | None = None
    zone: Several[Zone] | None = None
    archetype: Several[Archetype] | None = None
    named: Several[Annotated[str, Named("named")]] | None = None


@checked
class LeverPart:
    """Settings of all levers, of groups and of single levers."""

    levers: FileLevers = Field(default_factory=dict)
    groups: Groups = Field(default_factory=dict)

    def _settings(self, names: ModelNames) -> dict[str, LeverSetting]:
        """Return the setting of each lever that has one: the narrower wins, field by field."""
        found = {}
        for lever, row in names.levers.items():
            merged: LeverSetting = {
                **self.levers.get(EVERY_LEVER, {}),
                **self.groups.get(row["group"], {}),
                **self.levers.get(lever, {}),
            }
            if merged:
                found[lever] = merged
        return found


@checked
class Override(LeverPart):
    """Lever settings for the cities of `where`."""

    where: Where

    def changes(self, names: ModelNames, cities: tuple[str, ...]) -> Changes:
        """Return what it changes in `cities`, which `where` selects."""
        return Changes(city=cities, levers=self._settings(names))

    @property
    def named(self) -> list[str]:
        """The levers that are written by their own name."""
        return [lever for lever in self.levers if lever != EVERY_LEVER]


@checked
class ScenarioFile(LeverPart):
    """One scenario file as written, every name in it known."""

    name: Text
    name_zh: str
    name_en: str
    description_zh: str = ""
    description_en: str = ""
    extends: Text | None = None
    overrides: tuple[Override, ...] = ()
    assumptions: Assumptions = Field(default_factory=dict)
    budget: Budget | None = None

    def changes(self, names: ModelNames) -> Changes:
        """Return what it changes everywhere."""
        return Changes(
            levers=self._settings(names), assumptions=self.assumptions, budget=self.budget
        )

    @property
    def labels(self) -> dict[str, str]:
        """Names and descriptions in both languages."""
        return {key: getattr(self, key) for key in LABELS}


def scenario_names(folder: Path) -> tuple[str, ...]:
    """Return the names of the scenario files in `folder`, sorted."""
    return tuple(sorted(path.stem for path in folder.glob("*.yaml")))


def read_scenario(folder: Path, name: str, names: ModelNames) -> ScenarioFile:
    """Read and check `folder`/`name`.yaml.

    Raises ZhuanxingError, in one sentence with the nearest valid name, for an unknown scenario,
    key, lever, group, city, zone, archetype or assumption, or a number out of range.
    """
    require_known("scenario", name, scenario_names(folder), f"{folder.name}/")
    where = f"{folder.name}/{name}.yaml"
    return parse_scenario(load_yaml(folder / f"{name}.yaml", where), folder, name, names, where)


def parse_scenario(
    content: Any, folder: Path, name: str, names: ModelNames, where: str
) -> ScenarioFile:
    """Check the content of a scenario file, or a mapping like one, that extends those of `folder`.

    `where` begins every message. Raises ZhuanxingError as `read_scenario`.
    """
    if not isinstance(content, Mapping) or "name" in content:
        raise ZhuanxingError(
            "{where}: name_zh, name_en and other keys with values are expected", where=where
        )
    # A key without a value is as if it were not there.
    written = {key: value for key, value in content.items() if value is not None}
    found = validated(ScenarioFile, {"name": name, **written}, where, names)
    if found.extends is not None:
        require_known("scenario", found.extends, scenario_names(folder), f"{where}: extends")
    for number, override in enumerate(found.overrides, start=1):
        if not any(vars(override.where).values()):
            place = f"{where}: overrides, item {number}, where"
            raise ZhuanxingError("{where}: name a city, a zone or an archetype", where=place)
    return found
