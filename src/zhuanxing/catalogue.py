"""What a model holds, as tables: its cities, levers, scenarios, assumptions and variables."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from zhuanxing.data.reading import read_table
from zhuanxing.engine.reading import syntax_tree
from zhuanxing.inputs import ModelNames, read_scenario, scenario_names
from zhuanxing.storage.paths import Places

if TYPE_CHECKING:
    from zhuanxing.assembled import Assembled
    from zhuanxing.engine import Program

__all__ = ["Catalogue"]


class Catalogue:
    """The tables of a Model. Each is a pandas DataFrame whose index is the name to write."""

    if TYPE_CHECKING:
        places: Places
        names: ModelNames
        source: Assembled

        @property
        def program(self) -> Program:
            """The compiled model."""

    @cached_property
    def years(self) -> range:
        """The calendar years of a run."""
        first, *_, end = self.program.times()
        return range(round(float(first)), round(float(end)))

    @cached_property
    def cities(self) -> pd.DataFrame:
        """The cities, with their names, zone, province and kind.

        Examples
        --------
        >>> import zhuanxing
        >>> model = zhuanxing.load()
        >>> model.cities.loc["tangshan", "name_zh"]
        '唐山市'
        """
        keep = ["name_zh", "name_en", "zone_id", "province_zh", "province_en", "archetype"]
        table = pd.DataFrame(list(self.names.cities.values())).set_index("unit_id")
        return table[[column for column in keep if column in table]].rename_axis("city")

    @cached_property
    def levers(self) -> pd.DataFrame:
        """The levers, with their names, group, article of the plan, payers and indicator.

        Examples
        --------
        >>> import zhuanxing
        >>> model = zhuanxing.load()
        >>> model.levers.loc["solar_base", "group"]
        'energy'
        """
        table = pd.DataFrame(list(self.names.levers.values())).set_index("lever")
        keep = ["name_zh", "name_en", "group", "article", "target_units", "paid_by", "indicator"]
        return table[[column for column in keep if column in table]]

    @cached_property
    def scenarios(self) -> pd.DataFrame:
        """The scenarios, with their names, what they extend and what they are about.

        Examples
        --------
        >>> import zhuanxing
        >>> model = zhuanxing.load()
        >>> {"baseline", "plan"} <= set(model.scenarios.index)
        True
        """
        folder = self.places.scenarios
        files = [read_scenario(folder, name, self.names) for name in scenario_names(folder)]
        rows = [{"scenario": file.name, "extends": file.extends, **file.labels} for file in files]
        return pd.DataFrame(rows).set_index("scenario")

    @cached_property
    def assumptions(self) -> pd.DataFrame:
        """The rows of assumptions.csv: value, low, high, unit, kind, basis and source.

        The index is the name as `run(assumptions=...)` takes it, and the element ("" for all).

        Examples
        --------
        >>> import zhuanxing
        >>> model = zhuanxing.load()
        >>> bool(model.assumptions.loc[("credit_shock", ""), "high"] > 0)
        True
        """
        table = read_table(self.places.model / "data" / "assumptions.csv")
        table["name"] = table["name"].str.replace(" ", "_")
        table["subscript"] = table["subscript"].fillna("")
        return table.set_index(["name", "subscript"])

    @cached_property
    def variables(self) -> pd.DataFrame:
        """Every variable of the equations: kind, dims, unit, comment, equation, file and line,
        what it reads (`causes`) and what reads it (`uses`).

        Kinds: stock, auxiliary, constant, lookup, data, initial. `where` is the sector file with
        its line, or model/data for numbers of the tables.

        Examples
        --------
        >>> import zhuanxing
        >>> model = zhuanxing.load()
        >>> stock = model.variables.loc["modern capital"]
        >>> stock["kind"], stock["unit"], "modern capital change" in stock["causes"]
        ('stock', 'yiCNY', True)
        """
        read = _causes(self.program.elements)
        uses: dict[str, list[str]] = {name: [] for name in read}
        for name, others in read.items():
            for other in others:
                uses.setdefault(other, []).append(name)
        rows = [self._row(name, read, uses) for name in self.program.variables]
        return pd.DataFrame(rows).set_index("variable")

    def _row(
        self, name: str, read: Mapping[str, tuple[str, ...]], uses: Mapping[str, list[str]]
    ) -> dict[str, Any]:
        found = self.program.variables[name]
        constants = {constant.name: constant for constant in self.source.equations.constants}
        tabled = constants.get(name)
        return {
            "variable": name,
            "kind": found.kind,
            "dims": found.dims,
            "unit": found.units,
            "comment": tabled.comment if tabled is not None else found.comment,
            "equation": found.equation if tabled is None else "",
            "where": self._where(name),
            "causes": read.get(name, ()),
            "uses": tuple(uses.get(name, ())),
        }

    def _where(self, name: str) -> str:
        line = int(self.program.where(name).rpartition(":")[2])
        return self.source.equations.where(line)

    @property
    def _size(self) -> dict[str, str]:
        return {
            "model": str(self.places.root),
            "cities": str(len(self.names.cities)),
            "levers": str(len(self.names.levers)),
            "scenarios": ", ".join(scenario_names(self.places.scenarios)),
            "information year": str(self.source.information_year),
        }

    def __repr__(self) -> str:
        size = self._size
        return (
            f"<zhuanxing.Model of {size['cities']} cities and {size['levers']} levers in "
            f"{size['model']}, known to {size['information year']}>"
        )

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{escape(key)}</th><td>{escape(value)}</td></tr>"
            for key, value in self._size.items()
        )
        tables = "cities, levers, scenarios, assumptions, outputs, variables"
        return (
            f"<b>zhuanxing.Model</b><table>{rows}</table>"
            f"<small>{tables}: tables; run, run_many, run_ensemble, variable, gradient</small>"
        )


def _causes(elements: Mapping[str, syntax_tree.Element]) -> dict[str, tuple[str, ...]]:
    """Return for every variable the variables that its equation reads, in their order."""
    return {
        name: tuple(
            other
            for other in syntax_tree.references(element)
            if other in elements and other != name
        )
        for name, element in elements.items()
    }
