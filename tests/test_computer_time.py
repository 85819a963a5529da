"""GET TIME VALUE tells the model's time, and the computer's as Vensim's manual has it."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest

from zhuanxing.engine import ReferenceEngine, TranslationError, compile_text
from zhuanxing.engine.translating.clock_functions import computer_time

CONTROL = "INITIAL TIME = 1 ~~| FINAL TIME = 3 ~~| TIME STEP = 0.5 ~~| SAVEPER = 1 ~~|"


def test_every_measure_of_a_moment() -> None:
    # 29 February 2024 was a Thursday. Days: 2024 years from the year 0 on hold 2024 * 365 and
    # 491 leap days (506 of four years, less 21 centuries, plus 6 of four centuries: 0 is one),
    # and 59 days had passed in 2024. Seconds: those of the days since the year 1, and of the day.
    moment = datetime(2024, 2, 29, 18, 45, 30, 250_000)
    days = 2024 * 365 + 491 + 59
    seconds = ((days - 366) * 24 + 18) * 3600 + 45 * 60 + 30
    expected = [2024, 1, 2, 29, 4, days, 18, 45, 30.25, seconds % 500_000]
    np.testing.assert_allclose(computer_time(moment), expected, rtol=1e-15)


def test_pysd_reads_the_same_clock() -> None:
    text = "y = GET TIME VALUE(2, 0, 1) ~~| q = GET TIME VALUE(2, 0, 2) ~~|" + CONTROL
    outputs = {"y": "path", "q": "path"}
    ours, theirs = compile_text(text).run({}, outputs), ReferenceEngine(text).run({}, outputs)
    assert ours["y"].tolist() == theirs["y"].tolist()
    assert ours["q"].tolist() == theirs["q"].tolist()


def test_one_run_sees_one_moment_and_the_next_run_another() -> None:
    program = compile_text("s = GET TIME VALUE(2, 0, 9) ~~|" + CONTROL)
    first, second = (program.run({}, {"s": "path"})["s"] for _ in range(2))
    assert len(set(first.tolist())) == 1
    assert first[0] != second[0]


@pytest.mark.parametrize("arguments", ["1, 0, 3", "0, 0, 3", "2, 0, 0", "2, 0, 11", "0, 0"])
def test_what_pysd_does_not_know_is_refused(arguments: str) -> None:
    with pytest.raises(TranslationError, match=r"'x' \(clock\.mdl:1\): GET TIME VALUE"):
        compile_text(f"x = GET TIME VALUE({arguments}) ~~|" + CONTROL, "clock.mdl")
