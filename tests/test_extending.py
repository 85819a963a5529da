"""Extending without reading the source: what does nothing is named, another plan is a folder."""

from __future__ import annotations

import csv
import re
import shutil
from pathlib import Path

import pytest

import zhuanxing
from zhuanxing.analyses.check.structure import lever_term_finding, unread_finding
from zhuanxing.cli.main import main
from zhuanxing.data.kinds import DRIVER_TABLES
from zhuanxing.data.missing import missing_table
from zhuanxing.data.tables import read_tables
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


def rewrite(path: Path, **cells: str) -> None:
    """Write other values into columns of a table, where they are not empty."""
    columns, rows = rows_of(path)
    write_rows(path, columns, [row | {k: v for k, v in cells.items() if row[k]} for row in rows])


# A city and a province that the tables have, and those that are to be like them.
NEW = {"shizuishan": "baiyin", "Ningxia": "Gansu", "ningxia_province": "gansu_province"}


def give(root: Path, table: str, what: str) -> None:
    """Add to a table what is listed as missing: rows like those of the city or province in NEW."""
    named = re.match(r"(\w[\w ]*?)(?: \[(\w+)\])? of (?:Gansu|'baiyin')", what)
    wanted = {*named.groups()} - {None} if named else set()
    places = NEW.keys() - {"shizuishan"} if "'baiyin'" not in what else {"shizuishan"}
    more = []
    for stem in DRIVER_TABLES if table == "drivers.csv" else [Path(table).stem]:
        _, rows = rows_of(root / "model/data" / f"{stem}.csv")
        like = (row for row in rows if wanted <= {*row.values()} and places & {*row.values()})
        more += [{key: NEW.get(cell, cell) for key, cell in row.items()} for row in like]
    assert more, what
    columns, rows = rows_of(root / "model/data" / table)
    write_rows(root / "model/data" / table, columns, [*rows, *more])


@pytest.mark.whole
def test_what_is_listed_for_a_new_city_of_a_new_province_is_all_that_it_needs(
    other_plan: Path,
) -> None:
    tables = read_tables(other_plan / "model")
    listed = missing_table(tables, *(NEW[name] for name in ("shizuishan", "Ningxia")))
    needed = listed[listed["need"] == "required"]
    assert {"units.csv", "elements.csv", "areas.csv", "assumptions.csv"} <= {*needed["table"]}
    for table, what in zip(needed["table"], needed["what"], strict=True):
        give(other_plan, table, what)
    start = zhuanxing.load(other_plan).source.equations.constant("initial gdp")
    assert start.values.shape == (len(tables.cities) + 1,) and (start.values > 0).all()


@pytest.mark.slow
def test_another_plan_with_levers_and_years_of_its_own_is_a_folder(other_plan: Path) -> None:
    add_lever(other_plan, "moon_base")
    rewrite(other_plan / "model/data/levers.csv", due="2030")
    rewrite(other_plan / "model/data/aims.csv", year="2030", base_year="2025")
    path = other_plan / "model/sectors/programmes.mdl"
    term = "\nmoon light[city] = effect of moon base*standing share[city,moon_base]\n"
    text = path.read_text(encoding="utf-8") + term + "\t~ Dmnl\n\t~ Light.\n\t|\n"
    path.write_text(text, encoding="utf-8")
    heads = "name_zh: {0}\nname_en: {0}\n"
    for name, words in {
        "baseline": "levers:\n  all: {intensity: 0, start: 2026}\n",
        "plan": "extends: baseline\nlevers:\n  all: 0.5\n",
    }.items():
        (other_plan / f"scenarios/{name}.yaml").write_text(
            heads.format(f"Second {name}") + words, encoding="utf-8"
        )
    assert main(["run", "-m", "scenario=baseline,plan", "output=${scenario}.nc"]) == 0
    baseline, plan = (read(other_plan / f"{name}.nc") for name in ("baseline", "plan"))
    assert int(plan["year"][-1]) == 2030 and plan.attrs["base_year"] == "2025"
    before = slice(None, 2025)
    assert float(abs(plan["gdp"] - baseline["gdp"]).sel(year=before).max()) == 0
    assert float((plan["knowledge_stock"] - baseline["knowledge_stock"]).sel(year=2030).min()) > 0
    assert float(plan["lever_dose"].sel(lever="moon_base", year=2030).min()) > 0
    sheets = ["output=t.csv", "'scenario=[baseline,plan]'", "language=en"]
    assert main(["table", "city=tangshan", *(word.strip("'") for word in sheets)]) == 0
    assert "2030" in (other_plan / "t.csv").read_text(encoding="utf-8-sig")
