"""Every analysis runs from the command line to its last file, on the smallest task it takes."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from zhuanxing.cli.main import main
from zhuanxing.storage.netcdf import read

ROOT = Path(__file__).parents[1]
ONE_PARAMETER = "parameters=[provincial likeness]"


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory with a copy of the model, in which a parameter set can be kept."""
    shutil.copytree(ROOT / "model", tmp_path / "model")
    for name in ("scenarios", "conf"):
        (tmp_path / name).symlink_to(ROOT / name, target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
def test_a_parameter_set_is_fitted_stored_and_run_with(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fit = ["name=tiny", "draws=2", "rounds=1", "iterations=1", "cities=[]", ONE_PARAMETER]
    fit.append("last_year=2018")
    assert main(["calibrate", *fit]) == 0
    stored = copied / "model/data/calibrations/tiny.nc"
    assert {"value:provincial likeness", "draws:provincial likeness"} <= set(read(stored))
    assert "provincial likeness" in capsys.readouterr().out
    assert main(["run", "calibration=tiny", "draws=2", "city=[tangshan]", "output=run.nc"]) == 0
    assert list(read(copied / "run_intervals.nc")["city"].values) == ["tangshan"]


@pytest.mark.slow
def test_a_backtest_scores_the_model_beside_naive_forecasts(copied: Path) -> None:
    shutil.copytree((copied / "conf").resolve(), copied / "own")
    (copied / "conf").unlink()
    (copied / "own").rename(copied / "conf")
    settings = copied / "conf/calibrate.yaml"
    text = settings.read_text(encoding="utf-8")
    text = re.sub("rounds: .*", "rounds: 1", re.sub("iterations: .*", "iterations: 1", text))
    settings.write_text(text, encoding="utf-8")
    few = ["origins=[2020]", "horizons=[1]", "last_year=2021", "samples=100", "language=[en]"]
    assert main(["backtest", *few]) == 0
    scores = pd.read_csv(copied / "outputs/backtest/scores.csv")
    assert {"model"} < set(scores["forecaster"])
    assert (copied / "outputs/backtest/en/errors.png").is_file()


@pytest.mark.slow
def test_sensitivity_ranks_the_parameters_it_was_given(workplace: Path) -> None:
    few = ["parameters=[provincial likeness, depreciation rate]", "outputs=[gdp]"]
    size = ["morris.trajectories=2", "survivors=2", "sobol.samples=2", "year=2016"]
    assert main(["sensitivity", *few, *size, "language=[en]"]) == 0
    shares = read(workplace / "outputs/sensitivity/sensitivity.nc")["total_index"]
    assert shares.sizes["parameter"] == 2
    assert (workplace / "outputs/sensitivity/en/sensitivity.png").is_file()


def test_evidence_compares_the_plan_with_published_effects(
    workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evidence", "years=[2022]"]) == 0
    table = pd.read_csv(workplace / "outputs/evidence/evidence.csv")
    assert set(table["verdict"]) == {"inside", "outside", "no estimate"}
    assert "did_sustainable_plan_2013_gdp_effect" in capsys.readouterr().out
