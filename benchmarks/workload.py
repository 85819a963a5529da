"""What every program of the comparison is given: one scenario, ten outputs, drawn assumptions."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

import zhuanxing
from zhuanxing.results.annual import yearly_requests
from zhuanxing.results.outputs import select_outputs

SCENARIO = "plan"
OUTPUTS = (
    "gdp",
    "value_added",
    "energy_consumption",
    "co2",
    "population",
    "employment",
    "government_debt",
    "pollution",
    "solar_capacity",
    "fiscal_revenue",
)
DRAWN = 20
SEED = 20

Arrays = dict[str, np.ndarray]


def prepare() -> tuple[zhuanxing.Model, dict[str, str], int]:
    """Return the model, the requests for ten outputs, and the number of time steps."""
    model = zhuanxing.load()
    requests = yearly_requests(select_outputs(model.outputs, OUTPUTS))
    return model, requests, len(model.program.times()) - 1


def draw(model: zhuanxing.Model, first: int, runs: int) -> Arrays:
    """Return overrides for `runs` runs from number `first` on, runs first: 20 lever effects drawn,
    and all lever intensities scaled, from a seed of their own."""
    overrides = model.inputs(model.scenario(SCENARIO))
    constants = model.program.constants()
    effects = sorted(name for name in constants if name.startswith("effect of "))
    generator = np.random.default_rng((SEED, first))
    for name in effects[:DRAWN]:
        overrides[name] = np.multiply.outer(generator.uniform(0.8, 1.2, runs), constants[name])
    factors = generator.uniform(0.5, 1.0, runs)
    overrides["lever intensity"] = np.multiply.outer(factors, overrides["lever intensity"])
    return overrides


def pin(core: int) -> None:
    """Keep this process on one core, which also keeps XLA's threads out of the way."""
    os.sched_setaffinity(0, {core})


@contextmanager
def cpu_seconds() -> Iterator[list[float]]:
    """Yield a list that holds CPU and wall seconds when the block is left."""
    spent: list[float] = []
    processor, clock = time.process_time(), time.perf_counter()
    yield spent
    spent += [time.process_time() - processor, time.perf_counter() - clock]


def peak_megabytes() -> float:
    """Return the largest memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
