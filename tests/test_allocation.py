"""Allocations hand out what there is, as PySD does, and say so where they cannot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from zhuanxing.cli.main import main
from zhuanxing.engine import ReferenceEngine, compile_text
from zhuanxing.errors import ZhuanxingError

CONTROL = """
INITIAL TIME = 2015 ~~|
FINAL TIME = 2018 ~~|
TIME STEP = 0.5 ~~|
SAVEPER = TIME STEP ~~|
"""


def model(asked: float = 2.5, supply: str = "5", kind: int = 4, width: float = 1) -> str:
    """Return a model with three users, the last of whom is as the arguments say."""
    return (
        "user: u1, u2, u3 ~~| part: kind, rank, span, extra ~~|\n"
        f"asked[user] = 3, 6, {asked} ~~| rank by[user] = 10, 9, 7 ~~| supply = {supply} ~~|\n"
        f"profile[user,part] = 1,5,4,0; 3,6,2,0; {kind},5,{width},0; ~~|\n"
        "by rank[user] = "
        f"ALLOCATE BY PRIORITY(asked[user], rank by[user], 3, {width}, supply) ~~|\n"
        "by profile[user] = ALLOCATE AVAILABLE(asked[user], profile[user,kind], supply) ~~|\n"
    ) + CONTROL


def test_allocations_hand_out_the_supply_and_no_more_than_is_asked() -> None:
    text = (
        "user: u1, u2, u3 ~~| part: kind, rank, width, extra ~~| asked[user] = 3, 6, 2.5 ~~|"
        "rank by[user] = 10, 9, 7 ~~| supply = 5 + Time - 2015 ~~|"
        "profile[user,part] = 1,5,4,0; 3,6,2,0; 4,5,1,0; ~~|"
        "first[user] = ALLOCATE BY PRIORITY(asked[user], rank by[user], 3, 3, supply) ~~|"
        "second[user] = ALLOCATE AVAILABLE(asked[user], profile[user,kind], supply) ~~|" + CONTROL
    )
    compare_only = compile_text(text).run({}, {"first": "path", "second": "path", "supply": "path"})
    theirs = ReferenceEngine(text).run({}, {"first": "path", "second": "path"})
    np.testing.assert_allclose(compare_only["first"], theirs["first"], rtol=1e-9)
    np.testing.assert_allclose(compare_only["second"], theirs["second"], rtol=1e-5)
    for name in ("first", "second"):
        np.testing.assert_allclose(
            compare_only[name].sum(axis=1), compare_only["supply"], rtol=1e-12
        )
        assert (compare_only[name] <= np.array([3, 6, 2.5])).all()


@pytest.mark.parametrize("kind", [0, 5], ids=["fixed quantity", "constant elasticity"])
@pytest.mark.parametrize(
    ("asked", "supply"),
    [(2.5, "50"), (2.5, "0"), (0.0, "5 + Time - 2015")],
    ids=["plenty", "nothing to give", "nothing asked"],
)
def test_a_profile_without_a_shape_counts_only_where_supply_is_short(
    kind: int, asked: float, supply: str
) -> None:
    text = model(asked, supply, kind)
    outputs = {"by rank": "path", "by profile": "path"}
    ours, theirs = compile_text(text).run({}, outputs), ReferenceEngine(text).run({}, outputs)
    for name in outputs:  # PySD minimises a square: eight digits
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-7, atol=1e-12, err_msg=name)


@pytest.mark.parametrize(
    ("text", "name", "when"),
    [
        (model(kind=0), "by profile", "2015"),
        (model(kind=5, supply="12 - 2 * (Time - 2015)"), "by profile", "2015.5"),
        (model(asked=-1.0), "by profile", "2015"),
        (model(width=-1.0), "by rank", "2015"),
        (model(supply="2016 - Time"), "by rank", "2016.5"),
    ],
    ids=["fixed quantity", "elasticity, once short", "request", "width", "supply"],
)
def test_what_cannot_be_allocated_is_refused_with_place_and_time(
    text: str, name: str, when: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "shares.mdl"
    path.write_text(text)
    for engine in ("compiled", "reference"):
        output = tmp_path / "out.csv"
        assert main(["simulate", str(path), f"engine={engine}", f"output={output}"]) == 2
        assert not output.exists()
    refused = capsys.readouterr().err.splitlines()
    assert len(refused) == 2
    with pytest.raises(ZhuanxingError, match=rf"'{name}' .*ALLOCATE.*at time {when}\."):
        compile_text(text, "shares.mdl").run({}, {name: "path"})


def test_a_batch_keeps_the_runs_that_can_be_allocated() -> None:
    supplies = np.array([5.0, -1.0, 50.0])
    many = compile_text(model()).run_many({"supply": supplies}, {"by profile": "year_end"})
    assert np.isnan(many["by profile"][1]).all()
    np.testing.assert_allclose(many["by profile"][[0, 2]].sum(axis=-1), [[5.0] * 3, [11.5] * 3])
    assert [(failure.run, failure.variable) for failure in many.failures] == [(1, "by rank")]


def test_ten_more_in_a_type_hands_out_whole_units() -> None:
    text = (
        "user: (u1-u20) ~~| part: kind, rank, span, extra ~~|\n"
        "asked[user] = 10 - user / 4 ~~| supply = Time - 2014 ~~|\n"
        "profile[user,kind] = 13 ~~| profile[user,rank] = user ~~| profile[user,span] = 5 ~~|\n"
        "profile[user,extra] = 0 ~~|\n"
        "got[user] = ALLOCATE AVAILABLE(asked[user], profile[user,kind], supply * 20) ~~|\n"
        "share[user] = ALLOCATE AVAILABLE(asked[user], normal[user,kind], supply * 20) ~~|\n"
        "normal[user,part] = IF THEN ELSE(part = kind, 3, profile[user,part]) ~~|\n"
    ) + CONTROL
    names = dict.fromkeys(("asked", "supply", "got", "share"), "path")
    run = compile_text(text).run({}, names)
    assert (run["got"] == np.round(run["got"])).all()
    assert (run["got"] <= run["asked"]).all()
    assert (abs(run["got"] - run["share"]) < 1).all()
    np.testing.assert_array_equal(run["got"].sum(axis=1), 20 * run["supply"])


def test_the_first_allocation_that_cannot_be_made_is_named() -> None:
    text = model(supply="-1") + "later[user] = by profile[user] + by rank[user] ~~|\n"
    chained = text.replace("asked[user] = 3", "used = SUM(by profile[user!]) ~~|\nasked[user] = 3")
    chained += (
        "again[user] = ALLOCATE BY PRIORITY(asked[user], rank by[user], 3, 1, used) ~~|\n"
        "z[user] = ALLOCATE BY PRIORITY(asked[user], rank by[user], 3, 1, SUM(again[user!])) ~~|\n"
    )
    names = dict.fromkeys(("z", "again", "by profile"), "path")
    with pytest.raises(ZhuanxingError, match=r"'by profile'.* at time 2015"):
        compile_text(chained).run({}, names)
