"""What part of an effect a variable carries, in words.

Where paths work against each other, a single one carries many times what is left of them all.
"""

from __future__ import annotations

from zhuanxing.analyses.explain.mediators import Effect
from zhuanxing.results.numerals import number
from zhuanxing.results.words import Language, spoken

__all__ = ["cancelling", "part"]

# Shares of more than this are said in times, and that paths cancel.
SEVERAL = 1.5
WORDS = {
    "times": ("{times}倍", "{times} times"),
    "cancel": (
        "各条路径相互抵消：单条最多为净效果的{times}倍。",
        "The paths cancel: a single one is up to {times} times the net effect.",
    ),
}


def part(share: float, language: Language) -> str:
    """Return a share of the net effect as percent, or as so many times it."""
    if abs(share) <= SEVERAL:
        return f"{share:.0%}".replace("-", "−")
    return spoken(WORDS, "times", language, times=number(share))


def cancelling(effect: Effect, language: Language) -> str:
    """Return a sentence where paths of an effect cancel, else nothing."""
    most = max((abs(effect.shares.get(name, 0.0)) for path in effect.paths for name in path),
               default=0.0)  # fmt: skip
    return spoken(WORDS, "cancel", language, times=number(most)) if most > SEVERAL else ""
