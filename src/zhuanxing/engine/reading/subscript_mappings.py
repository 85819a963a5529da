"""Subscript mappings written out element by element: `A: a1, a2 -> (B: b2, b1)`.

PySD takes the elements in the brackets for elements of the range itself, so they are taken out of
the text before it is parsed. Vensim's manual has their meaning: element by element, the range on
the left stands for the element, or for all elements of the subrange, on the right.
"""

from __future__ import annotations

import re

from zhuanxing.engine.running.failures import key_of

__all__ = ["Images", "split_mappings"]

# Range -> range it is mapped to -> for each element of the former, what it is mapped to.
Images = dict[str, dict[str, tuple[str, ...]]]

_DEFINITION = re.compile(r"(?P<name>[^|~:]+):(?P<elements>[^|~>]*)->(?P<targets>[^|~]*)(?=~)")
_EXPLICIT = re.compile(r"\(\s*(?P<target>[^:()]+):(?P<images>(?:[^()]|\([^()]*\))*)\)")
_NUMBERED = re.compile(r"^\(\s*(?P<stem>.*?)(?P<first>\d+)\s*-\s*(?P=stem)(?P<last>\d+)\s*\)$")


def split_mappings(text: str) -> tuple[str, Images]:
    """Return a Vensim text with plain mappings in place of explicit ones, and the latter by key."""
    images: Images = {}

    def plain(definition: re.Match[str]) -> str:
        name = key_of(re.sub(r"\{[^}]*\}", "", definition["name"]))

        def target(found: re.Match[str]) -> str:
            listed = tuple(key for part in found["images"].split(",") for key in _spelt_out(part))
            images.setdefault(name, {})[key_of(found["target"])] = listed
            return found["target"]

        targets = _EXPLICIT.sub(target, definition["targets"])
        return f"{definition['name']}:{definition['elements']}->{targets}"

    return _DEFINITION.sub(plain, text), images


def _spelt_out(part: str) -> list[str]:
    """Return the keys of one entry of a list: a name, or all names of a series '(b1-b3)'."""
    series = _NUMBERED.match(part.strip())
    if series is None:
        return [key_of(part)]
    numbers = range(int(series["first"]), int(series["last"]) + 1)
    return [key_of(f"{series['stem']}{number}") for number in numbers]
