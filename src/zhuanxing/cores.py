"""The cores that a process may use, and keeping one to a single core."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["cores", "on_one_core", "stay_on"]


def cores() -> list[int]:
    """Return the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def stay_on(ordinal: int) -> None:
    """Keep every thread of this process on one core, the `ordinal`-th of those it may use.

    Does nothing where the system has no such thing.
    """
    allowed = cores()
    _allow({allowed[ordinal % len(allowed)]})


@contextmanager
def on_one_core() -> Iterator[None]:
    """Keep every thread of this process on its first core until the block is left."""
    allowed = set(cores())
    stay_on(0)
    try:
        yield
    finally:
        _allow(allowed)


def _allow(chosen: set[int]) -> None:
    threads = Path("/proc/self/task")
    if hasattr(os, "sched_setaffinity") and threads.is_dir():
        for thread in threads.iterdir():
            with suppress(ProcessLookupError):
                os.sched_setaffinity(int(thread.name), chosen)
