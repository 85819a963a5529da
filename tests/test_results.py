"""Results hold annual values comparable with statistics, and say how to make them again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import zhuanxing
from zhuanxing.errors import ZhuanxingError
from zhuanxing.results.annual import annual, yearly_requests
from zhuanxing.results.glossary import parameter_label, read_glossary
from zhuanxing.results.labels import element_names
from zhuanxing.results.outputs import Output, read_outputs
from zhuanxing.storage.hashes import folder_hash
from zhuanxing.storage.netcdf import read, write

ROOT = Path(__file__).parents[1]
# The outputs that issue and users count on, with their units.
PROMISED = {
    "gdp": "1e8 CNY",
    "gdp_nominal": "1e8 CNY",
    "gdp_growth": "percent",
    "primary_share": "percent",
    "secondary_share": "percent",
    "tertiary_share": "percent",
    "emerging_share": "percent",
    "population": "1e4 persons",
    "employment": "1e4 persons",
    "energy_consumption": "1e4 tce",
    "energy_intensity": "tce per 1e4 CNY",
    "energy_intensity_change": "percent",
    "coal_consumption": "1e4 tce",
    "co2": "1e4 t",
    "solar_capacity": "MW",
    "wind_capacity": "MW",
    "storage_capacity": "MW",
    "curtailment_rate": "percent",
    "land": "km2",
    "land_productivity": "1e8 CNY per km2",
    "investment": "1e8 CNY",
    "government_debt": "1e8 CNY",
    "lever_spending": "1e8 CNY",
    "rd_intensity": "percent",
    "five_g_coverage": "percent",
    "circular_park_share": "percent",
    "forest_carbon": "1e4 t CO2",
    "evaluation_score": None,
    "zone_status": None,
    "liveability": None,
}


def output(aggregate: str, denominator: str = "", scale: float = 1.0) -> Output:
    return Output("out", "flow", aggregate, denominator, scale, "u", "量", "Out", "x")


def series(values: list[float], steps: int, name: str = "flow") -> dict[str, xr.DataArray]:
    time = 2015 + np.arange(len(values)) / steps
    return {name: xr.DataArray(np.array(values), {"time": time}, ["time"])}


def test_every_promised_output_is_there_with_its_unit(baseline: xr.Dataset) -> None:
    for name, unit in PROMISED.items():
        assert name in baseline, name
        assert "city" in baseline[name].dims and "year" in baseline[name].dims
        if unit:
            assert baseline[name].attrs["units"].startswith(unit)


def test_every_variable_says_what_it_is(baseline: xr.Dataset) -> None:
    sectors = {path.name for path in (ROOT / "model/sectors").glob("*.mdl")}
    for name, variable in baseline.data_vars.items():
        assert variable.attrs["long_name"] and variable.attrs["long_name_zh"], name
        # Words, as which payer limits, have no unit.
        if not str(name).endswith("_origin") and variable.dtype.kind == "f":
            assert variable.attrs["units"], name
            assert variable.attrs["sector_file"] in sectors
            assert "=" in variable.attrs["equation"]


def test_a_result_tells_all_that_is_needed_to_make_it_again(plan: xr.Dataset) -> None:
    assert plan.attrs["model_hash"] == folder_hash(ROOT / "model/sectors")
    assert plan.attrs["data_hash"] == folder_hash(ROOT / "model/data")
    assert json.loads(plan.attrs["config"])["scenario"] == "plan"
    assert json.loads(plan.attrs["package_versions"])["zhuanxing"] == zhuanxing.__version__
    assert plan.attrs["scenario_lineage"] == "plan <- baseline"
    for name in ("git_revision", "engine", "calibration", "seed"):
        assert plan.attrs[name]


def test_cities_and_elements_have_names_in_both_languages(baseline: xr.Dataset) -> None:
    for name in ("name_zh", "name_en", "zone", "province_zh", "province_en", "archetype"):
        assert baseline[name].dims == ("city",)
        assert all(baseline[name].values)
    assert baseline.sizes["city"] == 36
    for dim in set(map(str, baseline.dims)) - {"city", "year"}:
        assert all(baseline[f"{dim}_zh"].values) and all(baseline[f"{dim}_en"].values)


def test_each_initial_value_says_which_rule_gave_it(baseline: xr.Dataset) -> None:
    origins = [name for name in map(str, baseline.data_vars) if name.endswith("_origin")]
    assert "initial_gdp_origin" in origins
    for name in origins:
        assert set(np.unique(baseline[name])) <= {"observed", "carried", "estimated"}


def test_cities_are_selected_but_all_are_simulated(
    model: zhuanxing.Model, plan: xr.Dataset
) -> None:
    two = model.run("plan", city=["ordos", "baotou"])
    assert list(two["city"].values) == ["ordos", "baotou"]
    xr.testing.assert_equal(two["gdp"], plan["gdp"].sel(city=["ordos", "baotou"]))


def test_shares_are_percent_of_the_whole(plan: xr.Dataset) -> None:
    total = plan["primary_share"] + plan["secondary_share"] + plan["tertiary_share"]
    np.testing.assert_allclose(total, 100.0, rtol=1e-9)


def test_growth_is_the_growth_of_the_levels(plan: xr.Dataset) -> None:
    grown = (plan["gdp"] / plan["gdp"].shift(year=1) - 1) * 100
    xr.testing.assert_allclose(plan["gdp_growth"].isel(year=slice(1, None)), grown.dropna("year"))
    assert plan["gdp_growth"].isel(year=0).isnull().all()


def test_many_runs_give_what_single_runs_give(model: zhuanxing.Model, plan: xr.Dataset) -> None:
    lever = next(iter(model.names.levers))
    design = xr.Dataset({f"levers.{lever}.intensity": ("run", [0.0, 1.0])}, {"run": [0, 1]})
    many = model.run_many(design, scenario="plan", outputs=["gdp"], years=[2020, 2025])
    assert many["gdp"].sizes == {"run": 2, "year": 2, "city": 36}
    single = model.run("plan", levers={lever: 1.0})["gdp"].sel(year=[2020, 2025])
    np.testing.assert_allclose(many["gdp"].isel(run=1), single, rtol=1e-9)
    np.testing.assert_allclose(many["gdp"].sel(year=2020, run=0), plan["gdp"].sel(year=2020))


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"levers.solar_bse.intensity": ("run", [0.5])}, "did you mean 'solar_base'"),
        ({"levers.solar_base.intensity": ("run", [1.5])}, "0 to 1"),
        ({"levers.solar_base.strength": ("run", [1.0])}, "no lever setting 'strength'"),
        ({"credit_shok": ("run", [0.5])}, "did you mean 'credit shock'"),
        ({"credit_shock": (("run", "city"), np.ones((1, 36)))}, "no dimension 'city'"),
    ],
)
def test_a_design_with_a_mistake_is_refused(
    model: zhuanxing.Model, variables: dict[str, object], reason: str
) -> None:
    with pytest.raises(ZhuanxingError, match=reason):
        model.run_many(xr.Dataset(variables))


@given(
    steps=st.sampled_from([1, 2, 4, 8]),
    values=st.lists(st.floats(0.1, 100), min_size=17, max_size=17),
)
@settings(deadline=None)
def test_annual_values_follow_their_definitions(steps: int, values: list[float]) -> None:
    count = (len(values) - 1) // steps
    values = values[: count * steps + 1]
    data = {**series(values, steps), **series([2.0] * len(values), steps, "base")}

    def of(aggregate: str, denominator: str = "", scale: float = 1.0) -> np.ndarray:
        return annual(data, [output(aggregate, denominator, scale)])["out"].values

    totals = np.array(values[:-1]).reshape(count, steps).sum(axis=1) / steps
    np.testing.assert_allclose(of("sum"), totals)
    np.testing.assert_allclose(of("mean", scale=3.0), 3.0 * totals)
    np.testing.assert_array_equal(of("end"), values[steps::steps])
    np.testing.assert_allclose(of("ratio", "base", 100.0), totals / 2.0 * 100.0)
    np.testing.assert_allclose(of("end_ratio", "base"), np.array(values[steps::steps]) / 2.0)
    np.testing.assert_allclose(of("change")[1:], (totals[1:] / totals[:-1] - 1) * 100, atol=1e-9)
    assert np.isnan(of("change")[0])


def test_years_are_the_calendar_s() -> None:
    assert list(annual(series([1.0] * 9, 4), [output("sum")])["year"].values) == [2015, 2016]


def test_steps_that_fill_no_year_are_refused() -> None:
    with pytest.raises(ZhuanxingError, match="does not fill whole years"):
        annual(series([1.0] * 8, 3), [output("sum")])


def test_the_path_is_asked_for_only_where_two_yearly_values_are_needed() -> None:
    assert yearly_requests([output("sum")]) == {"flow": "year_sum"}
    assert yearly_requests([output("sum"), output("end")]) == {"flow": "path"}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("a,v,total,,1,u,量,A,x,up", "line 2: there is no aggregate 'total'"),
        ("a,v,ratio,,1,u,量,A,x,up", "needs a denominator"),
        ("a,v,sum,,much,u,量,A,x,up", "the scale 'much' is not a number"),
        ("a,v,sum,,1,u,量,A,x,good", "there is no better 'good'"),
        ("a,v,sum,,1,u,量,A,x,up\na,v,sum,,1,u,量,A,x,up", "line 3: .* twice"),
    ],
)
def test_a_bad_row_of_the_output_table_is_named(tmp_path: Path, row: str, reason: str) -> None:
    header = "name,variable,aggregate,denominator,scale,unit,name_zh,name_en,sector_file,better"
    (tmp_path / "outputs.csv").write_text(f"{header}\n{row}\n", encoding="utf-8")
    with pytest.raises(ZhuanxingError, match=reason):
        read_outputs(tmp_path)


def test_a_stored_result_comes_back_as_it_was(tmp_path: Path, baseline: xr.Dataset) -> None:
    write(baseline, tmp_path / "deep" / "paths.nc")
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["paths.nc"]
    xr.testing.assert_identical(read(tmp_path / "deep" / "paths.nc"), baseline)


def test_reading_what_is_no_result_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ZhuanxingError, match="make one with"):
        read(tmp_path / "none.nc")
    (tmp_path / "text.nc").write_text("text", encoding="utf-8")
    with pytest.raises(ZhuanxingError, match="not a result"):
        read(tmp_path / "text.nc")


def test_every_output_says_which_way_is_good(model: zhuanxing.Model, baseline: xr.Dataset) -> None:
    good = {output.name: output.better for output in model.outputs}
    assert set(good.values()) == {"up", "down", "none"}
    assert good["co2"] == good["government_debt"] == good["energy_intensity"] == "down"
    assert good["gdp"] == good["employment"] == "up"
    assert baseline["co2"].attrs["better"] == "down"


def test_no_label_holds_a_stray_mark(model: zhuanxing.Model) -> None:
    for row in model.names.levers.values():
        assert ";" not in row["name_en"] + row["name_zh"], row["lever"]
        assert len(row["name_en"]) <= 50, row["lever"]


def test_parameters_have_chinese_names(model: zhuanxing.Model) -> None:
    glossary = read_glossary(ROOT / "model")
    untold = [name for name in model.names.assumptions if not glossary.covers(name)]
    assert len(untold) <= 0.05 * len(model.names.assumptions), untold
    elements = element_names(ROOT / "model" / "data", model.names.cities)
    zh, en = parameter_label("retrofit floor[mining;baotou]", glossary, elements)
    assert (zh, en) == ("改造下限（采矿业、包头市）", "retrofit floor (Mining, Baotou)")
    assert glossary.chinese("service share of new land") == "新增用地服务占比"
