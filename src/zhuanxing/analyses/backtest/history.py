"""What a naive forecaster knows at the end of a year: of each city, its province, the nation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from zhuanxing.analyses.backtest.settings import Outside
from zhuanxing.analyses.calibrate.observations import Observations
from zhuanxing.data.drivers import build_drivers
from zhuanxing.data.tables import Tables

if TYPE_CHECKING:
    from zhuanxing.model import Model

__all__ = ["History", "read_history"]


@dataclass(frozen=True)
class History:
    """`observations` to the end of `year`, and growth of the province by calendar year and city
    and of the nation by calendar year, in percent: statistics to `year`, forecasts made then after
    it. `surprise` is how much national growth differs from a forecast, in points.
    """

    year: int
    observations: Observations
    province: dict[int, np.ndarray]
    nation: dict[int, float]
    surprise: float

    def growth(self, year: int) -> np.ndarray:
        """Return the growth of the province of every city (city,); NaN where none is known."""
        nothing = np.full(len(self.observations.cities), np.nan)
        return self.province.get(year, nothing)

    def as_of(self, year: int) -> History:
        """Return the history as it was at the end of `year`; growth to come is what came about."""
        return replace(self, year=year, observations=self.observations.until(year))


def read_history(
    model: Model, tables: Tables, outside: Outside, observations: Observations
) -> History:
    """Return what is known at the end of the model's information year, `observations` among it."""
    year = model.source.information_year
    known = tables.known_at(year).provinces
    growth = known[known["variable"] == outside.growth]
    of_province = {
        str(name): dict(zip(part["year"].astype(int), part["value"].astype(float), strict=True))
        for name, part in growth.groupby("province")
    }
    nation, province = _expected(model, tables, outside)
    seen = of_province[outside.nation]
    cities = model.elements("city")
    for when in seen:
        rows = [of_province[model.names.cities[city]["province_en"]] for city in cities]
        province[when] = np.array([row.get(when, np.nan) for row in rows])
    changes = np.diff([seen[when] for when in sorted(seen)])
    surprise = float(np.sqrt(np.mean(changes**2)))
    return History(year, observations, province, {**nation, **seen}, surprise)


def _expected(
    model: Model, tables: Tables, outside: Outside
) -> tuple[dict[int, float], dict[int, np.ndarray]]:
    """Return national and provincial growth of all years of the drivers, by year."""
    drivers = build_drivers(tables, model.source.information_year)
    years = [int(year) for year in drivers["year"].values]
    weights = model.program.constants()[outside.weights]
    index = drivers[outside.national].values @ weights
    nation = dict(zip(years[1:], (100 * (index[1:] / index[:-1] - 1)).tolist(), strict=True))
    relative = drivers[outside.provincial].sel(city=list(model.elements("city")))
    own = index[:, None] * relative.transpose("year", "city").values
    growth = 100 * (own[1:] / own[:-1] - 1)
    return nation, dict(zip(years[1:], growth, strict=True))
