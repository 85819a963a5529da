"""A fit follows what was observed, uses what it may, and says when it is out of date."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

import zhuanxing
from conftest import ROOT
from zhuanxing.analyses.calibrate.curvature import Jacobian, factorise
from zhuanxing.analyses.calibrate.disturbances import Scales, innovations, levels
from zhuanxing.analyses.calibrate.draws import bent, straight
from zhuanxing.analyses.calibrate.fit import Fit, fit
from zhuanxing.analyses.calibrate.identify import identify, in_words
from zhuanxing.analyses.calibrate.marginal import Linear, most_probable_scales
from zhuanxing.analyses.calibrate.observations import select
from zhuanxing.analyses.calibrate.posterior import Posterior, State
from zhuanxing.analyses.calibrate.problem import pose
from zhuanxing.analyses.calibrate.settings import CalibrateSettings
from zhuanxing.analyses.calibrate.smoother import climb, shape_at
from zhuanxing.analyses.calibrate.store import begin, save, target_path
from zhuanxing.analyses.calibrate.tails import expected_precision, precision
from zhuanxing.calibrations import read_calibration
from zhuanxing.cli.main import main
from zhuanxing.config import read_settings
from zhuanxing.data.schemas import CHOSEN
from zhuanxing.data.tables import read_tables
from zhuanxing.errors import ZhuanxingError
from zhuanxing.uncertainty.ensemble import COMMON_INNOVATION, INNOVATION, news_to_come
from zhuanxing.uncertainty.ranges import uncertain_numbers

LAST = 2020
# A few numbers beside initial values and disturbances: a fit is then a matter of seconds.
FEW = ("external share", "provincial response")
STEPS = 4


@pytest.fixture(scope="module")
def settings() -> CalibrateSettings:
    whole = read_settings(CalibrateSettings, ROOT / "conf" / "calibrate.yaml")
    return replace(whole, name="trial", last_year=LAST, parameters=FEW, draws=3)


@pytest.fixture(scope="module")
def past() -> zhuanxing.Model:
    """The model as it could be known at the end of the last year of the fit."""
    return zhuanxing.load(ROOT, information_year=LAST)


@pytest.fixture(scope="module")
def posterior(past: zhuanxing.Model, settings: CalibrateSettings) -> Posterior:
    return pose(past, settings)


@pytest.fixture(scope="module")
def fitted(posterior: Posterior) -> Fit:
    return fit(posterior, rounds=1, iterations=STEPS)


def _somewhere(posterior: Posterior, seed: int, size: float = 0.3) -> State:
    """Return a point near that of the tables."""
    random = np.random.default_rng(seed)
    shared, own = posterior.parameters.start()
    return State(
        shared + size * random.standard_normal(shared.shape),
        own + size * random.standard_normal(own.shape),
        Scales.of(posterior.program.constants()),
    )


@pytest.mark.slow
def test_at_the_centre_of_the_prior_parameters_are_those_of_the_tables(
    posterior: Posterior,
) -> None:
    tabled = posterior.program.constants()
    scales = Scales.of(tabled).constants()
    found = posterior.parameters.constants(*posterior.parameters.start(), scales)
    assert set(found) == set(posterior.parameters.names)
    for name, value in found.items():
        np.testing.assert_allclose(value, tabled[name], rtol=1e-9, err_msg=name)


@pytest.mark.slow
def test_the_model_of_the_tables_has_no_disturbances(past: zhuanxing.Model) -> None:
    for news in (INNOVATION, COMMON_INNOVATION):
        assert not past.program.constants()[news].any()
    found = past.program.run({"final time": 2018}, {"disturbance state": "year_mean"})
    assert not found["disturbance state"].any()


@pytest.mark.slow
@limits(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), size=st.floats(0.1, 20.0))
def test_no_parameter_leaves_its_range_and_shares_add_up(
    posterior: Posterior, seed: int, size: float
) -> None:
    parameters, at = posterior.parameters, _somewhere(posterior, seed, size)
    values = np.asarray(parameters.values(at.shared))
    for number, value in zip(parameters.numbers, values, strict=True):
        assert number.low <= value <= number.high, number.label
    constants = parameters.constants(at.shared, at.own, {})
    for block in parameters.blocks:
        if block.setting.link == "shares":
            total = np.asarray(constants[block.setting.name]).sum(axis=1)
            np.testing.assert_allclose(total, 1.0, rtol=1e-9)


@pytest.mark.slow
def test_news_add_up_to_the_disturbances_of_the_equations(posterior: Posterior) -> None:
    random, tabled = np.random.default_rng(5), posterior.program.constants()
    scales = Scales.of(tabled)
    news = np.zeros_like(tabled[INNOVATION])
    news[:, :, :4] = random.standard_normal((*news.shape[:2], 4))
    found = posterior.program.run(
        {INNOVATION: news, "final time": 2021}, {"disturbance state": "year_mean"}
    )["disturbance state"]
    expected = np.moveaxis(levels(news, scales)[:, :, :6], 2, 0)
    np.testing.assert_allclose(found, expected, atol=1e-9)
    np.testing.assert_allclose(innovations(levels(news, scales), scales), news, atol=1e-9)


@pytest.mark.slow
def test_the_gradient_is_that_of_the_runs(posterior: Posterior) -> None:
    at = _somewhere(posterior, 1)
    _, shared, own = posterior.value_and_gradient(at)
    random = np.random.default_rng(2)
    # So small that no limit of the equations lies between the two sides.
    step = 1e-7
    for _ in range(3):
        along = random.standard_normal(shared.shape), random.standard_normal(own.shape)
        sides = [
            posterior.value_and_gradient(
                replace(at, shared=at.shared + s * along[0], own=at.own + s * along[1])
            )[0]
            for s in (step, -step)
        ]
        slope = float((along[0] * shared).sum() + (along[1] * own).sum())
        assert slope == pytest.approx((sides[0] - sides[1]) / (2 * step), rel=1e-5)


@pytest.mark.slow
def test_grouped_differences_are_the_slopes_of_a_city(posterior: Posterior) -> None:
    at = _somewhere(posterior, 3)
    predicted, jacobian = posterior.jacobian(at)
    error = posterior.errors(at, predicted)
    weighted = posterior.weights(error) * error
    _, shared, own = posterior.value_and_gradient(at)
    prior = posterior.precisions(at)
    by_own = prior[1] * at.own - np.einsum("cnp,cn->cp", jacobian.own, weighted)
    by_shared = prior[0] * at.shared - np.einsum("cng,cn->g", jacobian.shared, weighted)
    assert np.corrcoef(by_own.ravel(), own.ravel())[0, 1] > 0.99
    np.testing.assert_allclose(by_shared, shared, rtol=0.01, atol=0.5)


@pytest.mark.slow
def test_an_arrow_of_blocks_is_solved_like_the_whole_matrix() -> None:
    random = np.random.default_rng(0)
    cities, rows, own, shared = 3, 7, 4, 2
    jacobian = Jacobian(
        random.standard_normal((cities, rows, own)), random.standard_normal((cities, rows, shared))
    )
    weight = random.uniform(0.2, 1.0, (cities, rows))
    prior = random.uniform(0.5, 2.0, shared), random.uniform(0.5, 2.0, (cities, own))
    found = factorise(jacobian, weight, *prior)
    whole = np.diag(np.concatenate([prior[0], prior[1].ravel()]))
    for city in range(cities):
        slopes = np.zeros((rows, len(whole)))
        slopes[:, :shared] = jacobian.shared[city]
        start = shared + city * own
        slopes[:, start : start + own] = jacobian.own[city]
        whole += slopes.T @ (weight[city][:, None] * slopes)
    covariance = np.linalg.inv(whole)
    slope = random.standard_normal(len(whole))
    scaled = found.slope(slope[:shared], slope[shared:].reshape(cities, own))
    first, rest = found.departure(*scaled)
    np.testing.assert_allclose(np.concatenate([first, rest.ravel()]), covariance @ slope)
    variance = np.concatenate([part.ravel() for part in found.variance()])
    np.testing.assert_allclose(variance, np.diag(covariance))
    drawn = found.draws(40_000, random)
    flat = np.concatenate([drawn[0], drawn[1].reshape(len(drawn[1]), -1)], axis=1)
    np.testing.assert_allclose(np.cov(flat.T), covariance, atol=0.03)


@pytest.mark.slow
def test_sizes_and_persistences_are_found_where_statistics_speak_of_them() -> None:
    random = np.random.default_rng(4)
    cities, years, error = 200, 8, 0.02
    lasting = np.array([1.0, 0.0])
    true = Scales(
        np.array([0.05, 0.4]), np.array([0.2, 0.4]), np.array([0.9, 0.3]), np.array([0.5, 0.0]),
        np.zeros(2), lasting,
    )  # fmt: skip
    level = levels(random.standard_normal((cities, 2, years)), true)
    level[3, 0, 5] += 3.0
    shown = (level + error * random.standard_normal(level.shape)).reshape(cities, -1) / error
    acting = np.eye(2 * years).reshape(1, 2 * years, 2, years).repeat(cities, 0) / error
    unusual = np.ones((cities, 2, years))
    # What is known to be unusual does not enlarge the rest.
    unusual[3, 0, 5:8] = 1e-4
    none = np.zeros((cities, 2 * years, 0))
    linear = Linear(shown, acting, none, np.ones(shown.shape), unusual, lasting)
    guess = Scales(
        np.full(2, 0.1), np.full(2, 0.1), np.full(2, 0.6), np.full(2, 0.2), np.zeros(2), lasting
    )
    found = most_probable_scales(linear, guess, guess)
    np.testing.assert_allclose(found.size, true.size, rtol=0.15)
    np.testing.assert_allclose(found.opening, true.opening, rtol=0.2)
    np.testing.assert_allclose(found.persistence, true.persistence, atol=0.08)
    np.testing.assert_allclose(found.momentum, true.momentum, atol=0.15)
    walk = replace(guess, persistence=np.array([1.0, 0.6]))
    found = most_probable_scales(linear, walk, walk)
    assert found.persistence[0] == 1.0 > found.persistence[1]


def test_what_is_seen_of_heavy_tailed_news_says_how_precisely_they_were_known() -> None:
    tails, news = np.full(3, 5.0), np.array([0.0, 1.0, 4.0])
    seen = expected_precision(tails, news, np.full(3, 1e-6), precision(tails, news))
    np.testing.assert_allclose(seen, precision(tails, news), rtol=1e-4)
    usual = precision(tails, np.zeros(3))
    hidden = expected_precision(tails, np.zeros(3), 1 / usual, usual)
    # The variance of a Student t of 5 degrees of freedom is 5/3.
    np.testing.assert_allclose(hidden, 0.6, rtol=0.03)


def test_news_seen_through_errors_do_not_look_larger_than_they_are() -> None:
    random, tails, error = np.random.default_rng(5), np.full(4000, 5.0), 0.8
    shown = random.standard_t(5, 4000) + error * random.standard_normal(4000)
    square = 1.0
    for _ in range(100):
        mode = shown.copy()
        for _ in range(40):
            mode = shown * square**0.5 / (square + error**2 * precision(tails, mode))
        prior = precision(tails, mode)
        for _ in range(3):
            variance = 1 / (prior + square / error**2)
            prior = expected_precision(tails, mode, variance, prior)
        middle = shown * square**0.5 / error**2 / (prior + square / error**2)
        square *= (prior * (middle**2 + 1 / (prior + square / error**2))).mean()
    assert square**0.5 == pytest.approx(1.0, abs=0.06)


def test_sizes_that_few_news_tell_widen_what_is_to_come() -> None:
    tails, told = np.full(2, 1e6), np.array([4.0, 1e6])
    news = news_to_come(np.random.default_rng(0), tails, told, 20_000, 2, 1)
    np.testing.assert_array_equal(news[1::2], -news[::2])
    from_few, from_many = np.quantile(news[..., 0], 0.9, axis=0)
    # Quantiles of a Student t of 4 degrees of freedom and of a normal.
    assert from_few == pytest.approx(1.53, abs=0.05)
    assert from_many == pytest.approx(1.28, abs=0.04)


def test_estimates_between_two_censuses_stray_evenly(settings: CalibrateSettings) -> None:
    steady, strayed = (
        next(t for t in settings.targets if t.observed == name and t.basis)
        for name in ("gdp", "population")
    )
    assert steady.bias_in(2015) == steady.bias_in(2018) == steady.bias
    assert strayed.bias_in(2010) == 0 and strayed.bias_in(2020) == strayed.bias
    assert strayed.bias_in(2015) == pytest.approx(strayed.bias / 2)


@pytest.mark.slow
def test_news_of_all_cities_alike_do_what_news_of_every_city_do_together(
    posterior: Posterior,
) -> None:
    at, parameters = _somewhere(posterior, 5), posterior.parameters
    shape = (len(parameters.disturbances), len(parameters.years))
    common = np.zeros(shape)
    common[:, 1] = 1.0
    ratio = (at.scales.common / at.scales.size)[:, None] * common
    shared, own = at.shared.copy(), at.own.copy()
    shared[parameters.common] += common.ravel()
    own[:, parameters.news] += ratio.ravel()
    alike, together = posterior.predictions(
        np.stack([shared, at.shared]), np.stack([at.own, own]), at.scales
    )
    np.testing.assert_allclose(alike, together, rtol=1e-9)


@pytest.mark.slow
def test_draws_say_of_statistics_what_they_are_meant_to_say(
    past: zhuanxing.Model, settings: CalibrateSettings
) -> None:
    posterior = pose(past, settings, LAST + 1)
    at = State(*posterior.parameters.start(), Scales.of(past.program.constants()))
    shape = shape_at(posterior, at)
    drawn = straight(at, shape, 16, 1)

    def off(shared: np.ndarray, own: np.ndarray) -> np.ndarray:
        said = posterior.predictions(shared, own, at.scales)
        points = [
            replace(at, shared=one, own=other) for one, other in zip(shared, own, strict=True)
        ]
        errors = np.stack([posterior.errors(*pair) for pair in zip(points, said, strict=True)])
        steps = np.einsum("cnp,dcp->dcn", shape.jacobian.own, drawn[1], optimize=True)
        steps += np.einsum("cng,dg->dcn", shape.jacobian.shared, drawn[0], optimize=True)
        return (errors - shape.error + steps)[:, shape.weight > 0]

    followed = bent(posterior, at, shape, drawn)
    before, after = np.abs(off(*drawn)), np.abs(off(*followed))
    assert np.quantile(after, 0.9) < np.quantile(before, 0.9) / 3
    news = drawn[1][:, :, posterior.parameters.news].reshape(16, len(at.own), -1, LAST - 2013)
    same = followed[1][:, :, posterior.parameters.news].reshape(news.shape)
    np.testing.assert_array_equal(same[..., -1], news[..., -1])


@pytest.mark.slow
def test_known_parameters_and_disturbances_are_recovered(posterior: Posterior) -> None:
    true = _somewhere(posterior, 7, 1.0)
    seen = posterior.observations
    predicted = posterior.predictions(true.shared[None], true.own[None], true.scales)[0]
    noise = seen.error * np.random.default_rng(8).standard_t(seen.tails)
    value = predicted + np.asarray(posterior.biases(true.own)) + noise
    shown = replace(seen, value=np.where(seen.present, value, 0.0))
    start = State(*posterior.parameters.start(), true.scales)
    synthetic = replace(posterior, observations=shown)
    mode, shape = climb(synthetic, start, shape_at(synthetic, start).curvature, 40)
    shared, own = shape.curvature.variance()
    # Of the disturbances that the statistics say something of.
    told = posterior.parameters.news.start + np.flatnonzero(
        own[:, posterior.parameters.news].mean(axis=0) < 0.6
    )
    assert len(told) > 10
    score = ((mode.own - true.own) / np.sqrt(own))[:, told]
    assert 0.7 < (np.abs(score) < 1.2816).mean() < 0.9
    assert (np.abs(mode.shared - true.shared) < 4 * np.sqrt(shared)).all()


@pytest.mark.slow
def test_a_fit_follows_the_observations_within_their_errors(fitted: Fit) -> None:
    seen = fitted.posterior.observations
    bias = np.asarray(fitted.posterior.biases(fitted.mode.own))
    after = (fitted.shape.predicted + bias - seen.value) / seen.error
    before = (fitted.before - seen.value) / seen.error
    middle = [float(np.median(np.abs(error[seen.present]))) for error in (before, after)]
    assert middle[1] < 1.0 < middle[0]


@pytest.mark.slow
def test_an_interrupted_fit_goes_on_to_the_same_result(
    posterior: Posterior, tmp_path: Path
) -> None:
    whole = fit(posterior, rounds=2, iterations=1)
    path = tmp_path / "fit.pickle"

    def stop(part: float) -> None:
        if part >= 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(posterior, rounds=2, iterations=1, report=stop, checkpoint=path)
    again = fit(posterior, rounds=2, iterations=1, checkpoint=path)
    assert again.mode.own.tobytes() == whole.mode.own.tobytes()


def test_the_better_source_counts_and_bases_are_kept_apart(settings: CalibrateSettings) -> None:
    target = next(t for t in settings.targets if t.observed == "gdp" and not t.basis)
    rows = pd.DataFrame(
        [
            ("a", 2019, "gdp", 100.0, "secondary", "post_2018_census"),
            ("a", 2019, "gdp", 110.0, "official", "post_2018_census"),
            ("a", 2017, "gdp", 90.0, "official", "pre_2018_census"),
        ],
        columns=["unit_id", "year", "variable", "value", "quality", "basis"],
    )
    found = select(rows, [target], settings.quality, settings.basis, [2017, 2018, 2019], ["a"])
    assert found.count == 1
    assert found.value[0, 2, 0] == pytest.approx(100 * np.log(110.0))


@pytest.mark.slow
def test_no_observation_is_later_than_the_fit(posterior: Posterior) -> None:
    seen = posterior.observations
    assert max(seen.years) == LAST
    assert seen.present[:, seen.years.index(LAST)].any()


@pytest.mark.slow
def test_a_model_that_knows_more_than_the_fit_is_refused(
    model: zhuanxing.Model, settings: CalibrateSettings
) -> None:
    with pytest.raises(ZhuanxingError, match="information_year"):
        pose(model, settings)


@pytest.mark.slow
def test_a_misspelt_parameter_is_refused_with_the_nearest(
    past: zhuanxing.Model, settings: CalibrateSettings
) -> None:
    with pytest.raises(ZhuanxingError, match="did you mean 'capital elasticity'"):
        pose(past, replace(settings, parameters=("capital elastisity",)))


@pytest.mark.slow
def test_corrupting_later_data_changes_no_bit_of_a_fit(
    past: zhuanxing.Model, fitted: Fit, settings: CalibrateSettings, tmp_path: Path
) -> None:
    root = _copy(tmp_path)
    data = root / "model" / "data"
    for name, column in (
        ("observations", "year"),
        ("provinces", "year"),
        ("drivers", "known_from"),
    ):
        table = pd.read_csv(data / f"{name}.csv", dtype=str, keep_default_na=False)
        later = table[column].astype(int) > LAST
        assert later.any()
        for value in {"value", "low", "high"} & set(table.columns):
            table.loc[later, value] = (0.97 * table.loc[later, value].astype(float)).astype(str)
        table.to_csv(data / f"{name}.csv", index=False)
    corrupted = zhuanxing.load(root, information_year=LAST)
    assert corrupted.source.equations.text() == past.source.equations.text()
    again = fit(pose(corrupted, settings), rounds=1, iterations=STEPS)
    assert again.mode.own.tobytes() == fitted.mode.own.tobytes()
    assert again.shape.curvature.own.tobytes() == fitted.shape.curvature.own.tobytes()


@pytest.fixture(scope="module")
def stored(
    fitted: Fit, settings: CalibrateSettings, tmp_path_factory: pytest.TempPathFactory
) -> zhuanxing.Model:
    """A model with the fit as its calibration and three draws of it."""
    root = _copy(tmp_path_factory.mktemp("stored"))
    copied = zhuanxing.load(root, information_year=LAST)
    save(copied, settings, fitted, began=begin(root / "model"))
    return zhuanxing.load(root, information_year=LAST, calibration="trial")


@pytest.mark.slow
def test_a_run_uses_a_stored_set_and_says_so(
    past: zhuanxing.Model, stored: zhuanxing.Model
) -> None:
    assert stored.calibration is not None
    assert stored.calibration.warning(stored.places.model) is None
    run = stored.run("baseline")
    assert run.attrs["calibration"] == "trial"
    assert not np.array_equal(run["gdp"], past.run("baseline")["gdp"])
    bands = stored.run_ensemble(draws=3, quantiles=(0.1, 0.9))
    assert (bands["gdp"].sel(quantile=0.1) <= bands["gdp"].sel(quantile=0.9)).all()
    with pytest.raises(ZhuanxingError, match="holds 3 draws, but 9 are asked for"):
        stored.run_ensemble(draws=9)


@pytest.mark.slow
def test_an_ensemble_draws_all_that_is_uncertain_and_nothing_else(stored: zhuanxing.Model) -> None:
    assert stored.calibration is not None
    baseline, plan = stored.scenario("baseline"), stored.scenario("plan")
    design = stored.ensemble_design(baseline, 3)
    xr.testing.assert_identical(design, stored.ensemble_design(plan, 3))
    fitted = stored.calibration.first_draws(3, stored.program.constants(), stored.dims)
    seen = LAST + 1 - round(float(stored.program.times()[0]))
    # Fewer news of all cities alike tell less of how wide they are.
    for name, least in ((INNOVATION, 0.9), (COMMON_INNOVATION, 0.7)):
        news = design[name.replace(" ", "_")].values
        np.testing.assert_array_equal(news[..., :seen], fitted.pop(name)[..., :seen])
        assert (news[..., seen:].std(axis=tuple(range(news.ndim - 1))) > least).all()
        np.testing.assert_array_equal(news[1, ..., seen:], -news[0, ..., seen:])
    for name, drawn in fitted.items():
        np.testing.assert_array_equal(design[name.replace(" ", "_")], drawn)
    tables = read_tables(stored.places.model)
    for number in uncertain_numbers(stored.source.equations):
        values = design[number.name.replace(" ", "_")].values[:, number.mask]
        assert (np.ptp(values, axis=0) > 0).all(), number.label
        assert ((number.low <= values) & (values <= number.high)).all(), number.label
    costs = design["lever_dose_cost"].sel(run=0).values
    by_lever = tables.levers.set_index("lever").loc[list(stored.elements("lever"))]
    assert ((by_lever["dose_cost_low"] <= costs) & (costs <= by_lever["dose_cost_high"])).all()
    drivers = [name for name in map(str, design) if name.startswith("drivers.")]
    assert len(drivers) == len(stored.source.equations.driver_paths())
    assert all(design[name].std("run").max() > 0 for name in drivers)
    nation = (
        np.log(design["drivers.national_demand_index"]).std("run").mean("national_demand_index_1")
    )
    # Point 1 of the look-up is the middle of the first year: no surprise is known by the last.
    assert nation[seen] < 0.02 < nation[seen + 2]
    chosen = tables.assumptions["kind"].isin(CHOSEN).groupby(tables.assumptions["name"]).all()
    assert not {name.replace(" ", "_") for name in chosen.index[chosen]} & set(map(str, design))
    fixed = replace(baseline, assumptions={"frontier ratio": 0.7})
    assert "frontier_ratio" not in stored.ensemble_design(fixed, 3)


@pytest.mark.slow
def test_intervals_are_shaded_and_leave_with_their_result(
    stored: zhuanxing.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(stored.places.root)
    chart = ["chart", "kind=paths", "scenario=[baseline]", "variable=[gdp]", "output=paths.png"]
    assert main(["run", "calibration=trial", "draws=3"]) == 0
    assert main([*chart, "language=en"]) == 0
    shaded = Path("paths.png").read_bytes()
    intervals = Path("outputs/baseline/paths_intervals.nc")
    assert intervals.is_file()
    assert main(["run", "calibration=trial"]) == 0
    assert not intervals.exists()
    assert main([*chart, "language=en"]) == 0
    assert Path("paths.png").read_bytes() != shaded


@pytest.mark.slow
def test_a_set_made_with_other_data_says_what_changed(
    past: zhuanxing.Model, fitted: Fit, settings: CalibrateSettings, tmp_path: Path
) -> None:
    root = _copy(tmp_path)
    copied = zhuanxing.load(root, information_year=LAST)
    save(copied, settings, fitted, began=begin(root / "model"))
    with (root / "model" / "data" / "observations.csv").open("a", encoding="utf-8") as file:
        file.write("anshan,2019,gdp_growth,5.0,percent,official,,a test,,\n")
    with (root / "model" / "sectors" / "industry.mdl").open("a", encoding="utf-8") as file:
        file.write("\n")
    stored = read_calibration(root / "model", "trial")
    assert stored.changes(root / "model") == ["data/observations.csv", "sectors/industry.mdl"]
    assert "observations.csv, sectors/industry.mdl changed" in str(stored.warning(root / "model"))


def test_an_unknown_set_is_refused() -> None:
    with pytest.raises(ZhuanxingError, match="no calibration 'nowhere'"):
        zhuanxing.load(ROOT, calibration="nowhere")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["basis=[post_2018]"], "there is no basis 'post_2018'; did you mean 'post_2018_census'?"),
        (["tails=1"], "tails"),
    ],
)
def test_settings_that_make_no_sense_are_refused_before_a_fit(
    past: zhuanxing.Model, words: list[str], message: str
) -> None:
    with pytest.raises(ZhuanxingError, match=re.escape(message)):
        path = ROOT / "conf" / "calibrate.yaml"
        pose(past, read_settings(CalibrateSettings, path, [f"last_year={LAST}", *words]))


@pytest.mark.parametrize("name", ["", "a/b", "Ü"])
def test_a_name_unfit_for_a_file_is_refused(name: str) -> None:
    with pytest.raises(ZhuanxingError, match="not a name of a set"):
        target_path(ROOT / "model", name)


def test_parameters_that_act_only_together_cannot_be_told_apart() -> None:
    slope = np.array([[3.0, 3.0, 0.0]])
    covariance = np.linalg.inv(np.eye(3) + slope.T @ slope)
    found = identify(["a", "b", "c"], covariance)
    assert found.alike[0][:2] == (0, 1)
    assert found.alike[0][2] < -0.8
    assert found.removed[2] == pytest.approx(0.0)
    assert "cannot tell 'a' from 'b'" in in_words(found)[1][1]


def test_every_class_of_sources_has_an_error(settings: CalibrateSettings) -> None:
    known = {entry.quality for entry in settings.quality}
    assert set(read_tables(ROOT / "model").observations["quality"]) <= known


def _copy(folder: Path) -> Path:
    """Return a root with a copy of the model's files that may be changed."""
    shutil.copytree(
        ROOT / "model", folder / "model", ignore=shutil.ignore_patterns("raw", "calibrations")
    )
    for name in ("scenarios", "conf"):
        (folder / name).symlink_to(ROOT / name, target_is_directory=True)
    return folder
