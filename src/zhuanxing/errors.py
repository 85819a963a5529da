"""The exception and the warning of the package, and the nearest valid name for its sentences."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from difflib import SequenceMatcher
from pathlib import Path

__all__ = [
    "Notice", "OutsideRange", "Sentence", "ZhuanxingError", "alike", "nearest", "require_known",
    "unforeseen", "unknown",
]  # fmt: skip

# The likeness of two spellings (0 to 1) from which one may be meant for the other.
ALIKE = 0.6
# Names that a sentence has room for.
FEW = 15


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


class Notice(UserWarning):
    """What should be known of a result that is made all the same, in one sentence.

    The sentence is a template as that of a ZhuanxingError.
    """

    def __init__(self, sentence: str, /, **fields: object) -> None:
        super().__init__(Sentence(sentence, **fields) if fields else sentence)


class OutsideRange(Notice):
    """A number is given outside the range that the tables state for it."""


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


def alike(name: str, candidates: Iterable[str], least: float = ALIKE) -> str:
    """Return, in quotation marks, the nearest of the candidates if somebody may have meant it, else
    an empty text."""
    found = tuple(candidates)
    # A part of a long name is nearer to it than its letters tell.
    wholes = [whole for whole in found if name and name.lower() in whole.lower()]
    near = nearest(name, wholes or found) if found else ""
    likeness = SequenceMatcher(None, name.lower(), near.lower()).ratio()
    return f"'{near}'" if wholes or likeness >= least else ""


def require_known(kind: str, name: str, known: Iterable[str], where: str) -> None:
    """Refuse a name that is not among the known ones, naming one that may be meant, else all."""
    candidates = tuple(known)
    if name not in candidates:
        raise unknown(kind, name, alike(name, candidates), where, known=candidates)


def unknown(
    kind: str,
    name: object,
    near: str,
    where: str,
    *,
    known: Sequence[str] = (),
    command: str = "",
) -> ZhuanxingError:
    """Return the refusal of a name that is not among the `known`.

    It says which is `near`, or all if they are few, or the `command` that lists them.
    """
    sentence = "{where}: there is no {kind} '{name}'"
    if near:
        sentence = "{where}: there is no {kind} '{name}'; did you mean {near}?"
    elif 0 < len(known) <= FEW:
        sentence = "{where}: there is no {kind} '{name}'; there are {known}"
    elif command:
        sentence = "{where}: there is no {kind} '{name}'; '{command}' lists them"
    return ZhuanxingError(
        sentence, where=where, kind=kind, name=name, near=near, known=", ".join(known),
        command=command,
    )  # fmt: skip
