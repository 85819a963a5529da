"""The exception and the warning of the package, and the nearest valid name for its sentences."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from difflib import SequenceMatcher
from pathlib import Path

__all__ = [
    "OutsideRange", "Sentence", "ZhuanxingError", "nearest", "require_known", "unforeseen",
    "unknown",
]  # fmt: skip


class Sentence(str):
    """Words with fields filled in, which remember both: another language has them in its order."""

    template: str
    fields: dict[str, object]

    def __new__(cls, template: str, **fields: object) -> Sentence:
        sentence = super().__new__(cls, template.format(**fields) if fields else template)
        sentence.template, sentence.fields = template, fields
        return sentence


class ZhuanxingError(Exception):
    """What was wrong, where, what was expected and what to do, in one sentence.

    With `fields`, the sentence is a template: a Sentence, which the command line may say in
    Chinese.

    Examples
    --------
    >>> import zhuanxing
    >>> try:
    ...     zhuanxing.load().scenario("plam")
    ... except zhuanxing.ZhuanxingError as error:
    ...     print(error)
    scenarios/: there is no scenario 'plam'; did you mean 'plan'?
    """

    def __init__(self, sentence: str, /, **fields: object) -> None:
        super().__init__(Sentence(sentence, **fields) if fields else sentence)


class OutsideRange(UserWarning):
    """A number is given outside the range that the tables state for it, and is used all the same.

    The sentence is a template as that of a ZhuanxingError.
    """

    def __init__(self, sentence: str, /, **fields: object) -> None:
        super().__init__(Sentence(sentence, **fields))


def unforeseen(error: BaseException) -> ZhuanxingError:
    """Return an error that nobody foresaw as one sentence, and keep its traceback in a file."""
    import tempfile  # imported here: what seldom happens costs no start of a command anything
    import traceback

    name = f"zhuanxing-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    path = Path(tempfile.gettempdir()) / name
    text = "".join(traceback.format_exception(error))
    with suppress(OSError), path.open("a", encoding="utf-8") as log:
        log.write(f"{' '.join(sys.argv)}\n\n{text}")
    return ZhuanxingError(
        "an unforeseen error, {error}: {first}; the traceback is in {path}, please report it",
        error=type(error).__name__, first=(str(error).strip().splitlines() or [""])[0], path=path,
    )  # fmt: skip


def nearest(name: str, candidates: Iterable[str]) -> str:
    """Return the candidate spelt most like `name`.

    Ties go to the first candidate. Raises ValueError when there are no candidates.
    """
    lowered = name.lower()
    return max(candidates, key=lambda other: SequenceMatcher(None, lowered, other.lower()).ratio())


def require_known(kind: str, name: str, known: Iterable[str], where: str) -> None:
    """Refuse a name that is not among the known ones, naming the nearest that is."""
    candidates = tuple(known)
    if name not in candidates:
        near = f"'{nearest(name, candidates)}'" if candidates else ""
        raise unknown(kind, name, near, where)


def unknown(kind: str, name: object, near: str, where: str) -> ZhuanxingError:
    """Return the refusal of a name that is not among the known, with the nearest that is."""
    sentence = "{where}: there is no {kind} '{name}'"
    if near:
        sentence = "{where}: there is no {kind} '{name}'; did you mean {near}?"
    return ZhuanxingError(sentence, where=where, kind=kind, name=name, near=near)
