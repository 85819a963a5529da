"""What the engine refuses, in one sentence that says where."""

from __future__ import annotations

import re

from zhuanxing.errors import ZhuanxingError

__all__ = ["TranslationError", "key_of", "line_of", "locate"]


class TranslationError(ZhuanxingError):
    """A model that cannot be compiled: names variable, function, file and line."""


def key_of(name: str) -> str:
    """Return the one spelling of a Vensim or XMILE name: lower case, single spaces, no quotes."""
    bare = name.strip().strip('"').replace("\\n", " ").replace("_", " ")
    return " ".join(bare.lower().split())


def line_of(text: str, name: str) -> int | None:
    """Return the line on which `name` is defined in the model text, counted from 1."""
    words = r"[\s_]+".join(re.escape(word) for word in key_of(name).split())
    for pattern in (
        rf'^\s*"?{words}"?\s*(\[[^\]]*\])?\s*(:EXCEPT:.*?)?(==?|:=|\()',
        rf'name\s*=\s*"{words}"',
    ):
        found = re.search(pattern, text, re.IGNORECASE | re.MULTILINE)
        if found:
            start = found.start() + len(found.group()) - len(found.group().lstrip())
            return text.count("\n", 0, start) + 1
    return None


def locate(text: str, origin: str, name: str) -> str:
    """Return 'file:line' of the definition of `name`, or the file alone if it is not found."""
    line = line_of(text, name)
    return origin if line is None else f"{origin}:{line}"
