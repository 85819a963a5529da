"""A planner's own figures reach the fit, the runs and the brief, and each says so."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import zhuanxing
from conftest import ROOT
from zhuanxing.analyses.calibrate.store import target_path
from zhuanxing.cli.main import main
from zhuanxing.storage import netcdf

pytestmark = pytest.mark.slow

LAST, CITY, NAME = 2020, "baotou", "包头市"
# Other figures than the tables print of that year, 1e8 CNY. Output sets the level of a start;
# revenue and debt of the start are read of other years, and a fit alone makes a run follow these.
OWN = {"gdp": 3200.0, "fiscal_revenue": 300.0, "government_debt": 900.0}
IDLE = "fiscal_revenue, government_debt"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root of its own, with a file of own figures in it."""
    folder = tmp_path_factory.mktemp("own")
    shutil.copytree(ROOT / "model", folder / "model", ignore=shutil.ignore_patterns("raw"))
    for name in ("scenarios", "conf"):
        (folder / name).symlink_to(ROOT / name, target_is_directory=True)
    rows = [f"{NAME},{LAST},{variable},{value}" for variable, value in OWN.items()]
    (folder / "mine.csv").write_text("地区,年份,指标,数值\n" + "\n".join(rows), encoding="utf-8")
    return folder


def test_a_fit_sees_own_figures_and_its_set_names_their_file(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    words = ["data=mine.csv", "name=mine", f"last_year={LAST}", "method=map", "draws=1"]
    quick = ["rounds=1", "iterations=3", "parameters=[external share]"]
    assert main(["calibrate", *words, *quick]) == 0
    found = zhuanxing.load(root, information_year=LAST, calibration="mine").calibration
    assert found is not None
    assert str(found.record["own_figures"]).startswith("mine.csv sha256:")
    stored = netcdf.read(target_path(root / "model", "mine"))
    told = stored["observed"].sel(city=CITY, year=LAST)
    for variable, value in OWN.items():
        assert float(told.sel(target=variable)) == pytest.approx(100 * np.log(value), abs=1e-3)


def test_a_brief_with_own_figures_starts_from_them_and_says_so(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from docx import Document

    monkeypatch.chdir(root)
    words = [f"city={CITY}", "outputs=[gdp,government_debt]", "what_if=[]", "format=[docx]"]
    assert main(["report", *words, "language=en", "output=plain"]) == 0
    assert main(["report", *words, "language=en", "output=own", "data=mine.csv"]) == 0
    plain, own = (
        [line.text for line in Document(str(next(Path(folder).glob("*.docx")))).paragraphs]
        for folder in ("plain", "own")
    )
    assert any("Own figures (mine.csv sha256:" in line for line in own)
    assert any(f"Of these {IDLE} change no initial value" in line for line in own)
    assert not any("Own figures" in line for line in plain)
    tables = [
        [cell.text for row in Document(str(next(Path(folder).glob("*.docx")))).tables[0].rows
         for cell in row.cells]
        for folder in ("plain", "own")
    ]  # fmt: skip
    assert tables[0] != tables[1]
