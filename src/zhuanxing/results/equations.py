"""The text of every equation, as a reader of the sector files sees it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

__all__ = ["equation_texts"]

# The left side of a definition: a name, perhaps subscripts and exceptions, then = or a bracket.
_LEFT = re.compile(r"^\s*([A-Za-z][^\[(=:]*?)\s*(\[[^=(]*)?(=|\()")


def equation_texts(sectors: Path) -> Mapping[str, str]:
    """Return the equations of `sectors`/*.mdl by variable name; pieces of one joined by a line.

    Names are in lower case with single spaces.
    """
    texts: dict[str, list[str]] = {}
    for path in sorted(sectors.glob("*.mdl")):
        for entry in path.read_text(encoding="utf-8").split("|"):
            equation = " ".join(entry.split("~")[0].replace("{UTF-8}", "").split())
            found = _LEFT.match(equation)
            if found and not equation.startswith("*"):
                name = " ".join(found.group(1).lower().split())
                texts.setdefault(name, []).append(equation)
    return {name: "\n".join(pieces) for name, pieces in texts.items()}
