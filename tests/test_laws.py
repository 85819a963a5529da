"""Laws of the model hold whatever the levers do and whatever the assumptions are in their range."""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import zhuanxing
from zhuanxing.analyses.check.bench import Bench
from zhuanxing.analyses.check.laws import Law, law_findings, limit_findings
from zhuanxing.analyses.check.settings import CheckSettings
from zhuanxing.config import read_settings
from zhuanxing.equations.constants import assumption_constants

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "model" / "data"
CHECK: CheckSettings = read_settings(CheckSettings, ROOT / "conf" / "check.yaml")


def rows_of(table: str) -> list[dict[str, str]]:
    """Rows of a table of model/data."""
    with (DATA / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


LAWS = [Law(r["law"], r["residual"], r["scale"], r["name_en"]) for r in rows_of("laws")]
UNCERTAIN = [r["name"] for r in rows_of("assumptions") if float(r["low"]) < float(r["high"])]
NAMES = sorted(set(UNCERTAIN))
LEVERS = [r["lever"] for r in rows_of("levers")]

# One property test a law: few, fixed examples, since each is a run of the whole model.
whole_model = settings(max_examples=6, derandomize=True, deadline=None, database=None)
intensities = arrays(np.float64, len(LEVERS), elements=st.floats(0, 1), fill=st.just(1.0))
# Starts and assumptions are too many to draw one by one; a seed stands for all of them.
seeds = st.integers(0, 2**32 - 1)


@cache
def bench_of(root: Path) -> Bench:
    """The checks' bench on the model in ``root``; compiled once."""
    return Bench(zhuanxing.load(root), CHECK)


@pytest.fixture(scope="module")
def bench() -> Bench:
    """The bench on the model of this repository."""
    return bench_of(ROOT)


def overrides(bench: Bench, intensity: np.ndarray, seed: int) -> Mapping[str, np.ndarray]:
    """Inputs of a run: intensity by lever; starts 2015-2025 and assumptions low-high by chance."""
    chance = np.random.default_rng(seed)
    start = chance.uniform(2015.0, 2025.0, len(LEVERS))
    position = dict(zip(NAMES, chance.uniform(size=len(NAMES)), strict=True))
    model = bench.model
    order = [LEVERS.index(lever) for lever in model.elements("lever")]
    shape = (len(model.elements("city")), len(LEVERS))
    changed = {
        "lever intensity": np.broadcast_to(intensity[order], shape),
        "lever start": np.broadcast_to(start[order], shape),
    }
    table = bench.model.tables.assumptions
    table = table[table["name"].isin(NAMES)]
    where = table["name"].map(position)
    drawn = table.assign(value=table["low"] + where * (table["high"] - table["low"]))
    elements = {dim: model.elements(dim) for dim in model.program.dims}
    changed |= {c.name: c.values for c in assumption_constants(drawn, elements)}
    return changed


def steps_of(bench: Bench, inputs: Mapping[str, np.ndarray]) -> xr.Dataset:
    """What laws and limits need, at every step; the same variables always, compiled once."""
    wanted = [name for law in LAWS for name in (law.residual, law.scale)] + list(bench.limits)
    return bench.laboratory.steps_with(inputs, wanted)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
@whole_model
@given(intensity=intensities, seed=seeds)
def test_law_holds_at_any_setting(bench: Bench, law: Law, intensity: np.ndarray, seed: int) -> None:
    steps = steps_of(bench, overrides(bench, intensity, seed))
    (finding,) = law_findings([law], {"drawn": steps}, CHECK.laws.tolerance)
    assert finding.passed, finding.offenders


@whole_model
@given(intensity=intensities, seed=seeds)
def test_shares_and_physical_stocks_keep_their_limits_at_any_setting(
    bench: Bench, intensity: np.ndarray, seed: int
) -> None:
    steps = steps_of(bench, overrides(bench, intensity, seed))
    (finding,) = limit_findings(bench.limits, {"drawn": steps}, CHECK.laws.tolerance)
    assert finding.passed, finding.offenders


# One yuan in a hundred is lost on its way into a stock, and the law that has to notice.
LEAKS = [
    ("investment", "index*(credit drawn[city]-", "index*(0.99*credit drawn[city]-",
     "private_money"),
    ("debt", "index*(new platform loans[city]+", "index*(0.99*new platform loans[city]+",
     "platform_money"),
    ("investment", "index*(public receipts[city]-", "index*(0.99*public receipts[city]-",
     "public_money"),
    ("debt", "index*(lent[city]-returned[city]", "index*(lent[city]-0.99*returned[city]", "claims"),
]  # fmt: skip


def test_laws_of_money_notice_a_leak(tmp_path: Path) -> None:
    """Accounts of income and of debts are kept apart: what one loses the other has."""
    for folder in ("model", "scenarios"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    for sector, sound, leaking, _ in LEAKS:
        path = tmp_path / "model" / "sectors" / f"{sector}.mdl"
        text = path.read_text(encoding="utf-8")
        assert text.count(sound) == 1, f"{sector}.mdl has no single '{sound}'"
        path.write_text(text.replace(sound, leaking), encoding="utf-8")
    leaky = Bench(zhuanxing.load(tmp_path, cities=["tangshan", "yibin"]), CHECK)
    names = [name for law in LAWS for name in (law.residual, law.scale)]
    steps = leaky.laboratory.steps(leaky.of_scenario("baseline"), names)
    found = law_findings(LAWS, {"leaky": steps}, CHECK.laws.tolerance)
    broken = {law.name for law, finding in zip(LAWS, found, strict=True) if not finding.passed}
    assert broken == {law for *_, law in LEAKS}


def test_every_documented_loop_is_a_chain_of_equations() -> None:
    sectors = sorted((ROOT / "model" / "sectors").glob("*.mdl"))
    text = "\n".join(path.read_text(encoding="utf-8") for path in sectors)
    for loop in rows_of("loops"):
        chain = [name.strip() for name in loop["path"].split(">")]
        assert chain[0] == chain[-1] == loop["variable"]
        assert loop["reader"] == chain[1]
        for cause, effect in pairwise(chain):
            start = rf"^{re.escape(effect)}(?:\[[^\]]*\])? = "
            right = "\n".join(re.findall(start + r"([^|~]*)", text, re.MULTILINE))
            read = rf"(?:^|[^\w ]){re.escape(cause)}(?![\w ])"
            assert re.search(read, right, re.MULTILINE), f"{effect} does not read {cause}"
