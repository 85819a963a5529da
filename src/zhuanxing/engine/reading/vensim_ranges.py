"""Vensim's subscript ranges: elements listed, numbered or read, copies, and mappings.

A mapping `A: a1, a2 -> (B: b2, b1)` goes element by element: by Vensim's manual the range on the
left stands for the element, or for all elements of the subrange, on the right.
"""

from __future__ import annotations

import re

from zhuanxing.engine.reading.spreadsheets import Files, reading_failure
from zhuanxing.engine.reading.syntax_tree import MOST_ELEMENTS, Range
from zhuanxing.engine.running.failures import TranslationError, key_of

__all__ = ["read_range"]

_SERIES = re.compile(r"\(\s*(?P<stem>.*?)(?P<first>\d+)\s*-\s*(?P<other>.*?)(?P<last>\d+)\s*\)")
_TARGET = re.compile(
    r"\(\s*(?P<target>[^:()]+):(?P<images>(?:[^()]|\([^()]*\))*)\)|(?P<plain>[^,()]+)"
)
_EXTERNAL = re.compile(r"\s*GET[ _](?:XLS|DIRECT)[ _]SUBSCRIPT\s*\((?P<inside>.*)\)", re.I | re.S)


def read_range(name: str, sign: str, right: str, where: str, files: Files) -> Range:
    """Return the range whose definition is `name sign right`; `where` is its file and line.

    Raises TranslationError that says what is wrong with it.
    """
    key = key_of(name)
    if sign == "<->":
        return Range(key, (key_of(right),), copied=True)
    listed, _, targets = right.partition("->")
    mapping: list[str] = []
    images: dict[str, tuple[str, ...]] = {}
    for found in _TARGET.finditer(targets):
        target = key_of(found["target"] or found["plain"])
        if not target:
            continue
        mapping.append(target)
        if found["images"] is not None:
            images[target] = _elements(found["images"], key, where)
    external = _EXTERNAL.match(listed)
    members = (
        _read_elements(external["inside"], key, where, files)
        if external
        else _elements(listed, key, where)
    )
    return Range(key, members, tuple(mapping), images=tuple(sorted(images.items())))


def _elements(text: str, name: str, where: str) -> tuple[str, ...]:
    """Return the keys of a list of elements, series such as (a1-a3) written out."""
    found: list[str] = []
    for part in re.findall(r'\([^()]*\)|"[^"]*"|[^,]+', text):
        if part.strip().startswith("("):
            found += _series(" ".join(part.split()), name, where)
        elif key_of(part):
            found.append(key_of(part))
    if not found:
        raise _refuse(name, where, "it has no elements")
    return tuple(found)


def _series(part: str, name: str, where: str) -> list[str]:
    series = _SERIES.fullmatch(part)
    if (
        series is None
        or not series["stem"].strip()
        or key_of(series["stem"]) != key_of(series["other"])
    ):
        raise _refuse(name, where, f"'{part}' is not a series of elements such as (a1-a9)")
    first, last = int(series["first"]), int(series["last"])
    if first >= last:
        raise _refuse(name, where, f"the series '{part}' does not go up")
    if last - first >= MOST_ELEMENTS:
        raise _refuse(name, where, f"the series '{part}' has more than {MOST_ELEMENTS:,} elements")
    width = len(series["first"]) if series["first"].startswith("0") else 0
    return [key_of(f"{series['stem']}{number:0{width}d}") for number in range(first, last + 1)]


def _read_elements(inside: str, name: str, where: str, files: Files) -> tuple[str, ...]:
    from pysd.py_backend.external import ExtSubscript

    words = re.findall(r"'([^']*)'", inside)
    if len(words) != 5:
        reason = f"GET DIRECT SUBSCRIPT takes 5 names in single quotes, {len(words)} given"
        raise _refuse(name, where, reason)
    file, tab, first, last, prefix = words
    try:
        files.require(file)
        elements = ExtSubscript(
            file_name=file, tab=tab, firstcell=first, lastcell=last, prefix=prefix,
            root=files.folder,
        ).subscript  # fmt: skip
    except TranslationError as failure:
        raise _refuse(name, where, str(failure).removesuffix(".")) from None
    except Exception as failure:  # spreadsheet readers raise what they like
        reason = (
            f"its elements cannot be read from {file}, cells {first} to {last} of '{tab}': "
            f"{reading_failure(failure)}"
        )
        raise _refuse(name, where, reason) from failure
    return tuple(key_of(element) for element in elements)


def _refuse(name: str, where: str, reason: str) -> TranslationError:
    return TranslationError(f"subscript range '{name}' ({where}): {reason}.")
