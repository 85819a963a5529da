"""A model may move its own clock: FINAL TIME and TIME STEP may change while it runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from zhuanxing.cli.main import main
from zhuanxing.engine import ReferenceEngine, TranslationError, compile_text
from zhuanxing.errors import ZhuanxingError

GROWTH = """x = INTEG(x, 1.0) ~~|
INITIAL TIME = 0 ~~|
FINAL TIME = IF THEN ELSE(x > 2.5, Time, 10) ~~|
TIME STEP = IF THEN ELSE(Time < 1, 0.5, 0.25) ~~|
SAVEPER = TIME STEP ~~|
"""

MEMORY = """{UTF-8}
d: a, b ~~|
x[d] = INTEG(0.3 * x[d] - out[d], 2.5) ~~|
out[d] = DELAY3(x[d], 2) * d ~~|
late = DELAY FIXED(x[a], 1, 0.5) + SMOOTH N(x[b], 1.5, 2.5, 2) + DELAY N(x[a], 2, 1.5, 2) ~~|
held = SAMPLE IF TRUE(x[b] > 2, x[b], 0.5) ~~|
pushed = PULSE(4, 1) + STEP(2, 3) + RAMP(1, 2, 5) + TREND(x[b], 2, 0.5) ~~|
INITIAL TIME = 0 ~~|
FINAL TIME = IF THEN ELSE(x[a] > 3.5, Time, 12) ~~|
TIME STEP = IF THEN ELSE(Time < 4, 0.5, 0.25) ~~|
SAVEPER = 0.5 ~~|
"""


def test_a_run_ends_and_steps_as_its_own_equations_say() -> None:
    # Euler by hand: 1 -> 1 + 0.5 -> 1.5 + 0.75, then a shorter step: 2.25 + 2.25 / 4 > 2.5: stop.
    program = compile_text(GROWTH)
    assert program.times().tolist() == [0.0, 0.5, 1.0, 1.25]
    assert program.run({}, {"x": "path"})["x"].tolist() == [1.0, 1.5, 2.25, 2.8125]
    # A fixed end takes the place of the equation: five steps, the last three of a quarter.
    fixed = program.run({"final time": 1.75}, {"x": "path"})["x"]
    assert fixed.tolist() == [1.0, 1.5, 2.25, 2.8125, 3.515625, 4.39453125]


def test_runge_and_kutta_take_steps_of_changing_length() -> None:
    settings = "\\\\\\---/// Sketch\nV300\n///---\\\\\\\n:L<%^E!@\n15:0,0,0,1,0,0\n"
    path = compile_text(GROWTH + settings).run({}, {"x": "path"})["x"]
    growth = [1 + h + h**2 / 2 + h**3 / 6 + h**4 / 24 for h in (0.5, 0.5)]
    np.testing.assert_allclose(path, np.cumprod([1.0, *growth]), rtol=1e-14)


def test_everything_that_remembers_keeps_pysds_numbers_when_the_clock_moves() -> None:
    program, reference = compile_text(MEMORY, "m.mdl"), ReferenceEngine(MEMORY, "m.mdl")
    outputs = dict.fromkeys(program.variables, "path")
    assert len(program.times()) == 21
    ours, theirs = program.run({}, outputs), reference.run({}, outputs)
    for name in outputs:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-12, err_msg=name)


def test_simulate_saves_the_times_that_saveper_asks_for(tmp_path: Path) -> None:
    model, file = tmp_path / "m.mdl", tmp_path / "m.csv"
    model.write_text(MEMORY)
    assert main(["simulate", str(model), f"output={file}"]) == 0
    times = [float(line.split(",")[0]) for line in file.read_text().splitlines()[1:]]
    assert times == [0.5 * step for step in range(15)]


@pytest.mark.parametrize(
    ("step", "saveper", "saved"),
    [("0.3333", "1", [0, 3, 6]), ("0.25", "0.6", [0, 2, 5, 7]), ("1", "0.5", [0, 1, 2])],
)
def test_where_saveper_is_no_multiple_of_the_step_the_nearest_times_are_saved(
    step: str, saveper: str, saved: list[int], tmp_path: Path
) -> None:
    model, file = tmp_path / "m.mdl", tmp_path / "m.csv"
    clock = f"INITIAL TIME = 0 ~~| FINAL TIME = 2 ~~| TIME STEP = {step} ~~|"
    model.write_text(f"x = INTEG(1, 0) ~~| {clock} SAVEPER = {saveper} ~~|")
    assert main(["simulate", str(model), f"output={file}"]) == 0
    times = [float(line.split(",")[0]) for line in file.read_text().splitlines()[1:]]
    np.testing.assert_allclose(times, float(step) * np.array(saved))


def test_an_initial_time_that_reads_time_reads_zero() -> None:
    text = GROWTH.replace("INITIAL TIME = 0", "INITIAL TIME = IF THEN ELSE(Time < 3, 0.5, 4)")
    assert compile_text(text).times()[0] == 0.5


def test_batches_and_sums_by_year_are_refused_when_the_clock_moves() -> None:
    program = compile_text(GROWTH, "growth.mdl")
    with pytest.raises(TranslationError, match=r"growth\.mdl.*'x'.*batches"):
        program.run_many({"x": np.array([1.0, 2.0])}, {"x": "path"})
    with pytest.raises(ZhuanxingError, match="'x' asks for 'year_end'"):
        program.run({}, {"x": "year_end"})


def test_a_clock_that_runs_backwards_is_refused() -> None:
    backwards = GROWTH.replace("0.25)", "-1)")
    with pytest.raises(ZhuanxingError, match="TIME STEP is -1 at time 1,"):
        compile_text(backwards).times()
