"""Where a variable is defined: sector file and line, for messages that a person can follow."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from zhuanxing.engine.running.failures import key_of

_LEFT_SIDE = re.compile(
    r"\s*(?P<name>[^\[\]=:(~|]+?)\s*(?:\[[^\]]*\]\s*)*(?::EXCEPT:.*?)?(?:=|:=|\()"
)
_COMMENT = re.compile(r"\{[^}]*\}")


@dataclass(frozen=True)
class Location:
    """File name and line of a definition."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def locate_definitions(files: Iterable[Path]) -> dict[str, Location]:
    """Key of every variable defined in the Vensim ``files``, with its first definition."""
    found: dict[str, Location] = {}
    for file in files:
        text = _COMMENT.sub(_blank, file.read_text(encoding="utf-8"))
        line = 1
        for entry in text.split("|"):
            match = _LEFT_SIDE.match(entry)
            if match:
                at = line + entry[: match.start("name")].count("\n")
                found.setdefault(key_of(match["name"]), Location(file.name, at))
            line += entry.count("\n")
    return found


def _blank(comment: re.Match[str]) -> str:
    """Line breaks alone, so that lines after a comment keep their numbers."""
    return "\n" * comment.group().count("\n")
