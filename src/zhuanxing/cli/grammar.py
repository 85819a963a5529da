"""Words of the command line in Hydra's grammar of overrides, with names as the model has them.

Hydra's grammar takes letters of ASCII only and reads a(1) as a function. Here a value may hold any
text without quotes: each piece between brackets, braces and commas that Hydra could not read is
quoted for it, and a name is replaced by its id.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from zhuanxing.config.keys import is_free, known_key, named, type_of
from zhuanxing.data.names import ModelNames
from zhuanxing.errors import ZhuanxingError

__all__ = ["Word", "gathered", "hydra_word", "split_word"]

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
PIECES = re.compile(r"""'[^']*'|"[^"]*"|[\[\]{},]|(?:\$\{[^}]*\}|[^\[\]{},'"])+|.""", re.DOTALL)


@dataclass(frozen=True)
class Word:
    """A `key=value`, with the sign of Hydra (+, ++, ~) that stood before it."""

    sign: str
    key: str
    value: str

    @property
    def own(self) -> bool:
        """Tell whether it sets something of Hydra rather than of the command."""
        return self.key.startswith(OWN)

    def __str__(self) -> str:
        # A setting that a file of conf/ leaves out has its default; Hydra need not know it.
        sign = self.sign or ("" if self.own else "++")
        return f"{sign}{self.key}={self.value}"


def gathered(words: Sequence[str], settings: type[Any]) -> list[str]:
    """Return the words with each `key.NAME=VALUE` of a key with free keys put into one list."""
    free = [field.name for field in fields(settings) if is_free(type_of(settings, field.name))]
    found: dict[str, list[str]] = {}
    rest = []
    for word in words:
        key = next((key for key in free if word.startswith(f"{key}.")), None)
        if key is None:
            rest.append(word)
        else:
            quoted = word.removeprefix(f"{key}.").replace("'", "\\'")
            found.setdefault(key, []).append(f"'{quoted}'")
    return [*rest, *(f"{key}=[{','.join(items)}]" for key, items in found.items())]


def split_word(text: str) -> Word:
    """Split `key=value`. Raises ZhuanxingError if it is not one."""
    sign = SIGNS.match(text)
    key, equals, value = text[sign.end() if sign else 0 :].translate(FULL_WIDTH).partition("=")
    key = key.strip()
    if sign and not key.startswith(OWN):
        raise ZhuanxingError(f"'{text}' is not a setting; write key=value without signs")
    if not equals or not key:
        raise ZhuanxingError(
            f"'{text}' is not a setting; write key=value, and a list as 'city=[a,b]' in quotes"
        )
    return Word(sign[0] if sign else "", key, value)


def hydra_word(word: Word, settings: type, names: ModelNames) -> Word:
    """Return a word whose key is one of `settings` and whose value Hydra can read.

    Raises ZhuanxingError for an unknown key, and for brackets that do not match.
    """
    if word.own:
        return word
    found = known_key(settings, word.key, names)
    if not is_free(found.kind) and word.value.count("[") != word.value.count("]"):
        raise ZhuanxingError(
            f"'{word.key}={word.value}' is not a setting; write key=value, and a list as "
            "'city=[a,b]' in quotes"
        )
    marker = named(found.kind)
    look_up = names.of(marker.kind).find if marker else None
    return Word(word.sign, found.key, _value(word.value, found.key, look_up))


def _value(text: str, key: str, look_up: Callable[[str, str], str] | None) -> str:
    if FUNCTION.fullmatch(text):
        return text
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
