"""A graphics card, where there is one: `python benchmarks/card.py KIND COUNT` prints JSON.

Kinds: `present` tells whether there is one, `compute` times blocks of COUNT runs that stay on it,
`numbers` compares all outputs of COUNT runs with the processor's, `sweep` writes COUNT runs to a
store that is deleted.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import jax
import numpy as np
from sweeping import sweep as whole_sweep
from workload import OUTPUTS, draw, prepare

from zhuanxing.engine.running.devices import GPU_BLOCK, choose_device
from zhuanxing.results.annual import yearly_requests

REPEATS = 3
# Pieces at each end of a sweep beside which the card or the writing has nothing to do.
EDGE = 2


def present(_: int) -> dict[str, Any]:
    """Tell whether JAX finds a card."""
    return {"card": choose_device("auto").kind == "gpu"}


def compute(block: int) -> dict[str, Any]:
    """Run one block again and again: what the card computes, without giving and taking."""
    model, requests, steps = prepare()
    device = choose_device("gpu", block)
    program = model.program
    inputs = program.given.gather(draw(model, 0, block), None, None, runs=True)
    batched = frozenset(n for n, value in inputs.items() if program.given.has_runs(n, value))
    function = program._function(inputs, requests, batched, block, device)
    given = {
        name: np.ascontiguousarray(np.moveaxis(value, -1, 0)) if name in batched else value
        for name, value in inputs.items()
    }
    given = device.place(given)
    began = time.perf_counter()
    jax.block_until_ready(function(given))
    first = time.perf_counter() - began
    seconds = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        jax.block_until_ready(function(given))
        seconds.append(time.perf_counter() - began)
    card = jax.devices("gpu")[0]
    return {
        "card": card.device_kind,
        "jax": jax.__version__,
        "block": block,
        "steps": steps,
        "runs_per_second": block / min(seconds),
        "compile": first - min(seconds),
        "megabytes": card.memory_stats()["peak_bytes_in_use"] / 1e6,
    }


def numbers(runs: int) -> dict[str, Any]:
    """Compare every output of some runs with the processor's.

    The largest difference is told relative to the number itself, and to the largest number of that
    output in the same run: what is nought but for rounding differs by more than itself.
    """
    model, _, _ = prepare()
    requests = yearly_requests(model.outputs)
    overrides = draw(model, 0, runs)
    card = model.program.run_many(overrides, requests, device=choose_device("gpu", runs))
    usual = model.program.run_many(overrides, requests, device="cpu")
    own, largest = {}, {}
    for name, one in usual.items():
        difference = np.abs(card[name] - one)
        scale = np.abs(one).reshape(runs, -1).max(axis=1).reshape(runs, *[1] * (one.ndim - 1))
        with np.errstate(invalid="ignore", divide="ignore"):
            own[name] = float(np.nanmax(np.where(difference > 0, difference / np.abs(one), 0)))
            largest[name] = float(np.nanmax(np.where(difference > 0, difference / scale, 0)))
    return {
        "runs": runs,
        "outputs": len(model.outputs),
        "relative": max(own.values()),
        "relative_to_largest": max(largest.values()),
        "farthest": sorted(own.items(), key=lambda item: -item[1])[:5],
        "failures": [len(card.failures), len(usual.failures)],
    }


def sweep(runs: int) -> dict[str, Any]:
    """Sweep with the command line, and return runs a second, whole and between pieces."""
    found = whole_sweep(runs, 1, OUTPUTS, "device=gpu")
    between = found.pop("between_pieces")[EDGE:-EDGE]
    steady = GPU_BLOCK / float(np.mean(between))
    return {**found, "runs_per_second": runs / found["wall"], "between_pieces": steady}


if __name__ == "__main__":
    kind, count = sys.argv[1:]
    kinds = {"present": present, "compute": compute, "numbers": numbers, "sweep": sweep}
    print(json.dumps(kinds[kind](int(count))))
