"""Tables on the terminal in Chinese, English or both."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from zhuanxing.errors import ZhuanxingError
from zhuanxing.inputs.names import require_known

__all__ = ["parse_settings", "print_table"]

LANGUAGES = ("zh", "en")
# Where the output is no terminal (a pipe, a file), no line is cut.
WIDE = 240


def parse_settings(argv: Sequence[str], known: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return the `key=value` settings of a listing; `known` gives the values each key may have.

    `language` may always be set. Raises ZhuanxingError for anything else.
    """
    allowed = {**known, "language": LANGUAGES}
    settings: dict[str, str] = {}
    for argument in argv:
        key, separator, value = argument.partition("=")
        if not separator:
            raise ZhuanxingError(f"'{argument}' is no setting; write key=value, as language=zh")
        require_known("setting", key, allowed, "command line")
        require_known(key, value, allowed[key], "command line")
        settings[key] = value
    return settings


def print_table(
    title: tuple[str, str],
    columns: Sequence[tuple[str, str, str]],
    rows: Sequence[Sequence[str]],
    language: str | None,
) -> None:
    """Print `rows` under `columns`, each (Chinese heading, English heading, language or "").

    With `language` zh or en, columns that are in the other one are left out.
    """
    width = None if sys.stdout.isatty() else WIDE
    table = Table(title=_words(*title, language), title_justify="left", header_style="bold")
    shown = [i for i, column in enumerate(columns) if not language or column[2] in ("", language)]
    for index in shown:
        zh, en, _ = columns[index]
        table.add_column(_words(zh, en, language), overflow="fold")
    for row in rows:
        table.add_row(*(row[index] for index in shown))
    Console(width=width, markup=False, highlight=False).print(table)


def _words(zh: str, en: str, language: str | None) -> str:
    both = zh if zh == en else f"{zh} {en}"
    return {"zh": zh, "en": en}.get(language or "", both)
