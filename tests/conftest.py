"""The real model, loaded once, and a folder in which commands can run."""

from __future__ import annotations

from pathlib import Path

import pytest
import xarray as xr
from hypothesis import settings
from jaxtyping import install_import_hook

import zhuanxing

ROOT = Path(__file__).parents[1]

# Where annotations state shapes of arrays: every call in a test is held to them.
SHAPED = (
    *(f"analyses.calibrate.{name}" for name in ("curvature", "disturbances", "identify")),
    *(f"analyses.calibrate.{name}" for name in ("marginal", "observations", "smoother")),
    *(f"engine.reading.{name}" for name in ("data_files", "spreadsheets")),
    *(f"engine.translating.{name}" for name in ("allocation", "array_functions")),
    *(f"engine.translating.{name}" for name in ("lookup_tables", "picking", "vector_logarithm")),
)
install_import_hook([f"zhuanxing.{name}" for name in SHAPED], "beartype.beartype")

# A machine that others use is slow at times; that is not a fault of what is tested.
settings.register_profile("zhuanxing", deadline=None, derandomize=True)
settings.load_profile("zhuanxing")


# What asks for a run of the whole model, or for a folder in which commands make one.
RUNS = {"model", "baseline", "plan", "workplace", "other_plan"}
OTHERWISE = ("slow", "whole")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as quick what neither is slow nor makes or runs the whole model."""
    for item in items:
        asked = set(getattr(item, "fixturenames", ()))
        if not any(map(item.get_closest_marker, OTHERWISE)) and not asked & RUNS:
            item.add_marker("quick")


@pytest.fixture(scope="session")
def model() -> zhuanxing.Model:
    """The model of this repository, to 2025."""
    return zhuanxing.load(ROOT)


@pytest.fixture(scope="session")
def baseline(model: zhuanxing.Model) -> xr.Dataset:
    """Annual paths without the plan."""
    return model.run("baseline")


@pytest.fixture(scope="session")
def plan(model: zhuanxing.Model) -> xr.Dataset:
    """Annual paths with the plan as written."""
    return model.run("plan")


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory with this repository's model, scenarios and settings in it."""
    for name in ("model", "scenarios", "conf"):
        (tmp_path / name).symlink_to(ROOT / name, target_is_directory=True)
    # As wide as a pipe, whatever the terminal in which the tests run.
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path
