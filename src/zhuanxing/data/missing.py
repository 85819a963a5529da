"""What a new city needs in the tables, and what stands in for what is missing."""

from __future__ import annotations

import pandas as pd

from zhuanxing.data.initial.states import Start
from zhuanxing.data.kinds import NATION
from zhuanxing.data.observed import observed
from zhuanxing.data.reading import DataError
from zhuanxing.data.tables import Tables
from zhuanxing.errors import nearest

__all__ = ["missing_table"]

REQUIRED, BETTER = "required", "better"
OUTPUT = "gdp"


def missing_table(tables: Tables, unit: str, province: str) -> pd.DataFrame:
    """Return what the tables lack for the city `unit` of `province`, in the order of need.

    Columns table, what, need (`required`, or `better` where an estimate stands in). `unit` may be
    in units.csv already. Raises DataError for a province that no table can have: an empty name.
    """
    if not province:
        known = ", ".join(dict.fromkeys(tables.units["province_en"]))
        raise DataError(f"province is empty, expected the English name of a province, as {known}")
    start = Start.of(tables, tables.last_information_year)
    rows = _unit_rows(tables, unit)
    rows += _province_rows(tables, start, province)
    rows += _statistics_rows(tables, start, unit)
    return pd.DataFrame(rows, columns=["table", "what", "need"])


def _unit_rows(tables: Tables, unit: str) -> list[tuple[str, str, str]]:
    if unit in tables.cities:
        return []
    columns = [name for name in tables.units.columns if name != "note"]
    near = nearest(unit, tables.cities)
    row = f"a row for '{unit}' with {', '.join(columns)} (as that of '{near}')"
    return [("units.csv", row, REQUIRED)]


def _province_rows(tables: Tables, start: Start, province: str) -> list[tuple[str, str, str]]:
    """Return the rows of a province that no unit of the tables lies in."""
    if province in set(tables.units["province_en"]):
        return []
    needed = tables.provinces[tables.provinces["variable"].isin(start.economy.province.asked)]
    by_variable = needed[needed["province"] != NATION].groupby("variable")["year"]
    rows = [
        ("provinces.csv", f"{variable} of {province}, {years.min()}-{years.max()}", REQUIRED)
        for variable, years in by_variable
    ]
    provinces = set(tables.units["province_en"])
    typical = tables.archetypes[tables.archetypes["applies_to"].isin(provinces)]
    for (variable, subscript), _ in typical.groupby(["variable", "subscript"]):
        of = f" [{subscript}]" if subscript else ""
        rows.append(("archetypes.csv", f"{variable}{of} of {province}", REQUIRED))
    paths = tables.drivers[tables.drivers["subscript"].isin(provinces)]
    for name, part in paths.groupby("name"):
        span = f"{part['year'].min()}-{part['year'].max()}"
        rows.append(("drivers.csv", f"{name} of {province}, {span}", REQUIRED))
    return rows


def _statistics_rows(tables: Tables, start: Start, unit: str) -> list[tuple[str, str, str]]:
    """Return the statistics that the start looks for and the unit lacks; output comes first."""
    rows = []
    for variable in sorted(start.known.asked, key=lambda name: (name != OUTPUT, name)):
        figures = observed(tables.observations, variable, units=[unit])
        if not figures.empty or variable not in set(tables.variables["variable"]):
            continue
        need = REQUIRED if variable == OUTPUT else BETTER
        rows.append(("observations.csv", f"{variable} of '{unit}' (or data=FILE.csv)", need))
    return rows
