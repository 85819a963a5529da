"""Datasets and tables on disk."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pandas as pd
import xarray as xr
from xarray.backends import NetCDF4DataStore

from zhuanxing.errors import ZhuanxingError
from zhuanxing.storage.atomic import written_whole

__all__ = ["comparison_path", "intervals_path", "read", "write", "write_table"]


def intervals_path(path: Path) -> Path:
    """Return where the quantiles over draws of the result at `path` are stored."""
    return path.with_name(f"{path.stem}_intervals.nc")


def comparison_path(path: Path) -> Path:
    """Return where the bands of the result at `path` against the baseline are stored."""
    return path.with_name(f"{path.stem}_comparison.nc")


def write(dataset: xr.Dataset, path: Path) -> None:
    """Write `dataset` as netCDF to `path`, whole or not at all.

    Raises ZhuanxingError if the file cannot be written.
    """
    with written_whole(path) as temporary:
        # Not `to_netcdf`: it imports Dask's scheduler first, a third of a second.
        store = NetCDF4DataStore.open(str(temporary), mode="w", lock=False)
        with closing(store):
            dataset.dump_to_store(store)


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write `table` without its index as CSV to `path`, whole or not at all.

    Raises ZhuanxingError if the file cannot be written.
    """
    with written_whole(path) as temporary:
        # Excel takes a file without this mark for one in the encoding of the system.
        table.to_csv(temporary, index=False, encoding="utf-8-sig")


def read(path: Path) -> xr.Dataset:
    """Return the dataset at `path`, loaded into memory and the file closed.

    Parameters
    ----------
    path
        A file that `zhuanxing run` wrote, outputs/plan/paths.nc say.

    Returns
    -------
    xarray.Dataset
        The outputs [year, city, ...] with names, units and equations as attributes.

    Raises
    ------
    ZhuanxingError
        If there is no file, or it is not netCDF.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import xarray as xr
    >>> import zhuanxing
    >>> with TemporaryDirectory() as folder:
    ...     write(xr.Dataset({"gdp": ("year", [1.0, 2.0])}), Path(folder) / "paths.nc")
    ...     zhuanxing.open_result(Path(folder) / "paths.nc")["gdp"].sizes["year"]
    2
    """
    if not path.is_file():
        raise ZhuanxingError("{path}: there is no result; make one with 'zhuanxing run'", path=path)
    try:
        with xr.open_dataset(path, engine="netcdf4") as dataset:
            return dataset.load()
    except Exception as error:  # a damaged file may fail in any way
        raise ZhuanxingError("{path}: the file is not a result in netCDF", path=path) from error
