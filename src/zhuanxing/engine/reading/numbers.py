"""Numbers as files write them."""

from __future__ import annotations

import math

__all__ = ["finite_number"]


def finite_number(text: str) -> float:
    """Return the number that a text writes; raise ValueError for what only Python takes for one,
    as 'nan', 'inf' and '1_000'."""
    value = float(text)
    if "_" in text or not math.isfinite(value):
        raise ValueError(f"'{text.strip()}' is not a number")
    return value
