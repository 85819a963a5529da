"""The names a scenario may use: cities, zones, archetypes, levers and assumptions of model/data.

Read with the csv module alone: the command line must refuse a misspelt name at once, before the
full data with their schemas are read.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from zhuanxing.errors import ZhuanxingError, nearest

__all__ = ["ModelNames", "read_names", "require_known"]

EVERYWHERE = "ALL"


@dataclass(frozen=True)
class ModelNames:
    """What model/data offers to a scenario.

    `cities` and `levers` hold one mapping a row, in the order of the model's dimensions, keyed by
    name; `targets` [city, lever] is true where the lever table lets a lever act; `assumptions`
    gives for each name the elements that its rows name ("" for a scalar).
    """

    cities: Mapping[str, Mapping[str, str]]
    levers: Mapping[str, Mapping[str, str]]
    targets: np.ndarray
    assumptions: Mapping[str, tuple[str, ...]]

    def of_cities(self, cities: Sequence[str]) -> ModelNames:
        """Return the names of a model of `cities` alone."""
        places = [list(self.cities).index(city) for city in cities]
        others = set(self.cities) - set(cities)
        return replace(
            self,
            cities={city: self.cities[city] for city in cities},
            targets=self.targets[places],
            assumptions={
                name: tuple(row for row in rows if not others & set(row.split(";")))
                for name, rows in self.assumptions.items()
            },
        )

    def attribute(self, column: str) -> np.ndarray:
        """Return a column of units.csv along [city]."""
        return np.array([row[column] for row in self.cities.values()])

    @property
    def lever_groups(self) -> tuple[str, ...]:
        """Return the groups of levers, in the order of the table."""
        return tuple(dict.fromkeys(row["group"] for row in self.levers.values()))


def require_known(kind: str, name: str, known: Iterable[str], where: str) -> None:
    """Refuse a name that is not among the known ones, naming the nearest that is."""
    candidates = tuple(known)
    if name not in candidates:
        hint = f"; did you mean '{nearest(name, candidates)}'?" if candidates else ""
        raise ZhuanxingError(f"{where}: there is no {kind} '{name}'{hint}")


def read_names(model_dir: Path) -> ModelNames:
    """Read the names from `model_dir`/data.

    Raises ZhuanxingError if a table is missing, lacks a column, or targets an unknown city.
    """
    data = model_dir / "data"
    units = _read(data / "units.csv", ("unit_id", "name_zh", "name_en", "zone_id", "archetype"))
    lever_columns = ("lever", "group", "name_zh", "name_en", "target_units")
    levers = _read(data / "levers.csv", lever_columns)
    assumptions: dict[str, tuple[str, ...]] = {}
    for row in _read(data / "assumptions.csv", ("name", "subscript")):
        assumptions[row["name"]] = (*assumptions.get(row["name"], ()), row["subscript"])
    cities = {row["unit_id"]: row for row in units}
    by_name = {row["lever"]: row for row in levers}
    return ModelNames(cities, by_name, _targets(tuple(cities), by_name, data), assumptions)


def _targets(
    cities: tuple[str, ...], levers: Mapping[str, Mapping[str, str]], data: Path
) -> np.ndarray:
    mask = np.zeros((len(cities), len(levers)), dtype=bool)
    for column, (lever, row) in enumerate(levers.items()):
        for unit in row["target_units"].split(";"):
            if unit == EVERYWHERE:
                mask[:, column] = True
            else:
                where = f"{data.parent.name}/data/levers.csv, lever {lever}, target_units"
                require_known("city", unit, cities, where)
                mask[cities.index(unit), column] = True
    mask.flags.writeable = False
    return mask


def _read(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [c for c in columns if c not in (reader.fieldnames or ())]
            if missing:
                raise ZhuanxingError(f"{path}: the column '{missing[0]}' is missing")
            return list(reader)
    except OSError as error:
        raise ZhuanxingError(
            f"{path}: the table cannot be read ({error.strerror}); "
            "run from a folder that holds model/, or restore the file"
        ) from error
