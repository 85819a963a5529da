"""Sweeps: designs, a store that no interruption harms, and what is told of the runs in it."""

from __future__ import annotations

import doctest
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from distributed import LocalCluster
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st

import zhuanxing
from zhuanxing.analyses.sweep import reading
from zhuanxing.analyses.sweep.design import Design, make_design
from zhuanxing.analyses.sweep.discover import discover
from zhuanxing.analyses.sweep.factors import Factor, find_factors, known_factors
from zhuanxing.analyses.sweep.importance import importance
from zhuanxing.analyses.sweep.measure import parse_condition, parse_measure
from zhuanxing.analyses.sweep.reading import SweepResult, open_sweep
from zhuanxing.analyses.sweep.summarise import best_runs, quantiles, trade_partner
from zhuanxing.analyses.sweep.sweep import READERS
from zhuanxing.charts import fan, heatmap, parallel, tradeoff
from zhuanxing.charts.quantity import Quantity
from zhuanxing.cli.main import main
from zhuanxing.cores import cores, on_one_core
from zhuanxing.errors import ZhuanxingError
from zhuanxing.results.words import LANGUAGES, Language
from zhuanxing.storage.hashes import folder_hash
from zhuanxing.uncertainty.ranges import uncertain_numbers

ROOT = Path(__file__).parents[1]
KNOWN = known_factors(ROOT / "model/data")
COMMAND = [
    "sweep", "design=sobol", "design.runs=128", "chunk=32", "scenario=[baseline,plan]",
    "vary=[levers.coal_reduction,levers.dual_control,drivers.national_demand_index]",
    "outputs=[gdp,co2,energy_intensity,energy_by_fuel]", "years.keep=[2015,2020,2025]",
]  # fmt: skip
ALONE = "cluster.workers=1"
PROGRAM = [sys.executable, "-c", "from zhuanxing.cli.main import entry; entry()"]
PATIENCE_SECONDS = 300.0


def place(folder: Path) -> Path:
    """Put this repository's model, scenarios and settings into `folder`."""
    for name in ("model", "scenarios", "conf"):
        (folder / name).symlink_to(ROOT / name, target_is_directory=True)
    return folder


def sweep(*argv: str) -> int:
    return main([*COMMAND, *argv])


def refused(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    """Run a command that must be refused; return its one sentence."""
    capsys.readouterr()
    assert main(argv) == 2
    sentence = capsys.readouterr().err.strip().removeprefix("zhuanxing: ")
    assert "\n" not in sentence and "Traceback" not in sentence
    return sentence


def contents(store: Path) -> dict[str, bytes]:
    """Every file of a store with its bytes."""
    files = (path for path in store.rglob("*") if path.is_file())
    return {str(path.relative_to(store)): path.read_bytes() for path in files}


def wait_for(happened: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait until something has happened, while the process is still at work."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The store of a sweep that nothing interrupted."""
    folder = place(tmp_path_factory.mktemp("whole"))
    before = Path.cwd()
    os.chdir(folder)
    try:
        assert sweep(ALONE) == 0
    finally:
        os.chdir(before)
    yield folder / "outputs/sweeps/sobol.zarr"


@pytest.fixture
def copied(store: Path, workplace: Path) -> Path:
    """A copy of that store where the same command would write it."""
    target = workplace / "outputs/sweeps/sobol.zarr"
    shutil.copytree(store, target)
    return target


@pytest.mark.slow
def test_the_examples_of_an_open_sweep_run(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(store.parents[2])
    found = doctest.testmod(reading)
    assert found.attempted > 6 and found.failed == 0


@pytest.mark.slow
def test_a_store_holds_runs_and_design_and_says_where_it_comes_from(
    store: Path, model: zhuanxing.Model
) -> None:
    found = xr.open_zarr(store)
    assert dict(found["gdp"].sizes) == {"scenario": 2, "run": 128, "year": 3, "city": 36}
    assert found["energy_by_fuel"].sizes["fuel"] == len(model.elements("fuel"))
    assert bool(found["done"].all()) and set(found["failure"].values.ravel()) == {""}
    assert found["design"].sizes == {"run": 128, "factor": 3}
    assert str(found["scenario_zh"].values[0]) == "基准"
    assert found["gdp"].attrs["units"] == "1e8 CNY"
    assert len(found.attrs["model_hash"]) == 64 and "git_revision" in found.attrs
    run = 77
    coal, dual, _ = (float(value) for value in found["design"].isel(run=run).values)
    design = xr.Dataset(
        {
            "levers.coal_reduction.intensity": ("run", [coal]),
            "levers.dual_control.intensity": ("run", [dual]),
            "drivers.national_demand_index": ("run", [float(found["design"][run, 2])]),
        },
        {"run": [run]},
    )
    again = model.run_many(design, scenario="plan", outputs=["co2"], years=[2025])["co2"]
    one = found["co2"].sel(scenario="plan", year=[2025]).isel(run=[run])
    # Bits are those of one program: asked for less, XLA fuses otherwise and rounds otherwise.
    np.testing.assert_allclose(again.values, one.values, rtol=1e-13)


@pytest.mark.slow
def test_a_killed_sweep_goes_on_and_ends_as_the_same_bytes(store: Path, workplace: Path) -> None:
    target = workplace / "outputs/sweeps/sobol.zarr"
    process = subprocess.Popen([*PROGRAM, *COMMAND, ALONE], stderr=subprocess.PIPE, text=True)
    wait_for(lambda: (target / "done/c/0/1").exists(), process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    growing = xr.open_zarr(target)
    done = growing["done"].values
    assert done.any() and not done.all()
    assert np.isfinite(growing["gdp"].values[done]).all()
    # As a kill in the middle of a file leaves it.
    (target / "gdp/c/0/3/0").mkdir(parents=True, exist_ok=True)
    (target / "gdp/c/0/3/0/0.1234.partial").write_bytes(b"half")
    assert sweep(ALONE) == 0
    assert contents(target) == contents(store)


@pytest.mark.slow
def test_a_worker_that_dies_loses_nothing(store: Path, workplace: Path) -> None:
    target = workplace / "outputs/sweeps/sobol.zarr"
    argv = [*PROGRAM, *COMMAND, "cluster.workers=2"]
    process = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: any(target.glob("done/c/*/*")), process)
    os.kill(workers_of(process.pid)[-1], signal.SIGKILL)
    _, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, errors
    assert contents(target) == contents(store)


@pytest.mark.slow
def test_a_cluster_that_exists_gives_the_same_bytes(store: Path, workplace: Path) -> None:
    with LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=None, silence_logs="CRITICAL"
    ) as cluster:
        assert sweep(f"cluster.address={cluster.scheduler_address}") == 0
    assert contents(workplace / "outputs/sweeps/sobol.zarr") == contents(store)


def test_one_process_keeps_to_one_core_and_gives_the_others_back() -> None:
    before = cores()
    with on_one_core():
        assert cores() == before[:1]
    assert cores() == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["cluster=slurm", "cluster.start=no_such_queue.Cluster"], "pip install no-such-queue"),
        (["cluster=slurm", "cluster.start=distributed.LocalCluster"], "refuses them"),
        (["cluster.address=tcp://127.0.0.1:9"], "no Dask scheduler answers"),
    ],
)
def test_a_cluster_that_cannot_be_had_is_one_sentence(
    workplace: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    reason: str,
) -> None:
    monkeypatch.setattr("zhuanxing.analyses.sweep.cluster.CONNECT_SECONDS", 1)
    assert reason in refused(capsys, *COMMAND, *arguments)


def workers_of(parent: int) -> list[int]:
    """The processes that Dask has started to compute."""
    threads = Path(f"/proc/{parent}/task").glob("*/children")
    return [
        int(child)
        for thread in threads
        for child in thread.read_text().split()
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


@pytest.mark.slow
def test_a_finished_sweep_is_not_computed_again(
    copied: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zhuanxing.analyses.sweep.sweep.Simulation.compute", None)
    assert sweep(ALONE) == 0
    assert contents(copied) == contents(store)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("argument", "difference"),
    [
        ("design.runs=256", "design.runs is 128 there and 256 here"),
        ("design.seed=1", "design.seed is 0 there and 1 here"),
        ("scenario=[plan]", "scenario is baseline, plan there and plan here"),
        ("vary=[levers.coal_reduction]", "levers.dual_control.intensity varies there"),
        (
            "vary=[levers.coal_reduction:0:0.5,levers.dual_control,drivers.national_demand_index]",
            "levers.coal_reduction.intensity has the range 0 to 1 there and 0 to 0.5 here",
        ),
        ("outputs=[gdp]", "outputs is gdp, co2, energy_intensity, energy_by_fuel there"),
        ("years.end=2026", "years.end is 2025 there and 2026 here"),
        ("chunk=64", "chunk is 32 there and 64 here"),
        ("levers.solar_base.intensity=0.3", "settings of the scenario baseline have changed"),
    ],
)
def test_a_store_of_another_sweep_is_refused_with_the_difference(
    copied: Path, store: Path, capsys: pytest.CaptureFixture[str], argument: str, difference: str
) -> None:
    sentence = refused(capsys, *COMMAND, ALONE, "output=outputs/sweeps/sobol.zarr", argument)
    assert difference in sentence
    assert contents(copied) == contents(store)


@pytest.mark.slow
def test_a_store_of_another_model_is_refused(
    copied: Path, workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workplace / "model").unlink()
    shutil.copytree(ROOT / "model", workplace / "model")
    with (workplace / "model/data/assumptions.csv").open("a", encoding="utf-8") as file:
        file.write("\n")
    assert "model/data has changed since" in refused(capsys, *COMMAND, ALONE)


@pytest.mark.slow
def test_what_is_no_store_is_left_alone(
    workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workplace / "notes").mkdir()
    assert "not a store of a sweep" in refused(capsys, *COMMAND, "output=notes")
    assert list((workplace / "notes").iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("argument", "reason"),
    [
        ("design=sobl", "did you mean 'sobol'"),
        ("design.runs=100", "the nearest is 128"),
        ("design.seeds=1", "did you mean 'seed'"),
        ("vary=[levers.coal_reducton]", "did you mean 'levers.coal_reduction"),
        ("vary=[levers.coal_reduction:0:1.5]", "outside 0 to 1"),
        ("vary=[levers.coal_reduction:1:0]", "low above its high"),
        ("vary=[levers.coal_reduction.start]", "has no range"),
        ("vary=[]", "a list of 1 at least"),
        ("scenario=[plam]", "did you mean 'plan'"),
        ("outputs=[gpd]", "did you mean 'gdp'"),
        ("cluster=slurmm", "did you mean"),
        ("cluster.workers=0", "1 at least is expected"),
        ("chunk=many", "a whole number is expected"),
        ("city=[baotuo]", "did you mean 'baotou'"),
        ("years.keep=[2044]", "2015 to 2025"),
        ("scenario=baseline,plan", "write a list in brackets"),
        ("--quick", "no option"),
    ],
)
def test_a_sweep_that_makes_no_sense_is_refused(
    workplace: Path, capsys: pytest.CaptureFixture[str], argument: str, reason: str
) -> None:
    assert reason in refused(capsys, *COMMAND, argument)
    assert not (workplace / "outputs").exists()


def factor(name: str, low: float = 0.0, high: float = 1.0) -> Factor:
    return Factor(name, low, high, "Dmnl", name, name)


def test_patterns_find_factors_with_the_ranges_of_the_tables() -> None:
    levers = find_factors(["levers.*.intensity"], KNOWN)
    assert {(f.low, f.high) for f in levers} == {(0.0, 1.0)}
    assert find_factors(["levers.*"], KNOWN) == levers
    drivers = find_factors(["drivers.*"], KNOWN)
    assert {(f.low, f.high) for f in drivers} == {(-1.0, 1.0)}
    narrowed = find_factors(["levers.*", f"{levers[0].name}:0.2:0.4"], KNOWN)
    assert (narrowed[0].low, narrowed[0].high) == (0.2, 0.4)
    rows = find_factors(["assumptions.capital_elasticity"], KNOWN)
    assert len(rows) > 1 and all(f.name.count(".") == 2 for f in rows)


@pytest.mark.slow
def test_every_assumption_with_a_range_can_vary(model: zhuanxing.Model) -> None:
    factors = find_factors(["assumptions.*", "levers.*.effect", "levers.*.cost"], KNOWN)
    names = [f.name for f in factors]
    middle = [(f.low + f.high) / 2 for f in factors]
    design = xr.Dataset({n: ("run", [m]) for n, m in zip(names, middle, strict=True)}, {"run": [0]})
    found = model.run_many(design, outputs=["gdp"])
    assert found["gdp"].sizes["run"] == 1


@pytest.mark.slow
def test_a_driver_in_the_middle_changes_nothing_and_at_its_ends_something(
    model: zhuanxing.Model, baseline: xr.Dataset
) -> None:
    design = xr.Dataset(
        {"drivers.national_demand_index": ("run", [-1.0, 0.0, 1.0])}, {"run": [0, 1, 2]}
    )
    gdp = model.run_many(design, outputs=["gdp"], years=[2025])["gdp"].isel(year=0)
    np.testing.assert_allclose(gdp.isel(run=1), baseline["gdp"].sel(year=2025), rtol=1e-9)
    assert np.all(gdp.isel(run=0) < gdp.isel(run=1)) and np.all(gdp.isel(run=1) < gdp.isel(run=2))


@given(
    method=st.sampled_from(["latin_hypercube", "sobol", "saltelli", "morris"]),
    seed=st.integers(0, 1000),
    count=st.integers(2, 5),
)
@settings(deadline=None, max_examples=20)
def test_a_design_stays_in_its_ranges_and_is_the_same_again(
    method: str, seed: int, count: int
) -> None:
    known = {f"x{i}": factor(f"x{i}", -i - 1.0, 2.0 * i) for i in range(count)}
    options = {
        "method": method, "seed": seed, "runs": 16, "base_runs": 8, "trajectories": 4, "levels": 4,
    }  # fmt: skip
    first = make_design(options, list(known), known)
    again = make_design(options, list(known), known)
    np.testing.assert_array_equal(first.values, again.values)
    sizes = {"saltelli": 8 * (count + 2), "morris": 4 * (count + 1)}
    assert first.values.shape == (sizes.get(method, 16), count)
    low, high = (np.array([getattr(f, end) for f in first.factors]) for end in ("low", "high"))
    assert np.all(first.values >= low) and np.all(first.values <= high)


def test_a_grid_has_every_combination_once() -> None:
    known = {"a": factor("a"), "b": factor("b")}
    found = make_design({"method": "grid", "levels": 3}, ["a", "b:0:0.1:0.5:0.7"], known)
    pairs = {tuple(row) for row in found.values.tolist()}
    assert pairs == {(a, b) for a in (0.0, 0.5, 1.0) for b in (0.0, 0.1, 0.5, 0.7)}


def test_a_table_of_ones_own_is_run_as_it_stands(tmp_path: Path) -> None:
    table = tmp_path / "mine.csv"
    table.write_text(
        "levers.coal_reduction,drivers.coal_price_index\n0.5,-1\n0.25,1\n", encoding="utf-8"
    )
    found = make_design({"method": "csv", "file": str(table)}, [], KNOWN)
    assert [f.name for f in found.factors] == [
        "levers.coal_reduction.intensity", "drivers.coal_price_index",
    ]  # fmt: skip
    np.testing.assert_array_equal(found.values, [[0.5, -1.0], [0.25, 1.0]])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("levers.coal_reduction\n0.5\nhalf\n", "line 3: 'half'"),
        ("levers.coal_reduction\n1.5\n", "outside 0 to 1"),
        ("levers.coal_reducton\n0.5\n", "did you mean"),
        ("levers.coal_reduction,levers.coal_reduction\n0.5,0.5\n", "twice"),
        ("levers.coal_reduction\n0.5,0.4\n", "line 2: 2 cells"),
        ("levers.coal_reduction\nnan\n", "line 2: 'nan'"),
        ("levers.coal_reduction\n", "no rows"),
    ],
)
def test_a_table_with_a_mistake_is_refused_with_its_line(
    tmp_path: Path, text: str, reason: str
) -> None:
    table = tmp_path / "mine.csv"
    table.write_text(text, encoding="utf-8")
    with pytest.raises(ZhuanxingError, match=reason):
        make_design({"method": "csv", "file": str(table)}, [], KNOWN)


def made_up(design: Design, **outputs: np.ndarray) -> SweepResult:
    """A sweep of one city and year, its outputs given by run."""
    shape = (1, len(design.values))
    names = [f.name for f in design.factors]
    dims = ("scenario", "run", "year", "city")
    return SweepResult(
        Path("made_up.zarr"),
        xr.Dataset(
            {
                "design": (("run", "factor"), design.values),
                "done": (("scenario", "run"), np.ones(shape, dtype=bool)),
                "failure": (("scenario", "run"), np.full(shape, "", dtype=object)),
                **{name: (dims, y.reshape(1, -1, 1, 1)) for name, y in outputs.items()},
            },
            {
                "scenario": ["plan"], "run": np.arange(shape[1]), "year": [2025],
                "city": ["somewhere"], "factor": names,
                "factor_low": ("factor", [f.low for f in design.factors]),
                "factor_high": ("factor", [f.high for f in design.factors]),
            },
            {"sweep": json.dumps({"design": {"method": design.method, **design.options}})},
        ),
    )  # fmt: skip


def designed(method: str, **options: int) -> Design:
    known = {name: factor(name) for name in ("strong", "weak", "idle")}
    return make_design({"method": method, "seed": 3, **options}, list(known), known)


def test_sobol_indices_are_those_of_a_sum() -> None:
    design = designed("saltelli", base_runs=1024)
    y = 3.0 * design.values[:, 0] + 1.0 * design.values[:, 1]
    table = importance(made_up(design, y=y), 0, y)
    assert list(table.index) == ["strong", "weak", "idle"]
    # Variances 9/12 and 1/12: shares 0.9 and 0.1.
    np.testing.assert_allclose(table["total"], [0.9, 0.1, 0.0], atol=0.03)
    np.testing.assert_allclose(table["first_order"], [0.9, 0.1, 0.0], atol=0.03)


def test_morris_effects_are_the_slopes_over_the_range() -> None:
    design = designed("morris", trajectories=10, levels=4)
    y = 3.0 * design.values[:, 0] - 1.0 * design.values[:, 1]
    table = importance(made_up(design, y=y), 0, y)
    np.testing.assert_allclose(table["mean_effect"], [3.0, 1.0, 0.0], atol=1e-9)
    np.testing.assert_allclose(table["effect_spread"], 0.0, atol=1e-9)


def test_ranks_and_trees_rank_factors_of_any_design() -> None:
    design = designed("latin_hypercube", runs=300)
    y = np.exp(3.0 * design.values[:, 0]) - design.values[:, 1]
    table = importance(made_up(design, y=y), 0, y)
    assert list(table.index)[:2] == ["strong", "weak"]
    assert table["rank_correlation"]["strong"] > 0.9 > 0 > table["rank_correlation"]["weak"]
    assert table["tree_score"].sum() == pytest.approx(1.0)


@pytest.mark.slow
def test_discovery_finds_the_box_in_which_something_happens() -> None:
    design = designed("latin_hypercube", runs=2000)
    happens = (design.values[:, 0] < 0.4) & (design.values[:, 1] > 0.7)
    result = made_up(design, y=happens.astype(float))
    box = discover(result, happens[None], density=0.9, most_limits=4, peel=0.05)
    assert box.density >= 0.9 and box.coverage > 0.9
    assert box.cases == happens.sum() and box.runs == 2000
    limits = {limit.factor: limit for limit in box.limits}
    assert set(limits) == {"strong", "weak"}
    assert limits["strong"].low is None
    assert limits["strong"].high == pytest.approx(0.4, abs=0.03)
    assert limits["weak"].low == pytest.approx(0.7, abs=0.03)
    with pytest.raises(ZhuanxingError, match="happens in 0 of 2,000"):
        discover(result, np.zeros_like(happens)[None], density=0.9, most_limits=4, peel=0.05)


@pytest.mark.slow
def test_quantiles_are_those_of_all_runs_whatever_the_blocks(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = open_sweep(store)
    expected = xr.open_zarr(store)["co2"].load().quantile([0.1, 0.5, 0.9], "run")
    for largest in (10**9, 1):
        monkeypatch.setattr("zhuanxing.analyses.sweep.reading.LARGEST", largest)
        found = quantiles(result, ["co2"], [0.1, 0.5, 0.9])["co2"]
        np.testing.assert_allclose(found.transpose(*expected.dims), expected, rtol=1e-12)


@pytest.mark.slow
def test_measures_are_read_by_city_year_element_and_change(store: Path) -> None:
    result, data = open_sweep(store), xr.open_zarr(store)
    co2 = data["co2"].sel(city="tangshan")
    found = parse_measure("co2@唐山市@2020-2025", result)
    change = 100 * (co2.sel(year=2025) / co2.sel(year=2020) - 1)
    np.testing.assert_allclose(found.values(result), change, rtol=1e-12)
    assert "唐山市" in found.label(result, "zh") and "2020–2025" in found.label(result, "en")
    coal = parse_measure("energy_by_fuel.coal@tangshan", result).values(result)
    chosen = data["energy_by_fuel"].sel(fuel="coal", city="tangshan", year=2025)
    np.testing.assert_array_equal(coal, chosen)
    mean = parse_measure("gdp@2020", result).values(result)
    np.testing.assert_allclose(mean, data["gdp"].sel(year=2020).mean("city"), rtol=1e-12)


@pytest.mark.slow
def test_the_best_runs_satisfy_the_condition(store: Path) -> None:
    result = open_sweep(store)
    goal, gdp = parse_measure("co2", result), parse_measure("gdp", result).values(result)
    limit = float(np.median(gdp))
    condition = parse_condition(f"gdp>={limit}", result)
    table = best_runs(result, goal, False, [condition], 5)
    allowed = goal.values(result)[gdp >= limit]
    np.testing.assert_allclose(table["co2"], np.sort(allowed)[:5])
    assert (table["gdp"] >= limit).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("argument", "reason"),
    [
        ("measures=[gpd]", "did you mean 'gdp'"),
        ("measures=[gdp@2034]", "no year 2034"),
        ("measures=[energy_by_fuel]", "write one, as energy_by_fuel."),
        ("measures=[gdp.coal]", "no elements"),
        ("measures=[gdp@tangshn]", "tangshan"),
        ("subject_to=[gdp=3]", "is not a condition"),
        ("subject_to=[gdp>1e12]", "no run satisfies"),
        ("charts=[fam]", "did you mean 'fan'"),
        ("heatmap=[levers.coal_reduction]", "two are expected"),
        ("quantiles=[0.5]", "a list of 3 at least"),
        ("maximize=gdp", "did you mean 'maximise'"),
        ("top=none", "a whole number is expected"),
        ("language=fr", "zh or en is expected"),
    ],
)
def test_a_summary_that_makes_no_sense_is_refused(
    copied: Path, capsys: pytest.CaptureFixture[str], argument: str, reason: str
) -> None:
    assert reason in refused(capsys, "summarise", str(copied), argument)
    assert not copied.with_suffix("").exists()


@pytest.mark.slow
def test_a_summary_speaks_both_languages_and_draws_every_chart(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["summarise", str(copied), "city=[tangshan]", "tradeoff=[highest gdp,lowest co2]"]
    for language, place, output in (
        ("zh", "唐山市", "单位GDP能耗"),
        ("en", "Tangshan", "Energy intensity"),
    ):
        assert main([*command, f"language={language}"]) == 0
        text = capsys.readouterr().out
        for said in ("256/256", place, output, "best.csv"):
            assert said in text
    folder = copied.with_suffix("")
    charts = {f"en/{kind}.png" for kind in ("fan", "parallel", "tradeoff", "heatmap")}
    made = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert made == charts | {"quantiles.nc", "best.csv", "importance.csv", "aims.csv"}
    assert xr.open_dataset(folder / "quantiles.nc")["gdp"].sizes["quantile"] == 5


@pytest.mark.slow
def test_a_summary_names_its_goal_and_the_conditions_that_choose_nothing(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["city=[tangshan]", "charts=[tradeoff]", "format=[svg]"]
    assert main(["summarise", str(copied), *arguments]) == 0
    under = ["minimise=energy_intensity@tangshan", "subject_to=[co2@tangshan>0,gdp@tangshan>0]"]
    assert main(["summarise", str(copied), *arguments, *under, "language=en"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "Best runs: lowest Energy intensity (Tangshan, 2025" in text
    assert "every run meets Carbon dioxide emissions (Tangshan" in text
    drawn = [path.parent.name for path in copied.with_suffix("").rglob("*.svg")]
    assert drawn == ["en"], "a picture of another summary lies beside the new one"


@pytest.mark.slow
def test_a_trade_off_goes_where_each_output_is_better(store: Path) -> None:
    result = open_sweep(store)
    goal = parse_measure("energy_intensity@tangshan", result)
    measures = [parse_measure(name, result) for name in result.outputs if "by_fuel" not in name]
    assert result.outputs == ["gdp", "co2", "energy_intensity", "energy_by_fuel"]
    assert trade_partner(result, goal, measures).word == "gdp"
    better = {measure.word: measure.better(result) for measure in measures}
    assert better == {"gdp": "up", "co2": "down", "energy_intensity": "down"}


@pytest.mark.slow
def test_discovery_answers_in_both_languages_or_one_sentence(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = open_sweep(copied)
    middle = float(np.median(parse_measure("co2@tangshan", result).values(result)))
    condition = f"condition=co2@tangshan>{middle:.6g}"
    assert main(["discover", str(copied), condition, "language=en"]) == 0
    assert "In 50% of 256 runs" in capsys.readouterr().out
    assert main(["discover", str(copied), condition, "language=zh"]) == 0
    chinese = capsys.readouterr().out
    assert "50%" in chinese and "其中" in chinese and "In 50%" not in chinese
    assert "needs a city" in refused(capsys, "discover", str(copied))
    near = refused(capsys, "discover", str(copied), "city=tangshan", "aim=energy_intensty")
    assert "did you mean 'energy_intensity'" in near
    assert "no store" in refused(capsys, "discover", "nothing.zarr", "city=tangshan")


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=40, unique=True)
)
def test_the_pareto_front_is_what_no_other_run_beats(points: list[tuple[int, int]]) -> None:
    first, second = np.array(points, dtype=float).T
    front = {points[i] for i in tradeoff.pareto_front(first, second)}
    beaten = {p for p in points if any(q != p and q[0] <= p[0] and q[1] <= p[1] for q in points)}
    assert front == set(points) - beaten


@given(st.integers(1, 60), st.integers(1, 30))
def test_every_run_has_its_cell(count: int, distinct: int) -> None:
    values = np.random.default_rng(count).integers(0, distinct, count).astype(float)
    found = heatmap.cells(Quantity("x", "x", values, (0.0, max(distinct - 1.0, 1.0))))
    assert found.places.min() >= 0 and found.places.max() < found.count
    assert len(found.ticks) == len(found.labels)


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_charts_of_one_run_and_of_constant_values_are_drawn(language: Language) -> None:
    for count in (1, 3):
        flat = Quantity("平", "平 (MW)", np.ones(count))
        other = Quantity("x", "x", np.arange(float(count)), (0.0, 3.0))
        assert parallel.draw([flat, other], flat, highest=True, language=language).axes
        assert heatmap.draw(flat, other, flat, language=language).axes
        assert tradeoff.draw(
            flat, other, first_highest=True, second_highest=False, language=language
        ).axes


@pytest.mark.slow
def test_too_many_fans_are_refused(store: Path) -> None:
    spread = quantiles(open_sweep(store), ["gdp", "co2"], [0.1, 0.5, 0.9])
    with pytest.raises(ZhuanxingError, match="at most 40 panels"):
        fan.draw(spread, cities=None, variables=["gdp", "co2"])


def test_a_pattern_varies_what_is_uncertain_and_no_setting() -> None:
    known = known_factors(ROOT / "model" / "data")
    chosen = {factor.name for factor in find_factors(["assumptions.*"], known)}
    settings = {name for name, factor in known.items() if not factor.uncertain}
    assert settings and not chosen & settings
    numbers = uncertain_numbers(zhuanxing.load(ROOT).source.equations)
    tabled = {f"assumptions.{number.key}" for number in numbers} & set(known)
    assert chosen == tabled
    named = find_factors(["assumptions.investment_switch:0:1"], known)
    assert [factor.name for factor in named] == ["assumptions.investment_switch"]


def test_the_identity_of_a_store_covers_all_code_but_what_reads_or_shows(tmp_path: Path) -> None:
    package = tmp_path / "zhuanxing"
    shutil.copytree(Path(zhuanxing.__file__).parent, package)
    whole = folder_hash(package, without=READERS)
    for path in sorted(package.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        path.write_text(text + "\n# changed\n", encoding="utf-8")
        reads = bool(set(READERS) & set(path.relative_to(package).parts))
        assert (folder_hash(package, without=READERS) == whole) == reads, path
        path.write_text(text, encoding="utf-8")


@pytest.mark.slow
def test_two_sweeps_into_one_store_name_each_other(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with FileLock(copied.with_name(f".{copied.name}.lock")):
        copied.with_name(f".{copied.name}.owner").write_text("process 12 since noon")
        sentence = refused(capsys, *COMMAND, ALONE)
    assert "another process is writing this sweep (process 12 since noon)" in sentence
