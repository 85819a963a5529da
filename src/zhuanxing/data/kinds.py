"""Kinds of assumptions: what could be otherwise, and what is chosen."""

from __future__ import annotations

__all__ = ["CHOSEN", "UNCERTAIN"]

# Numbers that could be other than they are, within their range.
UNCERTAIN = ("literature", "official", "reasoning")
# Numbers that a scenario sets, or that are so by definition.
CHOSEN = ("setting", "definition")
