"""Running a sweep: piece after piece in this process, or distributed by Dask.

Only this process writes; workers compute. A worker that dies takes nothing with it but the pieces
it was computing, which another computes again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext

from zhuanxing.analyses.sweep.cluster import Cluster, compute_on
from zhuanxing.analyses.sweep.store import SweepStore
from zhuanxing.analyses.sweep.sweep import Piece, Sweep, Values
from zhuanxing.cores import on_one_core

__all__ = ["execute"]

# Called with the number of runs after each piece that is safely in the store.
Report = Callable[[int], None]


def execute(sweep: Sweep, store: SweepStore, cluster: Cluster, report: Report) -> None:
    """Compute and store every piece that is not done.

    Raises ZhuanxingError if the store cannot be written or the workers keep dying; what is
    stored stays, as after any interruption.
    """
    pending = store.pending(sweep)
    if cluster.needed(len(pending)):
        found = compute_on(cluster, sweep, pending)
    else:
        found = _here(sweep, pending, cluster.on_one_core)
    for piece, values in found:
        store.write(piece, values)
        report(piece.last - piece.first)


def _here(sweep: Sweep, pieces: list[Piece], pinned: bool) -> Iterator[tuple[Piece, Values]]:
    with on_one_core() if pinned else nullcontext():
        for piece in pieces:
            rows = sweep.design.values[piece.first : piece.last]
            yield piece, sweep.simulation.compute(piece.scenario, rows)
