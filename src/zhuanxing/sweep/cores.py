"""The cores that a process may use, and keeping one to a single core."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

__all__ = ["cores", "stay_on"]


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
    threads = Path("/proc/self/task")
    if hasattr(os, "sched_setaffinity") and threads.is_dir():
        for thread in threads.iterdir():
            with suppress(ProcessLookupError):
                os.sched_setaffinity(int(thread.name), {allowed[ordinal % len(allowed)]})
