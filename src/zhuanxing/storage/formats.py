"""Results in the format that the ending of a file asks for: netCDF, CSV or a workbook."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import xarray as xr

from zhuanxing.storage import netcdf
from zhuanxing.storage.atomic import require_writable, written_whole

__all__ = ["wide_table", "writer"]

ROWS = ("city", "year")


def writer(path: Path) -> Callable[[xr.Dataset, Path], None]:
    """Return what writes annual paths in the format of the ending of `path`, whole or not at all.

    Raises ZhuanxingError, before any work, for a file that cannot be written, or whose ending names
    no format.
    """
    require_writable(path, tuple(WRITERS))
    return WRITERS[path.suffix.lower()]


def _write_csv(result: xr.Dataset, path: Path) -> None:
    with written_whole(path) as temporary:
        # Excel takes a file without this mark for one in the encoding of the system.
        wide_table(result).to_csv(temporary, index=False, encoding="utf-8-sig")


def _write_workbook(result: xr.Dataset, path: Path) -> None:
    with written_whole(path) as temporary, pd.ExcelWriter(temporary, engine="openpyxl") as book:
        wide_table(result).to_excel(book, sheet_name="paths", index=False)
        _described(result).to_excel(book, sheet_name="outputs", index=False)


WRITERS = {".nc": netcdf.write, ".csv": _write_csv, ".xlsx": _write_workbook}


def wide_table(result: xr.Dataset) -> pd.DataFrame:
    """Return a row a city and year and a column an output, or `output.element` of one by sector,
    fuel and so on.
    """
    columns: dict[str, pd.Series] = {}
    for name, values in result.data_vars.items():
        if not set(ROWS) <= set(values.dims):
            continue
        others = [dim for dim in values.dims if dim not in ROWS]
        plain = values.reset_coords(drop=True).stack(other=others) if others else values
        for key, part in _parts(plain, bool(others)):
            label = f"{name}.{'.'.join(map(str, key))}" if key else str(name)
            columns[label] = part.transpose(*ROWS).to_series()
    names = [name for name in ("name_zh", "name_en") if name in result.coords]
    table = pd.DataFrame(columns).reset_index()
    for place, name in enumerate(names, start=1):
        table.insert(place, name, result[name].sel(city=table["city"].to_numpy()).values)
    return table


def _parts(values: xr.DataArray, stacked: bool) -> list[tuple[tuple[object, ...], xr.DataArray]]:
    if not stacked:
        return [((), values.reset_coords(drop=True))]
    keys = values.indexes["other"]
    return [
        (tuple(key), values.isel(other=place).reset_coords(drop=True))
        for place, key in enumerate(keys)
    ]


def _described(result: xr.Dataset) -> pd.DataFrame:
    """Return what each output is: its Chinese and English name and its unit."""
    return pd.DataFrame(
        {
            "output": str(name),
            "name_zh": values.attrs.get("long_name_zh", ""),
            "name_en": values.attrs.get("long_name", ""),
            "unit": values.attrs.get("units", ""),
        }
        for name, values in result.data_vars.items()
        if set(ROWS) <= set(values.dims)
    )
