"""Our engine: `python benchmarks/ours.py batch|single|gradient|posterior RUNS CORE` prints JSON."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from workload import SCENARIO, cpu_seconds, draw, peak_megabytes, pin, prepare

import zhuanxing
from zhuanxing.analyses.calibrate.disturbances import Scales
from zhuanxing.analyses.calibrate.problem import pose
from zhuanxing.analyses.calibrate.settings import CalibrateSettings
from zhuanxing.config import read_settings
from zhuanxing.engine.running.executable_cache import jitted
from zhuanxing.engine.running.xla_options import SLOPES
from zhuanxing.storage.paths import find_places

REPEATS = 5
CHUNK = 256


def batch(runs: int) -> dict[str, Any]:
    """Run a batch in chunks that are drawn, run and thrown away, as a sweep writes them."""
    model, requests, steps = prepare()
    with cpu_seconds() as compiling:
        model.program.run_many(draw(model, 0, 1), requests)
    before = peak_megabytes()
    chunks = []
    failures = 0
    with cpu_seconds() as spent:
        for first in range(0, runs, CHUNK):
            with cpu_seconds() as one:
                count = min(CHUNK, runs - first)
                found = model.program.run_many(draw(model, first, count), requests)
            chunks.append(one[0] / count)
            failures += len(found.failures)
    fifth = max(len(chunks) // 5, 1)
    return {
        "runs": runs,
        "steps": steps,
        "cpu_per_run": spent[0] / runs,
        "wall": spent[1],
        "compile_cpu": compiling[0],
        "megabytes_before": before,
        "megabytes": peak_megabytes(),
        "failures": failures,
        "last_fifth_over_first": float(np.median(chunks[-fifth:]) / np.median(chunks[:fifth])),
    }


def single(_: int) -> dict[str, Any]:
    """One run by itself, with the compilation that a first start pays."""
    model, requests, _ = prepare()
    inputs = model.inputs(model.scenario(SCENARIO))
    with cpu_seconds() as first:
        model.program.run(inputs, requests)
    best = []
    for _ in range(REPEATS):
        with cpu_seconds() as one:
            model.program.run(inputs, requests)
        best.append(one[0])
    return {"cpu_per_run": min(best), "first_cpu": first[0]}


def gradient(_: int) -> dict[str, Any]:
    """Value and gradient by every assumption, against the same function run forward."""
    model, requests, _ = prepare()
    program = model.program
    inputs = model.inputs(model.scenario(SCENARIO))
    constants = program.constants()
    with open(model.places.model / "data" / "assumptions.csv", encoding="utf-8") as file:
        names = sorted({row["name"] for row in csv.DictReader(file)} & set(constants))
    chosen = {name: np.asarray(inputs.get(name, constants[name])) for name in names}

    def objective(outputs: dict[str, jax.Array]) -> jax.Array:
        return sum((jnp.mean(value) for value in outputs.values()), jnp.zeros(()))

    traced, fixed = program.traced(inputs, requests, names)
    forward = jitted(lambda some, others: objective(traced(some, others)), SLOPES)
    both = program.value_and_gradient(inputs, requests, objective, names)
    with cpu_seconds() as compiling:
        jax.block_until_ready(both(chosen))
    best = fastest(
        gradient=lambda: both(chosen),
        forward=lambda: forward(chosen, fixed),
        run=lambda: program.run(inputs, requests),
    )
    return {**best, "parameters": len(names), "compile_cpu": compiling[0]}


def posterior(_: int) -> dict[str, Any]:
    """Value and gradient of the calibration's log posterior, against the value alone."""
    places = find_places()
    settings = read_settings(CalibrateSettings, places.conf / "calibrate.yaml")
    posed = pose(zhuanxing.load(places.root, information_year=settings.last_year), settings)
    shared, own = posed.parameters.start()
    scales = Scales.of(posed.program.constants()).constants()
    given = shared, own, scales, posed.given
    value = jitted(posed.negative_log, SLOPES)
    both = jitted(jax.value_and_grad(posed.negative_log, argnums=(0, 1)), SLOPES)
    best = fastest(gradient=lambda: both(*given), forward=lambda: value(*given))
    return {**best, "parameters": shared.size + own.size}


def fastest(**calls: Callable[[], Any]) -> dict[str, float]:
    """Return the least CPU seconds of each call, which are made in turn; the first do not count."""
    spent: dict[str, list[float]] = {name: [] for name in calls}
    for repeat in range(REPEATS + 1):
        for name, call in calls.items():
            with cpu_seconds() as one:
                jax.block_until_ready(call())
            if repeat:
                spent[name].append(one[0])
    return {name: min(times) for name, times in spent.items()}


if __name__ == "__main__":
    kind, runs, core = sys.argv[1:]
    pin(int(core))
    kinds = {"batch": batch, "single": single, "gradient": gradient, "posterior": posterior}
    print(json.dumps(kinds[kind](int(runs))))
