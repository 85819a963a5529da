"""Files that only save time: what is missing, damaged or cannot be written is made again.

All of them together stay below a limit: what was used longest ago goes first.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from filelock import FileLock
from platformdirs import user_cache_path

__all__ = [
    "cache_folder",
    "discard",
    "entry",
    "keep",
    "kept",
    "one_at_a_time",
    "prune",
    "unpickled",
]

Value = TypeVar("Value")

UNFINISHED = "unfinished-"
LITTER_SECONDS = 3600.0
# Some five hundred compiled runs, and what else is kept beside them.
MOST_BYTES = 4_000_000_000
DIGEST_BYTES = hashlib.sha256().digest_size


def cache_folder() -> Path:
    """Return the folder of all caches; XDG_CACHE_HOME moves it where the system knows that."""
    return user_cache_path("zhuanxing", appauthor=False)


def entry(kind: str, signature: str) -> Path:
    """Return the file of what `signature` describes in full."""
    return cache_folder() / kind / hashlib.sha256(signature.encode()).hexdigest()


def kept(path: Path, loads: Callable[[bytes], Value]) -> Value | None:
    """Return what is kept at `path`, or None where it is missing, damaged or outdated."""
    with suppress(OSError):
        if not path.is_file():  # a pipe would be waited for
            return None
        content = path.read_bytes()
        digest, payload = content[:DIGEST_BYTES], content[DIGEST_BYTES:]
        if hashlib.sha256(payload).digest() == digest:
            with suppress(OSError):
                os.utime(path)
            # Written by other versions of the libraries, it may fail in any way to be loaded.
            with suppress(Exception):
                return loads(payload)
    return None


def keep(path: Path, payload: bytes) -> None:
    """Write a file, whole or not at all; a folder that cannot be written only costs time."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        _clear_litter(path.parent)
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=UNFINISHED, delete=False
        ) as handle:
            try:
                handle.write(hashlib.sha256(payload).digest() + payload)
            except OSError:
                os.unlink(handle.name)
                raise
        os.replace(handle.name, path)


def discard(path: Path) -> None:
    """Remove what is kept at `path` and turned out to be of no use."""
    with suppress(OSError):
        path.unlink()


def prune() -> None:
    """Remove what was used longest ago until all caches together fit their limit."""
    files = []
    for file in cache_folder().glob("*/*"):
        with suppress(OSError):
            found = file.stat()
            files.append((max(found.st_atime, found.st_mtime), found.st_size, file))
    left = sum(size for _, size, _ in files)
    for _, size, file in sorted(files):
        if left <= MOST_BYTES:
            break
        with suppress(OSError):
            file.unlink()
            left -= size


def _clear_litter(folder: Path) -> None:
    """Remove what killed processes left half written, once nobody can be writing it any more."""
    for file in folder.glob(f"{UNFINISHED}*"):
        with suppress(OSError):
            if time.time() - file.stat().st_mtime > LITTER_SECONDS:
                file.unlink()


def unpickled(path: Path, make: Callable[[], Value]) -> Value:
    """Return the pickled value kept at `path`, else what `make` returns, which is kept."""
    found: Value | None = kept(path, pickle.loads)
    if found is None:
        found = make()
        keep(path, pickle.dumps(found))
    return found


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Hold the right to make `path`: other processes that ask for it wait."""
    lock = FileLock(path.with_suffix(".lock"))
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        # The system frees the lock when the process ends, however it ends.
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
