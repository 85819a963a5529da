"""Completion of commands, settings and names on the command line of bash and zsh."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any, Literal, get_args, get_origin

from zhuanxing.config.keys import below, classes_of, keys_of, named, table_of, type_of
from zhuanxing.data.names import CHINESE, ModelNames

__all__ = ["SCRIPT", "candidates"]

# For bash; zsh reads it after `autoload -U bashcompinit && bashcompinit`.
SCRIPT = r"""_zhuanxing() {
    local IFS=$'\n' line="${COMP_LINE:0:COMP_POINT}"
    local word="${line##* }"
    COMPREPLY=($(zhuanxing --complete "$line" 2>/dev/null))
    # The shell replaces what follows its last break, which = and : are.
    local kept="${word%"${word##*[=:]}"}"
    COMPREPLY=("${COMPREPLY[@]#"$kept"}")
}
complete -o nospace -F _zhuanxing zhuanxing"""


def candidates(line: str, commands: Sequence[str], names: ModelNames) -> list[str]:
    """Return what the last word of `line` may become."""
    words = line.split(" ")[1:]
    if len(words) < 2:
        return [name for name in commands if name.startswith(words[0] if words else "")]
    if words[0] not in commands:
        return []
    settings = import_module(f"zhuanxing.cli.commands.{words[0]}").COMMAND.settings
    key, equals, value = words[-1].partition("=")
    found: Iterator[str]
    if equals:
        found = (f"{key}={each}" for each in _values(settings, key, names, value))
    else:
        found = _keys(settings, key, names)
    return sorted(each for each in found if each.startswith(words[-1]))


def _keys(settings: Any, written: str, names: ModelNames) -> Iterator[str]:
    """Yield the keys one level below what is written."""
    above, _, _ = written.rpartition(".")
    prefix = f"{above}." if above else ""
    kind: Any = settings
    for part in above.split(".") if above else []:
        kind = below(kind, part)
    table = table_of(kind)
    if table is not None:
        marker = named(table[0])
        ends = "." if any(classes_of(table[1])) else "="
        yield from (f"{prefix}{key}{ends}" for key in (names.of(marker.kind).spellings if marker
                                                       else ()))  # fmt: skip
        return
    for each in classes_of(kind):
        for name in keys_of(each):
            inner = type_of(each, name)
            deeper = table_of(inner) is not None or any(classes_of(inner))
            yield f"{prefix}{name}{'.' if deeper else '='}"


def _values(settings: Any, key: str, names: ModelNames, written: str) -> Iterator[str]:
    kind: Any = settings
    for part in key.split("."):
        kind = None if kind is None else below(kind, part)
    marker = named(kind)
    if marker is not None:
        in_chinese = CHINESE.search(written) is not None
        for name, others in names.of(marker.kind).spellings.items():
            yield from (o for o in others if CHINESE.search(o)) if in_chinese else (name,)
    yield from (str(choice) for part in _parts(kind) if get_origin(part) is Literal
                for choice in get_args(part))  # fmt: skip


def _parts(kind: Any) -> Iterator[Any]:
    yield kind
    for part in get_args(kind):
        yield from _parts(part)
