"""Extending without reading the source: what does nothing is named, another plan is a folder."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

import zhuanxing
from zhuanxing.analyses.check.structure import lever_term_finding, unread_finding
from zhuanxing.cli.main import main
from zhuanxing.storage.netcdf import read

ROOT = Path(__file__).parents[1]
CITIES = ["tangshan", "baotou"]


@pytest.fixture
def other_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a plan of its own beside this one: copies to edit."""
    for name in ("model", "scenarios", "conf"):
        shutil.copytree(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rows_of(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        return list(reader.fieldnames or ()), list(reader)


def write_rows(path: Path, columns: list[str], rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def add_lever(root: Path, name: str) -> None:
    """Add a row of levers.csv that is like the first, under another name."""
    path = root / "model/data/levers.csv"
    columns, rows = rows_of(path)
    write_rows(path, columns, [*rows, {**rows[0], "lever": name, "name_zh": "新举措"}])


def test_a_lever_without_a_term_is_named(other_plan: Path) -> None:
    add_lever(other_plan, "moon_base")
    finding = lever_term_finding(zhuanxing.load(other_plan, cities=CITIES))
    assert any("moon_base" in offender for offender in finding.offenders)
    assert not finding.passed


def test_a_term_without_a_lever_is_refused_with_its_file_and_line(
    other_plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = other_plan / "model/sectors/programmes.mdl"
    term = "\nmoon dust[city] = effect of moon base\n\t~ Dmnl\n\t~ Dust.\n\t|\n"
    path.write_text(path.read_text(encoding="utf-8") + term, encoding="utf-8")
    assert main(["run"]) == 2
    sentence = capsys.readouterr().err
    assert "effect of moon base" in sentence and "programmes.mdl:" in sentence


def test_a_variable_that_nothing_reads_is_named(other_plan: Path) -> None:
    path = other_plan / "model/sectors/population.mdl"
    term = "\nidle dust = 3\n\t~ Dmnl\n\t~ Dust.\n\t|\n"
    path.write_text(path.read_text(encoding="utf-8") + term, encoding="utf-8")
    model = zhuanxing.load(other_plan, cities=CITIES)
    finding = unread_finding(model, frozenset())
    assert any(line.startswith("idle dust (population.mdl:") for line in finding.offenders)
    assert not any(
        line.startswith("idle dust")
        for line in unread_finding(model, frozenset({"idle dust"})).offenders
    )


@pytest.mark.slow
def test_another_plan_with_a_lever_and_years_of_its_own_is_a_folder(other_plan: Path) -> None:
    add_lever(other_plan, "moon_base")
    path = other_plan / "model/sectors/programmes.mdl"
    term = "\nmoon light[city] = effect of moon base*standing share[city,moon_base]\n"
    text = path.read_text(encoding="utf-8") + term + "\t~ Dmnl\n\t~ Light.\n\t|\n"
    path.write_text(text, encoding="utf-8")
    scenario = "extends: baseline\nname_zh: 二〇二六方案\nname_en: Plan of 2026\n"
    (other_plan / "scenarios/plan_2026.yaml").write_text(
        scenario + "levers:\n  moon_base: {intensity: 1, start: 2026}\n", encoding="utf-8"
    )
    assert main(["run", "scenario=二〇二六方案", "years.end=2030", "output=out.nc"]) == 0
    paths = read(other_plan / "out.nc")
    assert int(paths["year"][-1]) == 2030 and paths.attrs["scenario"] == "plan_2026"
    model = zhuanxing.load(other_plan, end=2030)
    light = model.variable("moon light", "plan_2026")
    before, after = light.sel(time=slice(None, 2025)), light.isel(time=-1)
    assert float(abs(before).max()) == 0 and float(after.max()) > 0
