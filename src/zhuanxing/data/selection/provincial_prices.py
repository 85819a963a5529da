"""Prices of value added in the provinces relative to the nation, as drivers.

Shares of the three sectors in a province do not move as real growth and national prices say: from
2015 to 2019 the secondary share fell by more in nearly all of them. What is left is a relative
price of the sector in the province, revisions of the accounts included. It is no difference in
volume, for the real growth of sectors that is printed for cities follows the nation. Coal is taken
out by its tonnes and price: the price of mining is what a city digs.

Accounts before the economic census were restated with its results, so that the figures count as
known with these; before that, and after the last year of provincial accounts, a province is like
the nation.

Run `python -m zhuanxing.data.selection.provincial_prices MODEL/data` to write
`provincial_prices.csv`, which has the columns of drivers.csv.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from zhuanxing.data.initial.prices import broad_of_sector
from zhuanxing.data.reading import read_table
from zhuanxing.data.selection.product_markets import BASE_OF_PRICES, COLUMNS

__all__ = ["provincial_prices", "write_provincial_prices"]

BROAD = ("primary", "secondary", "tertiary")
MINING = "mining"
# Value added by a tonne of raw coal at the prices of 2020, 1e8 CNY per 1e4 t: about half of the
# industrial value added of Shanxi over its output (an assumption).
VALUE_OF_COAL = 0.029
# Half the range, relative to the value.
SPREAD = 0.02
TOLD, LIKE_NATION = (
    ("derived", "shares of sectors in the province against real growth and prices of the nation"),
    ("assumption", "as the nation"),
)


def provincial_prices(root: Path) -> pd.DataFrame:
    """Return the drivers by province and broad sector; `root` is the folder model/data."""
    bases = read_table(root / "bases.csv")
    today = bases[(bases["bases"] == "accounts") & (bases["current"] == 1)]
    known = int(today["known_from"].iloc[0])
    relative = _relative_prices(root)
    rows = [
        row
        for broad in BROAD
        for province, values in relative[broad].iterrows()
        for row in _rows(f"provincial_{broad}_price", str(province), values, known)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _relative_prices(root: Path) -> dict[str, pd.DataFrame]:
    """Return prices relative to those of the last year (province, year) by broad sector."""
    own = set(read_table(root / "units.csv")["province_en"])
    provinces = read_table(root / "provinces.csv")
    provinces = provinces[provinces["province"].isin(own)]
    seen = {broad: _wide(provinces, [f"{broad}_va"]) for broad in BROAD}
    drivers = _latest(read_table(root / "drivers.csv"))
    years = list(seen[BROAD[0]].columns)
    tonnes = _wide(
        read_table(root / "raw/province_products.csv"), ["raw_coal_output", "coal_output"]
    )
    tonnes = tonnes.reindex(index=seen[BROAD[0]].index, columns=years).fillna(0.0)
    price = VALUE_OF_COAL * drivers["coal_price_index"].loc[years, ""]
    seen[BROAD[1]] = seen[BROAD[1]] - tonnes * price
    nation = _nation(root, drivers)
    # Where a sector would stand, had it moved with that of the nation.
    expected = {
        broad: pd.DataFrame({year: part[years[-1]] * nation[broad][year] for year in years})
        / nation[broad][years[-1]]
        for broad, part in seen.items()
    }
    total, of_expected = sum(seen.values()), sum(expected.values())
    return {b: (seen[b] / total) / (expected[b] / of_expected) for b in BROAD}


def _wide(rows: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Return the median of the variables `names` by province and year."""
    chosen = rows[rows["variable"].isin(names)]
    return chosen.pivot_table(index="province", columns="year", values="value", aggfunc="median")


def _latest(drivers: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return of every driver what is known last: years by subscript."""
    kept = drivers.sort_values("known_from", kind="stable").fillna({"subscript": ""})
    kept = kept.drop_duplicates(["name", "subscript", "year"], keep="last")
    return {
        str(name): part.pivot(index="year", columns="subscript", values="value")
        for name, part in kept.groupby("name")
    }


def _nation(root: Path, drivers: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return nominal value added of the broad sectors without mining, in any unit, by year."""
    rows = read_table(root / "assumptions.csv")
    weights = rows[rows["name"] == "national sector weight"].set_index("subscript")["value"]
    real = drivers["national_demand_index"] / drivers["national_demand_index"].loc[BASE_OF_PRICES]
    nominal = (real * drivers["sector_price_index"] * weights).drop(columns=MINING)
    return nominal.T.groupby(pd.Series(broad_of_sector(rows))).sum().T


def _rows(name: str, province: str, values: pd.Series, known: int) -> Iterator[list[object]]:
    """Yield the rows of one driver and province."""
    last = int(values.index.max())
    told = [(year, float(values[year]), known, TOLD) for year in map(int, values.index)]
    before = [(year, 1.0, year, LIKE_NATION) for year, *_ in told if year < known]
    for year, value, when, (kind, basis) in [*before, *told, (last + 1, 1.0, known, LIKE_NATION)]:
        spread = SPREAD if year < last else 0.0
        numbers = [round(value * factor, 4) for factor in (1, 1 - spread, 1 + spread)]
        yield [name, province, year, *numbers, "Dmnl", when, kind, basis, "", ""]


def write_provincial_prices(root: Path) -> None:
    """Write `provincial_prices.csv` in `root`, the folder model/data."""
    provincial_prices(root).to_csv(root / "provincial_prices.csv", index=False)


if __name__ == "__main__":
    write_provincial_prices(Path(sys.argv[1]))
