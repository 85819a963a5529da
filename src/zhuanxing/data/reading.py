"""Open a table and check every row: one sentence names the file, the line, the column, the cell.

A row that breaks its schema is refused with what was found and what was expected, with the
nearest valid name where names are listed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from zhuanxing.data.cells import DataError, missing_column, read_cells, row_lines
from zhuanxing.errors import nearest

if TYPE_CHECKING:
    from pandera.errors import SchemaError

__all__ = ["DataError", "line_of", "open_table", "read_checked", "read_table", "refuse_unknown"]

# More than anything that is counted or measured here, in any unit.
LARGEST = 1e12
NUMERIC = ("float64", "int64")
FORMULA = re.compile(r"^\s*[=@]|^\s*[+-](?![\d.\s])|^#(?:REF|N/A|NAME|VALUE|DIV|NUM|NULL)")


def line_of(path: Path, row: int) -> int:
    """Return the line of the file that holds the row with this position in the table."""
    return row_lines(path)[row]


def open_table(path: Path, chinese: bool = False) -> pd.DataFrame:
    """Return the cells of a CSV file as texts without spaces around them.

    UTF-8 is read, with or without a byte-order mark; with `chinese` also GBK, which spreadsheet
    programs write in China. Raises DataError for a file that is missing, empty, without rows, in
    another encoding, with lines of unequal length, or with formulas or control characters.
    """
    header, *rows = read_cells(path, chinese)
    if not rows:
        raise DataError("{path} has column names but no rows", path=path)
    cells = dict(enumerate(map(list, zip(*rows, strict=True))))
    frame = pd.DataFrame(cells, dtype=object).set_axis(header, axis=1)
    for name in frame.columns:
        _refuse_cells(path, frame, str(name))
    return frame


def _refuse_cells(path: Path, frame: pd.DataFrame, name: str) -> None:
    # Most cells of a column repeat others.
    wrong = [cell for cell in frame[name].unique() if FORMULA.search(cell)]
    if wrong:
        row = int(frame[name].isin(wrong).to_numpy().argmax())
        raise DataError(
            f"{path}, line {line_of(path, row)}: the column '{name}' holds a formula, "
            f"{frame[name].iloc[row]!r}; expected a plain text or number"
        )


def read_table(path: Path, **options: Any) -> pd.DataFrame:
    """Return a table as pandas' read_csv does with `options`; raise DataError as `read_cells`."""
    read_cells(path)
    found: pd.DataFrame = pd.read_csv(path, encoding="utf-8-sig", **options)
    return found


def read_checked(path: Path, schema: Any, frame: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the table of `path` with the types of its pandera `schema`.

    `frame` holds its cells where they were read already. Raises DataError in one sentence for the
    first row that breaks the schema.
    """
    # Imported here: most commands only read tables that are checked elsewhere.
    from pandera.errors import SchemaError

    frame = open_table(path) if frame is None else frame
    _check_columns(path, frame, schema)
    for name, column in schema.columns.items():
        if str(column.dtype) in NUMERIC and name in frame:
            frame[name] = _numbers(path, frame, name, column)
    try:
        checked: pd.DataFrame = schema.validate(frame)
    except SchemaError as error:
        raise DataError(_sentence(path, frame, error)) from None
    return checked


def _check_columns(path: Path, frame: pd.DataFrame, schema: Any) -> None:
    wanted, found = list(schema.columns), list(frame.columns)
    missing = [name for name in wanted if name not in found]
    extra = [name for name in found if name not in wanted]
    if missing:
        raise missing_column(path, missing[0], extra)
    if extra:
        raise DataError(
            "{path}, line 1: the column '{column}' is not known, "
            "the nearest valid name is '{near}'",
            path=path, column=extra[0], near=nearest(extra[0], wanted),
        )  # fmt: skip


def refuse_unknown(
    path: Path, cells: pd.Series, wrong: pd.Series, column: str, known: Iterable[str]
) -> None:
    """Raise DataError for the first of `cells` that is `wrong`, with the nearest of the known."""
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        cell = str(cells.iloc[row])
        raise DataError(
            "{path}, line {line}: '{cell}' in the column '{column}' is not known, "
            "the nearest is '{near}'",
            path=path, line=line_of(path, row), cell=cell, column=column, near=nearest(cell, known),
        )  # fmt: skip


def _numbers(path: Path, frame: pd.DataFrame, name: str, column: Any) -> pd.Series:
    text = frame[name]
    values = pd.to_numeric(text.where(text.map(str.isascii), "x"), errors="coerce").astype(float)
    bad = ~np.isfinite(values) & ~(column.nullable & (text == ""))
    bad |= values.abs() > LARGEST
    if str(column.dtype) == "int64":
        bad |= (values % 1 != 0) | (values.abs() > 1e9)
    if bad.any():
        row = int(bad.to_numpy().argmax())
        raise DataError(
            "{path}, line {line}: '{cell}' in the column '{column}' is not {expected}", path=path,
            line=line_of(path, row), cell=text.iloc[row], column=name,
            expected=_wanted(str(column.dtype), text.iloc[row]),
        )  # fmt: skip
    return values


def _wanted(dtype: str, found: str) -> str:
    """Return what was expected of a number, and what to do about the commonest mistakes."""
    plain = unicodedata.normalize("NFKC", found)
    if plain != found:
        return f"a number in plain digits: it holds full-width characters, write '{plain}'"
    if re.fullmatch(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?", found):
        return f"a number: write it without separators, '{found.replace(',', '')}'"
    if found.endswith("%"):
        return "a number: write it without the sign for percent"
    return "a whole number" if dtype == "int64" else "a number"


def _sentence(path: Path, frame: pd.DataFrame, error: SchemaError) -> str:
    """Return the one sentence for the first row that breaks the schema."""
    cases = error.failure_cases
    rows = [int(row) for row in cases["index"].dropna()] if "index" in cases else []
    row = min(rows) if rows else 0
    column = getattr(error.schema, "name", None)
    if column is None:
        return f"{path}, line {line_of(path, row)}: {_whole_row(frame, row, error)}"
    found = frame[column].iloc[row]
    check = error.check
    expected = getattr(check, "error", None) or str(check)
    allowed = getattr(check, "statistics", {}).get("allowed_values") if check is not None else None
    near = f", the nearest is '{nearest(str(found), map(str, allowed))}'" if allowed else ""
    where = f"{path}, line {line_of(path, row)}"
    return f"{where}: '{found}' in the column '{column}' is not {expected}{near}"


def _whole_row(frame: pd.DataFrame, row: int, error: SchemaError) -> str:
    expected = getattr(error.check, "error", None)
    if expected:
        given = {name: frame[name].iloc[row] for name in ("low", "value", "high") if name in frame}
        return f"expected {expected}, found " + ", ".join(f"{k} {v:g}" for k, v in given.items())
    unique = [name for name in (error.schema.unique or []) if name in frame]
    named = ", ".join(filter(None, (str(frame[name].iloc[row]) for name in unique)))
    return f"the row of {named} is given twice"
