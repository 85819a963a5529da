"""The economy does what is known of it: anchors and their luck, displaced workers, land."""

from __future__ import annotations

import pytest
import xarray as xr

import zhuanxing
from zhuanxing.data.observed import observed
from zhuanxing.uncertainty.ensemble import prior_design

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


def test_the_luck_of_a_city_brings_its_anchors_and_takes_few_from_others(
    model: zhuanxing.Model,
) -> None:
    """What an ensemble draws: no luck, no new anchor; twice the luck, about twice the plant."""

    def came(luck: float) -> xr.DataArray:
        paths = model.variable("anchor output", assumptions={"anchor luck": {"zhuzhou": luck}})
        return paths.sel(time=2025.0, method="nearest").sum("branch")

    none, expected, twice = came(0.0), came(1.0), came(2.0)
    assert float(none.sel(city="zhuzhou")) == 0.0
    assert 1.5 < float(twice.sel(city="zhuzhou") / expected.sel(city="zhuzhou")) < 2.1
    others = twice.drop_sel(city="zhuzhou") / expected.drop_sel(city="zhuzhou")
    assert float(others.max()) <= 1.0
    assert float(others.min()) > 0.95


def test_luck_is_drawn_city_by_city_around_its_expectation(model: zhuanxing.Model) -> None:
    luck = prior_design(model.source.equations, 200, 1)["anchor_luck"]
    assert abs(float(luck.mean()) - 1) < 0.1
    assert float(luck.std("run").min()) > 0.4


def test_the_displaced_are_fewer_where_they_learn_sooner(model: zhuanxing.Model) -> None:
    """Places to train help at once; a shorter time to learn leaves fewer out of work for good."""

    def displaced(**changes: object) -> float:
        paths = model.run("baseline", outputs=["displaced_workers"], **changes)
        return float(paths["displaced_workers"].sum("city").sel(year=2025))

    usual = displaced()
    assert displaced(levers={"industry_education_integration": 1.0}) < usual
    assert displaced(assumptions={"reemployment time": 1.0}) < 0.9 * usual
