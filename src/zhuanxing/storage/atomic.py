"""Results on disk: written whole or not at all."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from unicodedata import category

from zhuanxing.errors import ZhuanxingError

__all__ = ["require_writable", "written_whole"]

# What file systems take, less what a temporary name beside it adds.
LONGEST_NAME = 230
LONGEST_FOLDER = 255
# Kinds of characters that no name of a result has: ends of lines, controls, what is no UTF-8.
UNWRITTEN = frozenset(("Cc", "Cs", "Zl", "Zp"))


def require_writable(path: Path, endings: Sequence[str] = ()) -> None:
    """Refuse a target that cannot be written, before any work is done for it.

    Creates nothing. Links are followed. Raises ZhuanxingError if the name has none of the
    `endings`, where some are given, if there is something at `path` that is not a regular file, if
    the nearest folder above it that exists is not writable, if something above it is a file, or if
    a name is longer than file systems take or has a character that they, or netCDF, take for
    something else.
    """
    _require_name(path)
    shown, path = path, _followed(path)
    _require_name(path)
    if path.is_dir():
        raise ZhuanxingError(
            "{path}: the result cannot be written there, because it is a folder", path=shown
        )
    if endings and shown.suffix.lower() not in endings:
        raise ZhuanxingError(
            "{path}: this kind of file is not written (expected {endings})",
            path=shown,
            endings=", ".join(endings),
        )
    if path.exists() and not path.is_file():
        raise ZhuanxingError(
            "{path}: the result cannot be written there, because it is not a regular file",
            path=shown,
        )
    parent = path.absolute().parent
    while not parent.exists():
        parent = parent.parent
    if not parent.is_dir():
        raise ZhuanxingError(
            "{path}: the result cannot be written, because {parent} is a file",
            path=path,
            parent=parent,
        )
    if not os.access(parent, os.W_OK | os.X_OK):
        raise ZhuanxingError(
            "{path}: the result cannot be written, because {parent} is protected",
            path=path,
            parent=parent,
        )


def _require_name(path: Path) -> None:
    odd = next((sign for sign in str(path) if category(sign) in UNWRITTEN), None)
    # Where it parts no folders, netCDF leaves it out of the name.
    if odd or (os.sep != "\\" and "\\" in str(path)):
        raise ZhuanxingError(
            "{path}: the result cannot be written, because the name has the character {character}",
            path=repr(str(path)), character=repr(odd or "\\"),
        )  # fmt: skip
    longest = max((len(name.encode()) for name in path.parts[:-1]), default=0)
    if len(path.name.encode()) > LONGEST_NAME or longest > LONGEST_FOLDER:
        raise ZhuanxingError(
            "{path}: the result cannot be written, because its name is longer than {most} bytes, "
            "or that of a folder than {most_of_folder}",
            path=path, most=LONGEST_NAME, most_of_folder=LONGEST_FOLDER,
        )  # fmt: skip


def _followed(path: Path) -> Path:
    """Return where a path leads. Raises ZhuanxingError for links that lead to one another."""
    # Not `Path.resolve`, which since Python 3.13 takes a circle of links for a file to come.
    found = os.path.realpath(path)
    if os.path.islink(found):
        raise ZhuanxingError(
            "{path}: the result cannot be written ({reason})",
            path=path, reason="its links lead to one another",
        )  # fmt: skip
    return Path(found)


def _clear_litter(path: Path) -> None:
    """Remove what killed processes left when they were writing to `path`."""
    for litter in path.parent.glob(f".{glob.escape(path.stem)}-*.part{glob.escape(path.suffix)}"):
        process = litter.name.removeprefix(f".{path.stem}-").partition(".")[0]
        if process.isdigit() and not _lives(int(process)):
            with suppress(OSError):
                litter.unlink(missing_ok=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        # It is another user's, or this system cannot tell.
        return True
    return True


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give a name beside `path` to write to; at the end of the block the file moves to `path`.

    A file already at `path` stays until then, and an error or interruption leaves nothing behind.
    Raises ZhuanxingError if the file cannot be written.
    """
    require_writable(path)
    path = _followed(path)  # a link stays, and what it leads to is written
    _clear_litter(path)
    temporary = path.with_name(f".{path.stem}-{os.getpid()}.part{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        temporary.replace(path)
    # netCDF raises RuntimeError for a full disk.
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ZhuanxingError(
            "{path}: the result cannot be written ({reason})", path=path, reason=reason
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
