"""Power of the provinces, the areas in which supply and demand balance.

Generation: printed totals of all plants; where sources differ the middle one counts. A year that
lies far below the line between its neighbours counts large plants only (2020 is so in places) and
is put on that line. Curtailment of wind: printed for seven provinces, the year 2016 and nine months
of 2017.

Run `python -m zhuanxing.data.selection.areas MODEL/data` to write `areas.csv`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from zhuanxing.data.reading import read_table
from zhuanxing.data.selection.years import FIRST, last_year

__all__ = ["power_areas", "write_areas"]

COLUMNS = ["province", "variable", "year", "value", "origin", "basis"]
GENERATION, CURTAILMENT = "power_generation", "wind_curtailment"
# Part of the value between the neighbours below which a year is not one of all plants.
LEAST = 0.85


def power_areas(root: Path) -> pd.DataFrame:
    """Return generation, 1e8 kWh, and curtailment, percent; `root` is the folder model/data."""
    printed = read_table(root / "raw" / "province_products.csv")
    printed = printed[printed["year"].between(FIRST, last_year(root))]
    rows: list[list[object]] = []
    for province in read_table(root / "units.csv")["province_en"].drop_duplicates():
        own = printed[printed["province"] == province]
        rows += _generation(str(province), own[own["variable"] == GENERATION])
        lost = own[own["variable"].isin([CURTAILMENT, f"{CURTAILMENT}_jan_sep"])]
        for year, value in lost.groupby("year")["value"].mean().items():
            basis = "share of wind power lost; of 2017 January to September"
            rows.append([province, CURTAILMENT, year, value, "printed", basis])
    return pd.DataFrame(rows, columns=COLUMNS)


def _generation(province: str, rows: pd.DataFrame) -> Iterator[list[object]]:
    medians = rows.groupby("year")["value"].median()
    path = {int(year): float(value) for year, value in zip(medians.index, medians, strict=True)}
    for year, value in path.items():
        inside = {year - 1, year + 1} <= path.keys()
        line = float(np.sqrt(path[year - 1] * path[year + 1])) if inside else value
        whole = value >= LEAST * line
        basis = "generation of all plants" if whole else "between its neighbours: large plants only"
        origin = "printed" if whole else "carried"
        yield [province, GENERATION, year, round(value if whole else line, 1), origin, basis]


def write_areas(root: Path) -> None:
    """Write `areas.csv` in `root`, the folder model/data."""
    power_areas(root).to_csv(root / "areas.csv", index=False)


if __name__ == "__main__":
    write_areas(Path(sys.argv[1]))
