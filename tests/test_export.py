"""What is exported runs elsewhere and gives the same numbers there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import simlin
from ema_workbench import Policy, Scenario, SequentialEvaluator

import zhuanxing
from zhuanxing.cli.main import main
from zhuanxing.engine import Program, ReferenceEngine, compile_text
from zhuanxing.errors import ZhuanxingError
from zhuanxing.export import export, sectors_of
from zhuanxing.export.content import read_content
from zhuanxing.export.ema import BatchEvaluator, CityModel
from zhuanxing.export.layout import place
from zhuanxing.export.views import make_views
from zhuanxing.export.xmile import xmile

SCENARIO = "plan"
# Writes the outputs of SDEverywhere's model with all digits; its own main prints six.
SDE_MAIN = """#include "sde.h"
int main(void) {
  size_t times = (size_t)round((getFinalTime() - getInitialTime()) / getSaveper()) + 1;
  double* outputs = malloc(numOutputs * times * sizeof(double));
  runModelWithBuffers(NULL, NULL, outputs, NULL, NULL, NULL);
  fwrite(outputs, sizeof(double), numOutputs * times, stdout);
  return 0;
}
"""


@dataclass(frozen=True)
class Exported:
    """The files, and the path of every element of every stock by the compiled engine.

    `paths` [element, time] has the elements named in `names`, as `stock[a,b]` with underscores.
    """

    mdl: Path
    xmile: Path
    times: np.ndarray
    stocks: dict[str, np.ndarray]
    names: list[str]
    paths: np.ndarray


@pytest.fixture(scope="module")
def exported(model: zhuanxing.Model, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """The model of one city of each kind under the plan, exported: peers have limits of size."""
    first = {row["archetype"]: city for city, row in reversed([*model.names.cities.items()])}
    model = zhuanxing.load(cities=[city for city in model.names.cities if city in first.values()])
    chosen = model.scenario(SCENARIO)
    written = export(model, chosen, tmp_path_factory.mktemp("export"))
    mdl, xml = written.mdl, written.xmile
    assert xml is not None, written.refused
    stocks = _run_stocks(model.program, model.inputs(chosen))
    names = _names(model.program, stocks)
    return Exported(mdl, xml, model.program.times(), stocks, names, _flat(stocks))


def _run_stocks(program: Program, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    stocks = [name for name, found in program.variables.items() if found.kind == "stock"]
    return program.run(inputs, dict.fromkeys(stocks, "path"))


def _names(program: Program, stocks: dict[str, np.ndarray]) -> list[str]:
    names = []
    for name, path in stocks.items():
        dims = program.variables[name].dims
        for cell in np.ndindex(*path.shape[1:]):
            parts = [program.dims[dim][place] for dim, place in zip(dims, cell, strict=True)]
            full = f"{name}[{','.join(parts)}]" if parts else name
            names.append(full.replace(" ", "_"))
    return names


def _flat(stocks: dict[str, np.ndarray]) -> np.ndarray:
    return np.concatenate([path.reshape(len(path), -1).T for path in stocks.values()])


def _worst(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Return the largest difference of a path, relative to the path's own size.

    A stock that both never have larger than a billionth of its unit is what rounding leaves of
    nothing: it is left out.
    """
    size = np.maximum(np.abs(ours).max(axis=1), np.abs(theirs).max(axis=1))
    found = size > 1e-9
    return float((np.abs(ours - theirs).max(axis=1)[found] / size[found]).max())


def _simlin_paths(path: Path, names: list[str]) -> np.ndarray:
    loaded = simlin.load(path)
    with loaded.simulate() as simulation:
        simulation.run_to_end()
        return np.array([simulation.get_series(name) for name in names])


def test_pysd_reads_the_vensim_file_and_agrees(exported: Exported) -> None:
    reference = ReferenceEngine(exported.mdl.read_text(encoding="utf-8"), exported.mdl.name)
    steps = 3
    theirs = reference.run(
        {"final time": exported.times[steps]}, dict.fromkeys(exported.stocks, "path")
    )
    assert _worst(exported.paths[:, : steps + 1], _flat(theirs)) < 1e-9


def test_simlin_runs_the_xmile_and_agrees_on_every_stock(exported: Exported) -> None:
    assert _worst(exported.paths, _simlin_paths(exported.xmile, exported.names)) < 1e-6


@pytest.mark.skipif(shutil.which("sde") is None, reason="SDEverywhere is not on the path")
def test_sdeverywhere_compiles_the_vensim_file_and_agrees(
    exported: Exported, tmp_path: Path
) -> None:
    # Not model.mdl: SDEverywhere has a model.c of its own.
    shutil.copy(exported.mdl, tmp_path / "cities.mdl")
    (tmp_path / "main.c").write_text(SDE_MAIN)
    names = [
        re.sub(r"^[^\[]*", lambda found: found[0].replace("_", " "), name)
        for name in exported.names
    ]
    (tmp_path / "spec.json").write_text(json.dumps({"outputVarNames": names}))
    built = {**os.environ, "MAKEFLAGS": "CC=gcc CFLAGS=-O2"}
    for command in (["generate", "--outformat=c", "--spec", "spec.json"], ["compile"]):
        subprocess.run(["sde", *command, "cities.mdl"], cwd=tmp_path, env=built, check=True)
    printed = subprocess.run([tmp_path / "build" / "cities"], check=True, capture_output=True)
    theirs = np.frombuffer(printed.stdout).reshape(len(names), -1)
    assert _worst(exported.paths, theirs) < 1e-6


def test_every_sector_file_has_a_view_that_draws_its_variables(
    exported: Exported, model: zhuanxing.Model
) -> None:
    views = _drawn(exported.mdl.read_text(encoding="utf-8"))
    for path in (model.places.model / "sectors").glob("*.mdl"):
        stocks = re.findall(r"^([\w ]+?)(?:\[[\w ,]*\])? *= *INTEG", path.read_text(), re.MULTILINE)
        missing = {*stocks} - {*views[path.stem]}
        assert not missing


def test_every_arrow_of_a_sketch_joins_two_things_that_are_drawn(exported: Exported) -> None:
    text = exported.mdl.read_text(encoding="utf-8")
    for view in text.split("\\\\\\---///")[1:]:
        records = [line.split(",") for line in re.findall(r"^1[0-2]?,.*$", view, re.MULTILINE)]
        drawn = {record[1] for record in records if record[0] != "1"}
        ends = {end for record in records if record[0] == "1" for end in record[2:4]}
        assert ends <= drawn
        assert len({record[1] for record in records}) == len(records)


def test_no_two_names_of_a_view_lie_on_one_another(
    exported: Exported, model: zhuanxing.Model
) -> None:
    content = read_content(exported.mdl.read_text(encoding="utf-8"), exported.mdl.name)
    for view in make_views(content, sectors_of(model)):
        for one, other in combinations(place(view).values(), 2):
            apart = abs(one.x - other.x) >= one.half_width + other.half_width - 1
            assert apart or abs(one.y - other.y) >= one.half_height + other.half_height - 1


def _drawn(text: str) -> dict[str, list[str]]:
    """Return the names that each view of a Vensim file draws in full."""
    views = {}
    for part in text.split("\\\\\\---///")[1:]:
        title = re.search(r"^\*(.*)$", part, re.MULTILINE)
        if title:
            views[title[1]] = re.findall(r"^10,\d+,([^,]*),(?:[^,]*,){5}3,", part, re.MULTILINE)
    return views


def test_no_name_means_two_things(exported: Exported) -> None:
    """Vensim has one space of names for variables, ranges and elements."""
    content = read_content(exported.mdl.read_text(encoding="utf-8"), exported.mdl.name)
    ranges = {*content.dimensions.elements}
    elements = {name for names in content.dimensions.elements.values() for name in names}
    assert not {*content.elements} & (ranges | elements)
    assert not ranges & elements


def test_the_xmile_draws_every_variable_once(exported: Exported) -> None:
    space = {"x": "http://docs.oasis-open.org/xmile/ns/XMILE/v1.0"}
    model = ElementTree.parse(exported.xmile).getroot().find("x:model", space)
    assert model is not None
    defined = [item.get("name") for item in model.findall("x:variables/*", space)]
    drawn = [item.get("name") for item in model.findall("x:views/x:view/*[@name]", space)]
    assert sorted(map(str, drawn)) == sorted(map(str, defined))


SMALL = """{UTF-8}
kind: one, two, three ~~|
pair: two, three ~~|
rate[kind] = 0.1, 0.2, 0.3 ~ 1/Year ~ |
table((0,1),(2,3),(4,0)) ~ Dmnl ~ |
curve[one]((0,0),(5,5)) ~ Dmnl ~ |
curve[two]((0,5),(5,0)) ~~|
curve[three]((0,1),(5,2)) ~~|
signs = -2^2-(3-1)-4/2/2+(-1) ~ Dmnl ~ |
tower = 2^(3^0.5) ~ Dmnl ~ |
choice = IF THEN ELSE(:NOT: (Time>1) :OR: Time>=3 :AND: Time<>4,table(Time),-table(Time)) ~ Dmnl ~ |
rest[kind] = MODULO(Time,1.5)*curve[kind](Time) ~ Dmnl ~ |
part = SUM(rate[pair!])/ELMCOUNT(pair)+VMAX(rate[kind!]) ~ Dmnl ~ |
growth[kind] :EXCEPT: [two] = rate[kind]*level[kind] ~ Dmnl/Year ~ |
growth[two] = MAX(0,SQRT(part))/EXP(LN(2)) ~~|
level[kind] = INTEG(growth[kind]-rate[kind], 1) ~ Dmnl ~ Grows. |
memory = INTEG((choice+signs+tower-memory)/2+SUM(rest[kind!]*rate[kind!]), 0.5) ~ Dmnl ~ |
INITIAL TIME = 0 ~ Year ~ |
FINAL TIME = 5 ~ Year ~ |
TIME STEP = 0.25 ~ Year ~ |
SAVEPER = TIME STEP ~ Year ~ |
"""


def test_xmile_means_what_the_vensim_text_means(tmp_path: Path) -> None:
    path = tmp_path / "small.xmile"
    path.write_text(xmile(read_content(SMALL, "small.mdl"), "small"), encoding="utf-8")
    program = compile_text(SMALL, "small.mdl")
    stocks = _run_stocks(program, {})
    theirs = _simlin_paths(path, _names(program, stocks))
    assert _worst(_flat(stocks), theirs) < 1e-12


def test_xmile_refuses_a_function_without_a_counterpart() -> None:
    text = SMALL.replace("SQRT(part)", "VECTOR RANK(part, 1)")
    with pytest.raises(ZhuanxingError, match="variable 'growth': the function 'VECTOR RANK'"):
        xmile(read_content(text, "small.mdl"), "small")


def test_xmile_refuses_a_mapping_of_ranges() -> None:
    text = "d: a, b -> e ~~|\ne: p, q ~~|\nx[d] = 1, 2 ~~|\ny[e] = x[d] ~~|\n" + SMALL
    with pytest.raises(ZhuanxingError, match="variable 'y': the mapping of the range 'd'"):
        xmile(read_content(text, "small.mdl"), "small")


REMEMBERING = """{UTF-8}
x = STEP(3, 1) * 2 + RAMP(0.5, 1, 3) + PULSE(1, 0.5) + PULSE TRAIN(0, 0.5, 1, 2.5) ~~|
first = DELAY1(x, 1.5) + DELAY1I(x, 1.5, 0.5) ~~|
third = DELAY3(x, 2) + DELAY N(x, 2, 0.5, 2) + DELAY FIXED(x, 0.75, 0.25) ~~|
smooth = SMOOTH(x, 1) + SMOOTH3I(x, 1, 0.5) + SMOOTH N(x, 1, 0.25, 2) ~~|
foreseen = TREND(x + 1, 2, 0.1) + FORECAST(x + 1, 2, 1) ~~|
others = INTEGER(-x / 2) + XIDZ(1, x, 7) + ZIDZ(x, x - 3) + INITIAL(x + 1) + TANH(x) ~~|
s = INTEG(first - third, 1) ~~|
rest = MODULO(Time - 2, 1.5) + QUANTUM(Time - 3, 2) + (-2) ^ 2 - 2 ^ 2 * (-1.5) ^ 3 ~~|
bent = WITH LOOKUP(x, ((0, 1), (2, -1), (5, 3))) ~~|
all: a, b, c ~~|
part: b, c ~~|
amount[all] = 3, 5, 7 ~~|
numbers = SUM(amount[part!]) + c * 10 + amount[b] * b ~~|
drawn = RANDOM NORMAL(-1, 4, 1, 2, 3) + RANDOM EXPONENTIAL(0.5, 9, 0.25, 2, 4) ~~|
product = PROD(amount[all!]) + GAMMA LN(4) + RANDOM 0 1() ~~|
INITIAL TIME = 0 ~ Year ~|
FINAL TIME = 4 ~ Year ~|
TIME STEP = 0.25 ~ Year ~|
SAVEPER = TIME STEP ~ Year ~|
"""


def test_steps_delays_and_smooths_mean_the_same_when_our_own_xmile_is_read_back() -> None:
    program = compile_text(REMEMBERING, "m.mdl")
    document = xmile(read_content(REMEMBERING, "m.mdl"), "m")
    back = compile_text(document, "m.xmile", ".xmile")
    outputs = dict.fromkeys(program.variables, "path")
    ours, theirs = program.run({}, outputs), back.run({}, outputs)
    for name in outputs:
        np.testing.assert_allclose(theirs[name], ours[name], rtol=1e-12, atol=1e-12, err_msg=name)


@pytest.mark.slow
def test_the_exported_xmile_read_back_has_the_same_stocks(exported: Exported) -> None:
    back = compile_text(exported.xmile.read_text("utf-8"), str(exported.xmile), ".xmile")
    theirs = back.run({}, dict.fromkeys(exported.stocks, "path"))
    ours = dict(zip(exported.names, exported.paths, strict=True))
    # XMILE knows no part of a dimension: elements outside it come back, too, and stand still.
    read = dict(zip(_names(back, theirs), _flat(theirs), strict=True))
    assert ours.keys() <= read.keys()
    np.testing.assert_allclose([read[name] for name in ours], [*ours.values()], 1e-9, 1e-9)
    for name in read.keys() - ours.keys():
        assert not np.nan_to_num(read[name]).any(), name


def test_settings_replace_whole_arrays_and_nothing_else(model: zhuanxing.Model) -> None:
    equations = model.source.equations
    before = equations.values()
    scaled = {"lever intensity": 0.5 * before["lever intensity"]}
    after = equations.with_values(scaled).values()
    assert {name for name in before if after[name] is not before[name]} == {*scaled}
    assert np.array_equal(after["lever intensity"], scaled["lever intensity"])
    with pytest.raises(ZhuanxingError, match="no constant 'lever intensities'"):
        equations.with_values({"lever intensities": np.zeros(())})


def test_the_command_writes_both_files_and_nothing_else(
    workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "there", "scenario=plan", "years.end=2016"]) == 0
    assert sorted(path.name for path in Path("there").iterdir()) == ["plan.mdl", "plan.xmile"]
    assert capsys.readouterr().out.split() == ["there/plan.mdl", "there/plan.xmile"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "the setting 'folder' is missing"),
        (["here", "there"], "one folder is expected"),
        (["here", "scenario=plann"], "did you mean 'plan'"),
        (["here", "engine=reference"], "there is no setting 'engine'"),
        (["here", "--deep"], "no option '--deep'"),
        (["model/sectors/control.mdl"], "control.mdl is a file"),
    ],
)
def test_the_command_refuses_in_one_sentence(
    workplace: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert main(["export", *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


@pytest.mark.slow
def test_the_workbench_gets_the_numbers_of_the_model(model: zhuanxing.Model) -> None:
    lever = next(iter(model.names.levers))
    cities = CityModel(
        "cities", model=model, scenario=SCENARIO, levers=[lever], outcomes=["gdp", "co2"]
    )
    uncertainty = cities.uncertainties[0]
    cities.uncertainties = [uncertainty]
    ends = uncertainty.lower_bound, uncertainty.upper_bound
    scenarios = [Scenario(str(value), **{uncertainty.name: value}) for value in ends]
    policies = [Policy("weak", **{lever: 0.1}), Policy("strong", **{lever: 1.0})]
    with BatchEvaluator(cities) as evaluator:
        experiments, batch = evaluator.perform_experiments(scenarios, policies)
    with SequentialEvaluator(cities) as evaluator:
        _, single = evaluator.perform_experiments(scenarios, policies)
    assert list(experiments[lever]) == [0.1, 0.1, 1.0, 1.0]
    assert all(np.array_equal(batch[name], single[name]) for name in ("gdp", "co2"))
    directly = model.run(SCENARIO, levers={lever: {"intensity": 1.0}})["gdp"]
    assert batch["gdp"].shape == (4, *directly.shape)
    assert not np.array_equal(batch["gdp"][0], batch["gdp"][2])


def test_the_workbench_model_refuses_unknown_names(model: zhuanxing.Model) -> None:
    for given in (
        {"levers": ["solar_bas"]},
        {"outcomes": ["gdpp"]},
        {"uncertainties": ["depreciation rat"]},
    ):
        with pytest.raises(ZhuanxingError, match="did you mean"):
            CityModel("cities", model=model, **given)
