"""Dask: a cluster of one-core processes on this machine, or one that exists already."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zhuanxing.errors import ZhuanxingError
from zhuanxing.sweep.sweep import Piece, Simulation, Sweep, Values

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["Cluster", "compute_on"]

# Pieces waiting at the workers for each core: enough to keep it busy, few enough for the memory.
WAITING = 2
# A piece is given up when so many workers in a row have died over it.
DEATHS = 10
CONNECT_SECONDS = 20


@dataclass(frozen=True)
class Cluster:
    """`workers` processes here (None: one a core), or the scheduler at `address`."""

    workers: int | None = None
    address: str | None = None

    def needed(self, pieces: int) -> bool:
        """Tell whether Dask is: one process alone computes in this one."""
        return pieces > 0 and (self.address is not None or self.size(pieces) > 1)

    def size(self, pieces: int) -> int:
        """Return the processes to start here: no more than there are pieces."""
        return min(self.workers or len(_cores()), pieces)


def compute_on(
    cluster: Cluster, sweep: Sweep, pieces: Sequence[Piece]
) -> Iterator[tuple[Piece, Values]]:
    """Yield pieces as workers finish them, in any order. Raises ZhuanxingError as `execute`."""
    # Imported here: a sweep in one process does without Dask.
    from distributed import as_completed

    from zhuanxing.sweep.worker import SweepPlugin, compute_piece

    # The workers get no files, so all that is read from files is read now.
    _read_all(sweep.simulation, sweep)
    with _client(cluster, len(pieces)) as client:
        cores = _cores() if cluster.address is None else []
        client.register_plugin(SweepPlugin(sweep.simulation, cores))
        queue = iter(pieces)
        waiting: dict[Any, Piece] = {}
        finished = as_completed()

        def submit() -> None:
            allowed = WAITING * max(1, sum(client.ncores().values()))
            while len(waiting) < allowed and (piece := next(queue, None)) is not None:
                rows = sweep.design.values[piece.first : piece.last]
                future = client.submit(compute_piece, piece.scenario, rows, pure=False)
                waiting[future] = piece
                finished.add(future)

        submit()
        for future in finished:
            piece = waiting.pop(future)
            values = _result(future, piece)
            submit()
            yield piece, values


def _result(future: Future, piece: Piece) -> Values:
    from distributed import CancelledError
    from distributed.scheduler import KilledWorker

    try:
        values: Values = future.result()
    except KilledWorker as error:
        raise ZhuanxingError(
            f"{DEATHS} workers died while computing runs {piece.first} to {piece.last - 1}, "
            "perhaps for want of memory; what is stored stays, take fewer workers"
        ) from error
    except CancelledError as error:
        raise ZhuanxingError(
            "the Dask scheduler has gone; what is stored stays, and the same command goes on"
        ) from error
    future.release()
    return values


def _read_all(simulation: Simulation, sweep: Sweep) -> None:
    """Have the model hold what it would otherwise read from files when a worker needs it."""
    assert simulation.model.outputs
    if any(name.startswith("drivers.") for name in simulation.factors):
        assert simulation.model.driver_paths


@contextmanager
def _client(cluster: Cluster, pieces: int) -> Iterator[Client]:
    import dask
    from distributed import Client, LocalCluster

    quiet = {
        "distributed.scheduler.allowed-failures": DEATHS,
        "distributed.logging": {"distributed": "error"},
    }
    with dask.config.set(quiet):
        if cluster.address is not None:
            try:
                client = Client(cluster.address, timeout=CONNECT_SECONDS)
            except (OSError, ValueError) as error:
                raise ZhuanxingError(
                    f"cluster.address: no Dask scheduler answers at {cluster.address}"
                ) from error
            with client:
                yield client
            return
        with (
            LocalCluster(
                n_workers=cluster.size(pieces),
                threads_per_worker=1,
                processes=True,
                dashboard_address=None,
                silence_logs="CRITICAL",
            ) as local,
            Client(local) as client,
        ):
            yield client


def _cores() -> list[int]:
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))
