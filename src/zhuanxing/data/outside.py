"""Provincial demand outside of each unit, which is not its own customer.

A province's growth contains that of its units: Changchun is half of Jilin. What is outside of a
unit is the province without it, weighted by its part of the province; in the place of the unit
stands the nation.
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


@dataclass(frozen=True)
class Outside:
    """What units are of their provinces: growth less that of the nation, as logarithms
    [year, unit], and each unit's part of the province's output.
    """

    growth: pd.DataFrame
    part: pd.Series

    @classmethod
    def of(cls, then: Tables) -> Outside:
        """Return it as the tables tell that could be known `then`."""
        return cls(_relative_growth(then), parts_of_provinces(then))

    def units(self, province: xr.DataArray) -> xr.DataArray:
        """Return for each unit the index `province` [year, city], 1 in the first year, without it.

        d ln outside = d ln province - part of the province x d ln unit: the unit grows as was
        observed, relative to the nation, and as its province where it was not.
        """
        ordered = province.transpose("year", "city")
        whole = pd.DataFrame(np.log(ordered.values), ordered["year"].values, ordered["city"].values)
        steps = whole.diff().fillna(0.0)
        own = self.growth.reindex(index=steps.index, columns=steps.columns).fillna(steps)
        part = self.part.reindex(steps.columns, fill_value=0.0)
        return ordered.copy(data=np.exp((steps - own * part).cumsum().to_numpy(float)))


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
