"""Caches only save time: whatever they hold or cannot hold, the result is the same."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import zhuanxing
from zhuanxing.engine import cache, compile_text
from zhuanxing.engine.running import compiled_runs

ROOT = Path(__file__).parents[1]
TEXT = """rate = 0.25 ~~| x = INTEG(rate * x, 2.5) ~~|
INITIAL TIME = 2015 ~~| FINAL TIME = 2018 ~~| TIME STEP = 0.25 ~~| SAVEPER = 1 ~~|"""


@settings(max_examples=60, deadline=None, derandomize=True)
@given(place=st.integers(0, 10_000), byte=st.integers(1, 255), cut=st.booleans())
def test_a_damaged_entry_is_never_believed(place: int, byte: int, cut: bool) -> None:
    path = cache.entry("test", "damaged")
    cache.keep(path, bytes(range(200)))
    content = bytearray(path.read_bytes())
    place %= len(content)
    path.write_bytes(
        bytes(content[:place])
        if cut
        else bytes([*content[:place], content[place] ^ byte, *content[place + 1 :]])
    )
    assert cache.kept(path, bytes) is None
    assert cache.unpickled(path, lambda: "made again") == "made again"


def test_a_pipe_in_the_place_of_a_cache_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert cache.unpickled(tmp_path / "pipe", lambda: "made again") == "made again"
    assert cache.kept(tmp_path / "pipe", len) is not None


def test_what_a_killed_process_left_in_the_cache_goes_with_a_later_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path)
    path = cache.entry("test", "kept")
    cache.keep(path, b"first")
    old, new = (path.with_name(f"{cache.UNFINISHED}{name}") for name in ("old", "new"))
    for file in (old, new):
        file.write_bytes(b"half")
    os.utime(old, (0, 0))
    cache.keep(path, b"second")
    assert sorted(path.parent.iterdir()) == sorted([path, new])
    assert cache.kept(path, bytes) == b"second"


def test_what_was_used_longest_ago_leaves_caches_that_are_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path)
    paths = [cache.entry(kind, kind) for kind in ("first", "second", "third", "fourth")]
    for second, path in enumerate(paths):
        cache.keep(path, bytes(1000))
        os.utime(path, (second, second))
    assert cache.kept(paths[0], len) == 1000
    monkeypatch.setattr(cache, "MOST_BYTES", 3 * paths[0].stat().st_size)
    cache.prune()
    assert [path.exists() for path in paths] == [True, False, True, True]
    monkeypatch.setattr(cache, "MOST_BYTES", 0)
    assert compile_text(TEXT, "m.mdl").run({}, {"x": "path"})["x"][1] == 2.65625
    assert sum(path.stat().st_size for path in tmp_path.glob("*/*")) == 0


@pytest.mark.parametrize("kind", ["a file", "below a file", "protected"])
def test_a_cache_folder_that_cannot_be_written_costs_time_only(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "cache"
    if kind == "protected":
        # Root may write anywhere, so the refusal is played.
        def refuse(*_: object, **__: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "mkdir", refuse)
    else:
        place.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(place / "below" if kind == "below a file" else place))
    assert compile_text(TEXT, "m.mdl").run({}, {"x": "path"})["x"][1] == 2.65625


@pytest.mark.whole
def test_an_edited_cell_of_a_table_costs_no_compilation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("model", "scenarios", "conf"):
        shutil.copytree(ROOT / name, tmp_path / name)
    before = zhuanxing.load(tmp_path).run("plan", city=["baotou"])
    table = tmp_path / "model" / "data" / "assumptions.csv"
    lines = table.read_text(encoding="utf-8").splitlines(keepends=True)
    row = next(i for i, line in enumerate(lines) if line.startswith("capital elasticity,mining,"))
    cells = lines[row].split(",")
    lines[row] = ",".join([*cells[:2], str(float(cells[2]) * 1.02), *cells[3:]])
    table.write_text("".join(lines), encoding="utf-8")

    def refuse(*_: object) -> None:
        raise AssertionError("traced again")

    monkeypatch.setattr(compiled_runs, "simulate", refuse)
    after = zhuanxing.load(tmp_path).run("plan", city=["baotou"])
    assert not np.array_equal(before["gdp"], after["gdp"])
