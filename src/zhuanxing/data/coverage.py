"""How many initial values of each origin, and how many observations, the data hold."""

from __future__ import annotations

import pandas as pd
import xarray as xr

from zhuanxing.data.initial.carrying import CARRIED, ESTIMATED, OBSERVED
from zhuanxing.data.tables import Tables

__all__ = ["ORIGINS", "coverage_table"]

ORIGINS = (OBSERVED, CARRIED, ESTIMATED)
SUFFIX = "_origin"


def coverage_table(tables: Tables, initial: xr.Dataset) -> pd.DataFrame:
    """Return one row per unit and initial variable with the number of values of each origin.

    Columns unit_id, variable, observed, carried, estimated, observations: the last counts the
    chosen observations of the unit, all variables together, and is the same in all its rows.
    """
    counts = tables.observations.groupby("unit_id").size()
    rows = []
    for name in sorted(str(name) for name in initial.data_vars):
        if not name.endswith(SUFFIX):
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
