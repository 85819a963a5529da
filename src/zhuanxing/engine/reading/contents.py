"""What a file holds: a regular one alone, since a pipe is waited for and a device may not end."""

from __future__ import annotations

import errno
from pathlib import Path

__all__ = ["content_of"]


def content_of(path: Path) -> bytes:
    """Return the bytes of a regular file, links followed.

    Raises OSError for anything else, as for what cannot be read.
    """
    if "\0" in str(path):
        raise OSError(errno.EINVAL, "no file can have that name", str(path))
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    return path.read_bytes()
