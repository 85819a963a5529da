"""The result of `zhuanxing simulate` as a table or a netCDF file, written whole or not at all."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from zhuanxing.storage.atomic import written_whole

__all__ = ["ENDINGS", "write", "write_csv"]

ENDINGS = (".nc", ".csv")


def write(
    path: Path, program: Any, times: np.ndarray, paths: Mapping[str, np.ndarray], engine: str
) -> None:
    """Write every variable's path; a file of that name is replaced when the new one is whole.

    Raises ZhuanxingError if the system does not let it.
    """
    with written_whole(path) as temporary:
        if path.suffix.lower() == ".csv":
            with temporary.open("w", newline="", encoding="utf-8") as file:
                write_csv(file, program, times, paths)
        else:
            _write_netcdf(temporary, program, times, paths, engine)


def write_csv(
    file: TextIO, program: Any, times: np.ndarray, paths: Mapping[str, np.ndarray]
) -> None:
    """Write a row a time and a column an element, titled as PySD titles them."""
    columns = list(_columns(program, paths))
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["time", *(title for title, _ in columns)])
    for row, time in enumerate(times):
        writer.writerow([repr(float(time)), *(repr(float(values[row])) for _, values in columns)])


def _columns(program: Any, paths: Mapping[str, np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
    for name, array in paths.items():
        dims = program.variables[name].dims
        for cell in np.ndindex(*array.shape[1:]):
            elements = [program.dims[dim][place] for dim, place in zip(dims, cell, strict=True)]
            title = f"{name}[{','.join(elements)}]" if elements else name
            yield title, array[(slice(None), *cell)]


def _write_netcdf(
    path: Path, program: Any, times: np.ndarray, paths: Mapping[str, np.ndarray], engine: str
) -> None:
    import xarray as xr

    used = {dim for name in paths for dim in program.variables[name].dims}
    coordinates: dict[str, Any] = {
        "time": times,
        **{_legal(dim): list(program.dims[dim]) for dim in sorted(used)},
    }
    # Put together at once: each variable that is added to a Dataset copies it.
    variables: dict[str, Any] = {}
    for name, array in paths.items():
        found = program.variables[name]
        dims = ["time", *map(_legal, found.dims)]
        attributes = {
            "long_name": name,
            "units": found.units,
            "comment": found.comment,
            "equation": found.equation,
        }
        # A variable may be called as a range is; netCDF keeps one name for both.
        title = _legal(name)
        while title in variables or title in coordinates:
            title = f"{title}_value"
        variables[title] = (dims, array, attributes)
    dataset = xr.Dataset(variables, coordinates, {"engine": engine})
    dataset.to_netcdf(path)


def _legal(name: str) -> str:
    """Return a name that netCDF allows: it begins with a letter or digit and has no slash."""
    title = name.replace(" ", "_").replace("/", "_per_")
    return title if re.match(r"\w|[^\x00-\x7f]", title) else f"_{title}"
