"""National market and price of every product as drivers: what is printed, then an outlook.

`product_outlook.csv` names the series of national.csv, province_products.csv and prices.csv, the
growth expected until 2025, 2030 and 2035, and the price in the long run. For each year of
information the outlook starts from the last printed year, prices from its December where that is
printed too: the mean of a year does not tell where it ended (Working 1960). Prices close a fixed
part of the gap to their long-run level every year. Ranges widen with the years ahead.

Run `python -m zhuanxing.data.selection.product_markets MODEL/data` to write
`product_drivers.csv`, which has the columns of drivers.csv.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zhuanxing.data.kinds import NATION
from zhuanxing.data.reading import read_table
from zhuanxing.data.selection.years import FIRST, last_year

__all__ = ["product_drivers", "write_product_drivers"]

# A row of a table of rules by column.
Row = Mapping[Any, Any]

# The first years at whose end there is an outlook of markets, and of prices.
EARLIEST, EARLIEST_OF_PRICES = 2020, 2018
# Before the last year of a growth in product_outlook.csv.
GROWTH = "growth_"
BASE_OF_PRICES = 2020
# Part of the gap to the long-run price that closes in a year. Of the distance of 14 world prices of
# raw materials (raw/prices.csv) to the mean of the years before, 12 percent were closed after one
# year, 41 after two, 59 after three in 2012-2018, and 13, 39 and 53 in 2012-2019; over a year or
# two hardly any rule beats the last price.
REVERSION = 0.13
# What follows the name of a series in that of its means of December. The December of 16 futures was
# nearer to the mean of the next year than the mean of the year was: 11 percent against 14 in
# 2009-2017.
DECEMBER = "_december"
# Relative range of a printed price or market, and of a price far ahead.
PRINTED_SPREAD, PRICE_SPREAD = 0.03, 0.35
COLUMNS = [
    "name", "subscript", "year", "value", "low", "high", "unit", "known_from", "kind", "basis",
    "source", "url",
]  # fmt: skip


def product_drivers(root: Path) -> pd.DataFrame:
    """Return both drivers of every product; `root` is the folder model/data."""
    raw = root / "raw"
    provinces = read_table(raw / "province_products.csv")
    statistics = pd.concat(
        [read_table(raw / "national.csv"), provinces[provinces["province"] == NATION]]
    )
    prices = read_table(raw / "prices.csv")
    last = last_year(root)
    rows: list[list[object]] = []
    for outlook in read_table(root / "product_outlook.csv").to_dict("records"):
        rows += _market(outlook, statistics, last)
        rows += _price(outlook, prices, last)
    return pd.DataFrame(rows, columns=COLUMNS)


def _market(outlook: Row, statistics: pd.DataFrame, last: int) -> Iterator[list[object]]:
    name = str(outlook["market_series"])
    printed = statistics[statistics["variable"] == name].groupby("year")["value"].median()
    printed = printed[(printed.index >= FIRST)] / printed.loc[FIRST]
    index = _filled(printed, last)
    spread = float(outlook["spread"])
    for year, value in index.items():
        kind = "official" if year in printed.index else "derived"
        basis = f"national {name}, 2015 one"
        yield _row("product_market_index", outlook, year, value, PRINTED_SPREAD, year, kind, basis)
    growth = _growth(outlook)
    for known in range(EARLIEST, last + 1):
        value = index[known]
        for year in range(known + 1, max(growth) + 1):
            value *= 1 + growth[year]
            ahead = spread * (year - known)
            basis = str(outlook["basis"])
            yield _row("product_market_index", outlook, year, value, ahead, known, "", basis)


def _price(outlook: Row, prices: pd.DataFrame, last: int) -> Iterator[list[object]]:
    series = str(outlook["price_series"]).split(";")
    index, end = _price_index(series, prices, last), max(_growth(outlook))
    for year, value in index.items():
        basis = f"mean price of the year ({outlook['price_series']}), 2020 one"
        spread = PRINTED_SPREAD if year != BASE_OF_PRICES else 0.0
        yield _row("product_price_index", outlook, year, value, spread, year, "derived", basis)
    for known in range(EARLIEST_OF_PRICES, last + 1):
        value, aim = index[known], float(outlook["long_run_price"])
        value *= _december(series, prices, known)
        for year in range(known + 1, end + 1):
            value += REVERSION * (aim - value)
            ahead = PRICE_SPREAD * min(1.0, 0.3 + 0.1 * (year - known))
            basis = f"returns to {aim:g} of the price of 2020: {outlook['basis']}"
            yield _row("product_price_index", outlook, year, value, ahead, known, "", basis)


def _december(series: list[str], prices: pd.DataFrame, year: int) -> float:
    """Return the price of December over that of the year, 1 if no series prints both."""
    means = prices[prices["year"] == year].groupby("variable")["value"].mean()
    for name in series:
        if {name, name + DECEMBER} <= set(means.index):
            return float(means[name + DECEMBER] / means[name])
    return 1.0


def _price_index(series: list[str], prices: pd.DataFrame, last: int) -> dict[int, float]:
    """Return prices relative to 2020; years that the first series lacks follow the next one."""
    paths = [prices[prices["variable"] == name].groupby("year")["value"].mean() for name in series]
    first = paths[0]
    years = range(FIRST, last + 1)
    found: dict[int, float] = {year: float(first[year]) for year in years if year in first.index}
    if len(paths) > 1:
        second = _filled(paths[1][paths[1].index >= FIRST], last)
        for year in sorted(set(years) - set(found)):
            near = min(found, key=lambda other: abs(other - year))
            found[year] = found[near] * second[year] / second[near]
    whole = _filled(pd.Series(found), last)
    return {year: value / whole[BASE_OF_PRICES] for year, value in whole.items()}


def _filled(printed: pd.Series, last: int) -> dict[int, float]:
    """Return values of all years to `last`; gaps are interpolated in logarithms, ends held."""
    given = printed.sort_index()
    years = np.arange(FIRST, last + 1)
    values = np.exp(np.interp(years, given.index.to_numpy(float), np.log(given.to_numpy(float))))
    return {int(year): float(value) for year, value in zip(years, values, strict=True)}


def _growth(outlook: Row) -> dict[int, float]:
    """Return the growth expected of every year, to the last that the outlook names."""
    ends = sorted(int(name.removeprefix(GROWTH)) for name in outlook if name.startswith(GROWTH))
    years = range(FIRST, ends[-1] + 1)
    return {
        year: float(outlook[f"{GROWTH}{next(end for end in ends if year <= end)}"])
        for year in years
    }


def _row(
    name: str,
    outlook: Row,
    year: int,
    value: float,
    spread: float,
    known: int,
    kind: str,
    basis: str,
) -> list[object]:
    low, high = value * (1 - min(spread, 0.6)), value * (1 + spread)
    chosen = kind or ("forecast" if year <= known + 3 else "assumption")
    numbers = [round(number, 5) for number in (value, low, high)]
    return [name, outlook["product"], year, *numbers, "Dmnl", known, chosen, basis, "", ""]


def write_product_drivers(root: Path) -> None:
    """Write `product_drivers.csv` in `root`, the folder model/data."""
    product_drivers(root).to_csv(root / "product_drivers.csv", index=False)


if __name__ == "__main__":
    write_product_drivers(Path(sys.argv[1]))
