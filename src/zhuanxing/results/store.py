"""Results on disk: written whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import xarray as xr

from zhuanxing.errors import ZhuanxingError

__all__ = ["read", "require_writable", "write"]


def require_writable(path: Path) -> None:
    """Refuse a target that cannot be written, before any work is done for it.

    Creates nothing. Raises ZhuanxingError if `path` is a folder, if the nearest folder above it
    that exists is not writable, or if something above it is a file.
    """
    if path.is_dir():
        raise ZhuanxingError(f"{path}: the result cannot be written there, because it is a folder")
    parent = path.absolute().parent
    while not parent.exists():
        parent = parent.parent
    if not parent.is_dir():
        raise ZhuanxingError(f"{path}: the result cannot be written, because {parent} is a file")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise ZhuanxingError(f"{path}: the result cannot be written, because {parent} is protected")


def write(dataset: xr.Dataset, path: Path) -> None:
    """Write `dataset` as netCDF to `path`, through a temporary file in the same folder.

    A result already at `path` stays until the new one is complete. Raises ZhuanxingError if the
    file cannot be written; an interruption leaves nothing behind.
    """
    require_writable(path)
    temporary = path.with_name(f".{path.stem}-{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        dataset.to_netcdf(temporary, engine="netcdf4")
        temporary.replace(path)
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ZhuanxingError(f"{path}: the result cannot be written ({reason})") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def read(path: Path) -> xr.Dataset:
    """Return the dataset at `path`, loaded into memory and the file closed.

    Raises ZhuanxingError if there is no file, or it is no netCDF.
    """
    if not path.is_file():
        raise ZhuanxingError(f"{path}: there is no result; make one with 'zhuanxing run'")
    try:
        with xr.open_dataset(path, engine="netcdf4") as dataset:
            return dataset.load()
    except (OSError, ValueError) as error:
        raise ZhuanxingError(f"{path}: the file is not a result in netCDF") from error
