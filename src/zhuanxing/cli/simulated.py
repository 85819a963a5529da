"""The result of `zhuanxing simulate` as a table or a netCDF file, written whole or not at all."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, count
from pathlib import Path
from typing import Any, TextIO
from unicodedata import normalize

import numpy as np

from zhuanxing.errors import ZhuanxingError
from zhuanxing.storage.atomic import written_whole

__all__ = ["ENDINGS", "write", "write_csv"]

ENDINGS = (".nc", ".csv")
# Bytes of a variable's name in netCDF, less than the 256 allowed, which one told apart may need.
LONGEST_TITLE = 200
LARGEST_VARIABLE = 2**31 - 4


def write(
    path: Path, program: Any, times: np.ndarray, paths: Mapping[str, np.ndarray], engine: str
) -> None:
    """Write every variable's path; a file of that name is replaced when the new one is whole.

    Raises ZhuanxingError if the system does not let it, or if netCDF does not take a variable.
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
    """Write netCDF with 64-bit offsets, which holds doubles and texts as well as netCDF-4 does.

    There each dimension lists all variables that have it, and the list is written anew for each of
    them (130 s for 6,000); the netCDF library likewise repeats the header of any other kind.
    Raises ZhuanxingError for a variable that is too large for it.
    """
    from scipy.io import netcdf_file

    large = next((name for name, found in paths.items() if found.nbytes > LARGEST_VARIABLE), None)
    if large is not None:
        raise ZhuanxingError(
            f"variable '{large}' has more than the 2 GB that netCDF takes; save fewer times with a "
            "larger SAVEPER, or write a file that ends in .csv."
        )
    used = sorted({dim for name in paths for dim in program.variables[name].dims})
    titles = _titles(["time", *used, *(f"{dim} length" for dim in used)])
    dims = dict(zip(used, titles[1:], strict=False))
    with netcdf_file(path, "w", version=2) as file:
        file.engine = engine
        file.createDimension("time", len(times))
        file.createVariable("time", "d", ("time",))[:] = times
        for dim, length in zip(used, titles[1 + len(used) :], strict=True):
            _write_elements(file, dims[dim], length, program.dims[dim])
        for (name, array), title in zip(paths.items(), _titles(paths, titles), strict=True):
            found = program.variables[name]
            over = ("time", *(dims[dim] for dim in found.dims))
            variable = file.createVariable(title, "d", over)
            variable[...] = array
            variable.long_name = name.encode()
            variable.units = found.units.encode()
            variable.comment = found.comment.encode()
            variable.equation = found.equation.encode()


def _write_elements(file: Any, dim: str, length: str, elements: Sequence[str]) -> None:
    """Write the names of a dimension's elements as characters, as xarray reads and writes them."""
    texts = np.array([element.encode() for element in elements])
    file.createDimension(dim, len(texts))
    file.createDimension(length, texts.itemsize)
    variable = file.createVariable(dim, "c", (dim, length))
    variable[:] = texts.view("S1").reshape(len(texts), -1)
    variable._Encoding = "utf-8"


def _titles(names: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    """Return for each name one that netCDF allows, and that neither another nor `taken` has.

    A Vensim variable may be called as a range is; netCDF keeps one name for both. Each is as SciPy
    writes it, a character a byte, since it knows no UTF-8.
    """
    found = set(taken)
    titles = []
    for name in names:
        title = _legal(name)
        others = (f"{title}_value{number or ''}" for number in count())
        titles.append(next(free for free in chain([title], others) if free not in found))
        found.add(titles[-1])
    return titles


def _legal(name: str) -> str:
    """Return a name that netCDF allows, as SciPy writes it.

    It is composed Unicode, begins with a letter or digit, has no slash, space or control character,
    and is not longer than 256 bytes with what `_titles` adds.
    """
    title = re.sub(r"[\s\x00-\x1f\x7f]", "_", normalize("NFC", name)).replace("/", "_per_")
    if not re.match(r"\w|[^\x00-\x7f]", title):
        title = f"_{title}"
    return title.encode()[:LONGEST_TITLE].decode(errors="ignore").encode().decode("latin-1")
