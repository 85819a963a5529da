"""Scores mean what they say, naive forecasts know only the past, and effects meet evidence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import zhuanxing
from conftest import ROOT
from zhuanxing.analyses.backtest.history import History, read_history
from zhuanxing.analyses.backtest.naive import LAST, RULES, Rule, forecast
from zhuanxing.analyses.backtest.rolling import keep, stored
from zhuanxing.analyses.backtest.scores import (
    coverage,
    coverage_if_right,
    covered,
    crps,
    scores,
    skill,
)
from zhuanxing.analyses.backtest.settings import BacktestSettings
from zhuanxing.analyses.calibrate.problem import observations_of
from zhuanxing.analyses.calibrate.settings import CalibrateSettings
from zhuanxing.analyses.differences import published_range
from zhuanxing.analyses.evidence import (
    INSIDE,
    MIDDLE,
    NO_ESTIMATE,
    OUTSIDE,
    Effect,
    EvidenceSettings,
    compare,
    spread,
)
from zhuanxing.analyses.sensitivity.analyse import chosen_ranges, screen
from zhuanxing.analyses.sensitivity.settings import MorrisSettings, SensitivitySettings
from zhuanxing.config import read_settings
from zhuanxing.data.tables import read_tables
from zhuanxing.errors import ZhuanxingError
from zhuanxing.uncertainty.surprise import driver_draws, growth_changes

FIT_YEAR = 2020


@pytest.fixture(scope="module")
def settings() -> BacktestSettings:
    return read_settings(BacktestSettings, ROOT / "conf" / "backtest.yaml")


@pytest.fixture(scope="module")
def past() -> zhuanxing.Model:
    return zhuanxing.load(ROOT, information_year=FIT_YEAR)


@pytest.fixture(scope="module")
def history(past: zhuanxing.Model, settings: BacktestSettings) -> History:
    tables = read_tables(ROOT / "model")
    calibration = read_settings(CalibrateSettings, ROOT / "conf" / "calibrate.yaml")
    years = range(settings.first_year, settings.last_year + 1)
    then = observations_of(past, tables.known_at(FIT_YEAR), calibration, years)
    return read_history(past, tables, settings.outside, then)


def test_crps_of_a_normal_forecast_is_the_known_value() -> None:
    samples = np.random.default_rng(0).standard_normal((20000, 1))
    expected = 2 / np.sqrt(2 * np.pi) - 1 / np.sqrt(np.pi)
    assert crps(samples, np.zeros(1))[0] == pytest.approx(expected, abs=0.01)


def test_crps_of_a_sure_forecast_is_its_error() -> None:
    assert crps(np.full((50, 1), 3.0), np.array([5.0]))[0] == pytest.approx(2.0)


def test_an_interval_holds_its_share_of_its_own_samples() -> None:
    samples = np.random.default_rng(1).standard_normal((4000, 1))
    others = np.random.default_rng(2).standard_normal(3000)
    inside = covered(np.repeat(samples, 3000, axis=1), others, 0.8).mean()
    assert inside == pytest.approx(0.8, abs=0.03)


def test_errors_that_all_cities_share_leave_coverage_open_however_many_they_are() -> None:
    random = np.random.default_rng(3)
    apart = random.standard_normal((400, 200))
    shared = np.repeat(random.standard_normal((400, 4)), 50, axis=1) + 0.1 * apart
    narrow, wide = (coverage_if_right(covered(draws, draws, 0.8).T) for draws in (apart, shared))
    assert 0.75 < narrow[0] < 0.8 < narrow[1] < 0.85
    assert wide[0] < 0.6 and wide[1] > 0.95


def _rows(crps: np.ndarray, cities: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {"origin": 2020, "observed": "gdp", "city": cities, "year": 2021, "crps": crps}
    )


def test_a_skill_that_one_city_makes_is_not_certain() -> None:
    cities = [f"city {place}" for place in range(20)]
    worse = _rows(np.ones(20), cities)
    everywhere, low, _ = skill(_rows(np.full(20, 0.8), cities), worse, 1)
    assert everywhere == pytest.approx(0.2) and low == pytest.approx(0.2)
    one = np.ones(20)
    one[0] = -3.0
    somewhere, low, _ = skill(_rows(one, cities), worse, 1)
    assert somewhere == pytest.approx(0.2) and low < 0.05


def test_scores_are_by_horizon_and_all_together() -> None:
    rows = _rows(np.array([1.0, 3.0]), ["a", "b"]).assign(
        pool="output", horizon=[1, 2], forecaster="model", value=0.0, middle=[1.0, -3.0],
        inside_50=0.0, inside_80=[1.0, 0.0], inside_95=1.0,
    )  # fmt: skip
    found = scores(rows).set_index("horizon")
    assert found.loc[0, "crps"] == 2.0 and found.loc[0, "mae"] == 2.0
    assert found.loc[0, "bias"] == -1.0 and found.loc[0, "coverage_80"] == 0.5
    assert found.loc[2, "count"] == 1


def test_even_ranks_are_covered_as_they_should_be() -> None:
    levels = np.array([0.5, 0.8])
    np.testing.assert_allclose(coverage(np.linspace(0, 1, 1001), levels), levels, atol=0.002)


def test_what_another_backtest_left_is_not_gone_on_from(tmp_path: Path) -> None:
    path, table = tmp_path / "origin_2020.nc", _rows(np.ones(2), ["a", "b"])
    keep(path, xr.Dataset.from_dataframe(table), "one")
    assert stored(path, "other") is None
    found = stored(path, "one")
    assert found is not None and found["city"].values.tolist() == ["a", "b"]


def test_naive_forecasters_know_nothing_after_the_year(history: History) -> None:
    seen = history.observations
    later = np.array(seen.years) > FIT_YEAR
    assert later.any() and not seen.present[:, later].any()
    earlier = history.as_of(FIT_YEAR - 2).observations
    assert not earlier.present[:, np.array(seen.years) > FIT_YEAR - 2].any()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_naive_rule_forecasts_whatever_it_knows_of(history: History, rule: Rule) -> None:
    for target, compared in enumerate(history.observations.targets):
        if compared.basis or (rule.grows and compared.how == "share"):
            continue
        found = forecast(rule, history, target, 2, 400)
        known = history.observations.present[target].any(axis=0)
        assert np.isfinite(found[:, known]).all(), compared.label
        assert (found[:, known].std(axis=0) > 0).all(), compared.label


def test_the_last_value_is_repeated(history: History) -> None:
    rule = next(rule for rule in RULES if rule.name == LAST)
    seen = history.observations
    known = seen.present[0, seen.years.index(FIT_YEAR)]
    points = rule.point(history, 0, 3)
    np.testing.assert_array_equal(points[known], seen.value[0, seen.years.index(FIT_YEAR), known])


def test_a_steady_driver_surprises_no_one() -> None:
    np.testing.assert_allclose(growth_changes(1.05 ** np.arange(6.0)), 0.0, atol=1e-12)


def _drawn(model: zhuanxing.Model, surprises: dict[str, list[float]], count: int) -> np.ndarray:
    """Return draws of the first driver in `surprises`."""
    year = model.source.information_year
    found = driver_draws(model.source.equations, model.years[0], year, surprises, count, 3)
    return found[next(iter(surprises))]


def test_the_future_of_a_driver_is_wider_than_its_past_and_widens(
    past: zhuanxing.Model, settings: BacktestSettings
) -> None:
    name = settings.outside.national
    middle = past.source.equations.driver_paths()[name][1]
    spread = (_drawn(past, {name: []}, 100).std(axis=0) / middle).mean(axis=1)
    # Point 1 of the look-up is the middle of 2015.
    last = 1 + FIT_YEAR - 2015
    assert spread[:last].max() < 0.01
    assert spread[last + 1] > 2 * spread[:last].max()
    assert spread[last + 3] > spread[last + 1]


def test_crises_of_the_past_widen_what_is_expected_of_the_nation(
    past: zhuanxing.Model, settings: BacktestSettings
) -> None:
    name = settings.outside.national
    paths = _drawn(past, {name: [0.5, -4.5, 1.0]}, 400)
    growth = np.diff(np.log(paths).mean(axis=2), axis=1).std(axis=0)
    # Point 1 of the look-up is the middle of 2015; each year to come takes one of the changes.
    last = FIT_YEAR - 2015
    assert growth[1 : last + 1].max() < 0.01
    np.testing.assert_allclose(growth[last + 1 : last + 4], 0.027, rtol=0.2)


def test_a_draw_brings_a_year_the_same_surprise_from_every_origin(
    past: zhuanxing.Model, settings: BacktestSettings
) -> None:
    changes = np.random.default_rng(0).normal(0.0, 2.0, 26).tolist()
    earlier = zhuanxing.load(ROOT, information_year=FIT_YEAR - 1)
    paths = (_drawn(model, {settings.outside.national: changes}, 200) for model in (past, earlier))
    one, other = (np.diff(np.log(path).mean(axis=2), axis=1) for path in paths)
    # Of the step to the year after FIT_YEAR; point 1 of the look-up is the middle of 2015.
    step = FIT_YEAR + 1 - 2015
    assert np.corrcoef(one[:, step], other[:, step])[0, 1] > 0.9
    assert abs(np.corrcoef(one[:, step], other[:, step + 1])[0, 1]) < 0.3


def test_an_unknown_driver_is_refused(past: zhuanxing.Model) -> None:
    with pytest.raises(ZhuanxingError, match="did you mean 'coal_price_index'"):
        _drawn(past, {"coal_price_indx": []}, 2)


@pytest.mark.slow
def test_sensitivity_sees_what_acts_and_what_does_not(past: zhuanxing.Model) -> None:
    whole = read_settings(SensitivitySettings, ROOT / "conf" / "sensitivity.yaml")
    small = replace(
        whole,
        outputs=("gdp", "forest_carbon"),
        parameters=("labour saving rate[[]emerging]", "carbon density"),
        morris=MorrisSettings(trajectories=2, levels=4),
    )
    numbers = chosen_ranges(past, small)
    assert len(numbers) == 2
    effects = screen(past, numbers, small, lambda part: None).mean("city")
    acting = effects.argmax("parameter").values.tolist()
    labels = [number.label for number in numbers]
    assert [labels[place] for place in acting] == [
        "labour saving rate[emerging]",
        "carbon density",
    ]
    assert float(effects.sel(output="gdp", parameter="carbon density")) == 0.0


@pytest.fixture(scope="module")
def evidence() -> EvidenceSettings:
    return read_settings(EvidenceSettings, ROOT / "conf" / "evidence.yaml")


def test_every_published_row_and_output_exists(
    plan: xr.Dataset, baseline: xr.Dataset, evidence: EvidenceSettings
) -> None:
    parameters = pd.read_csv(ROOT / "model" / "data" / "raw" / "parameters.csv")
    table = compare(plan, baseline, parameters, evidence)
    assert set(table["output"]) == {effect.output for effect in evidence.outputs}
    assert set(table["verdict"]) <= {INSIDE, OUTSIDE, NO_ESTIMATE}
    assert (table.loc[table["published"] == "", "verdict"] == NO_ESTIMATE).all()


def test_a_published_range_reaches_from_zero_to_the_largest_number_of_each_sign(
    evidence: EvidenceSettings,
) -> None:
    parameters = pd.read_csv(ROOT / "model" / "data" / "raw" / "parameters.csv")
    found = {
        each.output: published_range(parameters, each.published)
        for each in evidence.differences.outputs
    }
    assert found["co2"] == pytest.approx((-6.8, 0.0))
    assert found["gdp"] == (-np.inf, 3.03)  # one study finds a negative sign and gives no number
    assert found["knowledge_stock"] == (0.0, 27.2)


def test_an_effect_is_inside_by_its_sign(baseline: xr.Dataset, evidence: EvidenceSettings) -> None:
    parameters = pd.read_csv(ROOT / "model" / "data" / "raw" / "parameters.csv")
    cleaner = baseline.assign(co2=0.9 * baseline["co2"])
    table = compare(cleaner, baseline, parameters, evidence)
    verdicts = table[table["published"] == "did_zone_co2_sign"]["verdict"]
    assert set(verdicts) == {INSIDE}
    dirtier = baseline.assign(co2=1.1 * baseline["co2"])
    table = compare(dirtier, baseline, parameters, evidence)
    assert set(table[table["published"] == "did_zone_co2_sign"]["verdict"]) == {OUTSIDE}


def test_an_effect_is_as_uncertain_as_its_pairs_of_runs(
    baseline: xr.Dataset, evidence: EvidenceSettings
) -> None:
    one = replace(evidence, outputs=(Effect("gdp", "percent"),), years=(2022, 2025))
    runs = xr.concat([baseline[["gdp"]]] * 12, "run").assign_coords(failure=("run", [""] * 12))
    percent = xr.DataArray([*np.linspace(0.0, 10.0, 11), np.nan], dims="run")
    left = xr.DataArray([*[""] * 11, "gdp in 2022"], dims="run")
    plan = (runs * (1 + percent / 100)).assign_coords(failure=left)
    table = spread(plan, runs, one)
    assert set(table["city"]) == {*baseline["city"].values, MIDDLE}
    np.testing.assert_allclose(table["effect_low"], 1.0)
    np.testing.assert_allclose(table["effect_high"], 9.0)
    assert (table["below_zero"] == 0).all()


def test_a_city_that_the_plan_may_cost_output_has_an_interval_with_negative_values(
    baseline: xr.Dataset, evidence: EvidenceSettings
) -> None:
    one = replace(evidence, outputs=(Effect("gdp", "percent"),), years=(2025,))
    runs = xr.concat([baseline[["gdp"]]] * 5, "run").assign_coords(failure=("run", [""] * 5))
    percent = xr.DataArray([-1.0, -0.5, 0.5, 1.0, 2.0], dims="run")
    loser = xr.where(runs["city"] == "ordos", percent, 1.0)
    table = spread(runs * (1 + loser / 100), runs, one).set_index("city")
    assert set(table.index[table["effect_low"] < 0]) == {"ordos"}
    assert float(table.loc["ordos", "below_zero"]) == pytest.approx(40)
