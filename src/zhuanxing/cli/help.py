"""Help texts, made from the docstrings of settings and from conf/, in one language at a time."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import fields
from itertools import groupby
from typing import Any, Literal, get_args, get_origin

from rich.console import Console
from rich.table import Table

from zhuanxing.cli.command import Command, Context
from zhuanxing.cli.console import width
from zhuanxing.config import Language
from zhuanxing.config.keys import classes_of, in_order, named, type_of
from zhuanxing.data.names import CHINESE

__all__ = ["command_help", "in_language"]

WORDS = {
    "zh": {
        "usage": "用法",
        "setting": "设置 key=value",
        "settings": "设置（默认值见 conf/{name}.yaml）",
        "no_file": "设置",
        "examples": "例",
        "switches": "-m 多个取值各运行一次；--cfg job 显示设置；--info 显示其来源；"
        "hydra.* 为 Hydra 的设置",
        "one_of": "取值：",
        "name_of": "名称：",
    },
    "en": {
        "usage": "usage",
        "setting": "key=value",
        "settings": "settings (defaults: conf/{name}.yaml)",
        "no_file": "settings",
        "examples": "examples",
        "switches": "-m runs once for each of several values; --cfg job shows the settings, --info "
        "where they come from; hydra.* are Hydra's own",
        "one_of": "one of ",
        "name_of": "name: ",
    },
}
WIDEST, WIDEST_KEY = 100, 34
LONGEST_DEFAULT = 24


def in_language(text: str | None, language: Language) -> str:
    """Return the English lines of a docstring, or the Chinese ones if there are any."""
    parts: dict[bool, list[str]] = {True: [], False: []}
    for kind, lines in groupby((text or "").splitlines(), key=_kind):
        if kind is not None:
            parts[kind].append(" ".join(" ".join(lines).split()))
    return "\n\n".join(parts[language == "zh" and bool(parts[True])])


def _kind(line: str) -> bool | None:
    """Tell whether a line is Chinese; None for an empty one."""
    return CHINESE.search(line) is not None if line.strip() else None


def command_help(name: str, command: Command, defaults: Any, context: Context) -> str:
    """Return what `zhuanxing name --help` prints; `defaults` are the composed settings."""
    language = context.language
    words = WORDS[language]
    bare = f" {command.word.upper()}" if command.word else ""
    heading = "settings" if (context.places.conf / f"{name}.yaml").is_file() else "no_file"
    rows = list(_rows(command.settings, defaults, language))
    parts = [
        f"{words['usage']}: zhuanxing {name}{bare} [{words['setting']} ...]",
        _wrapped(in_language(command.settings.__doc__, language)),
        f"{words[heading].format(name=name)}:\n{_columns(rows)}",
        _wrapped(words["switches"]),
    ]
    if command.examples:
        lines = "\n".join(f"  zhuanxing {name} {line}".rstrip() for line in command.examples)
        parts.append(f"{words['examples']}:\n{lines}")
    return "\n\n".join(parts)


def _rows(
    settings: type[Any], defaults: Any, language: Language, above: str = ""
) -> Iterator[tuple[str, str]]:
    described = settings.__pydantic_fields__
    for field in in_order(settings):
        kind = type_of(settings, field.name)
        default = defaults.get(field.name) if isinstance(defaults, Mapping) else None
        text = in_language(described[field.name].description, language)
        below = list(classes_of(kind))
        key = f"{above}{field.name}"
        if below and not isinstance(default, list) and _is_section(kind):
            if text:
                yield f"{key}.", text
            shown = next((each for each in below if _fits(each, default)), below[0])
            yield from _rows(shown, default, language, f"{key}.")
        else:
            yield f"{key}{_default(default)}", f"{text} {_choices(kind, language)}".strip()


def _is_section(kind: Any) -> bool:
    """Tell whether the settings below a key are written key.name, and not in a list or table."""
    return not any(get_origin(part) is tuple or _is_mapping(part) for part in _unwrapped(kind))


def _is_mapping(kind: Any) -> bool:
    origin = get_origin(kind)
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _unwrapped(kind: Any) -> Iterator[Any]:
    yield kind
    for part in get_args(kind):
        yield from _unwrapped(part)


def _fits(settings: type[Any], default: Any) -> bool:
    return isinstance(default, Mapping) and {f.name for f in fields(settings)} >= set(default)


def _default(value: Any) -> str:
    if value is None:
        return "="
    if isinstance(value, bool):
        return f"={str(value).lower()}"
    if isinstance(value, list):
        long = len(", ".join(map(str, value))) > LONGEST_DEFAULT
        if long or any(isinstance(one, Mapping) for one in value):
            return "=[...]"
        return f"=[{','.join(map(str, value))}]"
    return "" if isinstance(value, Mapping) else f"={value}"


def _choices(kind: Any, language: Language) -> str:
    """Return the closed choices of a setting."""
    words = WORDS[language]
    for part in _unwrapped(kind):
        if get_origin(part) is Literal:
            return f"({words['one_of']}{', '.join(map(str, get_args(part)))})"
    marker = named(kind)
    return f"({words['name_of']}{marker.kind})" if marker and language == "en" else ""


def _columns(rows: list[tuple[str, str]]) -> str:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(overflow="fold", max_width=WIDEST_KEY)
    table.add_column(overflow="fold")
    for row in rows:
        table.add_row(*row)
    return textwrap.indent(_wrapped(table, 2), "  ")


def _wrapped(content: str | Table, less: int = 0) -> str:
    """Return a paragraph or a table as lines that the terminal holds, `less` signs narrower."""
    text = io.StringIO()
    console = Console(file=text, width=min(width(), WIDEST) - less, markup=False, highlight=False)
    console.print(content)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines())
