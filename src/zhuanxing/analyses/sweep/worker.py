"""What runs on a Dask worker: the simulation it holds, and the computing of one piece."""

from __future__ import annotations

import gc
import re
from typing import Any

import numpy as np
from distributed import Worker, WorkerPlugin, get_worker

from zhuanxing.analyses.sweep.sweep import Simulation, Values
from zhuanxing.cores import stay_on

__all__ = ["SweepPlugin", "compute_piece"]

PLUGIN = "zhuanxing-sweep"


class SweepPlugin(WorkerPlugin):
    """Puts the simulation on every worker, also on one that starts later or again.

    A `pinned` worker whose name ends in a number, as Dask's own clusters give them, stays on the
    core of that number: otherwise XLA's threads get in the way of the other workers.
    """

    name = PLUGIN

    def __init__(self, simulation: Simulation, pinned: bool) -> None:
        self.simulation = simulation
        self._pinned = pinned

    def setup(self, worker: Worker) -> None:
        """Pin the worker before it computes."""
        number = re.search(r"\d+$", str(worker.name))
        if self._pinned and number:
            stay_on(int(number[0]))

    def teardown(self, worker: Worker) -> None:
        """Let the worker leave without collecting what JAX holds (half a second)."""
        gc.freeze()


def compute_piece(scenario: int, rows: np.ndarray) -> Values:
    """Return what the runs `rows` [run, factor] give, by the simulation of this worker."""
    plugin: Any = get_worker().plugins[PLUGIN]
    values: Values = plugin.simulation.compute(scenario, rows)
    return values
