"""Hostile files and odd targets end in one sentence, and nothing that is there is destroyed."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from zarr.codecs import ZstdCodec

from zhuanxing.analyses.sweep.reading import open_sweep
from zhuanxing.cli.main import main
from zhuanxing.data.cells import read_rows
from zhuanxing.data.reading import DataError, open_table, read_checked, read_table
from zhuanxing.data.schemas import schema_of
from zhuanxing.engine import compile_text
from zhuanxing.equations.assemble import sector_texts
from zhuanxing.errors import ZhuanxingError
from zhuanxing.inputs.scenario_files import read_scenario
from zhuanxing.model import Model, load
from zhuanxing.results.aims import read_aims
from zhuanxing.storage.atomic import require_writable, written_whole
from zhuanxing.storage.formats import writer
from zhuanxing.storage.netcdf import read as read_result

ROOT = Path(__file__).parents[1]
NAMES = "name_zh: 试\nname_en: trial\n"
HALVING = """{UTF-8}
x = INTEG(-x / 2, 8) ~~|
INITIAL TIME = 0 ~~| FINAL TIME = 1 ~~| TIME STEP = 0.5 ~~| SAVEPER = 1 ~~|
"""
BOMB = "a: &a [x, x]\nb: &b [*a, *a]\n" + NAMES + "description_en: *b\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BOMB, ["line 2", "aliases"]),
        (NAMES + "levers:\n  3: 0.5\n", ["line 4", "'3' is not text"]),
        (NAMES + "? [a, b]\n: 1\n", ["not text"]),
        (NAMES + "levers: {all: " + "9" * 400 + "}\n", ["line 3", "400 digits"]),
        (NAMES + "levers: {all: " + "9" * 290 + "}\n", ["between 0 and 1"]),
        (NAMES + "levers: " + "[" * 3000 + "]" * 3000 + "\n", ["line 3", "nested"]),
        (NAMES + "levers: " + "{a: " * 60 + "1" + "}" * 60 + "\n", ["line 3", "nested"]),
        (NAMES + "levers: {all: .inf}\n", ["number"]),
        (NAMES + "levers: {all: 2020-01-01}\n", ["number"]),
        (NAMES + "name_en: twice\n", ["line 3", "twice"]),
        (NAMES + "levers: !!timestamp x\n", ["line 3", "timestamp"]),
        (NAMES + '"\\ud800": 1\n', ["line 3", "not a character"]),
        (NAMES + 'description_en: "\\udfff"\n', ["line 3", "not a character"]),
        (NAMES + 'description_en: "\\U99999999"\n', ["YAML"]),
        ("\0", ["YAML"]),
        ("just words", ["keys with values"]),
    ],
)
def test_a_hostile_scenario_file_is_refused_in_one_sentence(
    text: str, words: list[str], tmp_path: Path, model: Model
) -> None:
    (tmp_path / "trial.yaml").write_text(text)
    with pytest.raises(ZhuanxingError) as refusal:
        read_scenario(tmp_path, "trial", model.names)
    sentence = str(refusal.value)
    assert all(word in sentence for word in words), sentence
    assert "\n" not in sentence and len(sentence) < 300


def test_a_result_is_written_through_a_link_which_stays(tmp_path: Path) -> None:
    target, link = tmp_path / "target.txt", tmp_path / "link.txt"
    target.write_text("old")
    link.symlink_to(target)
    with written_whole(link) as temporary:
        temporary.write_text("new")
    assert link.is_symlink() and target.read_text() == "new"


def test_nothing_but_a_regular_file_is_replaced(tmp_path: Path) -> None:
    pipe, loop = tmp_path / "pipe.nc", tmp_path / "loop.nc"
    os.mkfifo(pipe)
    loop.symlink_to(loop)
    for path in (
        pipe,
        Path("/dev/null"),
        loop,
        tmp_path / ("n" * 250 + ".nc"),
        tmp_path / ("n" * 256) / "x.nc",
    ):
        with pytest.raises(ZhuanxingError, match="cannot be written"):
            require_writable(path)
        with pytest.raises(ZhuanxingError), written_whole(path):
            pass
    assert pipe.is_fifo() and loop.is_symlink()


@given(st.text(st.characters(exclude_characters="/"), min_size=1, max_size=80))
def test_a_result_is_written_under_its_own_name_or_refused(name: str) -> None:
    result = xr.Dataset({"gdp": ("year", [1.0, 2.0])})
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.nc"
        try:
            write = writer(path)
        except ZhuanxingError as refusal:
            assert "cannot be written" in str(refusal)
            return
        write(result, path)
        assert os.listdir(folder) == [path.name]
        assert read_result(path).identical(result)


@pytest.mark.parametrize("place", range(40))
def test_a_damaged_result_has_its_numbers_or_is_refused(place: int, tmp_path: Path) -> None:
    path = tmp_path / "r.nc"
    numbers = xr.Dataset({"gdp": ("year", np.random.default_rng(1).normal(size=4000))})
    numbers.to_netcdf(path, encoding={"gdp": {"zlib": True}})
    content = bytearray(path.read_bytes())
    content[place * len(content) // 40 + 7] ^= 16
    path.write_bytes(content)
    try:
        found = read_result(path)
    except ZhuanxingError as error:
        assert "r.nc" in str(error)
    else:
        assert found.get("gdp", numbers["gdp"]).equals(numbers["gdp"])


def _bomb() -> str:
    """Return YAML of ten short lines that stand for three billion texts."""
    lists = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)]
    return "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(lists)


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("conf/run.yaml", ["run"]),
        ("conf/cluster/local.yaml", ["sweep", "name=trial"]),
        ("more/run.yaml", ["run", "-cd", "more"]),
    ],
)
def test_aliases_in_settings_are_refused_before_they_unfold(
    file: str, words: list[str], workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workplace / "conf").unlink()
    shutil.copytree(ROOT / "conf", workplace / "conf")
    path = workplace / file
    path.parent.mkdir(exist_ok=True)
    path.write_text((path.read_text() if path.exists() else "") + _bomb())
    assert main(words) == 2
    sentence = capsys.readouterr().err
    assert path.name in sentence and "aliases" in sentence and sentence.count("\n") == 1


@pytest.mark.parametrize("name", ["=1+1", "@SUM", "+1", "-x", "Baotou", "a b", "a=b", "1e5"])
@pytest.mark.parametrize("table", ["units", "levers", "outputs", "variables", "elements"])
def test_a_name_that_a_spreadsheet_would_compute_is_not_a_name(
    table: str, name: str, tmp_path: Path
) -> None:
    text = (ROOT / "model" / "data" / f"{table}.csv").read_text(encoding="utf-8")
    header, first, rest = text.split("\n", 2)
    place = 1 if table == "elements" else 0
    cells = first.split(",")
    path = tmp_path / f"{table}.csv"
    path.write_text(f"{header}\n{','.join([*cells[:place], name, *cells[place + 1 :]])}\n{rest}")
    units = pd.read_csv(ROOT / "model" / "data" / "units.csv")["unit_id"].to_list()
    with pytest.raises(DataError, match=r"line 2: .*") as refusal:
        read_checked(path, schema_of(table, units))
    assert name in str(refusal.value)


def test_an_element_of_a_dimension_that_no_equation_has_is_refused(workplace: Path) -> None:
    place = workplace / "model"
    place.unlink()
    shutil.copytree(ROOT / "model", place)
    table = place / "data" / "elements.csv"
    text = table.read_text(encoding="utf-8")
    assert "\npriced sector," in text
    text = text.replace("\npriced sector,", "\npriced seсtor,", 1)  # a Cyrillic letter
    table.write_text(text, encoding="utf-8")
    with pytest.raises(ZhuanxingError, match=r"elements\.csv: the dimension .* is in no equation"):
        load(workplace)


@pytest.mark.parametrize("content", [b"\xff\xe9", None])
def test_a_sector_file_that_is_no_text_is_refused(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "x.mdl"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(ZhuanxingError, match=r"x\.mdl cannot be read"):
        dict(sector_texts(tmp_path))


def _command(*words: str, **how: Any) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-c", "from zhuanxing.cli.main import entry; entry()", *words]
    return subprocess.run(argv, stderr=subprocess.PIPE, text=True, check=False, **how)


def test_a_full_output_is_one_sentence() -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = _command("cities", stdout=full)
    assert done.returncode == 2
    assert "cannot be written" in done.stderr and done.stderr.count("\n") == 1


def test_an_output_that_may_not_grow_is_one_sentence(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    limit = (resource.RLIMIT_FSIZE, (100, 100))
    with (tmp_path / "out").open("w") as small:
        done = _command("cities", stdout=small, preexec_fn=lambda: resource.setrlimit(*limit))
    assert done.returncode == 2
    assert "cannot be written" in done.stderr and done.stderr.count("\n") == 1


def test_an_output_that_does_not_wait_for_its_reader_has_it_all() -> None:
    fcntl = pytest.importorskip("fcntl")
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(writing, False)
    argv = [sys.executable, "-c", "from zhuanxing.cli.main import entry; entry()", "levers"]
    with subprocess.Popen(argv, stdout=writing) as listing, open(reading, "rb") as pipe:
        os.close(writing)
        assert select.select([pipe], [], [], 60)[0]
        time.sleep(0.5)  # until it is full
        assert len(pipe.read()) > 2 * 4096
    assert listing.returncode == 0


def test_a_reader_that_has_seen_enough_is_no_fault() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = _command("cities", stdout=writing)
    os.close(writing)
    assert done.returncode == 0 and done.stderr == ""


def test_a_refusal_that_cannot_be_said_is_still_one() -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        argv = [sys.executable, "-c", "from zhuanxing.cli.main import entry; entry()", "nothing"]
        assert subprocess.run(argv, stderr=full, check=False).returncode == 2


def test_a_terminal_of_seven_bits_is_no_fault() -> None:
    plain = {**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = _command("cities", "language=zh", stdout=subprocess.PIPE, env=plain)
    assert done.returncode == 0 and done.stderr == ""
    assert "baotou" in done.stdout


def test_no_output_at_all_is_no_fault() -> None:
    done = _command("cities", preexec_fn=lambda: os.close(1))
    assert done.returncode == 0 and done.stderr == ""


@pytest.mark.parametrize("name", ["a=b", "a[1],b", "it's", "a${b}", "模型＝一，二", "choice(a)"])
def test_a_model_file_may_have_any_sign_in_its_name(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(f"{name}.mdl").write_text(HALVING, encoding="utf-8")
    assert main(["simulate", f"{name}.mdl"]) == 0
    assert "1.0,4.5" in capsys.readouterr().out


@pytest.mark.parametrize(
    "name", ["a=b.csv", "a[1].csv", "it's.csv", "{x}.csv", '"q".csv', "a(1).csv"]
)
def test_a_result_may_have_any_sign_but_a_comma_in_its_name(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("halving.mdl").write_text(HALVING, encoding="utf-8")
    assert main(["simulate", "halving.mdl", f"output={name}"]) == 0
    assert "1.0,4.5" in Path(name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00\xd8",
        "a,唐".encode()[:-1],
        b"a,b\n1,\0\n",
        b'a,b\n1,"2\n',
        b"a,b\n1,2,3\n",
        b"a,b\n1\n",
        b"a,a\n1,2\n",
        b"\xef\xbb\xbf\n",
        b"a,b\n1," + b"x" * 200_000 + b"\n",
        b"a,b\n",
    ],
)
def test_what_is_not_a_table_is_refused_by_all_who_read_tables(
    content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    readers: list[Callable[[Path], object]] = [open_table, read_aims]
    if content != b"a,b\n":
        readers += [read_table, lambda path: read_rows(path, ["a"])]
    for read in readers:
        with pytest.raises(DataError, match=r"t\.csv"):
            read(path)


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "cut": lambda content: content[: len(content) // 2],
    "a list": lambda content: b"[]",
    "a number": lambda content: b"1",
    "another group": lambda content: b'{"zarr_format": 3, "node_type": "group"}',
    "a changed byte": lambda content: content[:-5] + bytes([content[-5] ^ 8]) + content[-4:],
}


@pytest.fixture
def small_store(tmp_path: Path) -> Path:
    """A store as a sweep writes it, of four runs of one city."""
    shape = (1, 4, 2, 1)
    data = xr.Dataset(
        {
            "gdp": (("scenario", "run", "year", "city"), np.arange(8.0).reshape(shape)),
            "design": (("run", "factor"), np.zeros((4, 1))),
            "done": (("scenario", "run"), np.ones((1, 4), dtype=bool)),
            "failure": (("scenario", "run"), np.full((1, 4), "", np.dtypes.StringDType())),
        },
        {"scenario": ["plan"], "run": np.arange(4), "year": [2015, 2016], "city": ["baotou"],
         "factor": ["x"]},
        {"sweep": '{"outputs": ["gdp"]}'},
    )  # fmt: skip
    codec = {"compressors": ZstdCodec(checksum=True)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data.to_zarr(tmp_path / "s.zarr", zarr_format=3, encoding={"gdp": codec, "design": codec})
    return tmp_path / "s.zarr"


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_store_gives_its_numbers_or_a_sentence(damage: str, small_store: Path) -> None:
    for file in [path for path in small_store.rglob("*") if path.is_file()]:
        content = file.read_bytes()
        file.write_bytes(DAMAGES[damage](content))
        try:
            result = open_sweep(small_store)
            numbers = result.numbers(result.output("gdp"))
        except ZhuanxingError as error:
            assert "s.zarr" in str(error)
        else:
            np.testing.assert_array_equal(numbers.ravel(), np.arange(8.0), err_msg=str(file))
        file.write_bytes(content)


@pytest.mark.parametrize("content", ["1", "just words", "- a\n- b\n"])
def test_settings_that_are_not_keys_with_values_are_refused(
    content: str, workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workplace / "conf").unlink()
    shutil.copytree(ROOT / "conf", workplace / "conf")
    for file in ("cities.yaml", "sweep.yaml", "design/sobol.yaml"):
        kept = (workplace / "conf" / file).read_bytes() if file != "cities.yaml" else None
        (workplace / "conf" / file).write_text(content, encoding="utf-8")
        assert main([file.split(".")[0] if "/" not in file else "sweep"]) == 2
        assert capsys.readouterr().err.strip().endswith("keys with values are expected, one a line")
        if kept is not None:
            (workplace / "conf" / file).write_bytes(kept)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["cities", f"city={'[' * 200}{']' * 200}"], "30 deep"),
        (["cities", f"hydra.x={'{a:' * 200}{'}' * 200}"], "30 deep"),
        (["cities", f"city={'1' * 5000}"], "300 digits"),
        (["simulate", "x" * 5000], "255 bytes"),
        (["simulate", f"model={'x' * 5000}.mdl"], "255 bytes"),
        (["monitor", "data=a\0b"], "255 bytes"),
        (["monitor"], "'data' is missing"),
        (["calibrate", "tails=1e400"], "tails is 'inf', but a finite number is expected"),
        (["cities", "hydra.run.dir=/dev/null"], "/dev/null"),
        (["cities", "-m", "hydra.sweep.dir=/dev/null"], "/dev/null"),
        (["cities", "-cd=nowhere"], "there is no folder"),
    ],
)
def test_a_command_line_that_nothing_can_read_is_refused(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    (sentence,) = capsys.readouterr().err.splitlines()
    assert said in sentence


@pytest.mark.parametrize(
    "words", [["simulate", "p.mdl"], ["simulate", "m.mdl", "data=[p.csv]"], ["monitor", "p.csv"],
              ["cities"]],
)  # fmt: skip
def test_a_pipe_is_refused_and_not_waited_for(
    words: list[str], workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workplace / "m.mdl").write_text(HALVING, encoding="utf-8")
    os.mkfifo(workplace / "p.mdl")
    os.mkfifo(workplace / "p.csv")
    (workplace / "conf").unlink()
    shutil.copytree(ROOT / "conf", workplace / "conf")
    os.mkfifo(workplace / "conf" / "cities.yaml")
    assert main(words) == 2
    (sentence,) = capsys.readouterr().err.splitlines()
    assert "not a regular file" in sentence


def test_a_refusal_stays_one_line_whatever_it_quotes(
    workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "scenario=a\nb\u2028c\r"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_model_file_that_never_ends_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "m.mdl")
    assert main(["simulate", str(tmp_path / "m.mdl")]) == 2


def test_a_series_of_more_elements_than_memory_holds_is_refused() -> None:
    with pytest.raises(ZhuanxingError, match=r"d.*1,000,000"):
        compile_text("{UTF-8}\nd: (e1-e99999999) ~~|\ny[d] = 1 ~~|\n" + HALVING)


def test_paths_that_memory_cannot_hold_are_refused() -> None:
    ranges = "".join(f"{name}: ({name}1-{name}9000) ~~|\n" for name in "def")
    program = compile_text("{UTF-8}\n" + ranges + "y[d,e,f] = Time ~~|\n" + HALVING, "m.mdl")
    with pytest.raises(ZhuanxingError, match=r"m\.mdl.*memory"):
        program.run({}, {"y": "path"})
