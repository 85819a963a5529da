"""The planner's questions: what each lever adds, which package reaches the aims, and why."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import zhuanxing
from zhuanxing.analyses.rank import contributions, lever_effect, ranked
from zhuanxing.errors import ZhuanxingError

OUTPUTS = ["energy_intensity", "gdp", "government_debt", "emerging_share"]


@pytest.fixture(scope="module")
def divided(model: zhuanxing.Model) -> xr.Dataset:
    """The plan of one city taken apart."""
    plan, baseline = model.scenario("plan"), model.scenario("baseline")
    return contributions(model, plan, baseline, city="tangshan", outputs=OUTPUTS)


def test_levers_interaction_and_other_cities_add_up_to_the_plan(
    divided: xr.Dataset, plan: xr.Dataset, baseline: xr.Dataset
) -> None:
    for name in OUTPUTS:
        one = divided.sel(output=name)
        total = float(one["left_out"].sum() + one["interaction"] + one["others"])
        true = (plan[name] - baseline[name]).sel(city="tangshan", year=2025)
        assert total == pytest.approx(float(true), rel=1e-6, abs=1e-9)
        assert float(one["total"]) == pytest.approx(float(true), rel=1e-6, abs=1e-9)


def test_a_lever_costs_what_the_run_spends_on_it(divided: xr.Dataset, plan: xr.Dataset) -> None:
    spent = plan["lever_spending_by_lever"].sel(city="tangshan").sum("year")
    np.testing.assert_allclose(divided["cost"], spent.sel(lever=divided["lever"]), rtol=1e-9)
    table = ranked(divided, "gdp")
    paid = table[table["cost"] > 0]
    np.testing.assert_allclose(paid["per_money"], paid["left_out"] / paid["cost"])
    assert table["left_out"].abs().is_monotonic_decreasing


def test_the_effect_of_one_lever_is_the_plan_with_it_less_the_plan_without_it(
    model: zhuanxing.Model, plan: xr.Dataset
) -> None:
    found = lever_effect(model, model.scenario("plan"), "green_retrofit", outputs=["co2"])
    without = model.run("plan", levers={"green_retrofit": 0.0})
    true = (plan["co2"] - without["co2"]).sel(year=2025)
    np.testing.assert_allclose(found["co2"], true, rtol=1e-6, atol=1e-6)
    assert abs(float(found["co2"].mean())) > 0


def test_a_question_without_an_answer_is_refused(model: zhuanxing.Model) -> None:
    plan, baseline = model.scenario("plan"), model.scenario("baseline")
    with pytest.raises(ZhuanxingError, match="sets no lever in tangshan"):
        contributions(model, baseline, baseline, city="tangshan", outputs=["gdp"])
    with pytest.raises(ZhuanxingError, match="value for each"):
        contributions(model, plan, baseline, city="tangshan", outputs=["land"])
    with pytest.raises(ZhuanxingError, match="does not use the lever"):
        lever_effect(model, baseline, "dual_control", outputs=["gdp"])
