"""What a naive forecaster knows at the end of a year: of each city, its province, the nation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from zhuanxing.analyses.backtest.settings import Outside
from zhuanxing.data.drivers import build_drivers
from zhuanxing.data.tables import Tables

if TYPE_CHECKING:
    from zhuanxing.model import Model

__all__ = ["History", "read_history"]

Series = dict[int, float]


@dataclass(frozen=True)
class History:
    """Percent by year up to `year`; `expected` also holds the years after it, as forecast then.

    `city[variable][city]`, `province[city]` and `nation` are statistics; `expected[city]` is
    provincial growth and `expected_nation` national growth; `surprise` is how much national growth
    differs from a forecast, in points.
    """

    year: int
    city: dict[str, dict[str, Series]]
    province: dict[str, Series]
    province_share: dict[str, dict[str, float]]
    nation: Series
    expected: dict[str, Series]
    expected_nation: Series
    surprise: float


def read_history(
    model: Model, tables: Tables, outside: Outside, variables: tuple[str, ...]
) -> History:
    """Return what is known at the end of the model's information year."""
    year = model.source.information_year
    known = tables.known_at(year)
    rows = known.observations
    # Where a city's share is given on both bases, the revised one comes last and counts.
    rows = rows[rows["year"] >= model_start_year(model)].sort_values("basis", ascending=False)
    cities = list(model.elements("city"))
    city = {
        variable: {
            unit: _series(rows[(rows["variable"] == variable) & (rows["unit_id"] == unit)])
            for unit in cities
        }
        for variable in variables
    }
    province_of = {unit: model.names.cities[unit]["province_en"] for unit in cities}
    growth = known.provinces[known.provinces["variable"] == outside.growth]
    of_province = {
        name: dict(zip(part["year"].astype(int), part["value"].astype(float), strict=True))
        for name, part in growth.groupby("province")
    }
    nation = of_province[outside.nation]
    expected_nation, expected = _expected(model, tables, outside)
    changes = np.diff([nation[when] for when in sorted(nation)])
    return History(
        year=year,
        city=city,
        province={unit: of_province[province_of[unit]] for unit in cities},
        province_share=_province_shares(known.provinces, outside, province_of),
        nation=nation,
        expected={unit: expected[unit] for unit in cities},
        expected_nation=expected_nation,
        surprise=float(np.sqrt(np.mean(changes**2))),
    )


def model_start_year(model: Model) -> int:
    """Return the first calendar year of the model."""
    return round(float(model.program.times()[0]))


def _series(rows: pd.DataFrame) -> Series:
    return dict(zip(rows["year"].astype(int), rows["value"].astype(float), strict=True))


def _expected(model: Model, tables: Tables, outside: Outside) -> tuple[Series, dict[str, Series]]:
    """Return national and provincial growth of all years of the drivers, by year."""
    drivers = build_drivers(tables, model.source.information_year)
    years = [int(year) for year in drivers["year"].values]
    weights = model.program.constants()[outside.weights]
    index = drivers[outside.national].values @ weights
    nation = dict(zip(years[1:], 100 * (index[1:] / index[:-1] - 1), strict=True))
    relative = drivers[outside.provincial]
    expected = {}
    for unit in relative["city"].values:
        own = index * relative.sel(city=unit).values
        expected[str(unit)] = dict(zip(years[1:], 100 * (own[1:] / own[:-1] - 1), strict=True))
    return nation, expected


def _province_shares(
    provinces: pd.DataFrame, outside: Outside, province_of: dict[str, str]
) -> dict[str, dict[str, float]]:
    """Return by share and city the share of the province in the last year known."""
    rows = provinces[provinces["variable"].isin(outside.shares.values())]
    table = rows.pivot_table(index=["province", "year"], columns="variable", values="value")
    last = table.dropna().groupby("province").tail(1).droplevel("year")
    percent = 100 * last.div(last.sum(axis=1), axis=0)
    return {
        share: {unit: float(percent[value].loc[name]) for unit, name in province_of.items()}
        for share, value in outside.shares.items()
    }
