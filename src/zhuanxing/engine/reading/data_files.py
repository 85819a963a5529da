"""Series of data variables from files that the user names: .csv, .tab, Vensim's .dat, and netCDF.

A table has a variable a column (or a variable a row) with the times beside, titled as Vensim
titles them: `population[north]`. A .dat file has a title on a line of its own and below it a line
a time. As in PySD, the first file that has a variable gives it.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from io import StringIO
from itertools import product
from pathlib import Path

import numpy as np
from jaxtyping import Float

from zhuanxing.engine.reading.contents import content_of
from zhuanxing.engine.reading.encodings import decode
from zhuanxing.engine.reading.numbers import finite_number
from zhuanxing.engine.running.failures import key_of
from zhuanxing.errors import ZhuanxingError

__all__ = ["DATA_SUFFIXES", "DataFiles", "read_dat"]

DATA_SUFFIXES = (".csv", ".tab", ".dat", ".nc")
Title = tuple[str, tuple[str, ...]]
Column = tuple[np.ndarray, np.ndarray]
Points = tuple[Float[np.ndarray, " points *some"], Float[np.ndarray, " points *members"]]


class DataFiles:
    """The columns of all files, read when the first data variable asks for its own."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """Take the files in the order in which they are searched.

        Raises ZhuanxingError for a file that is not there or of an unknown kind.
        """
        self.paths = tuple(paths)
        self._columns: dict[Path, dict[Title, Column]] = {}
        content = hashlib.sha256()
        for path in self.paths:
            if path.suffix.lower() not in DATA_SUFFIXES:
                raise ZhuanxingError(
                    f"data file {path} ends in '{path.suffix}', expected one of "
                    f"{', '.join(DATA_SUFFIXES)}."
                )
            try:
                content.update(content_of(path))
            except OSError as failure:
                raise ZhuanxingError(
                    f"data file {path} cannot be read: {failure.strerror}."
                ) from failure
        self.digest = content.hexdigest()

    def series(self, name: str, members: Sequence[tuple[str, ...]], rule: str) -> Points | None:
        """Return times and values [points, *members] of a variable, or None if no file has it.

        Elements without a column are NaN. Missing values are left out, but a raw series keeps them.
        """
        for path in self.paths:
            columns = self._read(path)
            cells = list(product(*members))
            found = [columns.get((name, cell)) for cell in cells]
            if any(column is not None for column in found):
                return _joined(found, tuple(len(part) for part in members), rule)
        return None

    def _read(self, path: Path) -> dict[Title, Column]:
        if path not in self._columns:
            reader = {".nc": _netcdf, ".dat": read_dat}.get(path.suffix.lower(), _table)
            columns: dict[Title, Column] = {}
            for title, column in reader(path):
                columns.setdefault(title, column)
            self._columns[path] = columns
        return self._columns[path]


def _joined(found: Sequence[Column | None], sizes: tuple[int, ...], rule: str) -> Points:
    """Return one array of times and one of values; short columns repeat their last point."""
    columns = [_cleaned(column, rule) for column in found]
    count = max(len(x) for x, _ in columns)
    x, y = (
        np.stack([np.pad(part, (0, count - len(part)), "edge") for part in parts], axis=1)
        for parts in zip(*columns, strict=True)
    )
    if (x == x[:, :1]).all():
        return x[:, 0], y.reshape((count, *sizes))
    return x.reshape((count, *sizes)), y.reshape((count, *sizes))


def _cleaned(column: Column | None, rule: str) -> Column:
    dated = np.zeros(0, bool) if column is None else np.isfinite(column[0])
    if column is None or not dated.any():
        return np.zeros(1), np.full(1, np.nan)
    x, y = (part[dated] for part in column)
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    kept = np.isfinite(y)
    return (x, y) if rule == "raw" or not kept.any() else (x[kept], y[kept])


def _title(text: str) -> Title:
    name, _, subscripts = text.strip().partition("[")
    elements = subscripts.strip().removesuffix("]")
    return key_of(name), tuple(key_of(part) for part in elements.split(",")) if elements else ()


def _table(path: Path) -> Iterator[tuple[Title, Column]]:
    """Yield the columns of a table whose variables are columns, or rows."""
    mark = "," if path.suffix.lower() == ".csv" else "\t"
    text, _ = decode(path.read_bytes(), str(path))
    try:
        read = list(csv.reader(StringIO(text, newline=""), delimiter=mark))
    except csv.Error as failure:
        raise ZhuanxingError(
            f"data file {path} is not a table that can be read: {failure}."
        ) from None
    rows = [row for row in read if any(cell.strip() for cell in row)]
    if not rows:
        raise ZhuanxingError(f"data file {path} is empty, expected a row of titles.")
    if all(_is_number(cell) for cell in rows[0][1:]):
        width = len(rows[0])
        rows = [list(column) for column in zip(*(_padded(row, width) for row in rows), strict=True)]
    titles, *body = rows
    body = [_padded(row, len(titles)) for row in body if row[0].strip()]
    if not body:
        raise ZhuanxingError(f"data file {path} has titles but no rows.")
    times = np.array([_number(path, "the times", row[0]) for row in body])
    for place, title in enumerate(titles[1:], 1):
        yield (
            _title(title),
            (times, np.array([_number(path, f"column '{title}'", row[place]) for row in body])),
        )


def _padded(row: list[str], width: int) -> list[str]:
    return (row + [""] * (width - len(row)))[:width]


def _is_number(text: str) -> bool:
    with suppress(ValueError):
        finite_number(text)
        return True
    return False


def _number(path: Path, place: str, text: str) -> float:
    """Return a cell as a number, NaN if it is empty or says so."""
    if text.strip().lower() in ("", "nan"):
        return np.nan
    if not _is_number(text):
        raise ZhuanxingError(f"data file {path} has '{text}' in {place}, expected a number.")
    return float(text)


def read_dat(path: Path) -> Iterator[tuple[Title, Column]]:
    """Yield the series of a .dat file: a title, then a line of time and value for each point."""
    title, points = "", list[tuple[float, float]]()
    for line in [*decode(path.read_bytes(), str(path))[0].split("\n"), ""]:
        parts = line.split("\t")
        if len(parts) == 2 and title:
            x, y = (_number(path, f"'{title}'", part) for part in parts)
            points.append((x, y))
        elif line.strip() or points:
            if points:
                times, values = np.array(points).T
                yield _title(title), (times, values)
            title, points = line.strip(), []


def _netcdf(path: Path) -> Iterator[tuple[Title, Column]]:
    """Yield the columns of a netCDF file whose variables have a dimension 'time'."""
    import xarray as xr

    try:
        with xr.open_dataset(path, decode_times=False) as file:
            dataset = file.load()
    except Exception as failure:  # a damaged file may fail in any way
        raise ZhuanxingError(
            f"data file {path} is not a netCDF file that can be read."
        ) from failure
    for name, array in dataset.data_vars.items():
        if "time" not in array.dims:
            continue
        # PySD and `zhuanxing simulate` note the name as the model has it.
        named = array.attrs.get("Real Name", array.attrs.get("long_name", name))
        title = key_of(str(named))
        table = array.transpose("time", ...)
        axes = [[key_of(str(item)) for item in table[dim].values] for dim in table.dims[1:]]
        try:
            times = np.asarray(table["time"].values, dtype=np.float64)
            values = np.asarray(table.values, dtype=np.float64).reshape(len(times), -1)
        except (TypeError, ValueError):
            raise ZhuanxingError(
                f"data file {path}: the variable '{name}' or its times are not numbers."
            ) from None
        for cell, column in zip(product(*axes), values.T, strict=True):
            yield (title, cell), (times, column)
