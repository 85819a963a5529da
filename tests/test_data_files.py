"""Data variables take their series from files, as PySD does, and say what a file lacks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from zhuanxing.cli.main import main
from zhuanxing.engine import ReferenceEngine, TranslationError, compile_text
from zhuanxing.errors import ZhuanxingError

CONTROL = """
INITIAL TIME = 0 ~~|
FINAL TIME = 6 ~~|
TIME STEP = 0.5 ~~|
SAVEPER = TIME STEP ~~|
"""
MODEL = """d: North, South ~~|
e: low, high ~~|
rain:INTERPOLATE: ~ mm ~ |
flow[d]:HOLD BACKWARD: ~~|
"wind-measured"[d,e]:LOOK FORWARD: ~~|
seen[d]:RAW: ~~|
sum[d] = rain + flow[d] + "wind-measured"[d,low] * "wind-measured"[d,high] ~~|
kept[d] = INTEG(sum[d], 0.5) ~~|
"""
TITLES = [
    "rain",
    *(f"flow[{d}]" for d in ("North", "South")),
    *(f"wind-measured[{d},{e}]" for d in ("North", "South") for e in ("low", "high")),
    *(f"seen[{d}]" for d in ("North", "South")),
]
TIMES = [1.0, 2.0, 4.0, 5.0]


def values(place: int) -> list[float]:
    return [(place + 1) * (1.5 + time) - 0.25 * time**2 for time in TIMES]


@pytest.fixture
def tables(tmp_path: Path) -> dict[str, Path]:
    """The same series in every kind of file: columns, rows, Vensim's text and netCDF."""
    columns = [TIMES, *(values(place) for place in range(len(TITLES)))]
    titles = ["Time", *TITLES]
    by_row = "\n".join("\t".join(map(str, [t, *c])) for t, c in zip(titles, columns, strict=True))
    by_column = "\n".join(
        ",".join(row)
        for row in zip(
            *([f'"{t}"', *map(str, c)] for t, c in zip(titles, columns, strict=True)), strict=True
        )
    )
    text = "".join(
        f"{title}\n" + "".join(f"{x}\t{y}\n" for x, y in zip(TIMES, values(place), strict=True))
        for place, title in enumerate(TITLES)
    )
    files = {"columns": "c.csv", "rows": "r.tab", "vensim": "v.dat", "netcdf": "n.nc"}
    found = {kind: tmp_path / name for kind, name in files.items()}
    found["columns"].write_text(by_column)
    found["rows"].write_text(by_row)
    found["vensim"].write_text(text)
    array = np.array([values(place) for place in range(len(TITLES))]).T
    xr.Dataset(
        {
            "rain": ("time", array[:, 0]),
            "flow": (("time", "d"), array[:, 1:3]),
            "wind": (
                ("time", "d", "e"),
                array[:, 3:7].reshape(4, 2, 2),
                {"long_name": '"wind-measured"'},
            ),
            "seen": (("time", "d"), array[:, 7:]),
        },
        {"time": TIMES, "d": ["North", "South"], "e": ["low", "high"]},
    ).to_netcdf(found["netcdf"])
    return found


@pytest.mark.parametrize("kind", ["columns", "rows", "vensim", "netcdf"])
def test_every_kind_of_file_gives_the_same_numbers(kind: str, tables: dict[str, Path]) -> None:
    program = compile_text(MODEL + CONTROL, "m.mdl", data=[tables[kind]])
    reference = ReferenceEngine(MODEL + CONTROL, "m.mdl", data=[tables["rows"]])
    outputs = dict.fromkeys(program.variables, "path")
    ours, theirs = program.run({}, outputs), reference.run({}, outputs)
    # Where PySD has no number, Vensim's :NA: is one: -2 to the 109th power.
    theirs["seen"] = np.where(np.isnan(theirs["seen"]), -(2.0**109), theirs["seen"])
    for name in outputs:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-12, err_msg=name)
    assert (ours["seen"][0] < -1e32).all() and (ours["seen"][2] > 0).all()


def test_missing_numbers_are_bridged_and_the_first_file_that_has_a_variable_gives_it(
    tmp_path: Path,
) -> None:
    model = "x:INTERPOLATE: ~~| y:INTERPOLATE: ~~| z = x + 10 * y ~~|" + CONTROL
    first, second = tmp_path / "1.csv", tmp_path / "2.csv"
    first.write_text("Time,x\n0,1\n2,\n4,3\n")
    second.write_text("Time,x,y\n0,100,1\n4,100,5\n")
    path = compile_text(model, data=[first, second]).run({}, {"z": "path"})["z"]
    # x rises from 1 to 3 over four years whatever is missing, y from 1 to 5; then both hold.
    assert path[[0, 4, 8, 12]].tolist() == [11.0, 32.0, 53.0, 53.0]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gbk", "utf-16"])
def test_data_files_are_read_in_whatever_encoding(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("Time,降水\nnan,7\n0,1\n6,4\n", encoding=encoding)
    program = compile_text("降水 ~~| y = 降水 ~~|" + CONTROL, data=[tmp_path / "t.csv"])
    assert program.run({}, {"y": "path"})["y"][[0, 4, 12]].tolist() == [1, 2, 4]


def test_what_a_raw_series_lacks_is_missing_and_tests_for_it_hold(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("Time,x\n0,3\n1,\n2,5\n")
    model = "x:RAW: ~~| y = IF THEN ELSE(x = :NA:, -1, x) ~~|" + CONTROL
    path = compile_text(model, data=[tmp_path / "t.csv"]).run({}, {"y": "path"})["y"]
    assert path[:6].tolist() == [3, -1, -1, -1, 5, -1]


@pytest.mark.parametrize(
    "data",
    [
        xr.Dataset({"rain": ("time", ["wet"])}, {"time": [0.0]}),
        xr.Dataset({"rain": ("time", [1.0])}, {"time": ["now"]}),
    ],
)
def test_a_netcdf_file_without_numbers_is_refused(data: xr.Dataset, tmp_path: Path) -> None:
    data.to_netcdf(tmp_path / "t.nc")
    with pytest.raises(ZhuanxingError, match=r"t\.nc: the variable 'rain'"):
        compile_text(MODEL + CONTROL, data=[tmp_path / "t.nc"])


def test_a_changed_file_is_seen_by_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    model = "x:INTERPOLATE: ~~| y = 2 * x ~~|" + CONTROL
    for level in (1.5, 4.25):
        (tmp_path / "x.csv").write_text(f"Time,x\n0,{level}\n6,{level}\n")
        program = compile_text(model, "m.mdl", data=[tmp_path / "x.csv"])
        assert program.run({}, {"y": "path"})["y"][3] == 2 * level


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, ["variable 'rain'", "m.mdl:3", "data="]),
        ("Time,flow[North]\n0,1\n", ["variable 'rain'", "m.mdl:3", "t.csv"]),
        ("Time,rain\n0,wet\n", ["t.csv", "'wet'", "'rain'", "number"]),
        ("", ["t.csv", "empty"]),
        ("Time,rain\n", ["t.csv", "no rows"]),
        ("Time,rain\n0," + "9" * 200_000 + "\n", ["t.csv", "not a table"]),
    ],
    ids=["no file", "not in the file", "no number", "empty", "no rows", "endless"],
)
def test_a_refusal_names_variable_and_file(
    content: str | None, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, table = tmp_path / "m.mdl", tmp_path / "t.csv"
    model.write_text(MODEL + CONTROL)
    arguments = ["simulate", str(model)]
    if content is not None:
        table.write_text(content)
        arguments += [f"data={table}"]
    assert main(arguments) == 2
    (sentence,) = capsys.readouterr().err.splitlines()
    assert all(word in sentence for word in words), sentence


def test_a_data_file_that_is_missing_or_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ZhuanxingError, match=r"gone\.csv cannot be read"):
        compile_text(MODEL + CONTROL, data=[tmp_path / "gone.csv"])
    with pytest.raises(ZhuanxingError, match=r"'\.vdf', expected one of .*\.dat"):
        compile_text(MODEL + CONTROL, data=[tmp_path / "run.vdf"])
    with pytest.raises(TranslationError, match="'rain'"):
        compile_text(MODEL + CONTROL)


def test_a_data_variable_is_read_at_another_time_by_its_own_rule(tmp_path: Path) -> None:
    (tmp_path / "rain.csv").write_text("region,0,2,4\nNorth,5,7,9\nSouth,1,2,4\n")
    series = "GET DIRECT DATA('rain.csv', ',', '1', 'B2')"
    text = (
        f"d: North, South ~~|\nrain[d] := {series} ~~|\nheld[d] :HOLD BACKWARD: := {series} ~~|\n"
        "mixed[North] := GET DIRECT DATA('rain.csv', ',', '1', 'B3') ~~|\nmixed[South] = 8 ~~|\n"
        "first[d] = GET DATA AT TIME(rain[d], INITIAL TIME + 1) ~~|\n"
        "half = GET DATA AT TIME(rain[South], Time / 2) ~~|\n"
        "kept[d] = GET DATA AT TIME(held[d], 3) ~~|\nend[d] = GET DATA AT TIME(mixed[d], 9) ~~|\n"
    ) + CONTROL
    names = dict.fromkeys(("first", "half", "kept", "end"), "path")
    run = compile_text(text, str(tmp_path / "m.mdl")).run({}, names)
    assert run["first"][5].tolist() == [6.0, 1.5]
    assert run["half"][[0, 4, 12]].tolist() == [1.0, 1.5, 3.0]
    assert run["kept"][0].tolist() == [7.0, 2.0]
    assert run["end"][0].tolist() == [4.0, 8.0]


@pytest.mark.parametrize("asked", ["GET DATA AT TIME(other, 2)", "GET DATA AT TIME(2, 2)"])
def test_only_data_variables_are_read_at_another_time(asked: str) -> None:
    with pytest.raises(TranslationError, match="GET DATA AT TIME takes a data variable"):
        compile_text(f"other = Time ~~|\nx = {asked} ~~|\n" + CONTROL)


MISSING = -(2.0**109)
TOLD = """d: p, q ~~|
b[d] := GET DIRECT DATA('t.csv', ',', '1', 'B2') ~~|
between = GET DATA BETWEEN TIMES(b[p], Time, 0) ~~|
later = GET DATA BETWEEN TIMES(b[p], Time, 1) ~~|
earlier = GET DATA BETWEEN TIMES(b[p], Time, -1) ~~|
mean = GET DATA MEAN(b[p], 0, 9) ~~|
most = GET DATA MAX(b[p], 0, 5) ~~|
least = INITIAL(GET DATA MIN(b[p], 2, 9)) ~~|
none = GET DATA MEAN(b[p], 7, 9) ~~|
first[d] = GET DATA FIRST TIME(b[d]) ~~|
last[d] = GET DATA LAST TIME(b[d]) ~~|
points[d] = GET DATA TOTAL POINTS(b[d]) ~~|
INITIAL TIME = 0 ~~| FINAL TIME = 7 ~~| TIME STEP = 1 ~~|
"""


def test_what_is_told_of_the_points_of_a_series_leaves_out_those_that_are_missing(
    tmp_path: Path,
) -> None:
    (tmp_path / "t.csv").write_text("Time,1,2,4,6\nb,10,,30,60\nc,,2,3,\n")
    program = compile_text(TOLD, str(tmp_path / "m.mdl"))
    found = program.run({}, dict.fromkeys(program.variables, "path"))
    far = (MISSING, MISSING)
    np.testing.assert_allclose(found["between"][[0, 7]], far)
    np.testing.assert_allclose(found["between"][1:7], [10, 50 / 3, 70 / 3, 30, 45, 60])
    np.testing.assert_allclose(found["later"][1:7], [10, 30, 30, 30, 60, 60])
    np.testing.assert_allclose(found["earlier"][1:7], [10, 10, 10, 30, 30, 60])
    told = {name: found[name][0] for name in ("mean", "most", "least", "none")}
    assert told == pytest.approx({"mean": 100 / 3, "most": 30, "least": 30, "none": MISSING})
    np.testing.assert_allclose(found["first"][0], [1, 2])
    np.testing.assert_allclose(found["last"][0], [6, 4])
    np.testing.assert_allclose(found["points"][0], [3, 2])
