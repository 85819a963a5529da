"""What a new city needs in the tables, and what stands in for what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import xarray as xr

from zhuanxing.data.initial.areas import area_of
from zhuanxing.data.initial.states import build_initial
from zhuanxing.data.observed import observed
from zhuanxing.data.reading import DataError
from zhuanxing.data.tables import OTHERS, Tables
from zhuanxing.errors import nearest

__all__ = ["missing_table"]

Rows = list[tuple[str, str, str]]

REQUIRED, BETTER = "required", "better"
OUTPUT = "gdp"
# Where tables name provinces, and what a row is of beside its year.
PROVINCIAL = {
    "provinces": ("province", ["variable"]),
    "areas": ("province", ["variable"]),
    "renewables": ("place", ["plant"]),
    "archetypes": ("applies_to", ["variable", "subscript"]),
    "drivers": ("subscript", ["name"]),
}


def missing_table(tables: Tables, unit: str, province: str) -> pd.DataFrame:
    """Return what the tables lack for the city `unit` of `province`, in the order of need.

    Columns table, what, need (`required`, or `better` where an estimate stands in). `unit` may be
    in units.csv already. Raises DataError for a province that no table can have: an empty name.
    """
    if not province:
        known = ", ".join(dict.fromkeys(tables.units["province_en"]))
        raise DataError(
            "province is empty, expected the English name of a province, as {known}", known=known
        )
    initial = build_initial(_with_unit(tables, unit, province))
    rows: Rows = []
    if unit not in tables.cities:
        rows = [*_unit_rows(tables, unit), *_assumption_rows(tables, unit)]
    if province not in set(tables.units["province_en"]):
        rows += _province_rows(tables, initial, province)
    rows += _statistics_rows(tables, initial.attrs["statistics"], unit)
    return pd.DataFrame(rows, columns=["table", "what", "need"])


def _with_unit(tables: Tables, unit: str, province: str) -> Tables:
    """Return the tables with a city of which output alone is known, like one that they have.

    What is looked up for it tells what it needs.
    """
    if unit in tables.cities:
        return tables
    near = tables.units[tables.units["province_en"] == province]
    like = (tables.units if near.empty else near).head(1)
    (twin,), (lies_in,) = like["unit_id"], like["province_en"]
    seen = tables.observations
    seen = seen[(seen["unit_id"] == twin) & (seen["variable"] == OUTPUT)]
    more = {
        "units": like.assign(unit_id=unit, province_en=province),
        "observations": seen.assign(unit_id=unit),
    }
    elements = tables.elements
    if near.empty:
        areas = (*elements["province"], area_of(province))
        elements = {**elements, "province": areas}
        for name, (column, _) in PROVINCIAL.items():
            frame = getattr(tables, name)
            more[name] = frame[frame[column] == lies_in].assign(**{column: province})
    frames = {
        name: pd.concat([getattr(tables, name), rows], ignore_index=True)
        for name, rows in more.items()
    }
    return replace(tables, elements=elements, **frames)


def _unit_rows(tables: Tables, unit: str) -> Rows:
    columns = [name for name in tables.units.columns if name != "note"]
    near = nearest(unit, tables.cities)
    row = f"a row for '{unit}' with {', '.join(columns)} (as that of '{near}')"
    return [("units.csv", row, REQUIRED)]


def _assumption_rows(tables: Tables, unit: str) -> Rows:
    """Return the assumptions that have a row for every city."""
    return [
        ("assumptions.csv", f"{name} of '{unit}'", REQUIRED)
        for name, subscripts in tables.assumptions.groupby("name", sort=False)["subscript"]
        if OTHERS not in set(subscripts) and set(tables.cities) <= set(subscripts)
    ]


def _province_rows(tables: Tables, initial: xr.Dataset, province: str) -> Rows:
    """Return the rows of a province that no unit of the tables lies in."""
    rows: Rows = [("elements.csv", f"province,{area_of(province)} with its names", REQUIRED)]
    others = set(tables.units["province_en"])
    asked = {*initial.attrs["provincial"], *initial.attrs["assumed"]}
    for table, (column, named) in PROVINCIAL.items():
        frame = getattr(tables, table)
        frame = frame[frame[column].isin(others)]
        if table in ("provinces", "archetypes"):
            frame = frame[frame["variable"].isin(asked)]
        for (name, *element), part in frame.groupby(named):
            of = f" [{element[0]}]" if any(element) else ""
            need = REQUIRED if others == set(part[column]) else BETTER
            rows.append((f"{table}.csv", f"{name}{of} of {province}{_span(part)}", need))
    return rows


def _span(rows: pd.DataFrame) -> str:
    return f", {rows['year'].min()}-{rows['year'].max()}" if "year" in rows else ""


def _statistics_rows(tables: Tables, asked: Sequence[str], unit: str) -> Rows:
    """Return the statistics that the start looks for and the unit lacks; output comes first."""
    rows: Rows = []
    for variable in sorted(asked, key=lambda name: (name != OUTPUT, name)):
        found = observed(tables.observations, variable, units=[unit])
        if not found.empty or variable not in set(tables.variables["variable"]):
            continue
        need = REQUIRED if variable == OUTPUT else BETTER
        rows.append(("observations.csv", f"{variable} of '{unit}' (or data=FILE.csv)", need))
    return rows
