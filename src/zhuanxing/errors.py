"""The one exception class of the package, and the nearest valid name for its sentences."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher

__all__ = ["ZhuanxingError", "nearest", "require_known"]


class ZhuanxingError(Exception):
    """What was wrong, where, what was expected and what to do, in one sentence.

    Examples
    --------
    >>> import zhuanxing
    >>> try:
    ...     zhuanxing.load().scenario("plam")
    ... except zhuanxing.ZhuanxingError as error:
    ...     print(error)
    scenarios/: there is no scenario 'plam'; did you mean 'plan'?
    """


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
        hint = f"; did you mean '{nearest(name, candidates)}'?" if candidates else ""
        raise ZhuanxingError(f"{where}: there is no {kind} '{name}'{hint}")
