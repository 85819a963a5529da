"""Dask: a cluster of one-core processes on this machine, or one that exists already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from zhuanxing.analyses.sweep.sweep import Piece, Sweep, Values
from zhuanxing.config import Count, checked
from zhuanxing.cores import cores
from zhuanxing.errors import ZhuanxingError
from zhuanxing.hidden import show

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["Cluster", "compute_on"]

# Pieces waiting at the workers for each core: enough to keep it busy, few enough for the memory.
WAITING = 2
# A piece is given up when so many workers in a row have died over it.
DEATHS = 10
CONNECT_SECONDS = 20
# A piece takes a second. Dask watches itself for tasks of milliseconds, which took a twelfth of
# both cores.
SETTINGS = {
    "distributed.scheduler.allowed-failures": DEATHS,
    "distributed.worker.profile.enabled": False,
    "distributed.worker.memory.monitor-interval": "1s",
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
}


@checked
class Cluster:
    """Where pieces are computed: by `workers` processes of one core, or at `address`.

    `start` is the class of the cluster to start with `options`, as dask_jobqueue.SLURMCluster;
    None is this machine, with no more processes than cores. `address` is a scheduler that
    exists. `pinned` keeps each process on one core, this one too where one is asked for.
    """

    workers: Count | None = None
    address: str | None = None
    start: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    pinned: bool = True

    @property
    def elsewhere(self) -> bool:
        """Tell whether other machines may compute."""
        return self.address is not None or self.start is not None

    def needed(self, pieces: int) -> bool:
        """Tell whether Dask is: one process alone computes in this one."""
        return pieces > 0 and (self.elsewhere or self.size(pieces) > 1)

    @property
    def on_one_core(self) -> bool:
        """Tell whether this process shall compute on one core, as a worker does."""
        return self.pinned and self.workers == 1

    def size(self, pieces: int) -> int:
        """Return the processes to start: no more than there are pieces."""
        return min(self.workers or len(cores()), pieces)


def compute_on(
    cluster: Cluster, sweep: Sweep, pieces: Sequence[Piece]
) -> Iterator[tuple[Piece, Values]]:
    """Yield pieces as workers finish them, in any order. Raises ZhuanxingError as `execute`."""
    # Imported here: a sweep in one process does without Dask.
    show("dask")
    from distributed import as_completed

    from zhuanxing.analyses.sweep.worker import SweepPlugin, compute_piece

    sweep.simulation.read_files()
    with _client(cluster, len(pieces)) as client:
        client.register_plugin(SweepPlugin(sweep.simulation, cluster.pinned))
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


def _result(future: Future[Values], piece: Piece) -> Values:
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


@contextmanager
def _client(cluster: Cluster, pieces: int) -> Iterator[Client]:
    import dask
    from distributed import Client

    with dask.config.set(SETTINGS):
        if cluster.address is not None:
            with _connect(cluster.address) as client:
                yield client
            return
        with _started(cluster, pieces) as started, Client(started) as client:
            yield client


def _connect(address: str) -> Client:
    from distributed import Client

    try:
        return Client(address, timeout=CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        raise ZhuanxingError(
            f"cluster.address: no Dask scheduler answers at {address}; expected an address as "
            "tcp://host:8786"
        ) from error


def _started(cluster: Cluster, pieces: int) -> Any:
    """Return a cluster of its class with as many processes as it shall have."""
    if cluster.start is None:
        from distributed import LocalCluster

        return LocalCluster(
            n_workers=cluster.size(pieces), threads_per_worker=1, processes=True,
            dashboard_address=None, silence_logs="CRITICAL",
        )  # fmt: skip
    package, _, name = cluster.start.rpartition(".")
    try:
        kind = getattr(import_module(package), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ZhuanxingError(
            f"cluster.start: '{cluster.start}' is not a class of an installed package; install it "
            f"with 'pip install {package.partition('.')[0].replace('_', '-') or 'dask-jobqueue'}'"
        ) from error
    try:
        started = kind(**cluster.options)
    except (TypeError, ValueError, OSError, RuntimeError) as error:
        raise ZhuanxingError(f"cluster.options: {cluster.start} refuses them ({error})") from error
    started.scale(cluster.size(pieces))
    return started
