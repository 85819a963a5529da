"""What a command is: its settings, what it does with them, and how it explains itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from zhuanxing.cli.console import default_language
from zhuanxing.config import Language
from zhuanxing.inputs import ModelNames
from zhuanxing.storage.paths import Places

__all__ = ["Command", "Context"]


@dataclass(frozen=True)
class Context:
    """What every command is given beside its settings: where the model lies, the names in it, and
    the languages of `language=`, else that of the locale.
    """

    places: Places
    names: ModelNames
    languages: tuple[Language, ...]

    @property
    def language(self) -> Language:
        """The language to print in: the locale's if it is one of those asked for."""
        own = default_language()
        return own if own in self.languages else self.languages[0]

    def told(self, settings: Any) -> Context:
        """Return the context with the languages that `settings` ask for, if they do."""
        asked = getattr(settings, "language", None)
        if not asked:
            return self
        languages: Any = (asked,) if isinstance(asked, str) else tuple(asked)
        return replace(self, languages=languages)


@dataclass(frozen=True)
class Command:
    """One command of the program. A file of zhuanxing/cli/commands holds one as COMMAND:

    - `settings`: a class made by `zhuanxing.config.settings`; its defaults are laid under those
      of conf/<command>.yaml, if there is one, and its docstrings are the help;
    - `run(settings, context)`: does the work and returns 0, or 1 where a check failed;
    - `check(settings, context)`: refuses, before the first of several runs, what `run` would
      refuse, and returns the files that it will write, so that no two write the same;
    - `word`: the setting that may be written without its key, such as a file;
    - `examples`: lines of the help.

    The docstring of the file says in one line of English and one of Chinese what the command does;
    `SECTION` in it is the heading of the program's help under which it stands.
    """

    settings: type[Any]
    run: Callable[[Any, Context], int]
    check: Callable[[Any, Context], Sequence[Path]] = field(default=lambda settings, context: ())
    word: str | None = None
    examples: tuple[str, ...] = ()
