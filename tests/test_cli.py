"""The command line: what it runs, what it refuses, and that it leaves nothing half-written."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from rich.cells import cell_len

import zhuanxing
from zhuanxing.cli.completion import candidates
from zhuanxing.cli.main import command_names, main
from zhuanxing.errors import OutsideRange
from zhuanxing.inputs import read_names
from zhuanxing.storage.atomic import written_whole
from zhuanxing.storage.netcdf import read

ROOT = Path(__file__).parents[1]
MADE_BEFORE = {"model", "scenarios", "conf"}


def made(folder: Path) -> set[str]:
    """Every file below `folder` that a command made."""
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and path.relative_to(folder).parts[0] not in MADE_BEFORE
    }


def refused(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    """Run a command that must be refused; return its one sentence."""
    assert main(argv) == 2
    sentence = capsys.readouterr().err.strip()
    assert "\n" not in sentence and "Traceback" not in sentence
    return sentence


def test_run_writes_the_baseline_and_nothing_else(
    workplace: Path, baseline: xr.Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run"]) == 0
    assert made(workplace) == {"outputs/baseline/paths.nc"}
    assert Path.cwd() == workplace
    paths = read(workplace / "outputs/baseline/paths.nc")
    xr.testing.assert_allclose(paths, baseline, rtol=1e-12)
    assert "outputs/baseline/paths.nc" in capsys.readouterr().out


def test_a_lever_of_the_command_line_acts_in_the_cities_named(workplace: Path) -> None:
    names = ["baotou", "ordos"]
    argv = ["scenario=plan", "levers.solar_base.intensity=1", "city=[baotou,ordos]"]
    assert main(["run", "scenario=plan", "city=[baotou,ordos]", "output=plan.nc"]) == 0
    assert main(["run", *argv, "output=more/sun.nc"]) == 0
    assert made(workplace) == {"plan.nc", "more/sun.nc"}
    plan, sun = read(workplace / "plan.nc"), read(workplace / "more/sun.nc")
    assert list(sun["city"].values) == names
    more = sun["solar_capacity"] - plan["solar_capacity"]
    assert np.all(more.isel(year=-1) > 0)
    told = json.loads(sun.attrs["config"])
    assert told["levers"] == {"solar_base": {"intensity": 1}}
    assert told["city"] == names


def test_a_small_sweep_is_stored_and_read_back(workplace: Path) -> None:
    vary = "vary=[levers.coal_reduction]"
    kept = ["city=[tangshan,baotou]", "outputs=[gdp,co2]", "years.keep=[2025]"]
    argv = ["scenario=[plan]", vary, *kept, "design.runs=2", "cluster.workers=1"]
    assert main(["sweep", *argv, "output=small.zarr"]) == 0
    found = zhuanxing.open_sweep(Path("small.zarr")).dataset
    assert bool(found["done"].all())
    strength = found["design"].values[:, 0]
    carbon = found["co2"].sel(scenario="plan", year=2025, city="tangshan").values
    assert np.ptp(strength) > 0
    assert ((strength[1] - strength[0]) * (carbon[1] - carbon[0])).item() < 0


def test_multirun_writes_one_result_a_scenario(workplace: Path) -> None:
    assert main(["run", "-m", "scenario=baseline,plan", "city=[tangshan]"]) == 0
    assert made(workplace) == {"outputs/baseline/paths.nc", "outputs/plan/paths.nc"}
    for name in ("baseline", "plan"):
        assert read(workplace / f"outputs/{name}/paths.nc").attrs["scenario"] == name


def test_years_end_lengthens_the_run(workplace: Path) -> None:
    assert main(["run", "years.end=2027", "output=long.nc", "city=[tangshan]"]) == 0
    assert list(read(workplace / "long.nc")["year"].values) == list(range(2015, 2028))


@pytest.mark.parametrize(
    ("argument", "near"),
    [
        ("scenario=coal_reductoin", "coal_reduction"),
        ("levers.solar_bse.intensity=0.5", "solar_base"),
        ("levers.solar_base.intensty=0.5", "intensity"),
        ("city=[baotuo]", "baotou"),
        ("engine=referense", "reference"),
        ("years.ends=2030", "end"),
        ("scenari=plan", "scenario"),
        ("assumptions.credit_shok=0.1", "credit_shock"),
    ],
)
def test_a_misspelt_name_is_refused_with_the_nearest(
    workplace: Path, capsys: pytest.CaptureFixture[str], argument: str, near: str
) -> None:
    assert f"did you mean '{near}'" in refused(capsys, "run", argument)
    assert made(workplace) == set()


@pytest.mark.parametrize(
    ("argument", "reason"),
    [
        ("levers.solar_base.intensity=1.2", "between 0 and 1"),
        ("levers.solar_base.intensity=-0.1", "between 0 and 1"),
        ("levers.solar_base.intensity=much", "a number is expected"),
        ("levers.solar_base.start=21", "between 2015 and 2050"),
        ("scenario=baseline,plan", "add -m"),
        ("+scenario=plan", "without signs"),
        ("~scenario", "without signs"),
        ("scenario", "key=value"),
        ("city=[baotou", "key=value"),
        ("city=[]", "a list of 1 at least"),
        ("levers=3", "keys and values"),
        ("years.end=soon", "calendar year is expected"),
        ("years.end=2030.5", "calendar year is expected"),
        ("years=[2030]", "another form"),
        ("years.end=2099", "2016 and 2035"),
        ("years.end=2014", "2016 and 2035"),
        ("output=", "name of a file"),
        ("output=paths.txt", ".nc, .csv, .xlsx"),
        ("output=model", "folder"),
        ("output=" + "a" * 300 + ".nc", "255 bytes at most"),
        ("output=${nothing}", "cannot be composed"),
        ("--quick", "no option"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(
    workplace: Path, capsys: pytest.CaptureFixture[str], argument: str, reason: str
) -> None:
    assert reason in refused(capsys, "run", argument)
    assert made(workplace) == set()


def test_nothing_runs_if_one_run_of_several_is_wrong(
    workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "did you mean 'plan'" in refused(capsys, "run", "-m", "scenario=baseline,plam")
    assert "several runs" in refused(capsys, "run", "-m", "years.end=2025,2026")
    assert made(workplace) == set()


def test_a_lever_where_it_cannot_act_is_refused(
    workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ("run", "levers.solar_base.intensity=1", "city=[tangshan]")
    assert "acts only in baotou" in refused(capsys, *argv)


def test_broken_settings_are_one_sentence(
    workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workplace / "conf").unlink()
    shutil.copytree(ROOT / "conf", workplace / "conf")
    (workplace / "conf/run.yaml").write_text("scenario: [", encoding="utf-8")
    assert "conf/run.yaml" in refused(capsys, "run")


def test_an_unwritable_target_is_refused_before_anything_runs(
    workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workplace / "file").write_text("kept", encoding="utf-8")
    assert "is a file" in refused(capsys, "run", "output=file/paths.nc")
    assert (workplace / "file").read_text(encoding="utf-8") == "kept"


def test_an_interruption_leaves_the_old_result_and_no_half_of_the_new(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = workplace / "outputs/baseline/paths.nc"
    target.parent.mkdir(parents=True)
    target.write_bytes(b"old")

    def interrupted(self: xr.Dataset, _: object) -> None:
        raise KeyboardInterrupt

    # The file of the new result is open and has nothing in it.
    monkeypatch.setattr(xr.Dataset, "dump_to_store", interrupted)
    assert main(["run"]) == 130
    assert made(workplace) == {"outputs/baseline/paths.nc"}
    assert target.read_bytes() == b"old"


def test_an_interruption_that_a_callback_swallows_still_ends_the_run() -> None:
    # A process in the background of a shell is started deaf to interruptions.
    script = """
import signal, time
from zhuanxing.cli import main as line
signal.signal(signal.SIGINT, signal.default_int_handler)
class Lost:
    def __del__(self):
        raise KeyboardInterrupt
def lost(words):
    Lost()
    time.sleep(600)
    return 0
line._called = lambda name: lost
line.entry()
"""
    done = subprocess.run(
        [sys.executable, "-c", script, "run"],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 130
    assert "Traceback" not in done.stderr


def test_a_disk_that_fails_is_one_sentence(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(self: xr.Dataset, _: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(xr.Dataset, "dump_to_store", full)
    assert "No space left on device" in refused(capsys, "run")
    assert made(workplace) == set()


def test_an_unknown_command_is_refused_with_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert "did you mean 'run'" in refused(capsys, "rum")


@pytest.mark.parametrize(
    ("argument", "instead"),
    [
        ("scenario=my_own", "there are baseline, carbon_rules"),
        ("city=atlantis", "'zhuanxing cities' lists them"),
        ("levers.xyzzy.start=2023", "'zhuanxing levers' lists them"),
        ("colour=red", "there are language, years"),
    ],
)
def test_where_no_name_is_near_all_are_listed_or_the_command_that_lists_them(
    workplace: Path, capsys: pytest.CaptureFixture[str], argument: str, instead: str
) -> None:
    said = refused(capsys, "run", argument)
    assert instead in said and "did you mean" not in said


def test_help_is_in_either_language_and_names_every_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    assert "usage" in text
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert main(["--help"]) == 0
    assert "用法" in capsys.readouterr().out
    assert all(command in text for command in command_names())


@pytest.mark.parametrize("command", command_names())
def test_each_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    text = capsys.readouterr().out
    assert f"zhuanxing {command}" in text
    assert all(len(line) <= 100 for line in text.splitlines())


@pytest.mark.parametrize(
    ("command", "zh", "en"),
    [
        ("levers", "煤炭减量替代", "Solar bases on desert"),
        ("scenarios", "实施方案", "The plan as written"),
        ("cities", "包头市", "Baotou"),
    ],
)
def test_listings_speak_one_language_by_default_that_of_the_locale(
    workplace: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    zh: str,
    en: str,
) -> None:
    for locale, spoken in (("zh_CN.UTF-8", zh), ("de_DE.UTF-8", en)):
        monkeypatch.setenv("LC_ALL", locale)
        assert main([command]) == 0
        printed = capsys.readouterr().out
        assert spoken in printed and (zh in printed) != (en in printed)
    assert main([command, "language=zh"]) == 0
    chinese = capsys.readouterr().out
    assert zh in chinese and en not in chinese
    assert main([command, "language=en"]) == 0
    english = capsys.readouterr().out
    assert en in english and zh not in english
    assert "did you mean 'zh'" in refused(capsys, command, "language=zhh")


@pytest.mark.whole
def test_without_a_model_here_the_shipped_one_is_used_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["run", "city=[tangshan]"]) == 0
    assert str(ROOT) in capsys.readouterr().err
    assert made(tmp_path) == {"outputs/baseline/paths.nc"}


def test_a_refusal_reaches_the_shell_as_one_line_and_exit_2(workplace: Path) -> None:
    command = [sys.executable, "-c", "from zhuanxing.cli.main import entry; entry()", "run"]
    environment = {**os.environ, "HYDRA_FULL_ERROR": "1"}
    done = subprocess.run(
        [*command, "scenario=plam"], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1 and "did you mean 'plan'" in done.stderr


def test_a_name_may_be_chinese_and_unquoted(workplace: Path) -> None:
    argv = ["scenario=实施方案", "city=[唐山,包头市]", "output=结果(1).nc"]
    assert main(["run", *argv]) == 0
    assert made(workplace) == {"结果(1).nc"}
    found = read(workplace / "结果(1).nc")
    assert found.attrs["scenario"] == "plan"
    assert list(found["city"].values) == ["tangshan", "baotou"]


@pytest.mark.parametrize(
    ("argument", "near"),
    [
        ("city=唐上", "'唐山' (tangshan)"),
        ("scenario=实施方岸", "'实施方案' (plan)"),
        ("levers.光伏基第.intensity=1", "(solar_base)"),
    ],
)
def test_the_nearest_name_is_of_the_same_script(
    workplace: Path, capsys: pytest.CaptureFixture[str], argument: str, near: str
) -> None:
    assert near in refused(capsys, "run", argument)


def test_settings_are_shown_as_hydra_shows_them(
    workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--cfg", "job", "scenario=基准", "levers.solar_base.intensity=1"]) == 0
    shown = capsys.readouterr().out
    assert "scenario: baseline" in shown and "intensity: 1" in shown
    assert main(["sweep", "--info", "defaults", "design=sobol"]) == 0
    assert "design/sobol" in capsys.readouterr().out
    assert main(["cities", "--cfg", "hydra", "-p", "hydra.job.name"]) == 0
    assert made(workplace) == set()


def test_a_changed_scenario_has_a_folder_and_a_label_of_its_own(workplace: Path) -> None:
    argv = ["scenario=plan", "city=baotou", "levers.solar_base.intensity=0.5"]
    assert main(["run", *argv]) == 0
    (target,) = made(workplace)
    assert target == "outputs/plan-solar_base_0.5-baotou/paths.nc"
    found = read(workplace / target)
    assert "solar_base 0.5" in found.attrs["scenario_en"]
    assert found.attrs["scenario_lineage"].startswith("plan")


def test_an_unforeseen_error_is_one_sentence_and_its_traceback_a_file(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr("zhuanxing.cli.commands.cities.print_table", broken)
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(workplace))
    assert main(["cities"]) == 3
    sentence = capsys.readouterr().err
    assert sentence.count("\n") == 1 and "ZeroDivisionError: by nothing" in sentence
    (report,) = workplace.glob("zhuanxing-*.txt")
    assert str(report) in sentence
    assert "print_table" in report.read_text(encoding="utf-8")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_an_output_that_cannot_be_written_is_one_sentence() -> None:
    for command in (["cities"], ["--help"]):
        done = _shell(*command, stdout=open("/dev/full", "w"))  # noqa: SIM115
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1 and "cannot be written" in done.stderr


def test_a_terminal_without_chinese_is_not_an_error() -> None:
    done = _shell("cities", "language=zh", PYTHONIOENCODING="ascii")
    assert done.returncode == 0 and "tangshan" in done.stdout


def test_words_stay_whole_on_a_narrow_terminal() -> None:
    names = read_names(ROOT / "model")
    for command, ids in (("cities", names.cities), ("levers", names.levers)):
        for language in ("zh", "en"):
            printed = _shell(command, f"language={language}", COLUMNS="80").stdout
            assert all(cell_len(line) <= 80 for line in printed.splitlines())
            assert all(f" {name} " in printed for name in ids)


def _shell(
    *argv: str, stdout: IO[str] | int = subprocess.PIPE, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the program in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", "from zhuanxing.cli.main import entry; entry()", *argv],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, **environment},
        check=False,
    )


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_result_is_written_in_the_format_of_its_ending(workplace: Path, ending: str) -> None:
    target = workplace / f"paths.{ending}"
    assert main(["run", "city=[tangshan,baotou]", f"output={target.name}"]) == 0
    table = pd.read_csv(target) if ending == "csv" else pd.read_excel(target)
    assert list(table.columns[:4]) == ["city", "name_zh", "name_en", "year"]
    assert set(table["city"]) == {"tangshan", "baotou"}
    assert np.isfinite(table["gdp"]).all() and "land.farmland" in table


def test_an_assumption_beyond_its_range_warns_and_runs(
    workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["run", "city=[tangshan]", "assumptions.credit_shock=0.9", "output=short.nc"]
    assert main(argv) == 0
    said = capsys.readouterr()
    assert "credit shock" in said.err and "outside its range" in said.err
    assert "2025" in said.out
    assert main(["export", "exported", "assumptions.credit_shock=0.9", "language=zh"]) == 0
    assert "假设'credit shock'为 0.9，超出" in capsys.readouterr().err
    with pytest.warns(OutsideRange, match="outside its range"):
        zhuanxing.load().scenario("plan", assumptions={"credit_shock": 0.9})


def test_a_run_says_how_it_differs_from_the_baseline_and_how_to_draw_it(
    workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "-m", "scenario=baseline,plan", "levers.solar_base=0.8"]) == 0
    assert "chart kind=paths scenario=plan-solar_base_0.8" in capsys.readouterr().out
    assert main(["run"]) == 0
    assert main(["run", "scenario=plan", "languages=zh"]) == 2
    assert main(["run", "scenario=plan"]) == 0
    assert "'scenario=[baseline,plan]'" in capsys.readouterr().out


def test_what_a_killed_process_left_goes_with_the_next_result(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    dead, alive = (tmp_path / f".paths-{pid}.part.nc" for pid in (gone.pid, os.getpid() + 0))
    dead.write_bytes(b"half")
    with written_whole(tmp_path / "paths.nc") as temporary:
        temporary.write_bytes(b"whole")
    assert alive == temporary
    assert {path.name for path in tmp_path.iterdir()} == {"paths.nc"}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("zhuanxing ru", {"run"}),
        ("zhuanxing run scen", {"scenario="}),
        ("zhuanxing run scenario=ba", {"scenario=baseline"}),
        ("zhuanxing run city=唐", {"city=唐山", "city=唐山市"}),
        ("zhuanxing run levers.solar_b", {"levers.solar_base."}),
        ("zhuanxing run levers.solar_base.int", {"levers.solar_base.intensity="}),
        ("zhuanxing run engine=c", {"engine=compiled"}),
        ("zhuanxing run years.e", {"years.end="}),
    ],
)
def test_the_shell_completes_commands_settings_and_names(line: str, expected: set[str]) -> None:
    assert set(candidates(line, command_names(), read_names(ROOT / "model"))) == expected


@pytest.mark.parametrize("name", command_names())
def test_what_many_commands_set_is_written_once(name: str) -> None:
    settings = import_module(f"zhuanxing.cli.commands.{name}").COMMAND.settings
    assert not {"language", "budget", "scale"} & set(settings.__annotations__)
