"""The cells of a CSV file, or one sentence that says why they cannot be read.

Read with the csv module alone: the command line refuses a misspelt name before pandas is imported.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable
from contextlib import suppress
from io import StringIO
from pathlib import Path

from zhuanxing.engine.reading.contents import content_of
from zhuanxing.errors import ZhuanxingError, nearest

__all__ = ["DataError", "missing_column", "numbered_rows", "read_cells", "read_rows", "row_lines"]

CHINESE = "gb18030"
NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


class DataError(ZhuanxingError):
    """A table of the model that cannot be read or breaks its schema."""


def read_cells(path: Path, chinese: bool = False) -> list[list[str]]:
    """Return the lines of a CSV file as cells without spaces around them, the names first.

    UTF-8 is read, with or without a byte-order mark; with `chinese` also GBK, which spreadsheet
    programs write in China. Raises DataError for a file that is missing, empty, in another
    encoding, with lines of unequal length, or with a column twice.
    """
    return [cells for _, cells in _numbered(path, chinese)]


def row_lines(path: Path) -> list[int]:
    """Return the line of a CSV file on which each of its rows begins, for messages.

    Lines without anything in them are no rows, and a cell in quotation marks may have several.
    """
    return [line for line, _ in _numbered(path, chinese=True)][1:]


def _numbered(path: Path, chinese: bool) -> list[tuple[int, list[str]]]:
    """Return the cells of every line of a file that has any, with its number."""
    try:
        text = _decoded(path, content_of(path), chinese)
    except OSError as error:
        raise DataError(
            "{path} cannot be read: {reason}", path=path, reason=error.strerror
        ) from None
    if not text.strip():
        raise DataError("{path} is empty, expected a line of column names and rows", path=path)
    if unseen := NOT_TEXT.search(text):
        line = 1 + text.count("\n", 0, unseen.start())
        raise DataError(
            "{path}, line {line}: a character that cannot be seen", path=path, line=line
        )
    found, line = [], 1
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    try:
        for row in reader:
            if row:
                found.append((line, [cell.strip() for cell in row]))
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"{path} is not a table of comma-separated values: {error}") from None
    for line, row in found:
        if len(row) != len(found[0][1]):
            raise DataError(
                "{path}, line {line}: {found} cells, expected {expected}, one for each "
                "column; a text with a comma needs quotation marks",
                path=path, line=line, found=len(row), expected=len(found[0][1]),
            )  # fmt: skip
    header = found[0][1]
    twice = next((name for name in header if header.count(name) > 1), None)
    if twice is not None:
        raise DataError(
            "{path}, line 1: the column '{column}' is given twice", path=path, column=twice
        )
    return found


def read_rows(path: Path, columns: Iterable[str]) -> list[dict[str, str]]:
    """Return the rows of a table by column; raise DataError if it or one of `columns` is missing,
    and as `read_cells`."""
    return [row for _, row in numbered_rows(path, columns)]


def numbered_rows(path: Path, columns: Iterable[str]) -> list[tuple[int, dict[str, str]]]:
    """Return the rows of a table as `read_rows`, each after the line on which it begins."""
    (_, header), *rows = _numbered(path, chinese=False)
    missing = next((column for column in columns if column not in header), None)
    if missing is not None:
        raise missing_column(path, missing, header)
    return [(line, dict(zip(header, row, strict=True))) for line, row in rows]


def missing_column(path: Path, column: str, others: Collection[str]) -> DataError:
    """Return the refusal of a table without a column, with the nearest of the `others` it has."""
    near = f", the nearest found is '{nearest(column, others)}'" if others else ""
    return DataError(
        "{path}, line 1: the column '{column}' is missing{near}",
        path=path, column=column, near=near,
    )  # fmt: skip


def _decoded(path: Path, content: bytes, chinese: bool) -> str:
    with suppress(UnicodeDecodeError):
        return content.decode("utf-8-sig")
    if chinese and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        with suppress(UnicodeDecodeError):
            return content.decode(CHINESE)
    raise DataError("{path} is not UTF-8: save it as CSV UTF-8 (in Excel 'CSV UTF-8')", path=path)
