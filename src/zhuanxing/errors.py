"""The one exception class of the package, and the nearest valid name for its sentences."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher

__all__ = ["ZhuanxingError", "nearest"]


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
