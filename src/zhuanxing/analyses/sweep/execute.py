"""Running a sweep: piece after piece in this process, or distributed by Dask.

Only this process writes; workers compute. A worker that dies takes nothing with it but the pieces
it was computing, which another computes again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext

from zhuanxing.analyses.sweep.cluster import Cluster, compute_on
from zhuanxing.analyses.sweep.store import SweepStore
from zhuanxing.analyses.sweep.sweep import Piece, Sweep, Values
from zhuanxing.cores import on_one_core

__all__ = ["execute"]

# Pieces that are prepared, computed or taken from a card at a time, each by a thread.
AHEAD = 2
# Called with the number of runs after each piece that is safely in the store.
Report = Callable[[int], None]


def execute(sweep: Sweep, store: SweepStore, cluster: Cluster, report: Report) -> None:
    """Compute and store every piece that is not done.

    Raises ZhuanxingError if the store cannot be written or the workers keep dying; what is
    stored stays, as after any interruption.
    """
    pending = store.pending(sweep)
    if sweep.simulation.device == "gpu" and not cluster.elsewhere:
        found = _on_card(sweep, pending)
    elif cluster.needed(len(pending)):
        found = compute_on(cluster, sweep, pending)
    else:
        found = _here(sweep, pending, cluster.on_one_core)
    for piece, values in found:
        store.write(piece, values)
        report(piece.last - piece.first)


def _here(sweep: Sweep, pieces: list[Piece], pinned: bool) -> Iterator[tuple[Piece, Values]]:
    with on_one_core() if pinned else nullcontext():
        for piece in pieces:
            yield piece, _computed(sweep, piece)


def _on_card(sweep: Sweep, pieces: list[Piece]) -> Iterator[tuple[Piece, Values]]:
    """Yield pieces in order, while the card computes the next and one more is being prepared.

    What the threads do before and after (giving inputs, taking and arranging outputs) the card need
    not wait for, nor for the writing of what is yielded.
    """
    for piece in pieces[:1]:  # compiles, what the others find
        yield piece, _computed(sweep, piece)
    ahead: deque[tuple[Piece, Future[Values]]] = deque()
    with ThreadPoolExecutor(AHEAD) as pool:
        try:
            for piece in pieces[1:]:
                ahead.append((piece, pool.submit(_computed, sweep, piece)))
                if len(ahead) > AHEAD:
                    done, values = ahead.popleft()
                    yield done, values.result()
            for done, values in ahead:
                yield done, values.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _computed(sweep: Sweep, piece: Piece) -> Values:
    rows = sweep.design.values[piece.first : piece.last]
    return sweep.simulation.compute(piece.scenario, rows)
