"""The planner's questions: what each lever adds, which package reaches the aims, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import zhuanxing
from zhuanxing.analyses.monitor import monitor, read_statistics
from zhuanxing.analyses.optimise.goals import goals_in_words, parse_goal
from zhuanxing.analyses.optimise.optimise import Question, optimise
from zhuanxing.analyses.rank import contributions, intervals, lever_effect, places, ranked
from zhuanxing.cli.chosen import renamed
from zhuanxing.cli.found import print_found
from zhuanxing.errors import ZhuanxingError
from zhuanxing.inputs import Changes, changed
from zhuanxing.storage import netcdf

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


def test_runs_share_the_years_before_their_levers_start_and_none_where_one_had_started(
    model: zhuanxing.Model,
) -> None:
    plan = model.scenario("plan")
    runs = np.stack([plan.intensity, 0.5 * plan.intensity])
    place = tuple(np.argwhere(plan.intensity)[0])
    early = plan.start.copy()
    early[place] = plan.base_year
    assert model.past(replace(plan, start=early), runs, OUTPUTS) is None
    runs[1][place] = plan.intensity[place]
    shared = model.past(replace(plan, start=early), runs, OUTPUTS)
    assert shared is not None and len(shared.rows["gdp"]) == plan.base_year - model.years[0] + 1


def test_a_lever_costs_what_the_run_spends_on_it(divided: xr.Dataset, plan: xr.Dataset) -> None:
    spent = plan["lever_spending_by_lever"].sel(city="tangshan").sum("year")
    np.testing.assert_allclose(divided["cost"], spent.sel(lever=divided["lever"]), rtol=1e-9)
    table = ranked(divided, "gdp")
    paid = table[table["cost"] > 0]
    np.testing.assert_allclose(paid["per_money"], paid["left_out"] / paid["cost"])
    assert table["left_out"].abs().is_monotonic_decreasing


def test_where_nothing_is_uncertain_an_interval_closes_on_the_effect(
    model: zhuanxing.Model, divided: xr.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = xr.Dataset(coords={"run": [0, 1]})
    monkeypatch.setattr(zhuanxing.Model, "ensemble_design", lambda *_: nothing)
    plan, baseline = model.scenario("plan"), model.scenario("baseline")
    some = [str(lever) for lever in divided["lever"].values[:2]]
    found = intervals(
        model, plan, baseline, city="tangshan", outputs=OUTPUTS, levers=[*some, "unknown"], draws=2
    )
    assert list(found["lever"].values) == some
    for end in ("low", "high"):
        np.testing.assert_allclose(
            found[f"left_out_{end}"], divided["left_out"].sel(lever=some), rtol=1e-9, atol=1e-12
        )


def test_levers_that_change_places_over_draws_have_no_one_place() -> None:
    draws = np.array([[[5.0, 5.0, 5.0], [-1.0, -2.0, -1.0], [1.5, 1.5, 1.5]]])
    best, worst = places(draws)
    assert best[0].tolist() == [1, 2, 2] and worst[0].tolist() == [1, 3, 3]


def test_a_run_ends_with_what_it_found_in_the_reader_s_language(
    plan: xr.Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for language, unit in (("zh", "亿元"), ("en", "100 million CNY")):
        print_found(plan, tmp_path / "plan" / "paths.nc", tmp_path / "b" / "paths.nc", language)
        said = capsys.readouterr().out
        assert unit in said and "2025" in said and "e+0" not in said
        median = float(plan["gdp"].sel(year=2025).median())
        assert "gdp" not in said or f"{median:,.0f}" in said
        print_found(plan.sel(city=["tangshan"]), tmp_path / "paths.nc", tmp_path / "b", language)
        of_one = capsys.readouterr().out
        assert not {"城市中位数", "median city"} & {*of_one.split("┃")}
        assert "of 36" not in of_one and "1/1" not in of_one


def test_a_run_is_not_held_against_a_baseline_of_another_calibration(
    plan: xr.Dataset, baseline: xr.Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stored = tmp_path / "baseline" / "paths.nc"
    for calibration, language, said in (
        ("default", "en", "their calibration differs (default and none)"),
        ("default", "zh", "不能比较"),
        ("none", "en", "kind=compare 'scenario=[baseline,plan]'"),
    ):
        netcdf.write(baseline.assign_attrs(calibration=calibration), stored)
        print_found(plan, tmp_path / "plan" / "paths.nc", stored, language)
        found = capsys.readouterr().out
        assert said in found
        assert ("kind=compare" in found) == (calibration == "none")


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


def test_a_brief_is_the_same_bytes_but_for_its_date_and_holds_intervals_where_there_are_draws(
    model: zhuanxing.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from docx import Document

    from zhuanxing.report.brief import gather
    from zhuanxing.report.document import write_docx, write_pdf

    plan, baseline = model.scenario("plan"), model.scenario("baseline")
    values = model.run("plan", outputs=OUTPUTS)[OUTPUTS]
    both = [values, values * 1.1]
    bands = xr.concat(both, xr.DataArray([0.1, 0.9], dims="quantile", name="quantile"))
    bands = bands.merge(bands.rename({name: f"difference_of_{name}" for name in OUTPUTS}))
    monkeypatch.setattr("zhuanxing.report.brief.comparison_bands", lambda *_, **__: bands)

    def ends(*_: object, levers: list[str], outputs: list[str], **__: object) -> xr.Dataset:
        zeros = xr.DataArray(np.zeros((len(outputs), len(levers))), dims=("output", "lever"))
        spread = xr.Dataset({"left_out_low": zeros - 1, "left_out_high": zeros + 1})
        return spread.assign_coords(output=outputs, lever=levers)

    monkeypatch.setattr("zhuanxing.report.brief.intervals", ends)
    aims = pd.DataFrame(columns=["unit_id", "variable", "year", "measure", "base_year"])
    found = gather(model, plan, baseline, city="tangshan", aims=aims, outputs=OUTPUTS, draws=2)
    briefs = [
        found.brief("zh", day=day, address="http://10.0.0.5:5006/?c=tangshan&s=plan")
        for day in (date(2026, 1, 1), date(2026, 1, 1), date(2026, 1, 2))
    ]
    for write, ending in ((write_docx, "docx"), (write_pdf, "pdf")):
        files = [tmp_path / f"{place}.{ending}" for place in range(3)]
        for brief, file in zip(briefs, files, strict=True):
            write(brief, file)
        first, second, later = (file.read_bytes() for file in files)
        assert first == second != later
    document = Document(str(tmp_path / "0.docx"))
    assert any(briefs[0].address in paragraph.text for paragraph in document.paragraphs)
    assert len(document.inline_shapes) == 3, "two charts and the code"
    indicators, levers = document.tables[:2]
    assert all("…" in row.cells[5].text for row in indicators.rows[1:])
    assert all(row.cells[4].text == "−1.00 … +1.00" for row in levers.rows[1:])


def test_later_statistics_are_inside_above_or_below_and_more_surprising_further_out(
    model: zhuanxing.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = float(model.run("plan", outputs=["gdp"])["gdp"].sel(city="tangshan", year=2023))
    factors = np.linspace(0.9, 1.1, 101)
    runs = model.run("plan", outputs=["gdp"])[["gdp"]].expand_dims(run=101)
    drawn = {"plan": runs * xr.DataArray(factors, dims="run")}
    monkeypatch.setattr("zhuanxing.analyses.monitor.draw_runs", lambda *_, **__: drawn)
    file = tmp_path / "later.csv"
    rows = [f"唐山,2023,gdp,{expected * factor!r}" for factor in (1.0, 1.05, 1.095, 0.8)]
    file.write_text("city,year,output,value\n" + "\n".join(rows), encoding="utf-8")
    statistics = read_statistics(file, model)
    found = monitor(model, {"plan": model.scenario("plan")}, statistics, draws=101)
    assert list(found["verdict"]) == ["inside", "inside", "above", "below"]
    assert found["surprise"].iloc[0] == pytest.approx(1.0)
    assert found["surprise"].is_monotonic_decreasing and found["surprise"].iloc[-1] == 0
    assert list(found["city"].unique()) == ["tangshan"]


def test_statistics_of_a_chinese_office_are_read_as_its_spreadsheet_writes_them(
    model: zhuanxing.Model, tmp_path: Path
) -> None:
    file = tmp_path / "统计.csv"  # made-up numbers
    text = (
        "城市,年份,指标,数值,单位\n唐山,２０２３,地区生产总值（２０２０年价）,８８００．５,亿元\n"
        '包头市,2023,gdp,"4,000",\n'
    )
    file.write_bytes(text.encode("gbk"))
    found = read_statistics(file, model)
    assert found.to_numpy().tolist() == [
        ["tangshan", 2023, "gdp", 8800.5], ["baotou", 2023, "gdp", 4000.0]
    ]  # fmt: skip
    file.write_bytes(text.replace("亿元", "万元").encode("gbk"))
    with pytest.raises(ZhuanxingError, match=r"line 2.*万元.*亿元"):
        read_statistics(file, model)


def test_half_the_strength_is_half_of_every_lever_in_the_cities_named(
    model: zhuanxing.Model,
) -> None:
    plan = model.scenario("plan")
    half = changed(plan, Changes(scale=0.5, city=("tangshan",)), model.names)
    row = plan.cities.index("tangshan")
    np.testing.assert_allclose(half.intensity[row], plan.intensity[row] / 2)
    others = np.delete(np.arange(len(plan.cities)), row)
    np.testing.assert_array_equal(half.intensity[others], plan.intensity[others])


def test_a_changed_package_is_named_in_either_language(model: zhuanxing.Model) -> None:
    changes = Changes(scale=0.5, budget=0.4, city=("tangshan",))
    labels = renamed(model.scenario("plan"), changes, model.names).labels
    assert labels["name_zh"].endswith("，力度50%，唐山市，公共资金40%")
    assert labels["name_en"].endswith(", scale 0.5, tangshan, budget 0.4")


def test_an_aim_is_told_in_the_reader_s_language_with_the_limit_that_it_means() -> None:
    found = xr.Dataset(
        {"limit": ("goal", [1.312, 8700.0])},
        {
            "goal": ["energy_intensity<=-14.5%2020", "gdp>=baseline-1%"],
            "goal_output": ("goal", ["energy_intensity", "gdp"]),
            "output": ["energy_intensity", "gdp"],
            "output_zh": ("output", ["单位GDP能耗", "地区生产总值"]),
            "output_en": ("output", ["Energy intensity", "GDP"]),
        },
    )
    assert list(goals_in_words(found, "zh").values()) == [
        "单位GDP能耗 ≤ 比2020年−14.5% (1.312)", "地区生产总值 ≥ 基准−1% (8,700)"
    ]  # fmt: skip
    assert list(goals_in_words(found, "en").values()) == [
        "Energy intensity ≤ −14.5% since 2020 (1.312)", "GDP ≥ baseline−1% (8,700)"
    ]  # fmt: skip


@pytest.mark.parametrize("aim", ["地区生产总值>=baseline-1%", "地区生产总值≥基准-1％"])
def test_an_aim_may_be_typed_in_chinese(aim: str) -> None:
    names = {"地区生产总值": "gdp"}
    goal = parse_goal(
        aim, ["gdp"], lambda output, year: 200.0, 2020, 2025, lambda name, where: names[name]
    )
    assert (goal.output, goal.at_least, goal.limit) == ("gdp", True, 198.0)


@pytest.mark.parametrize("aim", ["gpd>=baseline", "gdp>=baseline%", "gdp>=-5%2031", "gdp"])
def test_an_aim_that_is_none_is_refused_before_anything_is_run(
    model: zhuanxing.Model, monkeypatch: pytest.MonkeyPatch, aim: str
) -> None:
    monkeypatch.setattr(zhuanxing.Model, "run", lambda *_, **__: pytest.fail("it ran"))
    plan, baseline = model.scenario("plan"), model.scenario("baseline")
    with pytest.raises(ZhuanxingError):
        optimise(model, plan, baseline, Question("tangshan", "co2", False, (aim,)))
