"""Tables and bars on the terminal, in one language."""

from __future__ import annotations

import locale
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from zhuanxing.config import Language

__all__ = ["Column", "Text", "default_language", "print_table", "progress_bar", "width", "working"]

# Where the output is not a terminal (a pipe, a file), no line is cut.
WIDE = 240
NARROWEST = 40

# The same words in Chinese and English.
Text = tuple[str, str]


class Column(NamedTuple):
    """A column of a table: its heading in Chinese and English.

    `language` is the one in which it is shown, "" for both. `whole` keeps its words on one line,
    as ids must be. `spare` columns are left out from the last on where the terminal is too narrow.
    """

    zh: str
    en: str
    language: str = ""
    whole: bool = False
    spare: bool = False

    def heading(self, language: Language) -> str:
        """Return the heading in `language`."""
        return self.zh if language == "zh" else self.en


def default_language() -> Language:
    """Return the language of the locale: Chinese where it is one of Chinese, else English."""
    names = (os.environ.get(key) for key in ("LC_ALL", "LC_MESSAGES", "LANG"))
    name = next((name for name in names if name), None) or locale.getlocale()[0] or ""
    return "zh" if name.lower().startswith(("zh", "chinese")) else "en"


def width() -> int:
    """Return how many signs a line holds: those of the terminal, or many where there is none."""
    if not sys.stdout.isatty() and "COLUMNS" not in os.environ:
        return WIDE
    return max(shutil.get_terminal_size().columns, NARROWEST)


def print_table(
    title: Text | str,
    columns: Sequence[Column | Text | str],
    rows: Sequence[Sequence[str]],
    language: Language,
) -> None:
    """Print `rows` under the headings of `columns`, in `language`, as plain texts are already."""
    every = [Column(*_both(column)) for column in columns]
    shown = [i for i, column in enumerate(every) if column.language in ("", language)]
    shown = _fitting(every, shown, rows, language)
    heading = Column(*_both(title)).heading(language)
    table = Table(title=heading, title_justify="left", header_style="bold")
    for index in shown:
        column = every[index]
        table.add_column(column.heading(language), overflow="fold", no_wrap=column.whole)
    for row in rows:
        table.add_row(*(row[index] for index in shown))
    Console(width=width(), markup=False, highlight=False).print(table)


def _both(text: Column | Text | str) -> Column | Text:
    return (text, text) if isinstance(text, str) else text


def _fitting(
    columns: Sequence[Column], shown: list[int], rows: Sequence[Sequence[str]], language: Language
) -> list[int]:
    """Leave out spare columns, the last first, until words fit on the lines of the terminal."""
    kept = list(shown)
    while sum(_least(columns[i], [row[i] for row in rows], language) + 3 for i in kept) > width():
        spare = next((i for i in reversed(kept) if columns[i].spare), None)
        if spare is None:
            break
        kept.remove(spare)
    return kept


def _least(column: Column, cells: Sequence[str], language: Language) -> int:
    """Return the width of the longest part of a column that should not be broken."""
    from rich.cells import cell_len

    texts = [column.heading(language), *cells]
    parts = texts if column.whole else [word for text in texts for word in text.split()]
    return max((cell_len(str(part)) for part in parts), default=0)


def progress_bar() -> Progress:
    """Return a bar on stderr for work whose parts are known, with the time it has taken."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )


@contextmanager
def working(text: Text, language: Language) -> Iterator[None]:
    """Show on stderr what takes its time, and for how long it has."""
    with progress_bar() as progress:
        progress.add_task(text[0 if language == "zh" else 1], total=None)
        yield
