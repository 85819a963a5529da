"""What a notebook meets first: names, tables, and runs that take what a person writes."""

from __future__ import annotations

import doctest
import subprocess
import sys
from collections.abc import Iterator
from functools import cached_property
from importlib import import_module
from importlib.resources import files
from types import ModuleType

import numpy as np
import pytest
import xarray as xr

import zhuanxing
from zhuanxing.errors import ZhuanxingError

# Examples that share the model of the tests, and examples that compile small ones of their own.
# Those of sweeps are run beside a store, in test_sweep.py.
QUICK = (
    "zhuanxing",
    "zhuanxing.analyses.sweep.design",
    "zhuanxing.calibrations",
    "zhuanxing.catalogue",
    "zhuanxing.engine.compiling",
    "zhuanxing.errors",
    "zhuanxing.inputs.scenario",
    "zhuanxing.model",
    "zhuanxing.storage.netcdf",
)
SMALL = ("zhuanxing.batches", "zhuanxing.probes")


EXAMPLES = [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in SMALL)]


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_of_the_docstrings_run(
    name: str, model: zhuanxing.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = zhuanxing.load
    monkeypatch.setattr(
        "zhuanxing.model.load", lambda **chosen: load(**chosen) if chosen else model
    )
    examples = list(examples_of(import_module(name)))
    assert examples
    runner = doctest.DocTestRunner()
    for example in examples:
        assert runner.run(example).failed == 0


@pytest.mark.parametrize("name", sorted({*zhuanxing.__all__} - {"__version__"}))
def test_every_public_name_has_an_example(name: str) -> None:
    assert ">>> " in (getattr(zhuanxing, name).__doc__ or "")


def examples_of(module: ModuleType) -> Iterator[doctest.DocTest]:
    """Yield the examples of a module, those of cached properties among them."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    yield from (test for test in finder.find(module) if test.examples)
    for kind in vars(module).values():
        if isinstance(kind, type) and kind.__module__ == module.__name__:
            for name, value in vars(kind).items():
                if isinstance(value, cached_property):
                    yield from finder.find(value.func, f"{kind.__name__}.{name}", module)


def test_every_public_name_is_there_and_listed() -> None:
    assert dir(zhuanxing) == sorted(zhuanxing.__all__)
    for name in zhuanxing.__all__:
        assert getattr(zhuanxing, name) is not None
    with pytest.raises(AttributeError, match="laod"):
        zhuanxing.laod  # noqa: B018
    assert files("zhuanxing").joinpath("py.typed").is_file()


def test_importing_the_package_does_not_import_the_engine() -> None:
    script = "import sys, zhuanxing; sys.exit('jax' in sys.modules or 'xarray' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_a_model_shows_what_it_holds(model: zhuanxing.Model) -> None:
    assert f"{len(model.cities)} cities" in repr(model) and "\n" not in repr(model)
    assert str(len(model.levers)) in model._repr_html_()
    assert model.outputs.table.loc["gdp", "unit"] == "1e8 CNY"


def test_the_place_of_a_variable_is_the_line_that_defines_it(model: zhuanxing.Model) -> None:
    lines = {
        path.name: path.read_text(encoding="utf-8").splitlines()
        for path in (model.places.model / "sectors").glob("*.mdl")
    }
    places = model.variables["where"].str.partition(":")
    found = {name: lines[file][int(line) - 1] for name, file, line in
             zip(places.index, places[0], places[2], strict=True) if line}  # fmt: skip
    assert len(found) > 500
    assert all(line.lower().startswith(name) for name, line in found.items())


def test_causes_and_uses_are_each_other_s_mirror(model: zhuanxing.Model) -> None:
    table = model.variables
    for name, causes in table["causes"].items():
        assert all(name in table.loc[cause, "uses"] for cause in causes if cause in table.index)
    assert (table["kind"] == "stock").sum() > 20
    assert table["unit"].map(bool).mean() > 0.95


def test_a_run_takes_a_mapping_chinese_names_and_assumptions(
    model: zhuanxing.Model, plan: xr.Dataset
) -> None:
    written = model.run(
        {
            "extends": "plan",
            "overrides": [{"where": {"city": "唐山"}, "levers": {"coal_reduction": 0}}],
        },
        outputs=["gdp", "coal_consumption"],
    )  # fmt: skip
    assert set(written.data_vars) >= {"gdp", "coal_consumption"}
    more = (written["coal_consumption"] - plan["coal_consumption"]).isel(year=-1)
    assert float(more.sel(city="tangshan")) > 0
    same = model.run("实施方案", assumptions={"credit_shock": 0.0}, outputs=["gdp"])
    xr.testing.assert_allclose(same["gdp"], plan["gdp"])


@pytest.mark.parametrize(
    ("arguments", "near"),
    [
        ({"scenario": "plam"}, "plan"),
        ({"scenario": {"extend": "plan"}}, "extends"),
        ({"levers": {"solar_bse": 1}}, "solar_base"),
        ({"assumptions": {"credit_shok": 1}}, "credit_shock"),
        ({"city": ["唐上"]}, "唐山"),
        ({"outputs": ["gdpp"]}, "gdp"),
    ],
)
def test_a_misspelt_argument_is_refused_with_the_nearest(
    model: zhuanxing.Model, arguments: dict[str, object], near: str
) -> None:
    with pytest.raises(ZhuanxingError, match=f"did you mean '{near}'"):
        model.run(**arguments)  # type: ignore[arg-type]


def test_any_variable_can_be_followed_through_a_run(model: zhuanxing.Model) -> None:
    people = model.variable("residents", "plan")
    annual = model.run("plan", outputs=["population"])["population"]
    assert people.sizes["time"] == len(model.program.times())
    assert np.isfinite(people).all() and people.units == "wanperson"
    assert annual.sizes["city"] == people.sizes["city"]
    with pytest.raises(ZhuanxingError, match="did you mean 'residents'"):
        model.variable("residentz")


@pytest.mark.slow
def test_a_gradient_is_the_difference_it_stands_for() -> None:
    small = zhuanxing.load(cities=["tangshan", "baotou"], end=2017)
    name = "depreciation_rate"
    slope = small.gradient("gdp", [name], year=2017, city=["tangshan"])[name]
    value = small.source.equations.constant(name.replace("_", " ")).values
    step = 1e-4 * value
    ends = []
    for sign in (1, -1):
        design = xr.Dataset({name: slope.copy(data=value + sign * step).expand_dims(run=[0])})
        gdp = small.run_many(design, outputs=["gdp"])["gdp"]
        ends.append(gdp.sel(city="tangshan", year=2017).item())
    expected = float((slope * step).sum())
    assert (ends[0] - ends[1]) / 2 == pytest.approx(expected, rel=1e-4)
