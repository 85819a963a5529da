"""Whole sweeps by the command line: `python benchmarks/sweeping.py scaling|full RUNS`.

`scaling` sweeps the same runs with one and with two workers, twice each, `full` once with two
workers; both write to a folder that is deleted. Prints one JSON object.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from workload import OUTPUTS, SCENARIO

PROGRAM = str(Path(sys.executable).with_name("zhuanxing"))
FEW = ("gdp", "co2")
ROUNDS = 2
SAMPLE_SECONDS = 1.0
MEGABYTE = 1e6
# Pieces at each end of a sweep in which not all workers have work.
EDGE = 4


def sweep(runs: int, workers: int, outputs: tuple[str, ...], *more: str) -> dict[str, Any]:
    """Sweep, and return wall seconds, seconds from piece to piece, and peaks of resident memory.

    Pages that several processes share (libraries) are counted in each of them.
    """
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "sweep.zarr"
        command = [
            PROGRAM, "sweep", f"scenario=[{SCENARIO}]", f"design.runs={runs}",
            f"cluster.workers={workers}", f"outputs=[{','.join(outputs)}]", f"output={store}",
            *more,
        ]  # fmt: skip
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        samples = []
        while process.poll() is None:
            samples.append(_resident(process.pid))
            time.sleep(SAMPLE_SECONDS)
        wall = time.perf_counter() - began
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} failed")
        marks = sorted(mark.stat().st_mtime for mark in store.glob("done/c/*/*"))
        size = sum(file.stat().st_size for file in store.rglob("*") if file.is_file())
    return {
        "runs": runs,
        "wall": wall,
        "between_pieces": np.diff(marks),
        "megabytes": max(sum(sample) for sample in samples) / MEGABYTE,
        "megabytes_parent": max(sample[0] for sample in samples) / MEGABYTE,
        "megabytes_worker": max(max(sample[1:], default=0) for sample in samples) / MEGABYTE,
        "stored_megabytes": size / MEGABYTE,
    }


def _resident(pid: int) -> list[int]:
    """Return the resident bytes of a process, first, and of those it started."""
    found = []
    try:
        parent = psutil.Process(pid)
        for process in (parent, *parent.children(recursive=True)):
            found.append(process.memory_info().rss)
    except psutil.NoSuchProcess:
        pass
    return found or [0]


def scaling(runs: int) -> dict[str, Any]:
    """Compare two workers with one: the whole command, and while all workers have work."""
    found: dict[int, list[dict[str, Any]]] = {1: [], 2: []}
    for _ in range(ROUNDS):
        for workers, sweeps in found.items():
            sweeps.append(sweep(runs, workers, FEW))
    wall = {n: min(one["wall"] for one in sweeps) for n, sweeps in found.items()}
    piece = {
        n: min(float(one["between_pieces"][EDGE:-EDGE].mean()) for one in sweeps)
        for n, sweeps in found.items()
    }
    return {
        "runs": runs,
        "wall": wall,
        "speedup": wall[1] / wall[2],
        "speedup_between": piece[1] / piece[2],
        "load": os.getloadavg()[0],
    }


def full(runs: int) -> dict[str, Any]:
    """Sweep ten outputs once, and compare the last fifth of the pieces with the first."""
    found = sweep(runs, 2, OUTPUTS)
    between = found.pop("between_pieces")
    fifth = max(len(between) // 5, 1)
    fifths = [float(part.mean()) for part in np.array_split(between, 5)]
    return {
        **found,
        "seconds_a_piece": fifths,
        "slowest_piece": float(between.max()),
        "last_fifth_over_first": float(between[-fifth:].mean() / between[:fifth].mean()),
        "load": os.getloadavg()[0],
        "when": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    }


if __name__ == "__main__":
    kind, runs = sys.argv[1:]
    print(json.dumps({"scaling": scaling, "full": full}[kind](int(runs))))
