"""The tables of a model, read and checked, and what could be known of them at an earlier time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd

from zhuanxing.data.checks import (
    check_funding,
    check_known,
    check_references,
    check_subscripts,
    check_units,
)
from zhuanxing.data.kinds import DRIVER_TABLES
from zhuanxing.data.observed import check_observations, known_from
from zhuanxing.data.reading import DataError, read_checked
from zhuanxing.engine.cache import entry, unpickled
from zhuanxing.storage.hashes import file_hash, folder_hash

__all__ = ["DataError", "Tables", "read_tables"]

NAMES = (
    "variables", "bases", "sources", "observations", "targets", "evaluations", "provinces",
    "archetypes", "drivers", "assumptions", "levers", "lever_places", "clauses", "outputs", "laws",
    "loops", "products", "earlier_products", "reserves", "renewables", "areas",
)  # fmt: skip
PRICES = "sector_price_index"
OTHERS = "others"


@dataclass(frozen=True)
class Tables:
    """The tables of `model/data`, checked; each is a DataFrame with the columns of its schema.

    `own` names the file of a planner's own statistics that lie over the observations, if any.
    """

    units: pd.DataFrame
    variables: pd.DataFrame
    bases: pd.DataFrame
    sources: pd.DataFrame
    observations: pd.DataFrame
    targets: pd.DataFrame
    evaluations: pd.DataFrame
    provinces: pd.DataFrame
    archetypes: pd.DataFrame
    drivers: pd.DataFrame
    assumptions: pd.DataFrame
    levers: pd.DataFrame
    lever_places: pd.DataFrame
    clauses: pd.DataFrame
    outputs: pd.DataFrame
    laws: pd.DataFrame
    loops: pd.DataFrame
    products: pd.DataFrame
    earlier_products: pd.DataFrame
    reserves: pd.DataFrame
    renewables: pd.DataFrame
    areas: pd.DataFrame
    elements: dict[str, tuple[str, ...]]
    own: str = ""

    @property
    def cities(self) -> list[str]:
        """Identifiers of the units, in the order of units.csv."""
        return list(self.units["unit_id"])

    @property
    def first_year(self) -> int:
        """The first year of the drivers, in which runs start."""
        return int(self.drivers["year"].min())

    @property
    def price_year(self) -> int:
        """The year in whose prices values are given: that in which every price index is one."""
        rows = self.drivers[self.drivers["name"] == PRICES]
        rows = rows[rows["known_from"] >= rows["year"]]
        one = rows["value"].eq(1).groupby(rows["year"]).all()
        return int(one.index[one][0])

    @property
    def last_information_year(self) -> int:
        """The last year of provincial statistics, at whose end the tables know all they know."""
        return int(self.provinces["year"].max())

    def known_at(self, year: int) -> Tables:
        """Return the tables as they could be known at the end of `year`.

        Statistics of a year count as known at its end, figures restated after a census when its
        results were known. What is assumed or reasoned has no year and stays.
        """
        known = known_from(self.observations, self.bases) <= year
        then = self.observations[known & (self.observations["year"] <= year)]
        return replace(
            self,
            observations=then,
            provinces=self.provinces[self.provinces["year"] <= year],
            drivers=self.drivers[self.drivers["known_from"] <= year],
            products=self._products_at(year),
            renewables=self.renewables[self.renewables["year"] <= year],
            areas=self.areas[self.areas["year"] <= year],
        )

    def _products_at(self, year: int) -> pd.DataFrame:
        """Return the outputs to `year`, as levels printed by its end tell them."""
        now = self.products[self.products["year"] <= year]
        then = self.earlier_products[self.earlier_products["known_at"] == year]
        both = pd.concat([now, then.drop(columns="known_at")], ignore_index=True)
        return both.drop_duplicates(["unit_id", "product", "year"], keep="last")

    def of_cities(self, cities: Sequence[str]) -> Tables:
        """Return the tables of a model of `cities` alone: no row names another."""
        others = set(self.cities) - set(cities)

        def rest(frame: pd.DataFrame, column: str) -> pd.DataFrame:
            named = [not others & set(str(text).split(";")) for text in frame[column]]
            return frame[named]

        return replace(
            self,
            units=self.units.set_index("unit_id").loc[list(cities)].reset_index(),
            observations=rest(self.observations, "unit_id"),
            targets=rest(self.targets, "unit_id"),
            evaluations=rest(self.evaluations, "unit_id"),
            lever_places=rest(self.lever_places, "unit_id"),
            products=rest(self.products, "unit_id"),
            earlier_products=rest(self.earlier_products, "unit_id"),
            reserves=rest(self.reserves, "unit_id"),
            renewables=rest(self.renewables, "place"),
            assumptions=_with_dimensions(
                self.assumptions, rest(self.assumptions, "subscript"), others, cities[0]
            ),
            drivers=rest(self.drivers, "subscript"),
        )

    def overlaid(self, own: pd.DataFrame, name: str) -> Tables:
        """Return the tables with a planner's own statistics in place of those that they give.

        `own` has the columns of observations; of the file `name` they came from.
        """
        key = ["unit_id", "year", "variable"]
        given = pd.MultiIndex.from_frame(own[key])
        rest = self.observations[~pd.MultiIndex.from_frame(self.observations[key]).isin(given)]
        both = pd.concat([rest, own], ignore_index=True)
        ordered = both.sort_values(["unit_id", "variable", "year"], kind="stable")
        return replace(self, observations=ordered.reset_index(drop=True), own=name)


def read_tables(root: Path) -> Tables:
    """Read and check every table of `root`/data, where `root` is the model folder.

    Raises DataError for the first row, in the order of the tables, that breaks its schema or
    names something that no other table has.
    """
    folder = root / "data"
    units = _checked(folder, "units", "units")
    names = list(units["unit_id"])
    keys = ["all", *dict.fromkeys(units["archetype"]), *dict.fromkeys(units["province_en"]), *names]
    rest: dict[str, Any] = {name: _checked(folder, name, name, names, keys) for name in NAMES}
    derived = [_checked(folder, name, "drivers") for name in DRIVER_TABLES[1:]]
    rest["drivers"] = pd.concat([rest["drivers"], *derived], ignore_index=True)
    tables = Tables(units=units, **rest, elements=_read_elements(folder))
    _check_across(folder, tables)
    return tables


def _checked(folder: Path, name: str, schema: str, *known: Sequence[str]) -> pd.DataFrame:
    """Return the table `name` of a folder; what passed its schema before is not checked again."""
    path = folder / f"{name}.csv"
    signature = repr((_code(), schema, known, file_hash(path)))

    def make() -> pd.DataFrame:
        # Imported here: pandera takes a fifth of a second.
        from zhuanxing.data.schemas import schema_of

        return read_checked(path, schema_of(schema, *known))

    return unpickled(entry("tables", signature), make)


@lru_cache(maxsize=1)
def _code() -> str:
    """Return the hash of the code that reads and checks tables."""
    return folder_hash(Path(__file__).parent)


def _check_across(folder: Path, tables: Tables) -> None:
    """Refuse rows that name something that another table does not have."""
    observations = folder / "observations.csv"
    check_observations(observations, tables.observations, tables.variables, tables.bases)
    check_known(observations, tables.observations, "source_id", tables.sources["source_id"])
    kinds = ["", *tables.bases["bases"]]
    check_known(folder / "variables.csv", tables.variables, "bases", kinds)
    outputs = ["", *tables.outputs["name"]]
    check_known(folder / "variables.csv", tables.variables, "output", outputs)
    measured = tables.outputs[["name", "unit"]].rename(columns={"name": "variable"})
    check_units(folder / "targets.csv", tables.targets, tables.variables)
    check_units(folder / "targets.csv", tables.targets, measured)
    funding = tables.elements.get("funding source", ())
    check_funding(folder / "levers.csv", tables.levers, funding)
    named = (*tables.cities, *tables.levers["lever"], OTHERS, *chain(*tables.elements.values()))
    check_subscripts(folder / "assumptions.csv", tables.assumptions, named)
    check_references(folder, tables.provinces, tables.units)


def _read_elements(folder: Path) -> dict[str, tuple[str, ...]]:
    """Return the elements of every dimension that is not a table of its own, in file order."""
    rows = _checked(folder, "elements", "elements")
    return {
        str(dimension): tuple(part["element"])
        for dimension, part in rows.groupby("dimension", sort=False)
    }


def _with_dimensions(
    every: pd.DataFrame, left: pd.DataFrame, others: set[str], city: str
) -> pd.DataFrame:
    """Return the rows `left` of `every`, and what they need to keep their dimensions.

    Where only the row of `others` is left of a constant that named other cities, a row gives its
    value to `city`, in the place of one of them.
    """
    bare = set(left.groupby("name").filter(lambda rows: set(rows["subscript"]) == {OTHERS})["name"])
    named = every[every["name"].isin(bare) & (every["subscript"] != OTHERS)]
    first = named.drop_duplicates("name").set_index("name")["subscript"]
    rows = left[left["name"].isin(first.index) & (left["subscript"] == OTHERS)]
    moved = [
        ";".join(city if part in others else part for part in first[name].split(";"))
        for name in rows["name"]
    ]
    return pd.concat([left, rows.assign(subscript=moved)], ignore_index=True)
