"""Words of the command line in Hydra's grammar of overrides, with names as the model has them.

Hydra's grammar takes letters of ASCII only and reads a(1) as a function. Here a value may hold any
text without quotes: each piece between brackets, braces and commas that Hydra could not read is
quoted for it, and a name is replaced by its id.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import fields
from functools import partial
from itertools import accumulate
from typing import Any, NamedTuple

from zhuanxing.config.keys import is_free, known_key, named, type_of
from zhuanxing.data.names import ModelNames
from zhuanxing.errors import ZhuanxingError, require_known
from zhuanxing.storage.yaml_files import DEEPEST, MOST_DIGITS

__all__ = ["OWN", "Override", "overrides"]

SIGNS = re.compile(r"^(\+\+|\+|~)")
# Keys of Hydra's own, and of the groups that its plugins add.
OWN = ("hydra.", "hydra/")
FULL_WIDTH = str.maketrans("，＝［］｛｝", ",=[]{}")
PLAIN = re.compile(r"[A-Za-z0-9_/\-\\+.$%*@?|:\s]*|.*\$\{.*", re.DOTALL)
QUOTED = re.compile(r"""(['"]).*\1""", re.DOTALL)
FUNCTIONS = (
    "choice", "range", "interval", "glob", "tag", "sort", "shuffle", "int", "float", "str", "bool",
    "json_str", "extend_list",
)  # fmt: skip
FUNCTION = re.compile(rf"\s*({'|'.join(FUNCTIONS)})\s*\(.*\)\s*", re.DOTALL)
# What a list or a mapping has; elsewhere brackets are signs as all others.
OPENED, CLOSED = re.compile(r"(^|,)\s*[\[{]"), re.compile(r"[\]}]\s*(,|$)")
PIECES = re.compile(r"""'[^']*'|"[^"]*"|[\[\]{},]|(?:\$\{[^}]*\}|[^\[\]{},'"])+|.""", re.DOTALL)


class Override(NamedTuple):
    """A setting of the command line: its key as the settings spell it, and the line for Hydra."""

    key: str
    line: str


def overrides(
    words: Sequence[str],
    settings: type[Any],
    bare: str | None,
    groups: Mapping[str, Sequence[str]],
    names: ModelNames,
) -> list[Override]:
    """Return the words of a command line as lines that Hydra can read.

    `bare` is the key of the one word that may stand without it, `groups` are the files that Hydra
    composes by their names. Raises ZhuanxingError for an unknown key or name, and for brackets
    that do not match.
    """
    for word in words:
        _require_modest(word)
    free: dict[str, list[str]] = {
        field.name: [] for field in fields(settings) if is_free(type_of(settings, field.name))
    }
    rest = []
    for word in words:
        key, dot, assignment = word.partition(".")
        if dot and key in free:
            quoted = assignment.replace("'", "\\'")
            free[key].append(f"'{quoted}'")
        else:
            rest.append(word)
    keys = {*(field.name for field in fields(settings)), *groups}
    plain = [word for word in rest if bare and _without_key(word, keys)]
    if len(plain) > 1:
        raise ZhuanxingError(
            "one {key} is expected, but {words} are given", key=bare, words=" and ".join(plain)
        )
    found = []
    for word in rest:
        if bare and word in plain and os.path.exists(word):
            found.append(_file(bare, word))
            continue
        text = f"{bare}={word}" if word in plain else word
        name, _, value = text.translate(FULL_WIDTH).partition("=")
        key = SIGNS.sub("", name).strip()
        if key.startswith(OWN) and "=" in text:
            found.append(Override(key, text))
            continue
        _require_form(text, key, value)
        key, sign, read = _setting(key, settings, groups, names)
        found.append(Override(key, f"{sign}{key}={read(value)}"))
    lists = {key: f"{key}=[{','.join(items)}]" for key, items in free.items() if items}
    return [*found, *(Override(key, f"++{line}") for key, line in lists.items())]


def _without_key(word: str, keys: Collection[str]) -> bool:
    """Tell whether a word is a value by itself: a file may have any sign in its name."""
    key, equals, _ = word.partition("=")
    return not equals or (key.strip() not in keys and os.path.exists(word))


def _file(key: str, path: str) -> Override:
    """Return the setting of a file that is there, whatever its name means to Hydra."""
    escaped = path.replace("'", "\\'").replace("${", "\\${")
    return Override(key, f"++{key}='{escaped}'")


def _require_modest(word: str) -> None:
    """Refuse what Hydra's grammar, or Python, only reads up to some depth or length."""
    levels = [(sign in "[{") - (sign in "]}") for sign in word]
    deepest = max(accumulate(levels), default=0)
    longest = max(map(len, re.findall(r"\d+", word)), default=0)
    if deepest > DEEPEST or longest > MOST_DIGITS:
        raise ZhuanxingError(
            "'{text}...' is not a setting: it has brackets more than {depth} deep, or a number of "
            "more than {digits} digits",
            text=word[:40], depth=DEEPEST, digits=MOST_DIGITS,
        )  # fmt: skip


def _require_form(text: str, key: str, value: str) -> None:
    if SIGNS.match(text):
        raise ZhuanxingError("'{text}' is not a setting; write key=value without signs", text=text)
    written = "=" in text.translate(FULL_WIDTH)
    if not written or not key or value.count("[") != value.count("]"):
        raise ZhuanxingError(
            "'{text}' is not a setting; write key=value, and a list as 'city=[a,b]' in quotes",
            text=text,
        )


def _setting(
    key: str, settings: type[Any], groups: Mapping[str, Sequence[str]], names: ModelNames
) -> tuple[str, str, Callable[[str], str]]:
    """Return a key as the settings spell it, the sign Hydra wants, and what reads its values."""
    if key in groups:
        # A group is chosen without the sign that adds a key.
        return key, "", partial(_choices, key=key, known=groups[key])
    found = known_key(settings, key, names)
    marker = named(found.kind)
    look_up = names.of(marker.kind).find if marker else None
    # With the sign, a setting that a file of conf/ leaves out is taken; it has its default.
    return found.key, "++", partial(_value, key=found.key, look_up=look_up)


def _choices(text: str, key: str, known: Sequence[str]) -> str:
    for choice in text.split(","):
        require_known(key, choice.strip(), known, "command line")
    return text


def _value(text: str, key: str, look_up: Callable[[str, str], str] | None) -> str:
    if FUNCTION.fullmatch(text):
        return text
    if "${" not in text and not (OPENED.search(text) and CLOSED.search(text)):
        parts = [text] if QUOTED.fullmatch(text.strip()) else text.split(",")
        return ",".join(_piece(part, key, look_up) for part in parts)
    return "".join(
        part if part in list("[]{},") else _piece(part, key, look_up)
        for part in PIECES.findall(text)
    )


def _piece(text: str, key: str, look_up: Callable[[str, str], str] | None) -> str:
    bare = text.strip()
    quoted = QUOTED.fullmatch(bare) is not None
    if look_up and bare and bare != "null" and "${" not in bare:
        return look_up(bare[1:-1] if quoted else bare, key)
    if quoted or PLAIN.fullmatch(text):
        return text
    escaped = bare.replace("'", "\\'")
    return f"'{escaped}'"
