"""`zhuanxing simulate` writes what it is asked, or says in one sentence why it cannot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from zhuanxing.cli.main import main
from zhuanxing.engine import compile_text
from zhuanxing.storage.netcdf import read

CONTROL = """
INITIAL TIME = 0 ~~|
FINAL TIME = 4 ~~|
TIME STEP = 0.5 ~~|
SAVEPER = TIME STEP ~~|
"""
SOUND = """d: a, b ~~|
rate[d] = 0.5, 2 ~~|
half = 0.5 ~~|
table((0,0),(1,1)) ~~|
x[d] = INTEG(rate[d], 1.5) ~~|
sum = x[a] + half ~~|
"""
XMILE = """<?xml version="1.0" encoding="utf-8"?>
<xmile version="1.0" xmlns="http://docs.oasis-open.org/xmile/ns/XMILE/v1.0">
{settings}
<model><variables>
<aux name="first">{equation}</aux>
</variables><views><view><stock name="drawn"/></view></views></model></xmile>"""
SETTINGS = "<sim_specs><start>0</start><stop>3</stop><dt>0.5</dt></sim_specs>"


def test_it_writes_what_both_engines_agree_on(tmp_path: Path) -> None:
    model = tmp_path / "small.mdl"
    model.write_text(SOUND + CONTROL)
    files = {engine: tmp_path / f"{engine}.csv" for engine in ("compiled", "reference")}
    for engine, file in files.items():
        arguments = ["set.rate[b]=3", f"output={file}", f"engine={engine}"]
        assert main(["simulate", str(model), *arguments]) == 0
    tables = [file.read_text().splitlines() for file in files.values()]
    assert tables[0] == tables[1]
    assert tables[0][-1].split(",")[tables[0][0].split(",").index("x[b]")] == "13.5"


def test_a_large_model_with_few_steps_is_stepped_not_compiled(tmp_path: Path) -> None:
    many = 3000
    model = tmp_path / "chain.mdl"
    chain = "".join(f"c{i} = c{i - 1} + 0.001 * Time ~~|\n" for i in range(1, many))
    text = "c0 = 1 ~~|\n" + chain + f"s = INTEG(s, c{many - 1}) ~~|\n" + CONTROL
    model.write_text(text)
    assert main(["simulate", str(model), f"output={tmp_path / 'chain.nc'}"]) == 0
    found = read(tmp_path / "chain.nc")
    expected = 1 + (many - 1) * 0.001 * found["time"].values
    np.testing.assert_allclose(found[f"c{many - 1}"].values, expected)
    np.testing.assert_allclose(found["s"].values, 1.5 ** np.arange(9))
    program = compile_text(text)
    assert program.is_sooner_stepped({})
    assert not program.is_sooner_stepped({"final time": 200})


def test_every_variable_is_in_a_netcdf_file_whatever_its_name(tmp_path: Path) -> None:
    model, result = tmp_path / "m.mdl", tmp_path / "m.nc"
    long = "很长的名字" * 20
    model.write_text(
        '{UTF-8}\n"<3 a/b"=1~~|\n"a/b"=2~~|\na per b=3~~|\n"d/e":"1/2","(x)",北~~|\nf["d/e"]=4~~|\n'
        f"d_per_e:u,v~~|\nd per e length[d_per_e]=5,6~~|\n{long}1=7~人~多~|\n{long}2=8~~|"
        + CONTROL,
        encoding="utf-8",
    )
    assert main(["simulate", str(model), f"output={result}"]) == 0
    found = read(result)
    values = {found[name].attrs["long_name"]: found[name].values[-1].max() for name in found}
    named = ("<3 a/b", "a/b", "a per b", "f", "d per e length", f"{long}1", f"{long}2")
    assert [values[name] for name in named] == [1, 2, 3, 4, 6, 7, 8]
    elements = {tuple(found[dim].values) for dim in ("d_per_e", "d_per_e_value")}
    assert elements == {("u", "v"), ("1/2", "(x)", "北")}
    (counted,) = (found[name] for name in found if found[name].attrs["long_name"] == f"{long}1")
    assert (counted.attrs["units"], counted.attrs["comment"]) == ("人", "多")


def test_a_result_in_netcdf_costs_no_more_by_variable_where_there_are_many(tmp_path: Path) -> None:
    model, result = tmp_path / "m.mdl", tmp_path / "m.nc"
    model.write_text("x = 1 ~~|" + CONTROL)
    assert main(["simulate", str(model), f"output={result}"]) == 0
    # Not HDF5, in which a dimension lists all variables that have it.
    assert result.read_bytes().startswith(b"CDF\x02")


def refusal(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Return the one line that a refused command prints."""
    assert main(["simulate", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (sentence,) = captured.err.splitlines()
    assert sentence.startswith("zhuanxing: ")
    return sentence


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hello, world\n", ["not a Vensim model", "~ units ~"]),
        ("", ["not a Vensim model"]),
        ("y = 1 ~~|\nx = (y + 2 ~~|" + CONTROL, ["'x'", ":2", "ends too early"]),
        ("y = 1 ~~|\nx = y + * 2 ~~|" + CONTROL, ["'x'", ":2", "'* 2'"]),
        ("y = 1 ~~|\nx ~~|" + CONTROL, ["'x'", ":2", "'='", ":INTERPOLATE:"]),
        ("y = 1 ~~|\nx = ROUNDED(y) ~~|" + CONTROL, ["'x'", ":2", "ROUNDED"]),
        ("y = 1 ~~|\nx = SQTR(y) ~~|" + CONTROL, ["'x'", ":2", "SQTR", "SQRT?"]),
        ("y = 1 ~~|\nx = MAX(y) ~~|" + CONTROL, ["'x'", ":2", "MAX(y) takes 2", "1 given"]),
        ("y = 1 ~~|\nx = PULSE(y, 1, 2) ~~|" + CONTROL, ["'x'", ":2", "PULSE takes 2", "3 given"]),
        ("y = 1 ~~|\nx = SMOOTH(y) ~~|" + CONTROL, ["'x'", ":2", "SMOOTH(y)", "arguments"]),
        ("y = 1 ~~|\nx = IF THEN ELSE(y, 2) ~~|" + CONTROL, ["'x'", ":2", "takes 3", "2 given"]),
        ("y = 1 ~~|\nx = VECTOR RANK(y, 1) ~~|" + CONTROL, ["'x'", ":2", "arguments"]),
        ("y = z ~~|\nz = y ~~|" + CONTROL, ["m.mdl:1", "'y' <- 'z' <- 'y'", "stock"]),
        (
            "y = INTEG(1, z) ~~|\nz = INTEG(1, y) ~~|" + CONTROL,
            ["m.mdl:1", "'y' <- 'z' <- 'y'", "start one of them"],
        ),
        ("speed = 1 ~~|\nx = sped ~~|" + CONTROL, ["'x'", ":2", "'sped'", "'speed'?"]),
        ("y = 1 ~~|\nx = 1 ~~|\nx = 2 ~~|" + CONTROL, ["'x'", ":2", "2 times"]),
        ("y[e] = 1 ~~|" + CONTROL, ["'e'", "'y'", "m.mdl:1"]),
        ("x = 1 ~~|", ["m.mdl", "INITIAL TIME"]),
        ("x = 1 ~~|" + CONTROL.replace("0.5", "1e-9"), ["m.mdl", "4e+09 steps"]),
        ("d: a ~~|\nx[d] :EXCEPT: [c] = 1 ~~|" + CONTROL, ["'x'", "m.mdl:2", "'c'"]),
        ("x = DELAY FIXED(1, LN(-1), 0) ~~|" + CONTROL, ["'x'", "delay time", "nan"]),
        (
            ":MACRO: M(y)\nM = M(y) ~~|\n:END OF MACRO:\nx = M(1) ~~|" + CONTROL,
            ["'x'", "m.mdl:4", "'m' calls itself"],
        ),
        ("x = 1 ~~|" + CONTROL.replace("0.5", "0"), ["m.mdl", "TIME STEP is 0", "more than 0"]),
    ],
)
def test_a_broken_model_is_refused_with_place_and_reason(
    text: str, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, output = tmp_path / "m.mdl", tmp_path / "o.csv"
    model.write_text(text)
    sentence = refusal([str(model), f"output={output}"], capsys)
    assert all(word in sentence for word in words), sentence
    assert [file.name for file in tmp_path.iterdir()] == ["m.mdl"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<xmile><model>", ["m.xmile:1", "XML"]),
        ("<html></html>", ["not an XMILE model", "<html>"]),
        (XMILE.format(settings="", equation="<eqn>1</eqn>"), ["m.xmile", "<sim_specs>"]),
        (XMILE.format(settings=SETTINGS, equation=""), ["'first'", "m.xmile:5", "<eqn>"]),
        (XMILE.format(settings=SETTINGS, equation="<eqn>1 +</eqn>"), ["'first'", "m.xmile:5"]),
    ],
    ids=["torn", "another kind", "no settings", "no equation", "grammar"],
)
def test_a_broken_xmile_file_is_refused_with_place_and_reason(
    text: str, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "m.xmile"
    model.write_text(text)
    sentence = refusal([str(model)], capsys)
    assert all(word in sentence for word in words), sentence


@pytest.mark.parametrize(
    ("equation", "words"),
    [
        ("x = GET DIRECT CONSTANTS('gone.xlsx', 'S', 'B2')", ["'x'", ":2", "gone.xlsx"]),
        ("x = GET DIRECT CONSTANTS('torn.xlsx', 'S', 'B2')", ["'x'", ":2", "not an Excel file"]),
        ("x = GET DIRECT CONSTANTS('t.csv', ',', 'B9')", ["'x'", ":2", "t.csv", "B9"]),
        (
            "x = GET DIRECT CONSTANTS('t.csv', ',', 'A1')",
            ["'x'", ":2", "t.csv", "A1", "no numbers"],
        ),
        ("x = GET DIRECT CONSTANTS('loop.csv', ',', 'A1')", ["'x'", ":2", "loop.csv", "nowhere"]),
        ("x := GET DIRECT DATA('t.csv', ',', 'A', 'Z9')", ["'x'", ":2", "t.csv", "Z9"]),
        ("e: GET DIRECT SUBSCRIPT('gone.csv', ',', 'A2', 'A3', '')", ["'e'", ":2", "gone.csv"]),
    ],
    ids=["missing", "unreadable", "empty cell", "text", "link", "empty column", "subscripts"],
)
def test_data_that_cannot_be_read_are_refused_with_file_and_cell(
    equation: str, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "m.mdl").write_text(f"y = 1 ~~|\n{equation} ~~|\n" + CONTROL)
    (tmp_path / "torn.xlsx").write_text("no spreadsheet")
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    (tmp_path / "t.csv").write_text("time,v\n0,1\n1,2\n")
    sentence = refusal([str(tmp_path / "m.mdl")], capsys)
    assert all(word in sentence for word in words), sentence


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["set.raet=2"], ["'raet'", "'rate'?"]),
        (["set.sum=2"], ["'sum'", "m.mdl:6", "constant"]),
        (["set.table=2"], ["'table'", "look-up"]),
        (["set.rate=much"], ["'much'", "number"]),
        (["set.rate=nan"], ["'nan'", "finite"]),
        (["set.rate"], ["'='", "NAME=VALUE"]),
        (["set.rate[c]=1"], ["'d'", "'c'", "'a'?"]),
        (["set.rate[a,b]=1"], ["'rate'", "1 subscripts (d)", "2 given"]),
        (["set.half[a]=1"], ["'half'", "0 subscripts", "1 given"]),
        (["set.rate[a=1"], ["']'"]),
        (["output=o.xlsx"], ["o.xlsx", ".nc, .csv"]),
        (["engine=fast"], ["'fast'", "compiled or reference"]),
    ],
)
def test_a_setting_that_does_not_fit_is_refused(
    arguments: list[str],
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("m.mdl").write_text(SOUND + CONTROL)
    sentence = refusal(["m.mdl", *arguments], capsys)
    assert all(word in sentence for word in words), sentence
    assert [file.name for file in tmp_path.iterdir()] == ["m.mdl"]


def test_a_model_file_must_be_there_and_end_as_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "gone.mdl cannot be read" in refusal([str(tmp_path / "gone.mdl")], capsys)
    assert ".mdl, .xmile" in refusal([str(tmp_path / "model.txt")], capsys)


def test_a_result_that_cannot_be_written_leaves_the_old_one_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model, output = tmp_path / "m.mdl", tmp_path / "o.csv"
    model.write_text(SOUND + CONTROL)
    output.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("zhuanxing.cli.simulated.write_csv", full)
    assert "No space left" in refusal([str(model), f"output={output}"], capsys)
    assert output.read_text() == "old"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["m.mdl", "o.csv"]
