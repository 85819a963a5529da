"""The checks catch what they are meant to catch, each shown on paths with one fault."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml
from rich.console import Console

from zhuanxing.analyses.check.bench import Bench
from zhuanxing.analyses.check.expectation import Expectation
from zhuanxing.analyses.check.extremes import Extreme, InputChange, extreme_finding
from zhuanxing.analyses.check.finding import Finding, print_findings
from zhuanxing.analyses.check.history import Comparison, fit, history_finding
from zhuanxing.analyses.check.laws import Law, law_findings, limit_findings, relative_residual
from zhuanxing.analyses.check.levers import LeverCase, LeverTerms, lever_findings, rule_finding
from zhuanxing.analyses.check.reality import (
    Bounds,
    GainRatio,
    Worse,
    bounds_finding,
    gain_finding,
    worse_finding,
)
from zhuanxing.analyses.check.settings import CheckSettings
from zhuanxing.analyses.check.suite import run_checks
from zhuanxing.analyses.check.timestep import timestep_finding
from zhuanxing.cli.main import main
from zhuanxing.config import read_settings, validated
from zhuanxing.errors import ZhuanxingError
from zhuanxing.model import Model

ROOT = Path(__file__).resolve().parents[1]


def paths_of(**series: list[list[float]]) -> xr.Dataset:
    """Dataset [city, year] with cities a, b, c and years from 2020."""
    years = range(2020, 2020 + len(next(iter(series.values()))[0]))
    coordinates = {"city": ["a", "b", "c"], "year": list(years)}
    variables = {name: (("city", "year"), values) for name, values in series.items()}
    return xr.Dataset(variables, coords=coordinates)


def steps_of(residual: float, level: float = 0.5) -> xr.Dataset:
    """Two steps of two cities; the last holds the given values."""
    return xr.Dataset(
        {
            "gap": (("time", "city"), [[0.0, 0.0], [0.0, residual]]),
            "area": ("city", [100.0, 100.0]),
            "green share": (("time", "city"), [[0.5, 0.5], [0.5, level]]),
        },
        coords={"time": [2015.0, 2015.125], "city": ["a", "b"]},
    )


LAND = Law("land", "gap", "area", "land sums to area")


@pytest.mark.parametrize(
    ("residual", "passed"), [(0.0, True), (9e-8, True), (2e-7, False), (np.nan, False)]
)
def test_a_law_holds_to_its_tolerance_at_every_step(residual: float, passed: bool) -> None:
    (finding,) = law_findings([LAND], {"plan": steps_of(residual)}, 1e-9)
    assert finding.passed == passed
    if not passed:
        assert "plan" in finding.offenders[0]
        assert "time=2015.125, city=b" in finding.offenders[0]


def test_a_residual_where_the_scale_is_zero_breaks_the_law() -> None:
    steps = steps_of(1e-12).assign(area=("city", [0.0, 0.0]))
    assert relative_residual(LAND, steps).max() == np.inf


@pytest.mark.parametrize(
    ("level", "passed"), [(1.0, True), (1.001, False), (-1e-3, False), (np.nan, False)]
)
def test_declared_limits_hold_at_every_step(level: float, passed: bool) -> None:
    limits = {"green share": (0.0, 1.0)}
    (finding,) = limit_findings(limits, {"plan": steps_of(0.0, level)}, 1e-9)
    assert finding.passed == passed


@pytest.mark.parametrize(
    ("output", "by", "passed"),
    [
        ("gdp", 0.4, True),
        ("gdp", 0.6, False),
        ("gdp", np.nan, False),
        ("growth", 0.4, True),
        ("growth", 0.6, False),
        ("nothing", 1e-12, False),
    ],
)
def test_a_halved_step_is_judged_by_the_path_and_percent_in_points(
    output: str, by: float, passed: bool
) -> None:
    fine = paths_of(gdp=[[1.0, 100.0]] * 3, growth=[[0.1, -0.1]] * 3, nothing=[[0.0, 0.0]] * 3)
    fine["growth"].attrs["units"] = "percent"
    assert timestep_finding(fine, fine, 0.005).passed
    finding = timestep_finding(fine.assign({output: fine[output] + by}), fine, 0.005)
    assert finding.passed == passed
    assert passed or finding.offenders[0].startswith(f"{output}:")


TERMS = LeverTerms(2021, 2025, 0.001, 0.5, ("spending",), "gdp", 0.01)


def lever_paths(indicator: float, spending: float, gdp_elsewhere: float) -> list[Finding]:
    """Findings of a lever on city a that changes these three by year 2022."""
    flat = [[10.0, 10.0, 10.0]] * 3
    baseline = paths_of(gdp=flat, skill=flat, spending=[[0.0] * 3] * 3)
    run = paths_of(
        gdp=[flat[0], [10.0, 10.0, gdp_elsewhere], flat[2]],
        skill=[[10.0, 10.0, indicator], flat[1], flat[2]],
        spending=[[0.0, 0.0, spending], [0.0] * 3, [0.0] * 3],
    )
    case = LeverCase("training", "skill", "up", ("a",))
    return lever_findings([case], baseline, run.expand_dims(run=["training"]), TERMS)


@pytest.mark.parametrize(
    ("indicator", "spending", "elsewhere", "verdicts"),
    [
        (10.5, 1.0, 10.05, [True, True, True]),
        (10.005, 1.0, 10.0, [False, True, True]),
        (9.5, 1.0, 10.0, [False, True, True]),
        (10.5, 0.0, 10.0, [True, False, True]),
        (10.5, 1.0, 10.2, [True, True, False]),
    ],
)
def test_a_lever_moves_its_indicator_costs_and_stays_at_home(
    indicator: float, spending: float, elsewhere: float, verdicts: list[bool]
) -> None:
    findings = lever_paths(indicator, spending, elsewhere)
    assert [finding.passed for finding in findings] == verdicts
    assert all("training" in f.offenders[0] for f in findings if not f.passed)


@pytest.mark.parametrize(
    ("status_on", "status_off", "poor", "passed"),
    [
        (0.0, 1.0, 2.0, True),
        (1.0, 1.0, 2.0, False),
        (0.0, 0.0, 2.0, False),
        (1.0, 1.0, 1.0, False),
    ],
)
def test_two_poor_years_end_the_status_under_the_rule_alone(
    status_on: float, status_off: float, poor: float, passed: bool
) -> None:
    coordinates = {"run": ["on", "off"], "city": ["a", "b"], "year": [2021, 2022]}
    dims = ("run", "city", "year")
    counts = [[[1.0, poor], [0.0, 0.0]]] * 2
    status = [[[1.0, value], [1.0, 1.0]] for value in (status_on, status_off)]
    finding = rule_finding(
        "supervision",
        xr.DataArray(counts, coordinates, dims),
        xr.DataArray(status, coordinates, dims),
        2021,
    )
    assert finding.passed == passed


def test_theil_parts_sum_to_one_and_name_the_kind_of_error() -> None:
    observed = np.array([1.0, 2.0, 3.0, 4.0])
    shifted = fit(observed + 2.0, observed)
    assert (shifted.mae, shifted.bias, shifted.bias_part) == (2.0, 2.0, 1.0)
    stretched = fit(2.0 * observed - 2.5, observed)
    assert stretched.variance_part == pytest.approx(1.0)
    mixed = fit(np.array([2.0, 1.0, 4.0, 4.5]), observed)
    parts = (mixed.bias_part, mixed.variance_part, mixed.covariance_part)
    assert sum(parts) == pytest.approx(1.0)
    assert min(parts) > 0


def test_history_pairs_observed_cities_and_years_only() -> None:
    paths = paths_of(gdp_growth=[[5.0, 6.0], [4.0, 4.0], [3.0, 3.0]])
    observations = pd.DataFrame(
        {
            "unit_id": ["a", "a", "b", "elsewhere"],
            "year": [2020, 2021, 2019, 2020],
            "variable": ["gdp_growth"] * 4,
            "value": [4.0, 8.0, 1.0, 1.0],
            "quality": ["official"] * 4,
            "basis": [""] * 4,
        }
    )
    growth = Comparison(("gdp_growth",), "growth", 1.5)
    finding = history_finding(paths, observations, growth, (2020, 2021))
    assert finding.passed
    assert finding.result.startswith("MAE 1.50, bias -0.50")
    assert finding.offenders == (f"a: {finding.result}",)
    assert not history_finding(paths, observations, growth, (1990, 1991)).passed


def test_an_extreme_must_be_finite_and_meet_its_expectations() -> None:
    reference = paths_of(gdp=[[10.0, 10.0]] * 3)
    falls = (Expectation("gdp", 2021, below=0.9),)
    extreme = Extreme("no_investment", "no investment", "baseline", expect=falls)
    fallen = paths_of(gdp=[[10.0, 8.0]] * 3)
    assert extreme_finding(extreme, fallen, reference).passed
    one_city_rises = paths_of(gdp=[[10.0, 8.0], [10.0, 8.0], [10.0, 11.0]])
    failed = extreme_finding(extreme, one_city_rises, reference)
    assert "fails in c" in failed.offenders[0]
    broken = paths_of(gdp=[[10.0, 8.0], [np.inf, 8.0], [10.0, 8.0]])
    assert extreme_finding(extreme, broken, reference).offenders == ("not finite: gdp",)


def test_input_changes_act_at_their_element_alone() -> None:
    share = xr.DataArray([0.6, 0.4], coords={"fuel": ["coal", "oil"]}, dims="fuel")
    assert InputChange("share", value=0.0, at={"fuel": "coal"}).apply(share).values.tolist() == [
        0.0,
        0.4,
    ]
    assert InputChange("share", times=10.0).apply(share).values.tolist() == [6.0, 4.0]


def test_reality_checks_compare_scenarios() -> None:
    plan = paths_of(debt=[[1.0]] * 3, solar=[[1.0], [1.0], [1.0]], growth=[[5.0]] * 3)
    full = paths_of(debt=[[2.0], [2.0], [0.5]], solar=[[21.0], [1.5], [2.0]], growth=[[16.0]] * 3)
    runs = {"plan": plan, "full": full}
    bounds = bounds_finding(Bounds("growth", "growth", -10.0, 15.0), runs)
    assert bounds.offenders[0] == "full, a: 16 in 2020"
    assert bounds_finding(Bounds("growth", "growth", -10.0, 16.0), runs).passed
    more_debt = Expectation("debt", above=1.0, share_of_cities=0.5)
    assert worse_finding(Worse("debt", "full", "plan", (more_debt,), 1), runs).passed
    assert not worse_finding(Worse("debt", "plan", "full", (more_debt,), 1), runs).passed
    gain = GainRatio("solar", "full", "plan", "solar", 2020, ("a",), 10.0)
    assert gain_finding(gain, runs).passed
    assert not gain_finding(replace(gain, cities=("a", "c")), runs).passed


def test_the_table_lists_offenders_of_failures_only() -> None:
    console = Console(width=200, record=True)
    rows = [
        Finding("laws", "land", "0", "<= 1e-9", True, ("quiet city",)),
        Finding("laws", "money", "1", "<= 1e-9", False, ("first", "second", "third")),
    ]
    print_findings(rows, console, worst=2, language="zh")
    text = console.export_text()
    assert "通过" in text and "未过" in text and "second" in text
    assert "third" not in text and "quiet city" not in text
    assert "1 项通过，1 项未过" in text


def settings_text() -> dict[str, Any]:
    """The settings as shipped."""
    return yaml.safe_load((ROOT / "conf" / "check.yaml").read_text(encoding="utf-8"))


def test_shipped_settings_are_read() -> None:
    settings = validated(CheckSettings, settings_text(), "check.yaml")
    assert settings.laws.tolerance == 1e-9
    assert settings.only is None
    assert settings.reality.gains[0].ratio == 10.0


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("wors", 3, "check.yaml: there is no setting 'wors'; did you mean 'worst'?"),
        ("worst", "many", "check.yaml: worst is 'many', but a whole number is expected"),
        ("worst", True, "check.yaml: worst is 'True', but a whole number is expected"),
        ("units", {}, "check.yaml: units: the setting 'tokens' is missing"),
        ("units", 3, "check.yaml: units is '3', but a table of keys and values is expected"),
    ],
)
def test_wrong_settings_are_refused(key: str, value: Any, message: str) -> None:
    with pytest.raises(ZhuanxingError) as raised:
        validated(CheckSettings, {**settings_text(), key: value}, "check.yaml")
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["only=[units]"], 0),
        (["only=[units]", "units.tokens=[Year]"], 1),
        (["only=[unit]"], 2),
        (["only=units"], 0),
        (["wrost=3"], 2),
        (["worst"], 2),
        (["worst=["], 2),
        (["only=[units]", "levers.steady=gpd"], 2),
    ],
)
def test_exit_code_tells_pass_fail_and_wrong_settings(
    workplace: Path, arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", *arguments]) == code
    printed = capsys.readouterr()
    assert ("verdict" in printed.out) == (code < 2)
    assert printed.err.count("\n") == (code == 2)


@pytest.mark.slow
def test_the_model_moves_as_the_checks_of_levers_and_scenarios_ask(model: Model) -> None:
    settings = read_settings(CheckSettings, ROOT / "conf" / "check.yaml")
    checks = ("extremes", "levers", "history", "reality")
    failed = [f for f in run_checks(Bench(model, settings), checks) if not f.passed]
    assert not failed, [(f.what, f.offenders) for f in failed]
