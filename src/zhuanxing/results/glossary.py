"""Chinese names of variables and parameters, made from the terms of model/glossary.csv.

The names of the equations are English compounds of the field's terms in the order that Chinese has
too, so that a name is translated term by term, the longest first; "x of y" and "x per y" turn
around.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from zhuanxing.data.cells import read_rows

__all__ = ["Glossary", "parameter_label", "read_glossary"]

FILE = "glossary.csv"
LATIN = re.compile(r"[A-Za-z]{2,}")
# Names that Chinese writes in Latin letters too.
KEPT = re.compile(r"GDP|5G|CO2")


class Glossary:
    """Terms in English (lower case, single spaces) with their Chinese."""

    def __init__(self, terms: Mapping[str, str]) -> None:
        self._terms = dict(terms)
        self._longest = max((term.count(" ") + 1 for term in terms), default=1)

    def chinese(self, name: str) -> str:
        """Return a name of the equations (blanks or underscores) in Chinese.

        A word without a term stays as it is.
        """
        plain = " ".join(name.lower().replace("_", " ").split())
        if plain in self._terms:
            return self._terms[plain]
        for joint, order in ((" of ", "{1}{0}"), (" per ", "单位{1}{0}")):
            left, found, right = plain.partition(joint)
            if found and left and right:
                return order.format(self.chinese(left), self.chinese(right))
        return self._compound(plain.split())

    def covers(self, name: str) -> bool:
        """Say whether the Chinese name holds no English word."""
        return not LATIN.search(KEPT.sub("", self.chinese(name)))

    def _compound(self, words: list[str]) -> str:
        said = ""
        while words:
            sizes = range(min(self._longest, len(words)), 0, -1)
            size = next((n for n in sizes if " ".join(words[:n]) in self._terms), 0)
            term = self._terms[" ".join(words[:size])] if size else f" {words[0]} "
            said, words = said + term, words[max(size, 1) :]
        return " ".join(said.split())


def parameter_label(
    label: str, glossary: Glossary, elements: Mapping[str, tuple[str, str]]
) -> tuple[str, str]:
    """Return `name` or `name[element;element]` in Chinese and English.

    `elements` gives the names of elements in both; one without stays as it is.
    """
    name, _, inside = label.partition("[")
    name = name.replace("_", " ")
    parts = [part for part in inside.rstrip("]").split(";") if part]
    pairs = [elements.get(part, (glossary.chinese(part), part.replace("_", " "))) for part in parts]
    zh, en = glossary.chinese(name), name
    if pairs:
        zh += f"（{'、'.join(pair[0] for pair in pairs)}）"
        en += f" ({', '.join(pair[1] for pair in pairs)})"
    return zh, en


@lru_cache(maxsize=2)
def read_glossary(model: Path) -> Glossary:
    """Return the terms of `model`/glossary.csv; raise ZhuanxingError if it cannot be read."""
    rows = read_rows(model / FILE, ("term_en", "term_zh"))
    return Glossary({row["term_en"]: row["term_zh"] for row in rows})
