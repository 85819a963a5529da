"""Hostile files and odd targets end in one sentence, and nothing that is there is destroyed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from zhuanxing.errors import ZhuanxingError
from zhuanxing.inputs.scenario_files import read_scenario
from zhuanxing.model import Model
from zhuanxing.storage.atomic import require_writable, written_whole

NAMES = "name_zh: 试\nname_en: trial\n"
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
        ("\0", ["YAML"]),
        ("just words", ["expected names with values"]),
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
    for path in (pipe, Path("/dev/null"), loop, tmp_path / ("n" * 250 + ".nc")):
        with pytest.raises(ZhuanxingError, match="cannot be written"):
            require_writable(path)
        with pytest.raises(ZhuanxingError), written_whole(path):
            pass
    assert pipe.is_fifo() and loop.is_symlink()
