"""The compiled engine gives PySD's numbers, in batches and gradients too, or says why it cannot."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.experimental import serialize_executable
from pysd.py_backend.external import Excels

import zhuanxing
from zhuanxing.engine import Program, ReferenceEngine, TranslationError, compile_text, load_ahead
from zhuanxing.engine.reading import parser as parsing_module
from zhuanxing.engine.running import compiled_runs, executable_cache
from zhuanxing.engine.running.cutting import Cut
from zhuanxing.engine.running.executable_cache import stored
from zhuanxing.engine.running.lean import lean
from zhuanxing.engine.running.xla_options import settled
from zhuanxing.engine.translating.picking import picked
from zhuanxing.engine.translating.safe_maths import larger, smaller
from zhuanxing.engine.translating.vector_logarithm import compiled_logarithm
from zhuanxing.errors import ZhuanxingError

CONTROL = """
INITIAL TIME = 2015 ~ Year ~ |
FINAL TIME = 2018 ~ Year ~ |
TIME STEP = 0.125 ~ Year ~ |
SAVEPER = TIME STEP ~ Year ~ |
"""

ARRAYS = """{UTF-8}
city: north, south, coast, hill ~~|
sector: mining, materials, services ~~|
industry: mining, materials ~~|
place: p1, p2, p3, p4 -> city ~~|
town <-> city ~~|
growth[city] = 0.123456789012, 0.2, -0.05, 0.01 ~ 1/Year ~ growth of the stock|
weight[city,sector] = 1,2,3; 4,5,6; 7,8,9; 1,1,1; ~~|
depth[place] = 4, 3, 2, 1 ~~|
base[mining] = 1.5 ~~|
base[materials] = base factor ^ 2 ~~|
base[services] = SUM(weight[city!,services]) / 10 ~~|
base factor = 1.25 ~~|
stock[city] = INTEG(stock[city] * growth[city] - outflow[city], depth[place] + 10.5) ~~|
outflow[city] = IF THEN ELSE(stock[city] > 11 :AND: Time >= 2016, LN(stock[city]), 0.25) ~~|
output[city,sector] = weight[city,sector] * base[sector] * stock[city] ^ 0.5 ~~|
industry share[city] = ZIDZ(SUM(output[city,industry!]), SUM(output[city,sector!])) ~~|
swapped[sector,city] = output[city,sector] - VMIN(output[city!,sector]) ~~|
ranked[industry] = VMAX(output[city!,industry]) / VMAX(output[city!,mining]) ~~|
only[city] :EXCEPT: [south], [hill] = stock[city] ~~|
only[south] = 7.5 ~~|
only[hill] = ELMCOUNT(city) + city place ~~|
city place = south + 0.5 ~~|
numbered[sector] = sector * 2 + town sum ~~|
town sum = SUM(weight[town!,mining]) ~~|
diagonal[city] = MODULO(Time * 8, 3) + INTEGER(stock[city] / 3) + ABS(-growth[city]) ~~|
"""

MEMORY = """{UTF-8}
city: north, south, coast ~~|
level[city] = INTEG(10 * wave - level[city] / life[city], 20.5) ~~|
life[city] = 2.5, 4, 8 ~~|
wave = 1.5 + SIN(Time * 2) + STEP(0.5, 2016) + PULSE(2016.5, 0.5) + RAMP(0.1, 2015.5, 2017) ~~|
smooth one = SMOOTHI(wave, 1.5, 1) ~~|
smooth[city] = SMOOTH3(level[city], life[city]) ~~|
late[city] = DELAY3I(level[city], life[city], 10.5) ~~|
late one = DELAY1(wave, 1.25) + DELAY N(wave, 2.0, 1.5, 4) ~~|
fixed = DELAY FIXED(wave, 0.75, 0.5) ~~|
sampled = SAMPLE IF TRUE(MODULO(Time, 0.5) = 0, wave, 0.25) ~~|
trend = TREND(level[south], 1.5, 0.05) + FORECAST(wave, 2.0, 1.0) ~~|
first = INITIAL(level[coast] + wave) ~~|
active = ACTIVE INITIAL(level[north] * 2, 3.5) ~~|
remembered = SMOOTH(active, 1.0) ~~|
table((2014,1),(2015.5,2.5),(2016,2.5),(2017,0.25)) ~~|
inner[city]((0,0),(10,5),(25,6)) ~~|
read = table(Time) + WITH LOOKUP(wave, ((0,0),(2,1),(3,4))) ~~|
inside[city] = inner[city](level[city]) ~~|
pulsed = PULSE TRAIN(2015.5, 0.25, 0.75, 2016.9) ~~|
guarded[city] = XIDZ(level[city], life[city] - 4, 99) + MAX(wave, MIN(2, life[city])) ~~|
:MACRO: DOUBLED(input, factor)
DOUBLED = INTEG(input * factor - DOUBLED, start) ~~|
start = input / 2 ~~|
:END OF MACRO:
expanded[city] = DOUBLED(level[city], 1.5) + 1 ~~|
"""


def outputs_of(program: Program, how: str = "path") -> dict[str, str]:
    """Ask for every variable."""
    return {name: how for name, found in program.variables.items() if found.kind != "lookup"}


def compare(text: str, overrides: dict[str, np.ndarray]) -> None:
    program = compile_text(text, "small.mdl")
    outputs = outputs_of(program)
    ours = program.run(overrides, outputs)
    theirs = ReferenceEngine(text, "small.mdl").run(overrides, outputs)
    for name in outputs:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.fixture(scope="module")
def arrays() -> Program:
    return compile_text(ARRAYS + CONTROL, "arrays.mdl")


@pytest.mark.parametrize("text", [ARRAYS, MEMORY], ids=["arrays", "memory"])
def test_every_variable_is_pysds_at_every_time(text: str) -> None:
    compare(text + CONTROL, {})


@pytest.mark.parametrize("text", [ARRAYS, MEMORY], ids=["arrays", "memory"])
def test_random_constants_give_pysds_numbers_too(text: str) -> None:
    program = compile_text(text + CONTROL, "small.mdl")
    random = np.random.default_rng(20150101)
    changed = {
        name: value * random.uniform(0.8, 1.25, value.shape)
        for name, value in program.constants().items()
        if not name.endswith(("time", "step"))
    }
    compare(text + CONTROL, changed)


@pytest.mark.whole
def test_our_model_gives_pysds_numbers() -> None:
    text = zhuanxing.load().source.equations.text()
    program = compile_text(text, "zhuanxing.mdl")
    outputs = {
        name: "path" for name, found in program.variables.items() if found.stage in ("time", "step")
    }
    # All levers at once, so that what they do is compared too and is not zero but for rounding.
    soon = {
        "final time": 2015.25,
        "lever intensity": np.ones_like(program.constants()["lever intensity"]),
        "lever start": np.full_like(program.constants()["lever start"], 2012),
    }
    ours = program.run(soon, outputs)
    theirs = ReferenceEngine(text, "zhuanxing.mdl").run(soon, outputs)
    for name in outputs:
        if name.endswith("residual"):  # zero but for rounding, checked by `zhuanxing check`
            continue
        # Where numbers nearly cancel, the rounding of the largest element is the measure.
        floor = 1e-9 * np.abs(theirs[name]).max()
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-9, atol=floor, err_msg=name)


def test_variables_tell_what_they_are(arrays: Program) -> None:
    stock, growth = arrays.variables["stock"], arrays.variables["growth"]
    assert (stock.kind, stock.dims, stock.stage) == ("stock", ("city",), "step")
    assert (growth.kind, growth.units, growth.comment) == (
        "constant",
        "1/Year",
        "growth of the stock",
    )
    assert arrays.variables["output"].equation.startswith("output[city,sector] = weight")
    assert arrays.dims["industry"] == ("mining", "materials")
    assert "base" not in arrays.constants()


def test_a_smooth_of_an_integer_start_follows_vensim_and_not_pysd() -> None:
    text = "x = SMOOTHI(1.9, 1, 1) ~~|" + CONTROL.replace("0.125", "0.25")
    path = compile_text(text).run({}, {"x": "path"})["x"]
    assert path[1] == pytest.approx(1.225, abs=1e-15)


def test_annual_outputs_are_the_paths_summed_averaged_and_ended(arrays: Program) -> None:
    path = arrays.run({}, {"stock": "path"})["stock"]
    steps = path[:-1].reshape(3, 8, 4)
    for how, expected in [
        ("year_sum", steps.sum(axis=1) * 0.125),
        ("year_mean", steps.mean(axis=1)),
        ("year_end", path[8::8]),
    ]:
        np.testing.assert_allclose(arrays.run({}, {"stock": how})["stock"], expected, rtol=1e-13)


def test_another_step_and_end_are_taken(arrays: Program) -> None:
    clock = {"final time": 2017, "time step": 0.25}
    path = arrays.run(clock, {"stock": "path"})["stock"]
    assert path.shape == (9, 4)
    assert len(arrays.times(clock)) == 9


def test_a_stock_override_is_its_initial_value(arrays: Program) -> None:
    path = arrays.run({"stock": [1.0, 2.0, 3.0, 4.0]}, {"stock": "path"})["stock"]
    assert path[0].tolist() == [1.0, 2.0, 3.0, 4.0]
    assert path[1, 0] != 1.0


def design(runs: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(7)
    return {"growth": random.uniform(-0.1, 0.3, (runs, 4)), "base factor": random.random(runs)}


def test_a_batch_has_the_same_bits_whatever_the_chunk(arrays: Program) -> None:
    outputs = {"output": "year_sum", "stock": "year_end", "weight": "year_mean"}
    found = [arrays.run_many(design(70), outputs, chunk=chunk) for chunk in (1, 7, 32, 64, 500)]
    for other in found[1:]:
        for name in outputs:
            assert np.array_equal(other[name], found[0][name])
    assert found[0]["output"].shape == (70, 3, 4, 3)


def test_a_batch_is_many_single_runs(arrays: Program) -> None:
    outputs = {"swapped": "path", "base": "path"}
    many = arrays.run_many(design(3), outputs)
    for run in range(3):
        one = arrays.run({name: value[run] for name, value in design(3).items()}, outputs)
        for name in outputs:
            np.testing.assert_allclose(many[name][run], one[name], rtol=1e-12, atol=1e-13)


def test_memory_runs_in_batches_too() -> None:
    program = compile_text(MEMORY + CONTROL, "memory.mdl")
    life = np.random.default_rng(1).uniform(2, 9, (3, 3))
    outputs = outputs_of(program, "year_mean")
    many = program.run_many({"life": life}, outputs)
    one = program.run({"life": life[1]}, outputs)
    for name in outputs:
        np.testing.assert_allclose(many[name][1], one[name], rtol=1e-11, atol=1e-13, err_msg=name)


def test_runs_that_differ_from_a_year_on_may_begin_there() -> None:
    """Whatever is remembered goes on; with another life the years before are those of the past."""
    program = compile_text(MEMORY + CONTROL, "memory.mdl")
    lives = np.repeat(program.constants()["life"][None], 2, axis=0)
    outputs = outputs_of(program, "year_mean")
    whole = program.run_many({"life": lives}, outputs)
    for year in (2015, 2016, 2017):
        found = program.run_many({"life": lives}, outputs, after=program.past({}, outputs, year))
        for name in outputs:
            np.testing.assert_allclose(found[name], whole[name], rtol=1e-14, err_msg=name)
    other = program.run_many({"life": 1 + lives}, outputs, after=program.past({}, outputs, 2017))
    np.testing.assert_array_equal(other["level"][:, :2], whole["level"][:, :2])
    assert (other["level"][:, 2] > whole["level"][:, 2]).all()


def test_a_run_that_fails_is_nan_and_named_and_does_not_stop_others() -> None:
    text = "x = INTEG(-rate, 1.5) ~~| rate = 1.0 ~~| root = SQRT(x) ~~|" + CONTROL
    rates = np.array([0.1, 2.0, 0.2])
    many = compile_text(text).run_many({"rate": rates}, {"root": "year_mean", "x": "year_end"})
    assert np.isnan(many["root"][1]).all() and np.isnan(many["x"][1]).all()
    assert np.isfinite(many["x"][[0, 2]]).all()
    (failure,) = many.failures
    assert (failure.run, failure.variable, failure.year) == (1, "root", 2015.875)


def test_gradients_are_finite_differences(arrays: Program) -> None:
    names = ["growth", "weight", "base factor", "stock"]
    given = {"stock": np.array([11.0, 13.5, 12.5, 10.0])}
    outputs = {"output": "year_sum", "industry share": "year_end"}

    def objective(found: dict[str, jnp.ndarray]) -> jnp.ndarray:
        return jnp.sum(found["output"]) + jnp.sum(found["industry share"] ** 2)

    _, slopes = arrays.gradient(given, outputs, objective, names)
    start = {**arrays.constants(), **given}

    def value(name: str, shift: np.ndarray) -> float:
        run = arrays.run({**given, name: start[name] + shift}, outputs)
        return float(objective({key: jnp.asarray(array) for key, array in run.items()}))

    for name in names:
        direction = np.random.default_rng(3).normal(size=start[name].shape)
        step = 1e-6 * direction
        difference = (value(name, step) - value(name, -step)) / 2e-6
        assert float(np.sum(slopes[name] * direction)) == pytest.approx(difference, rel=1e-5)


@pytest.mark.parametrize("until", [None, 2016])
def test_gradients_go_back_through_what_is_remembered_and_every_kind_of_output(
    until: int | None,
) -> None:
    program = compile_text(MEMORY + CONTROL, "memory.mdl")
    outputs = {
        "smooth": "year_mean", "late": "path", "expanded": "year_end", "inside": "year_sum",
        "remembered": "path", "sampled": "year_end",
    }  # fmt: skip

    def objective(found: Mapping[str, Any]) -> jnp.ndarray:
        return sum((jnp.sum(value**2) for value in found.values()), jnp.zeros(()))

    past = None if until is None else program.past({}, outputs, until)
    life, direction = program.constants()["life"], np.array([1.0, -0.5, 0.25])
    run, fixed = program.traced({}, outputs, ["life"], past)
    value, slope = jax.value_and_grad(lambda chosen: objective(run({"life": chosen}, fixed)))(life)
    lives = life + np.array([-1e-6, 0.0, 1e-6])[:, None] * direction
    many = program.run_many({"life": lives}, outputs, after=past)
    sides = [float(objective({name: one[k] for name, one in many.items()})) for k in range(3)]
    assert float(value) == pytest.approx(sides[1], rel=1e-12)
    difference = (sides[2] - sides[0]) / 2e-6
    assert float(np.sum(slope * direction)) == pytest.approx(difference, rel=1e-5)


def test_a_branch_not_taken_leaves_no_nan_in_a_gradient() -> None:
    text = (
        "a = 0.0 ~~| x = INTEG(IF THEN ELSE(a > 0, x / a * LN(a) * a ^ 0.5, x), 1.0) ~~|"
        " y = ZIDZ(x, a) + XIDZ(1, a, a) + IF THEN ELSE(a = 0, a, SQRT(a)) ~~|" + CONTROL
    )
    program = compile_text(text)
    _, slopes = program.gradient(
        {}, {"x": "path", "y": "path"}, lambda o: o["x"][-1] + o["y"][-1], ["a"]
    )
    assert slopes["a"] == pytest.approx(2.0)


@pytest.mark.parametrize("places", [[2, 0], [1, 1, 3, 1], [0, 1, 2, 3]])
def test_slopes_of_picked_elements_go_back_to_where_they_stood(places: list[int]) -> None:
    whole = np.arange(24.0).reshape(2, 4, 3)
    one_of = np.eye(4)[places]
    found, back = jax.vjp(lambda array: picked(jnp, array, np.array(places), 1), whole)
    assert np.array_equal(found, whole[:, places])
    slopes = 1.0 + np.arange(found.size).reshape(found.shape) ** 2
    assert np.array_equal(back(slopes)[0], np.einsum("pn,apb->anb", one_of, slopes))


def test_only_what_would_be_computed_twice_keeps_its_barrier() -> None:
    def several(x: jax.Array, y: jax.Array) -> tuple[jax.Array, ...]:
        once, twice, wave = settled(x + y), settled(jnp.exp(x * y)), settled(jnp.sin(x))
        across = settled(jnp.outer(once, jnp.ones(20_000)))
        return settled(twice * y) + x, y - twice, across.T.sum(axis=0), wave

    given = np.arange(3.0), np.full(3, 0.7)
    made = jax.make_jaxpr(lean(several))(*given)
    names = [equation.primitive.name for equation in made.jaxpr.eqns]
    assert names.count("optimization_barrier") == 2 and "sin" in names
    assert "sin" not in str(jax.make_jaxpr(lean(lambda *both: several(*both)[:3]))(*given))
    for found, expected in zip(lean(several)(*given), several(*given), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_equal_numbers_share_the_slope_of_the_larger_and_of_the_smaller() -> None:
    env: Any = SimpleNamespace(xp=jnp)
    for function, by_first in ((larger, [0.0, 0.5, 1.0]), (smaller, [1.0, 0.5, 0.0])):
        given = jnp.array([1.0, 2.0, 3.0]), jnp.full(3, 2.0)
        slopes = jax.grad(lambda a, b, f=function: f(env, a, b).sum(), (0, 1))(*given)
        assert slopes[0].tolist() == by_first and slopes[1].tolist() == by_first[::-1]


def test_what_is_quickly_computed_again_is_not_kept() -> None:
    fixed = jnp.arange(2.0)

    def found(x: jax.Array) -> tuple[Any, ...]:
        wave = jnp.sin(x)
        return wave, jnp.outer(wave, fixed), x, fixed + 1.0, jnp.where(wave > 0, wave, x), 1.0

    x = np.arange(200.0)
    cut = Cut(jax.make_jaxpr(found)(x))
    (kept,), same = cut.kept(x), cut.same(x)
    assert np.array_equal(kept, jnp.sin(x))
    for one, expected in zip(cut.all(cut.results([x], [kept], same), same), found(x), strict=True):
        np.testing.assert_allclose(one, expected, rtol=1e-15)


def test_gradients_reach_lookup_ordinates() -> None:
    text = "t((2015,1),(2016,2),(2020,2)) ~~| x = INTEG(t(Time), 0.5) ~~|" + CONTROL
    _, slopes = compile_text(text).gradient({}, {"x": "year_end"}, lambda o: o["x"][-1], ["t"])
    assert slopes["t"].sum() == pytest.approx(3.0)


def test_runge_kutta_is_taken_when_the_file_says_so() -> None:
    settings = "\\\\\\---/// Sketch\nV300\n///---\\\\\\\n:L<%^E!@\n15:0,0,0,1,0,0\n"
    text = "x = INTEG(x, 1.0) ~~|" + CONTROL + settings
    path = compile_text(text).run({}, {"x": "path"})["x"]
    h = 0.125
    assert path[1] == pytest.approx(1 + h + h**2 / 2 + h**3 / 6 + h**4 / 24, rel=1e-14)


def test_xmile_stocks_that_must_not_be_negative_are_not() -> None:
    text = """<?xml version="1.0" encoding="utf-8"?>
<xmile version="1.0" xmlns="http://docs.oasis-open.org/xmile/ns/XMILE/v1.0">
<sim_specs method="Euler" time_units="Year"><start>0</start><stop>3</stop><dt>0.5</dt></sim_specs>
<model><variables>
<stock name="tank"><eqn>1.2</eqn><outflow>drain</outflow><non_negative/></stock>
<flow name="drain"><eqn>1</eqn></flow>
</variables></model></xmile>"""
    path = compile_text(text, "tank.xmile", ".xmile").run({}, {"tank": "path"})["tank"]
    np.testing.assert_allclose(path, [1.2, 0.7, 0.2, 0, 0, 0, 0], atol=1e-15)


def test_a_sum_product_or_condition_of_thousands_is_computed() -> None:
    text = (
        f"y = Time ~~| x = {'+'.join(['y'] * 3000)} ~~| z = {'*'.join(['1', *['y'] * 900])} ~~|"
        f"all = IF THEN ELSE({':AND:'.join(['y>2017'] * 900)}, 1, 0) ~~|" + CONTROL
    )
    found = compile_text(text).run({}, {"x": "path", "all": "path"})
    assert found["x"][0] == 3000 * 2015
    assert found["all"].tolist() == [float(time > 2017) for time in found["x"] / 3000]


def test_the_order_of_a_smooth_by_element_is_found_although_nothing_else_reads_it() -> None:
    text = "d: a, b ~~| n[d] = 1, 2 ~~| x[d] = SMOOTH N(8, 1, 0, n[d]) ~~|" + CONTROL
    assert compile_text(text).run({}, {"x": "path"})["x"][1].tolist() == pytest.approx([1, 0])


def test_a_fixed_delay_of_less_than_nothing_is_refused() -> None:
    program = compile_text("x = DELAY FIXED(Time, 0-1, 0) ~~|" + CONTROL)
    with pytest.raises(ZhuanxingError, match=r"'x'.*-1"):
        program.run({}, {"x": "path"})


def test_random_numbers_keep_to_their_seed_and_bounds() -> None:
    text = (
        "noise seed = 3 ~~| u = RANDOM UNIFORM(2, 5, 0) ~~|"
        "n = RANDOM NORMAL(-1, 1, 0.5, 2, 0) ~~| e = RANDOM EXPONENTIAL(0, 4, 1, 2, 0) ~~|"
        + CONTROL.replace("2018", "2065")
    )
    outputs = {"u": "path", "n": "path", "e": "path"}
    first, again = (compile_text(text).run({}, outputs) for _ in range(2))
    other = compile_text(text).run({"noise seed": 4.0}, outputs)
    for name, low, high in [("u", 2, 5), ("n", -1, 1), ("e", 1, 4)]:
        assert np.array_equal(first[name], again[name])
        assert not np.array_equal(first[name], other[name])
        assert first[name].min() >= low and first[name].max() <= high
    assert first["u"].mean() == pytest.approx(3.5, abs=0.2)


@pytest.mark.parametrize(
    ("equations", "words"),
    [
        ("y = 2 ~~|\nx = FIND ZERO(y) ~~|", ["'x'", "FIND ZERO", "bad.mdl:2"]),
        ("x = y + 1 ~~|\ny = z ~~|\nz = x ~~|", ["'x'", "'y'", "'z'", "bad.mdl"]),
        ("speed = 2 ~~|\nx = sped ~~|", ["'x'", "'sped'", "'speed'", "bad.mdl:2"]),
        ("d: a1, a2 ~~|\ne: b1, b2 ~~|\nv[d] = 1 ~~|\nx[e] = v[d] ~~|", ["'x'", " d", ":4"]),
        ("d: a1, a2 ~~|\nv[d] = 1, 2, 3 ~~|", ["'v'", "3", "2", ":2"]),
        ("y = 1 ~~|\nx = y + * 2 ~~|", ["'x'", "bad.mdl:2"]),
        ("d: a1, a2, a1 ~~|\nx[d] = 1 ~~|", ["'d'", "'a1'", "twice", ":1"]),
        ("x = 1 ~~\ny = 2 ~~|", ["'x'", "'|'", ":1"]),
        ("x = 1 + 1e999 ~~|", ["'x'", "1e999", "larger", ":1"]),
    ],
    ids=["function", "cycle", "name", "range", "numbers", "grammar", "twice", "bar", "large"],
)
def test_a_refusal_names_variable_reason_file_and_line(equations: str, words: list[str]) -> None:
    with pytest.raises(TranslationError) as refusal:
        compile_text(equations + CONTROL, "bad.mdl")
    message = str(refusal.value)
    assert all(word in message for word in words), message
    assert "\n" not in message


def test_a_misspelt_override_or_output_is_refused_with_the_nearest(arrays: Program) -> None:
    with pytest.raises(ZhuanxingError, match="'growth'"):
        arrays.run({"grwoth": 1.0}, {"stock": "path"})
    with pytest.raises(ZhuanxingError, match="'stock'"):
        arrays.run({}, {"stokc": "path"})
    with pytest.raises(ZhuanxingError, match="'year_sum'"):
        arrays.run({}, {"stock": "yearsum"})
    with pytest.raises(ZhuanxingError, match="city"):
        arrays.run({"growth": [1.0, 2.0]}, {"stock": "path"})


def test_sums_of_products_in_a_batch_are_those_of_single_runs() -> None:
    text = (
        "city: a, b, c ~~| lever: (l1-l10) ~~| source: s1, s2, s3 ~~| place: (p1-p9) ~~|"
        "share[lever,source] = lever + 0.25 * source * source ~~|"
        "level[city,lever] = INTEG(rate * city - level[city,lever] / lever, 1.5) ~~|"
        "paid[city,source] = SUM(level[city,lever!] * share[lever!,source]) ~~|"
        "given[city,lever] = SUM(2 * share[lever,source!] * (paid[city,source!] - 1)) ~~|"
        "weighed[city] = SUM(level[city,lever!] * share[lever!,s2]) ~~|"
        "placed[city,place] = SUM(level[city,lever!] * distance[lever!,place]) ~~|"
        "distance[lever,place] = lever - place / 3 ~~|"
        "tilted[city,lever] = level[city,lever] / lever + (given[city,lever] / rate) ^ 5 ~~|"
        "rate = 0.5 ~~|" + CONTROL
    )
    program = compile_text(text, "sums.mdl")
    wanted = dict.fromkeys(("paid", "given", "weighed", "placed", "tilted"), "path")
    rates = np.linspace(0.2, 0.9, 5)
    many = program.run_many({"rate": rates}, wanted)
    reference = ReferenceEngine(text, "sums.mdl").run({"rate": rates[3]}, wanted)
    for name in wanted:
        singles = [program.run({"rate": rate}, wanted)[name] for rate in rates]
        np.testing.assert_allclose(many[name], singles, rtol=1e-13)
        np.testing.assert_allclose(many[name][3], reference[name], rtol=1e-12)


def test_a_second_start_reads_the_parsed_model_from_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    text = "x = INTEG(1.5, 2.5) ~~|" + CONTROL
    first = compile_text(text, "cached.mdl").run({}, {"x": "path"})["x"]

    def refuse(*_: object) -> None:
        raise AssertionError("parsed again")

    monkeypatch.setattr(parsing_module, "_parse", refuse)
    assert np.array_equal(compile_text(text, "cached.mdl").run({}, {"x": "path"})["x"], first)
    with pytest.raises(AssertionError, match="parsed again"):
        compile_text(text.replace("1.5", "1.25"), "cached.mdl")


def test_what_the_last_run_of_a_file_was_compiled_to_is_loaded_ahead_in_a_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    text = "rate = 0.25 ~~| x = INTEG(rate * x, 2.5) ~~|" + CONTROL
    first = compile_text(text, "ahead.mdl").run({}, {"x": "path"})["x"]
    threads: list[threading.Thread] = []
    load = executable_cache._loaded

    def noted(payload: bytes) -> Any:
        threads.append(threading.current_thread())
        return load(payload)

    monkeypatch.setattr(executable_cache, "_loaded", noted)
    load_ahead("ahead.mdl", "run")
    again = compile_text(text.replace("= 0.25", "= 0.5"), "ahead.mdl")
    assert again.run({}, {"x": "path"})["x"][-1] > first[-1]
    ready = compile_text(text, "ahead.mdl").run({}, {"x": "path"})["x"]
    np.testing.assert_array_equal(ready, first)
    # Here, only the other model was read back, once it had been compiled.
    here = [thread is threading.main_thread() for thread in threads]
    assert sorted(here) == [False, True]


def test_a_second_start_neither_traces_nor_compiles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    text = "rate = 0.25 ~~| x = INTEG(rate * x, 2.5) ~~|" + CONTROL
    many = {"rate": np.linspace(0.1, 0.3, 40)}

    def both() -> tuple[np.ndarray, np.ndarray]:
        program = compile_text(text, "cached.mdl")
        return program.run({}, {"x": "path"})["x"], program.run_many(many, {"x": "path"})["x"]

    first = both()

    def refuse(*_: object) -> None:
        raise AssertionError("traced again")

    monkeypatch.setattr(compiled_runs, "simulate", refuse)
    assert all(np.array_equal(one, again) for one, again in zip(first, both(), strict=True))
    with pytest.raises(AssertionError, match="traced again"):
        compile_text(text.replace("2.5", "2.25"), "cached.mdl").run({}, {"x": "path"})


def test_a_second_start_sees_new_numbers_in_a_file_beside_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    text = "flow := GET DIRECT DATA('flow.csv', ',', 'A', 'B2') ~~| y = flow ~~|" + CONTROL
    for level in (1.5, 4.25):
        (tmp_path / "flow.csv").write_text(f"time,flow\n2015,{level}\n2018,{level}\n")
        Excels.clean()  # PySD keeps files that it has read, as long as a process lives
        path = compile_text(text, str(tmp_path / "data.mdl")).run({}, {"y": "path"})["y"]
        assert path[5] == level


class Doubling:
    """A function of one array that counts how often it is compiled, and how to ask for it."""

    arguments = (np.arange(3.0),)

    def __init__(self) -> None:
        self.compiled = 0

    def _compile(self) -> Callable[..., jax.Array]:
        self.compiled += 1
        return jax.jit(lambda x: 2.0 * x).lower(*self.arguments).compile()

    def answer(self) -> list[float]:
        function = stored("text", "question", self.arguments, self._compile)
        return [*map(float, function(*self.arguments))]


def files_of_executables(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("executables/*") if file.suffix != ".lock"]


def test_several_who_ask_for_an_executable_compile_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    doubling = Doubling()
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(doubling.answer) for _ in range(3)]
        assert [one.result() for one in asked] == [[0.0, 2.0, 4.0]] * 3
    assert doubling.compiled == 1
    assert len(files_of_executables(tmp_path)) == 1


def cannot_run(*_: object) -> jax.Array:
    raise jax.errors.JaxRuntimeError("NOT_FOUND: Function broadcast not found")


def test_a_stored_executable_that_cannot_run_is_compiled_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    doubling = Doubling()
    doubling.answer()
    with monkeypatch.context() as damaged:
        # Only what is read first is damaged, not what is stored in its place.
        loads = [cannot_run]
        damaged.setattr(
            executable_cache, "_loaded", lambda p, load=executable_cache._loaded: (
                loads.pop() if loads else load(p)
            )
        )  # fmt: skip
        assert doubling.answer() == [0.0, 2.0, 4.0]
    assert doubling.compiled == 2
    assert [record.getMessage() for record in caplog.records] == [
        "a stored executable cannot run and is compiled again: "
        "NOT_FOUND: Function broadcast not found"
    ]
    assert doubling.answer() == [0.0, 2.0, 4.0]
    assert doubling.compiled == 2


def test_an_executable_that_cannot_run_when_read_back_is_not_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    doubling = Doubling()
    with monkeypatch.context() as damaged:
        damaged.setattr(executable_cache, "_loaded", lambda payload: cannot_run)
        assert doubling.answer() == [0.0, 2.0, 4.0]
    assert files_of_executables(tmp_path) == []


def test_an_executable_from_another_cache_is_not_stored_without_its_kernels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """XLA serialises what it loaded itself, as from JAX's own cache, without the kernels."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    arguments = (np.arange(3.0),)
    compiled = jax.jit(lambda x: 2.0 * x).lower(*arguments).compile()

    def compile_() -> Callable[..., jax.Array]:
        return serialize_executable.deserialize_and_load(*serialize_executable.serialize(compiled))

    for _ in range(2):
        function = stored("text", "from another cache", arguments, compile_)
        assert np.array_equal(function(*arguments), [0.0, 2.0, 4.0])


def test_loading_a_model_does_not_turn_on_the_cache_of_jax() -> None:
    before = jax.config.jax_compilation_cache_dir
    compile_text(ARRAYS + CONTROL).gradient(
        {}, {"stock": "year_end"}, lambda found: found["stock"].sum(), ["base factor"]
    )
    assert jax.config.jax_compilation_cache_dir == before


def test_the_compiled_logarithm_is_that_of_the_c_library_to_the_last_digit() -> None:
    jax.config.update("jax_enable_x64", True)  # as the compiler does
    generator = np.random.default_rng(1)
    wide = 10.0 ** generator.uniform(-307, 308, 20_000)
    near = 1.0 + generator.uniform(-1e-3, 1e-3, 20_000)
    whole = 2.0 ** np.arange(-1000, 1000)
    for x in (wide, near, whole, np.nextafter(np.sqrt(0.5), [0.0, 1.0])):
        found = np.asarray(compiled_logarithm(jnp.asarray(x)))
        np.testing.assert_allclose(found, np.log(x), rtol=3e-16)
    odd = jnp.asarray([0.0, -1.0, np.inf, -np.inf, np.nan, 1.0])
    np.testing.assert_array_equal(
        compiled_logarithm(odd), [-np.inf, np.nan, np.inf, np.nan, np.nan, 0.0]
    )
