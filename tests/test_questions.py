"""Questions of a planner, from the command line to the last file: runs give the same answers."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import yaml

import zhuanxing
from zhuanxing.cli.main import main
from zhuanxing.storage.netcdf import read

CITY, LEVER = "tangshan", "coal_reduction"


def last(paths: xr.Dataset, output: str, city: str = CITY) -> float:
    return float(paths[output].sel(city=city).isel(year=-1))


@pytest.mark.slow
def test_an_effect_is_explained_that_runs_with_and_without_the_lever_have(
    workplace: Path, model: zhuanxing.Model, plan: xr.Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [f"lever={LEVER}", "output=co2", "city=唐山", "folder=why", "language=en"]
    assert main(["explain", *asked]) == 0
    assert "effect: " in capsys.readouterr().out
    found = read(workplace / f"why/{LEVER}_co2_{CITY}.nc")
    without = model.run("plan", levers={LEVER: 0.0}, city=[CITY], outputs=["co2"])
    assert found.attrs["base"] == pytest.approx(last(without, "co2"), rel=1e-9)
    assert found.attrs["total"] == pytest.approx(last(plan, "co2") - last(without, "co2"), rel=1e-6)
    # Every path leads from the lever to the output by variables that are in the equations.
    named = set(found["variable"].values.ravel()) - {""}
    assert named <= set(model.program.variables)


@pytest.mark.slow
def test_levers_are_ranked_by_what_the_plan_loses_without_them(
    workplace: Path, model: zhuanxing.Model, plan: xr.Dataset
) -> None:
    few = ["outputs=[co2]", "format=[png]", "language=[en]", "output=ranked"]
    assert main(["rank", f"city={CITY}", "scenario=plan", *few]) == 0
    with (workplace / f"ranked/{CITY}/rank_co2.csv").open(encoding="utf-8-sig") as file:
        rows = {row["lever"]: float(row["left_out"]) for row in csv.DictReader(file)}
    sizes = np.abs(list(rows.values()))
    assert list(sizes) == sorted(sizes, reverse=True)
    without = model.run("plan", levers={LEVER: 0.0}, city=[CITY], outputs=["co2"])
    lost = last(plan, "co2") - last(without, "co2")
    assert rows[LEVER] == pytest.approx(lost, rel=1e-6)
    assert (workplace / f"ranked/{CITY}/en/rank_co2.png").stat().st_size > 10_000


@pytest.mark.slow
def test_a_package_that_was_found_does_as_a_scenario_what_was_said_of_it(
    workplace: Path, baseline: xr.Dataset
) -> None:
    asked = ["city=包头", "aims=[co2<=baseline-3%]", "minimise=lever_spending_total"]
    assert main(["optimise", *asked, "output=found"]) == 0
    found = read(workplace / "found/baotou/packages.nc").sel(package=1)
    (workplace / "scenarios").unlink()
    shutil.copytree(Path(__file__).parents[1] / "scenarios", workplace / "scenarios")
    shutil.copy(workplace / "found/baotou/package_1.yaml", workplace / "scenarios/package.yaml")
    assert main(["run", "scenario=package", "output=package.nc"]) == 0
    made = last(read(workplace / "package.nc"), "co2", "baotou")
    assert made == pytest.approx(float(found["value"].sel(output="co2")), rel=1e-6)
    met = dict(zip(found["goal"].values.tolist(), found["met"].values.tolist(), strict=True))
    (co2,) = (goal for goal in met if goal.startswith("co2"))
    assert met[co2] == (made <= 0.97 * last(baseline, "co2", "baotou") * (1 + 1e-6))
    content = yaml.safe_load((workplace / "scenarios/package.yaml").read_text(encoding="utf-8"))
    (override,) = content["overrides"]
    assert override["where"] == {"city": "baotou"}
    # Intensities are round numbers that a planner can write down.
    tenths = 10 * np.array(list(override["levers"].values()))
    np.testing.assert_allclose(tenths, tenths.round())


def test_later_statistics_are_held_against_a_run(workplace: Path, baseline: xr.Dataset) -> None:
    value = float(baseline["gdp"].sel(city=CITY, year=2023))
    (workplace / "s.csv").write_text(
        f'城市,年份,指标,数值\n唐山,2023,gdp,"{1.1 * value:,.0f}"\n', encoding="utf-8"
    )
    assert main(["monitor", "s.csv", "scenario=[baseline]", "output=found.csv"]) == 0
    with (workplace / "found.csv").open(encoding="utf-8-sig") as file:
        (row,) = csv.DictReader(file)
    assert float(row["expected"]) == pytest.approx(value, rel=1e-9)
    assert float(row["error"]) == pytest.approx(10, abs=0.01)


def test_a_city_and_its_runs_are_a_workbook_to_hand_on(
    workplace: Path, baseline: xr.Dataset
) -> None:
    from openpyxl import load_workbook

    asked = [f"city={CITY}", "scenario=[baseline]", "output=city.xlsx", "language=en"]
    assert main(["table", *asked]) == 0
    book = load_workbook(workplace / "city.xlsx", read_only=True)
    cells = [cell for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row]
    numbers = [cell for cell in cells if isinstance(cell, int | float)]
    assert any(np.isclose(numbers, last(baseline, "gdp"), rtol=1e-3))


def test_clauses_and_levers_are_listed_with_what_carries_them(
    workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", "article=10", "language=zh"]) == 0
    assert "coal_reduction" in capsys.readouterr().out
    assert main(["levers", "group=energy", "city=包头", "language=en"]) == 0
    listed = capsys.readouterr().out
    assert "Solar bases on desert" in listed and "Land quota" not in listed
