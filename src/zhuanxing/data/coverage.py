"""What the data hold: the origin of initial values, and the statistics with who reads them."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd
import xarray as xr

from zhuanxing.data.initial.carrying import CARRIED, ESTIMATED, OBSERVED
from zhuanxing.data.selection.collected import base_name
from zhuanxing.data.tables import Tables

__all__ = ["ORIGINS", "coverage_table", "statistics_table"]

ORIGINS = (OBSERVED, CARRIED, ESTIMATED)
SUFFIX = "_origin"
START, FIT, OUTPUT = "start", "fit", "output"


def coverage_table(tables: Tables, initial: xr.Dataset) -> pd.DataFrame:
    """Return one row per unit and initial variable with the number of values of each origin.

    Columns unit_id, variable, observed, carried, estimated, observations: the last counts the
    chosen observations of the unit, all variables together, and is the same in all its rows.
    """
    counts = tables.observations.groupby("unit_id").size()
    rows = []
    for name in sorted(str(name) for name in initial.data_vars):
        if not name.endswith(SUFFIX) or "city" not in initial[name].dims:
            continue
        for city in tables.cities:
            found = [str(value) for value in initial[name].sel(city=city).values.ravel()]
            rows.append(
                {
                    "unit_id": city,
                    "variable": name.removesuffix(SUFFIX),
                    **{origin: found.count(origin) for origin in ORIGINS},
                    "observations": int(counts.get(city, 0)),
                }
            )
    return pd.DataFrame(rows)


def statistics_table(
    tables: Tables, started_from: Collection[str], fitted: Collection[str]
) -> pd.DataFrame:
    """Return one row per statistic: unit of measure, units, years, observations and who reads it.

    `started_from` names the statistics that initial values are made from, `fitted` those that a
    calibration compares. Column read_by: `start`, `fit`, `output` (drawn beside an output) or
    several, empty for what nothing reads.
    """
    observations = tables.observations.assign(base=tables.observations["variable"].map(base_name))
    parts = observations.groupby("base")
    counted = parts.agg(
        units=("unit_id", "nunique"), first=("year", "min"), last=("year", "max"),
        observations=("value", "size"),
    )  # fmt: skip
    stems = tuple(started_from)
    rows = []
    for name, unit, output in tables.variables[["variable", "unit", "output"]].to_numpy():
        readers = [
            reader
            for reader, reads in (
                (START, name in started_from or f"{name}_avg" in stems),
                (FIT, name in fitted),
                (OUTPUT, bool(output) and output in set(tables.outputs["name"])),
            )
            if reads
        ]
        rows.append({"variable": name, "unit": unit, "read_by": ", ".join(readers)})
    table = pd.DataFrame(rows).set_index("variable").join(counted)
    whole = ["units", "first", "last", "observations"]
    table[whole] = table[whole].fillna(0).astype(int)
    return table.reset_index()
