"""What runs on a Dask worker: the simulation it holds, and the computing of one piece."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from distributed import Worker, WorkerPlugin, get_worker

from zhuanxing.sweep.sweep import Simulation, Values

__all__ = ["SweepPlugin", "compute_piece"]

PLUGIN = "zhuanxing-sweep"


class SweepPlugin(WorkerPlugin):
    """Puts the simulation on every worker, also on one that starts later or again.

    `cores` are the cores to share out among local workers, empty for workers elsewhere.
    """

    name = PLUGIN

    def __init__(self, simulation: Simulation, cores: list[int]) -> None:
        self.simulation = simulation
        self._cores = cores

    def setup(self, worker: Worker) -> None:
        """Keep a local worker on one core: XLA's threads would get in the others' way."""
        if self._cores and hasattr(os, "sched_setaffinity"):
            core = self._cores[int(worker.name) % len(self._cores)]
            for thread in Path("/proc/self/task").iterdir():
                with suppress(ProcessLookupError):
                    os.sched_setaffinity(int(thread.name), {core})


def compute_piece(scenario: int, rows: np.ndarray) -> Values:
    """Return what the runs `rows` [run, factor] give, by the simulation of this worker."""
    plugin: Any = get_worker().plugins[PLUGIN]
    values: Values = plugin.simulation.compute(scenario, rows)
    return values
