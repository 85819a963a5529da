"""The names a scenario may use: cities, zones, archetypes, levers and assumptions of model/data.

Read with the csv module alone: the command line must refuse a misspelt name at once, before the
full data with their schemas are read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from zhuanxing.data.cells import read_rows
from zhuanxing.data.kinds import DRIVER_TABLES
from zhuanxing.errors import ALIKE, ZhuanxingError, alike, require_known, unknown
from zhuanxing.storage.yaml_files import load_yaml

__all__ = ["ModelNames", "Names", "read_names", "spellings_of_place"]

EVERYWHERE = "ALL"
# The dimension of elements.csv whose elements pay for levers.
PAYERS = "funding source"
# What a Chinese name of a place ends in and may leave out, after two characters at least.
KIND_OF_PLACE = re.compile(r"(?<=..)(自治州|地区|市|区|县|省|盟)$")
CHINESE = re.compile(r"[\u3400-\u9fff]")
# Of a Chinese name, often a part is written.
ALIKE_CHINESE = 0.3
LISTED = {
    "city": "zhuanxing cities",
    "lever": "zhuanxing levers",
    "scenario": "zhuanxing scenarios",
}


@dataclass(frozen=True)
class Names:
    """The members of one kind and every spelling that a person may use for each.

    `spellings` maps an id to its other names: Chinese in full and short, English.
    """

    kind: str
    spellings: Mapping[str, tuple[str, ...]]

    def find(self, name: str, where: str) -> str:
        """Return the id of `name`; raise ZhuanxingError, beginning with `where`, if it has none."""
        found = self.get(name)
        if found is None:
            raise self.refusal(name, where)
        return found

    def get(self, name: str) -> str | None:
        """Return the id of `name`: the id itself, or a Chinese or English name of it; or None.

        Upper case, blanks, underscores, hyphens and full-width forms make no difference.
        """
        return name if name in self.spellings else self._folded.get(_folded(name))

    def refusal(self, name: str, where: str) -> ZhuanxingError:
        """Return the refusal of `name`, with a name in the same script that may be meant."""
        near, known, command = self._alike(name), tuple(self.spellings), LISTED.get(self.kind, "")
        return unknown(self.kind, name, near, where, known=known, command=command)

    @cached_property
    def _folded(self) -> dict[str, str]:
        names = [
            (other, key) for key, others in self.spellings.items() for other in others if other
        ]
        # An id wins over another member's name.
        return {_folded(name): key for name, key in [*names, *((k, k) for k in self.spellings)]}

    def _alike(self, name: str) -> str:
        chinese = CHINESE.search(name) is not None
        known = {
            spelling: key
            for key, others in self.spellings.items()
            for spelling in filter(None, (key, *others))
            if (CHINESE.search(spelling) is not None) == chinese
        }
        near = alike(name, known, ALIKE_CHINESE if chinese else ALIKE)
        return f"{near} ({known[near[1:-1]]})" if near and chinese else near


def _folded(name: str) -> str:
    plain = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[\s_\-]+", "", plain)


def spellings_of_place(chinese: str, english: str) -> tuple[str, ...]:
    """Return the names of a place: Chinese in full and short, English."""
    return chinese, KIND_OF_PLACE.sub("", chinese), english


@dataclass(frozen=True)
class ModelNames:
    """What model/data offers to a scenario.

    `cities` and `levers` hold one mapping a row, in the order of the model's dimensions, keyed by
    name; `targets` [city, lever] is true where the lever table lets a lever act; `assumptions`
    gives for each name the range of each element that its rows name ("" for a scalar), as written.
    """

    cities: Mapping[str, Mapping[str, str]]
    levers: Mapping[str, Mapping[str, str]]
    targets: np.ndarray
    assumptions: Mapping[str, Mapping[str, tuple[str, str]]]
    folder: Path

    def of(self, kind: str) -> Names:
        """Return the names of one kind, which are read when they are first asked for.

        Kinds: city, zone, archetype, province, lever, lever group, payer, scenario, output,
        assumption, driver.
        """
        if kind not in self._read_kinds:
            self._read_kinds[kind] = Names(kind, KINDS[kind](self))
        return self._read_kinds[kind]

    @cached_property
    def _read_kinds(self) -> dict[str, Names]:
        return {}

    def of_cities(self, cities: Sequence[str]) -> ModelNames:
        """Return the names of a model of `cities` alone."""
        places = [list(self.cities).index(city) for city in cities]
        others = set(self.cities) - set(cities)
        return replace(
            self,
            cities={city: self.cities[city] for city in cities},
            targets=self.targets[places],
            assumptions={
                name: {row: ends for row, ends in rows.items() if not others & {*row.split(";")}}
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


def _places(key: str, prefix: str) -> Callable[[ModelNames], dict[str, tuple[str, ...]]]:
    return lambda names: {
        row[key]: spellings_of_place(row.get(f"{prefix}_zh", ""), row.get(f"{prefix}_en", ""))
        for row in names.cities.values()
    }


def _labels(rows: Iterable[Mapping[str, str]], key: str) -> dict[str, tuple[str, ...]]:
    return {row[key]: (row.get("name_zh", ""), row.get("name_en", "")) for row in rows}


def _payers(names: ModelNames) -> dict[str, tuple[str, ...]]:
    rows = read_rows(names.folder / "elements.csv", ("dimension", "element", "name_zh", "name_en"))
    return {
        row["element"]: (row["name_zh"], row["name_en"])
        for row in rows
        if row["dimension"] == PAYERS
    }


def _terms(names: ModelNames, terms: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return terms of the glossary with their Chinese."""
    rows = read_rows(names.folder.parent / "glossary.csv", ("term_en", "term_zh"))
    chinese = {row["term_en"]: row["term_zh"] for row in rows}
    return {term: (chinese.get(term.replace("_", " "), ""),) for term in terms}


def _drivers(names: ModelNames) -> dict[str, tuple[str, ...]]:
    tables = (read_rows(names.folder / f"{table}.csv", ("name",)) for table in DRIVER_TABLES)
    return {row["name"]: () for rows in tables for row in rows}


def _scenario_labels(names: ModelNames) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for path in sorted((names.folder.parents[1] / "scenarios").glob("*.yaml")):
        found[path.stem] = _scenario_label(path, path.stat().st_mtime_ns)
    return found


@lru_cache(maxsize=256)
def _scenario_label(path: Path, changed: int) -> tuple[str, ...]:
    """Return the labels of a file as it was when it `changed` last."""
    try:
        raw = load_yaml(path, path.name)
    except ZhuanxingError:
        raw = None
    # A broken file keeps its name; it is refused with its place when it is used.
    labels = raw if isinstance(raw, dict) else {}
    return tuple(str(labels.get(key, "")) for key in ("name_zh", "name_en"))


KINDS: Mapping[str, Callable[[ModelNames], Mapping[str, tuple[str, ...]]]] = {
    "city": _places("unit_id", "name"),
    "zone": _places("zone_id", "zone"),
    "province": _places("province_en", "province"),
    "archetype": lambda names: _terms(names, names.attribute("archetype")),
    "named": lambda names: dict.fromkeys(names.attribute("named"), ()),
    "lever": lambda names: _labels(names.levers.values(), "lever"),
    "lever group": lambda names: _terms(names, names.lever_groups),
    "payer": _payers,
    "scenario": _scenario_labels,
    "output": lambda names: _labels(read_rows(names.folder / "outputs.csv", ("name",)), "name"),
    "assumption": lambda names: dict.fromkeys(
        (name.replace(" ", "_") for name in names.assumptions), ()
    ),
    "driver": _drivers,
}


def read_names(model_dir: Path) -> ModelNames:
    """Read the names from `model_dir`/data.

    Raises ZhuanxingError if a table is missing, lacks a column, or targets an unknown city.
    """
    data = model_dir / "data"
    units = read_rows(data / "units.csv", ("unit_id", "name_zh", "name_en", "zone_id", "archetype"))
    lever_columns = ("lever", "group", "name_zh", "name_en", "target_units")
    levers = read_rows(data / "levers.csv", lever_columns)
    assumptions: dict[str, dict[str, tuple[str, str]]] = {}
    for row in read_rows(data / "assumptions.csv", ("name", "subscript", "low", "high")):
        assumptions.setdefault(row["name"], {})[row["subscript"]] = row["low"], row["high"]
    cities = {row["unit_id"]: row for row in units}
    by_name = {row["lever"]: row for row in levers}
    targets = _targets(tuple(cities), by_name, data)
    return ModelNames(cities, by_name, targets, assumptions, data)


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
