"""A fit uses what it may, keeps parameters in their ranges, and says when it is out of date."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from numpyro.infer import NUTS

import zhuanxing
from conftest import ROOT
from zhuanxing.analyses.calibrate.chains import Chains, run_chains
from zhuanxing.analyses.calibrate.fit_map import Fit, fit_map
from zhuanxing.analyses.calibrate.identify import identify, in_words
from zhuanxing.analyses.calibrate.laplace import Laplace
from zhuanxing.analyses.calibrate.observations import NONE, select
from zhuanxing.analyses.calibrate.posterior import Noise, Posterior
from zhuanxing.analyses.calibrate.problem import pose
from zhuanxing.analyses.calibrate.settings import CalibrateSettings, Target
from zhuanxing.analyses.calibrate.store import begin, save, target_path
from zhuanxing.calibrations import read_calibration
from zhuanxing.cli.main import main
from zhuanxing.config import read_settings
from zhuanxing.data.schemas import CHOSEN
from zhuanxing.data.tables import read_tables
from zhuanxing.errors import ZhuanxingError
from zhuanxing.storage import netcdf
from zhuanxing.uncertainty.ensemble import ensemble_design
from zhuanxing.uncertainty.ranges import uncertain_numbers

LAST = 2020
# Few parameters of every kind: a fit is then a matter of seconds.
FEW = ("capital elasticity", "external share", "trend decay")


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
def noise(posterior: Posterior) -> Noise:
    return posterior.first_noise()


@pytest.fixture(scope="module")
def fit(posterior: Posterior) -> Fit:
    return fit_map(posterior, rounds=1, iterations=3)


def test_at_the_centre_of_the_prior_parameters_are_those_of_the_tables(
    posterior: Posterior, noise: Noise
) -> None:
    tabled = posterior.program.constants()
    found = posterior.parameters.constants(np.zeros(posterior.parameters.count), noise.spreads)
    assert set(found) == set(posterior.parameters.names)
    for name, value in found.items():
        np.testing.assert_allclose(value, tabled[name], rtol=1e-9, err_msg=name)


@limits(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), size=st.floats(0.1, 20.0))
def test_no_parameter_leaves_its_range_and_shares_add_up(
    posterior: Posterior, noise: Noise, seed: int, size: float
) -> None:
    parameters = posterior.parameters
    z = size * np.random.default_rng(seed).standard_normal(parameters.count)
    for number, value in zip(parameters.numbers, np.asarray(parameters.values(z)), strict=True):
        assert number.low <= value <= number.high, number.label
    constants = parameters.constants(z, noise.spreads)
    for block in parameters.blocks:
        value = np.asarray(constants[block.setting.name])
        if block.setting.link == "shares":
            np.testing.assert_allclose(value.sum(axis=1), 1.0, rtol=1e-9)
        if block.setting.link == "range":
            assert (np.abs(value - block.base) <= block.half * (1 + 1e-9)).all()


def test_the_gradient_is_that_of_the_runs(posterior: Posterior, noise: Noise) -> None:
    z = 0.3 * np.random.default_rng(1).standard_normal(posterior.parameters.count)
    both = posterior.value_and_gradient(noise)
    _, slope = both(z)
    said, slopes = posterior.predictions(z, noise)
    direction = np.random.default_rng(2).standard_normal(len(z))
    step = 1e-4
    up, _ = both(z + step * direction)
    down, _ = both(z - step * direction)
    assert (up - down) / (2 * step) == pytest.approx(slope @ direction, rel=1e-4)
    ahead = posterior.said((z + step * direction)[None], noise)[0]
    np.testing.assert_allclose(ahead - said, step * (slopes @ direction), atol=1e-5)


def test_a_fit_comes_closer_to_the_statistics(fit: Fit) -> None:
    statistics = fit.posterior.statistics
    before = np.abs(statistics.value - fit.before).mean()
    assert np.abs(statistics.value - fit.laplace.said).mean() < before
    assert (fit.laplace.variance() <= 1 + 1e-9).all()


def test_errors_of_levels_add_up_and_those_of_changes_are_new_every_year(
    settings: CalibrateSettings,
) -> None:
    rows = pd.DataFrame(
        {
            "unit_id": "a",
            "variable": ["people", "people", "people", "growth", "growth"],
            "year": [2016, 2019, 2020, 2016, 2017],
            "value": [100.0, 102.0, 90.0, 3.0, 4.0],
            "quality": "official",
            "basis": ["new", "new", "new", "", ""],
        }
    )
    targets = [
        Target("people", "residents", "level", 0.3, 1.0, way="end"),
        Target("growth", "gdp", "change", 0.3, 1.0),
    ]
    found = select(rows, targets, settings.quality, ["new"], (2015, 2020), ["a"], {})
    # A step for each of 2015 and 2016, and so on.
    levels = [[2, 2, 2], [2, 5, 5], [2, 5, 6]]
    np.testing.assert_array_equal(found.shared[:3, :3], levels)
    np.testing.assert_array_equal(found.shared[3:, 3:], np.eye(2))
    assert not found.shared[:3, 3:].any()


def test_an_error_left_out_is_that_of_a_fit_without_the_figure() -> None:
    random = np.random.default_rng(4)
    slopes, value = random.standard_normal((9, 4)), random.standard_normal(9)
    root = np.tril(random.standard_normal((9, 9))) + 3 * np.eye(9)
    covariance = root @ root.T

    def fitted(rows: np.ndarray) -> np.ndarray:
        information = np.linalg.inv(covariance[np.ix_(rows, rows)])
        curvature = np.eye(4) + slopes[rows].T @ information @ slopes[rows]
        return np.linalg.solve(curvature, slopes[rows].T @ information @ value[rows])

    rows = np.arange(9)
    z, information = fitted(rows), np.linalg.inv(covariance)
    curvature = np.eye(4) + slopes.T @ information @ slopes
    found = Laplace(z, slopes @ z, slopes, information, np.linalg.cholesky(curvature))
    for row in rows:
        rest = rows[rows != row]
        left = fitted(rest)
        # What the others say of the figure, its correlated error included.
        gain = np.linalg.solve(covariance[np.ix_(rest, rest)], covariance[rest, row])
        said = slopes[row] @ left + gain @ (value[rest] - slopes[rest] @ left)
        assert found.left_out(value)[row] == pytest.approx(value[row] - said)


def test_levels_of_another_basis_enter_only_by_their_change(settings: CalibrateSettings) -> None:
    rows = pd.DataFrame(
        {
            "unit_id": "a",
            "variable": "people",
            "year": [2016, 2018, 2020],
            "value": [100.0, 102.0, 90.0],
            "quality": "official",
            "basis": ["old", "old", "new"],
        }
    )
    target = Target("people", "residents", "level", 0.3, 1.0, way="end")
    found = select(rows, [target], settings.quality, ["new"], (2015, 2020), ["a"], {}).table
    assert list(found["before"]) == [NONE, 2016]
    assert found["value"].tolist() == pytest.approx([100 * np.log(90), 100 * np.log(1.02)])


def test_no_figure_is_later_than_the_fit_or_needs_a_later_year(posterior: Posterior) -> None:
    table = posterior.statistics.table
    assert table["year"].max() <= LAST
    assert (table["before"] < table["year"]).all()


def test_a_model_that_knows_more_than_the_fit_is_refused(
    model: zhuanxing.Model, settings: CalibrateSettings
) -> None:
    with pytest.raises(ZhuanxingError, match="information_year"):
        pose(model, settings)


def test_a_misspelt_parameter_is_refused_with_the_nearest(
    past: zhuanxing.Model, settings: CalibrateSettings
) -> None:
    with pytest.raises(ZhuanxingError, match="did you mean 'capital elasticity'"):
        pose(past, replace(settings, parameters=("capital elastisity",)))


def test_corrupting_later_data_changes_no_bit_of_a_fit(
    past: zhuanxing.Model, fit: Fit, settings: CalibrateSettings, tmp_path: Path
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
            table.loc[later, value] = "77.7"
        table.to_csv(data / f"{name}.csv", index=False)
    corrupted = zhuanxing.load(root, information_year=LAST)
    assert corrupted.source.equations.text() == past.source.equations.text()
    again = fit_map(pose(corrupted, settings), rounds=1, iterations=3)
    assert again.z.tobytes() == fit.z.tobytes()
    assert again.laplace.factor.tobytes() == fit.laplace.factor.tobytes()


@pytest.fixture(scope="module")
def stored(
    fit: Fit, settings: CalibrateSettings, tmp_path_factory: pytest.TempPathFactory
) -> zhuanxing.Model:
    """A model with the fit as its calibration and three draws of it."""
    root = _copy(tmp_path_factory.mktemp("stored"))
    copied = zhuanxing.load(root, information_year=LAST)
    save(copied, settings, fit, fit.laplace.draws(3, 1), began=begin(root / "model"))
    return zhuanxing.load(root, information_year=LAST, calibration="trial")


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


def test_an_ensemble_draws_all_that_is_uncertain_and_nothing_else(stored: zhuanxing.Model) -> None:
    assert stored.calibration is not None
    baseline, plan = stored.scenario("baseline"), stored.scenario("plan")
    design = ensemble_design(stored, baseline, 3)
    xr.testing.assert_identical(design, ensemble_design(stored, plan, 3))
    for name, drawn in stored.calibration.draws.items():
        np.testing.assert_array_equal(design[name.replace(" ", "_")], drawn)
    tables = read_tables(stored.places.model)
    for number in uncertain_numbers(stored.source.equations):
        values = design[number.name.replace(" ", "_")].values[:, number.mask]
        assert (np.ptp(values, axis=0) > 0).all(), number.label
        assert ((number.low <= values) & (values <= number.high)).all(), number.label
    costs = design["lever_cost_rate"].sel(run=0).values
    by_lever = tables.levers.set_index("lever").loc[list(stored.elements("lever"))]
    assert ((by_lever["cost_low"] <= costs) & (costs <= by_lever["cost_high"])).all()
    drivers = [name for name in map(str, design) if name.startswith("drivers.")]
    assert len(drivers) == len(stored.source.equations.driver_paths())
    assert all(1 > abs(design[name]).max() > 0 for name in drivers)
    chosen = tables.assumptions["kind"].isin(CHOSEN).groupby(tables.assumptions["name"]).all()
    assert not {name.replace(" ", "_") for name in chosen.index[chosen]} & set(map(str, design))
    fixed = replace(baseline, assumptions={"frontier ratio": 0.7})
    assert "frontier_ratio" not in ensemble_design(stored, fixed, 3)


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


def test_a_set_made_with_other_data_says_what_changed(
    past: zhuanxing.Model, fit: Fit, settings: CalibrateSettings, tmp_path: Path
) -> None:
    root = _copy(tmp_path)
    copied = zhuanxing.load(root, information_year=LAST)
    save(copied, settings, fit, None, began=begin(root / "model"))
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
        (["nuts.chains=1"], "calibrate.yaml.nuts.chains is 1, expected 2 at least"),
        (["nuts.archetype=steal"], "there is no archetype 'steal'; did you mean 'steel'?"),
        (["basis=[post_2018]"], "there is no basis 'post_2018'; did you mean 'post_2018_census'?"),
        (["parameters=[]", "cities=[]"], "neither parameters nor cities name anything to fit"),
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
    with pytest.raises(ZhuanxingError, match="no name of a set"):
        target_path(ROOT / "model", name)


def test_parameters_that_act_only_together_cannot_be_told_apart() -> None:
    slope = np.array([[3.0, 3.0, 0.0]])
    covariance = np.linalg.inv(np.eye(3) + slope.T @ slope)
    found = identify(["a", "b", "c"], covariance)
    assert found.alike[0][:2] == (0, 1)
    assert found.alike[0][2] < -0.8
    assert found.removed[2] == pytest.approx(0.0)
    assert "cannot tell 'a' from 'b'" in in_words(found)[1][1]


def _normal(x: jax.Array) -> jax.Array:
    """Minus the log density of two normals of standard deviations one and three, around two."""
    return ((x - 2.0) ** 2 / jnp.array([2.0, 18.0])).sum()


def _sampled(path: Path, stop_at: float = 2.0) -> xr.Dataset:
    """Sample `_normal`, interrupted when the part `stop_at` is reached."""

    def report(part: float) -> None:
        if part >= stop_at:
            raise KeyboardInterrupt

    kernel = NUTS(potential_fn=_normal, max_tree_depth=5)
    start = np.random.default_rng(3).standard_normal((4, 2))
    return run_chains(kernel, Chains(start, 3, 100, 400, path, "normal"), report)


def test_an_interrupted_sampling_goes_on_to_the_same_draws(tmp_path: Path) -> None:
    whole = _sampled(tmp_path / "whole.part")
    with pytest.raises(KeyboardInterrupt):
        _sampled(tmp_path / "broken.part", stop_at=0.4)
    xr.testing.assert_identical(_sampled(tmp_path / "broken.part"), whole)
    draws = whole["x"].values.reshape(-1, 2)
    np.testing.assert_allclose(draws.mean(axis=0), 2.0, atol=0.5)
    np.testing.assert_allclose(draws.std(axis=0), [1.0, 3.0], rtol=0.15)


def test_what_another_sampling_left_is_not_gone_on_from(tmp_path: Path) -> None:
    path = tmp_path / "other.part"
    with pytest.raises(KeyboardInterrupt):
        _sampled(path, stop_at=0.4)
    left = netcdf.read(path)
    netcdf.write(left.assign(x=left["x"] + 100).assign_attrs(identity="another"), path)
    assert float(_sampled(path)["x"].max()) < 50


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
