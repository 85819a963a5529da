"""The economy does what is known of it: anchors, outside demand, land and debts."""

from __future__ import annotations

import pytest
import xarray as xr

import zhuanxing
from zhuanxing.data.observed import observed

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("city", ["yibin", "baotou"])
def test_cities_with_known_anchors_grow_with_them_and_not_without(
    model: zhuanxing.Model, baseline: xr.Dataset, city: str
) -> None:
    """Growth of 2019-2022 lies within five points of the statistics, and well below without."""
    without = model.run("baseline", assumptions={"known anchors": 0}, outputs=["gdp"])
    seen = observed(model.tables.observations, "gdp_growth", units=[city], years=(2020, 2022))
    printed = (1 + seen["value"] / 100).prod() - 1

    def grown(paths: xr.Dataset) -> float:
        gdp = paths["gdp"].sel(city=city)
        return float(gdp.sel(year=2022) / gdp.sel(year=2019)) - 1

    assert len(seen) == 3
    assert abs(grown(baseline) - printed) < 0.05
    assert grown(without) < grown(baseline) - 0.03
    assert abs(grown(without) - printed) > abs(grown(baseline) - printed)


def test_land_income_falls_with_the_market_of_2022_and_does_not_rebound(
    baseline: xr.Dataset,
) -> None:
    income = baseline["land_income"].sum("city")
    change = income / income.shift(year=1) - 1
    assert float(change.sel(year=2022)) < -0.2
    assert float(change.sel(year=2024)) < 0.05
