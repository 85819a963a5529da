"""Provincial demand outside of the units: the rest of each province.

A province's growth contains that of its units: Changchun is half of Jilin. What is outside of them
is the province without its units, so that no unit is its own customer and what sets one apart is
not lent to its neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from zhuanxing.data.kinds import NATION
from zhuanxing.data.tables import Tables

__all__ = ["WHOLE", "Outside", "parts_of_provinces"]

# The driver that drivers.csv gives for whole provinces, relative to the nation.
WHOLE = "provincial_demand_index"
GROWTH, OUTPUT = "gdp_growth", "gdp"
# The smallest part of a province whose growth can be told from the rest: errors of growth of some
# tenths of a point become points where it is divided by less. Accounts of units from before a
# census add up to nearly all of a province that the census found smaller.
LEAST_REST = 0.25


@dataclass(frozen=True)
class Outside:
    """What units are of their provinces: growth less that of the nation, as logarithms
    [year, unit], each unit's part of the province's output, and its province.
    """

    growth: pd.DataFrame
    part: pd.Series
    province: pd.Series

    @classmethod
    def of(cls, then: Tables) -> Outside:
        """Return it as the tables tell that could be known `then`."""
        home = then.units.set_index("unit_id")["province_en"]
        part = parts_of_provinces(then).reindex(home.index, fill_value=0.0)
        part *= ((1.0 - LEAST_REST) / part.groupby(home).transform("sum")).clip(upper=1.0)
        return cls(_relative_growth(then).reindex(columns=home.index), part, home)

    def units(self, province: xr.DataArray) -> xr.DataArray:
        """Return for each unit the index `province` [year, city], 1 in the first year, of the rest.

        d ln rest = (d ln province - sum of parts x d ln unit)/(1 - sum of parts), over all units of
        the province: they grow as was observed, relative to the nation, and as their province where
        they were not. Where little is left of a province the rest is taken to be a quarter of it
        and its units share the others, since the difference of near-equal numbers says nothing.
        """
        ordered = province.transpose("year", "city")
        whole = pd.DataFrame(np.log(ordered.values), ordered["year"].values, ordered["city"].values)
        steps = whole.diff().fillna(0.0)
        own = self.growth.reindex(index=steps.index)
        home = self.province[steps.columns]
        seen, unseen = (
            weights.T.groupby(self.province).sum().T[home].set_axis(steps.columns, axis=1)
            for weights in (own.fillna(0.0) * self.part, own.isna() * self.part)
        )
        rest = 1.0 - self.part.groupby(self.province).transform("sum")[steps.columns]
        outside = (steps - seen - unseen * steps) / rest
        return ordered.copy(data=np.exp(outside.cumsum().to_numpy(float)))


def parts_of_provinces(tables: Tables) -> pd.Series:
    """Return each unit's part of its province's output, in the last year that has both."""
    seen = tables.observations
    seen = seen[seen["variable"] == OUTPUT].merge(tables.units[["unit_id", "province_en"]])
    rows = tables.provinces
    whole = rows.loc[rows["variable"] == OUTPUT, ["province", "year", "value"]]
    both = seen.merge(
        whole, left_on=["province_en", "year"], right_on=["province", "year"], suffixes=("", "_all")
    )
    last = both.sort_values("year", kind="stable").drop_duplicates("unit_id", keep="last")
    return (last["value"] / last["value_all"]).set_axis(last["unit_id"])


def _relative_growth(tables: Tables) -> pd.DataFrame:
    """Return observed growth of units less that of the nation, as logarithms [year, unit]."""
    seen = tables.observations[tables.observations["variable"] == GROWTH]
    units = seen.pivot_table(index="year", columns="unit_id", values="value", aggfunc="last")
    rows = tables.provinces[tables.provinces["variable"] == GROWTH]
    nation = rows[rows["province"] == NATION].set_index("year")["value"]
    ahead = (1 + units / 100).div(1 + nation.reindex(units.index) / 100, axis=0)
    return ahead.transform(np.log)
