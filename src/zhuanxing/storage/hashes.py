"""Hashes of files and folders, by which a result knows what it was made from."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from zhuanxing.engine.reading.contents import content_of
from zhuanxing.errors import ZhuanxingError

__all__ = ["file_hash", "folder_hash"]

LEFT_OUT = {"__pycache__", "calibrations"}


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file; raise ZhuanxingError if it cannot be read."""
    try:
        content = content_of(path)
    except OSError as error:
        raise ZhuanxingError(
            "{path} cannot be read: {reason}", path=path, reason=error.strerror
        ) from None
    return hashlib.sha256(content).hexdigest()


def folder_hash(*folders: Path, without: Sequence[str] = ()) -> str:
    """Return the SHA-256 of the names and contents of all files in `folders`.

    Stored calibrations are left out: they are made from the data, and name its hash themselves;
    so is all below folders and files called as one of `without`.
    """
    digest = hashlib.sha256()
    left_out = {*LEFT_OUT, *without}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not left_out & set(path.relative_to(folder).parts):
                digest.update(str(path.relative_to(folder)).encode() + b"\0")
                digest.update(bytes.fromhex(file_hash(path)))
    return digest.hexdigest()
