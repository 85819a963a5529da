"""Wind and solar capacity at the ends of years, by province and, where listed, by unit.

Solar: the quarterly statistics of the National Energy Administration, utility-scale and
distributed, from the end of 2016; before, printed totals split as in 2016. Wind: printed totals of
the provinces; gaps are interpolated in logarithms, and after the last one a province grows as the
listed farms do. Farms of 10 MW and more are listed by unit (Global Energy Monitor).

Run `python -m zhuanxing.data.selection.renewables MODEL/data` to write `renewables.csv`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from zhuanxing.data.reading import read_table
from zhuanxing.data.selection.years import last_year

__all__ = ["renewable_capacity", "write_renewables"]

# The end of this year is where runs start.
FIRST = 2014
COLUMNS = ["place", "plant", "year", "value", "origin", "basis"]
WIND, BASES, ROOFS = "wind_farm", "base_solar", "rooftop_solar"
CATEGORY = {BASES: "Utility-scale", ROOFS: "Total distributed"}
LISTED = "wind_capacity_gem"
# The tables of 2016-2022 are in million kW.
MW = 1000.0
# Capacity at the end of 2014 over that of 2015 where only the latter is printed: the nation's.
GROWTH_OF_2015 = {WIND: 0.75, BASES: 0.65, ROOFS: 0.65}
LEAST = 0.5


def renewable_capacity(root: Path) -> pd.DataFrame:
    """Return MW at the end of every year; `root` is the folder model/data."""
    raw = root / "raw"
    printed = read_table(raw / "province_products.csv")
    solar = read_table(raw / "provincial_solar.csv")
    products = read_table(raw / "city_products.csv")
    listed = products[products["variable"] == LISTED]
    years = np.arange(FIRST, last_year(root) + 1)
    growth = listed.groupby("year")["value"].sum().reindex(years).ffill()
    rows: list[list[object]] = []
    for province in read_table(root / "units.csv")["province_en"].drop_duplicates():
        rows += _wind(str(province), printed, growth)
        rows += _solar(str(province), printed, solar, years)
    for unit, part in listed.groupby("unit_id", sort=False):
        path = part.set_index("year")["value"]
        for year in np.intersect1d(years, path.index):
            basis = "farms of 10 MW and more by start year: a lower bound"
            rows.append([unit, WIND, int(year), float(path[year]), "listed", basis])
    return pd.DataFrame(rows, columns=COLUMNS)


def _wind(province: str, printed: pd.DataFrame, growth: pd.Series) -> Iterator[list[object]]:
    rows = printed[(printed["province"] == province) & (printed["variable"] == "wind_capacity")]
    known = rows.groupby("year")["value"].mean()
    known = known[known > 0]
    last = int(known.index.max())
    for year in growth.index[growth.index > last]:
        known[year] = known[last] * growth[year] / growth[last]
    known[FIRST] = known.get(FIRST, known.get(FIRST + 1, known.iloc[0]) * GROWTH_OF_2015[WIND])
    yield from _rows(province, WIND, known, set(rows["year"]), growth.index.to_numpy())


def _solar(
    province: str, printed: pd.DataFrame, solar: pd.DataFrame, years: np.ndarray
) -> Iterator[list[object]]:
    before = printed[(printed["province"] == province) & (printed["variable"] == "solar_capacity")]
    total = before.loc[before["year"] == FIRST + 1, "value"].to_numpy(float)
    rows = solar[solar["Area"] == province]
    ends = {int(name[:4]): name for name in rows.columns if name.endswith("12")}
    paths = {plant: _quarterly(rows, CATEGORY[plant], ends) for plant in CATEGORY}
    both = sum(path[min(ends)] for path in paths.values())
    for plant, path in paths.items():
        first = path[min(ends)]
        known = dict(path)
        share = first / both if both > 0 else 0.5
        known[FIRST + 1] = max(LEAST, total[0] * share) if len(total) else first / 2
        known[FIRST] = known[FIRST + 1] * GROWTH_OF_2015[plant]
        yield from _rows(province, plant, pd.Series(known), set(path), years)


def _quarterly(rows: pd.DataFrame, category: str, ends: dict[int, str]) -> dict[int, float]:
    """Return MW at the ends of the years that the statistics print."""
    cells = rows[rows["Category"] == category]
    values = {year: float(cells[name].to_numpy(float)[0]) * MW for year, name in ends.items()}
    return {year: max(LEAST, mw) for year, mw in values.items() if not np.isnan(mw)}


def _rows(
    place: str, plant: str, known: pd.Series, printed: set[int], years: np.ndarray
) -> Iterator[list[object]]:
    given = known.sort_index()
    logs = np.log(np.maximum(LEAST, given.to_numpy(float)))
    path = np.exp(np.interp(years, given.index.to_numpy(float), logs))
    for year, value in zip(years, path, strict=True):
        seen = int(year) in printed
        basis = "printed" if seen else "between or beyond printed years"
        origin = "printed" if seen else "carried"
        yield [place, plant, int(year), round(float(value), 1), origin, basis]


def write_renewables(root: Path) -> None:
    """Write `renewables.csv` in `root`, the folder model/data."""
    renewable_capacity(root).to_csv(root / "renewables.csv", index=False)


if __name__ == "__main__":
    write_renewables(Path(sys.argv[1]))
