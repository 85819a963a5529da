"""Scores mean what they say, naive forecasts know only the past, and effects meet evidence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import zhuanxing
from conftest import ROOT
from zhuanxing.analyses.backtest.forecasts import MODEL, NAMES
from zhuanxing.analyses.backtest.history import History, read_history
from zhuanxing.analyses.backtest.naive import GROWTH_RULES, SHARE_RULES, forecast
from zhuanxing.analyses.backtest.project import project
from zhuanxing.analyses.backtest.scores import covered, crps, lead, score
from zhuanxing.analyses.backtest.settings import BacktestSettings
from zhuanxing.analyses.backtest.surprise import driver_draws, growth_changes
from zhuanxing.analyses.calibrate.fit_map import Fit
from zhuanxing.analyses.calibrate.laplace import approximate
from zhuanxing.analyses.calibrate.problem import pose
from zhuanxing.analyses.calibrate.settings import CalibrateSettings
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

FIT_YEAR = 2020


@pytest.fixture(scope="module")
def settings() -> BacktestSettings:
    return read_settings(BacktestSettings, ROOT / "conf" / "backtest.yaml")


@pytest.fixture(scope="module")
def past() -> zhuanxing.Model:
    return zhuanxing.load(ROOT, information_year=FIT_YEAR)


@pytest.fixture(scope="module")
def history(past: zhuanxing.Model, settings: BacktestSettings) -> History:
    names = tuple(name for pool in settings.variables for name in pool.observed)
    return read_history(past, read_tables(ROOT / "model"), settings.outside, names)


def test_crps_of_a_normal_forecast_is_the_known_value() -> None:
    samples = np.random.default_rng(0).standard_normal((20000, 1))
    expected = 2 / np.sqrt(2 * np.pi) - 1 / np.sqrt(np.pi)
    assert crps(samples, np.zeros(1))[0] == pytest.approx(expected, abs=0.01)


def test_crps_of_a_sure_forecast_is_its_error() -> None:
    assert crps(np.full((50, 1), 3.0), np.array([5.0]))[0] == pytest.approx(2.0)


def test_theils_parts_add_up_and_name_a_constant_error_as_bias() -> None:
    figures = np.array([1.0, 2.0, 4.0])
    found = score(np.tile(figures + 0.5, (20, 1)), figures)
    assert found.bias == pytest.approx(0.5)
    assert found.bias_part == pytest.approx(1.0)
    assert found.bias_part + found.variance_part + found.covariance_part == pytest.approx(1.0)


def test_an_interval_holds_its_share_of_its_own_samples() -> None:
    samples = np.random.default_rng(1).standard_normal((4000, 1))
    others = np.random.default_rng(2).standard_normal(3000)
    inside = covered(np.repeat(samples, 3000, axis=1), others, 0.8).mean()
    assert inside == pytest.approx(0.8, abs=0.03)


def test_a_lead_of_one_city_alone_is_not_certain() -> None:
    figures = np.zeros(6)
    cities = np.array(list("aabbcc"))
    worse = np.array([5.0, 5.0, 0.1, 0.1, 0.1, 0.1])
    mean, low, high = lead(np.full(6, 0.2), worse, figures, cities, 1)
    assert mean == pytest.approx(np.mean(worse) - 0.2)
    assert low < 0 < mean < high
    assert lead(figures, worse, figures, cities, 1)[1] > 0


def test_naive_forecasters_know_nothing_after_the_year(history: History) -> None:
    for cities in history.city.values():
        assert max(max(series, default=0) for series in cities.values()) <= FIT_YEAR
    assert max(history.nation) <= FIT_YEAR
    assert all(max(series) <= FIT_YEAR for series in history.province.values())


@pytest.mark.parametrize("rule", [*GROWTH_RULES, *SHARE_RULES], ids=lambda rule: rule.name)
def test_every_naive_rule_forecasts_every_city_with_an_error(history: History, rule) -> None:  # type: ignore[no-untyped-def]
    variable = next(iter(history.province_share)) if rule in SHARE_RULES else "gdp_growth"
    cities = list(history.province)
    years = [FIT_YEAR + 1] * len(cities)
    found = forecast(rule, history, variable, cities, years, 400)
    assert np.isfinite(found).all()
    assert (found.std(axis=0) > 0.1).all()


def test_the_last_growth_is_repeated(history: History) -> None:
    city, series = next((c, s) for c, s in history.city["gdp_growth"].items() if len(s) > 1)
    assert GROWTH_RULES[0].point(history, "gdp_growth", city, 2022) == series[max(series)]


def test_a_steady_driver_surprises_no_one() -> None:
    np.testing.assert_allclose(growth_changes(1.05 ** np.arange(6.0)), 0.0, atol=1e-12)


def test_the_future_of_a_driver_is_wider_than_its_past_and_widens(
    past: zhuanxing.Model, settings: BacktestSettings
) -> None:
    name = settings.surprises[0]
    middle = past.source.equations.driver_paths()[name][1]
    draws = driver_draws(past, [name], 100, 3)[f"{name.replace('_', ' ')} by year"]
    spread = (draws.std(axis=0) / middle).mean(axis=1)
    # Point 1 of the look-up is the middle of 2015.
    last = 1 + FIT_YEAR - 2015
    assert spread[:last].max() < 0.01
    assert spread[last + 1] > 2 * spread[:last].max()
    assert spread[last + 3] > spread[last + 1]


def test_an_unknown_driver_is_refused(past: zhuanxing.Model) -> None:
    with pytest.raises(ZhuanxingError, match="did you mean 'coal_price_index'"):
        driver_draws(past, ["coal_price_indx"], 2, 0)


def test_projections_widen_and_shares_add_up(
    past: zhuanxing.Model, settings: BacktestSettings
) -> None:
    whole = read_settings(CalibrateSettings, ROOT / "conf" / "calibrate.yaml")
    few = replace(whole, last_year=FIT_YEAR, parameters=("external share",))
    posterior = pose(past, few)
    noise = posterior.first_noise()
    z = np.zeros(posterior.parameters.count)
    laplace = approximate(posterior, z, noise)
    fit = Fit(posterior, z, noise, laplace, laplace.said, 0)
    short = replace(settings, samples=128)
    years = [FIT_YEAR + 1, FIT_YEAR + 2]
    table = project(past, fit, short, few, years).table()
    assert set(table["forecaster"]) == set(NAMES)
    own = table[table["forecaster"] == MODEL]
    assert len(own) == len(past.elements("city")) * len(years) * 4
    shares = own[own["pool"] == "shares"]
    total = shares.groupby(["city", "year"])["q50"].sum()
    # Each share has errors of its own, so medians add up nearly.
    assert (total - 100.0).abs().mean() < 2.0
    width = (shares["q90"] - shares["q10"]).groupby(shares["year"]).mean()
    assert width.loc[years[1]] > width.loc[years[0]]


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
