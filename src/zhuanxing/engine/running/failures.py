"""What the engine refuses, in one sentence that says where."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import lru_cache

from zhuanxing.errors import ZhuanxingError

__all__ = ["TranslationError", "key_of", "line_of", "locate"]


# A left-hand side at the start of a line: a quoted or bare name, subscripts, exceptions, a sign.
_VENSIM = re.compile(
    r'^\s*(?:"(?P<quoted>(?:[^"\\]|\\.)+)"|(?P<name>[^"\[\]()=:~|,{}\s][^"\[\]()=:~|,{}\n]*?))'
    r"\s*(?:\[[^\]]*\])?\s*(?::EXCEPT:.*?)?(?:==?|:=|\()",
    re.IGNORECASE | re.MULTILINE,
)
# A data variable between two bars: a name, subscripts and perhaps a rule, and nothing else.
_DATA = re.compile(
    r'(?:\||\}|\A)\s*(?:"(?P<quoted>(?:[^"\\]|\\.)+)"|(?P<name>[^"\[\]()=:~|,{}*]+?))'
    r"\s*(?:\[[^\]]*\])?\s*(?::[A-Z ]+:)?\s*~",
    re.IGNORECASE,
)
# A subscript range between two bars: a name before a colon, or before the sign of a copy.
_RANGE = re.compile(
    r'(?:\||\}|\A)\s*(?:"(?P<quoted>(?:[^"\\]|\\.)+)"|(?P<name>[^"\[\]()=:~|,{}*]+?))'
    r"\s*(?::(?!=)|<->)",
)
_XMILE = re.compile(r'name\s*=\s*"(?P<name>[^"]*)"', re.IGNORECASE)


class TranslationError(ZhuanxingError):
    """A model that cannot be compiled: names variable, function, file and line."""


def key_of(name: str) -> str:
    """Return the one spelling of a Vensim or XMILE name: lower case, single spaces, no quotes."""
    bare = name.strip().strip('"').replace("\\n", " ").replace("_", " ")
    return " ".join(bare.lower().split())


def line_of(text: str, name: str) -> int | None:
    """Return the line on which `name` is defined in the model text, counted from 1."""
    key = key_of(name)
    return _lines(text, (_VENSIM, _XMILE)).get(key) or _lines(text, (_DATA, _RANGE)).get(key)


@lru_cache(maxsize=8)
def _lines(text: str, patterns: tuple[re.Pattern[str], ...]) -> dict[str, int]:
    """Return the line of every definition, found in one pass: the compiler asks for each."""
    breaks = [found.start() for found in re.finditer("\n", text)]
    lines: dict[str, int] = {}
    for pattern in patterns:
        for found in pattern.finditer(text):
            group = found.lastgroup or "name"
            lines.setdefault(key_of(found[group]), bisect_left(breaks, found.start(group)) + 1)
    return lines


def locate(text: str, origin: str, name: str) -> str:
    """Return 'file:line' of the definition of `name`, or the file alone if it is not found."""
    line = line_of(text, name)
    return origin if line is None else f"{origin}:{line}"
