"""Numbers as text: with the digits that count, parted thousands and a true minus sign."""

from __future__ import annotations

import math

__all__ = ["amount", "measured", "number", "number_apart", "signed", "significant", "wide"]


def number(value: float, decimals: int | None = None) -> str:
    """Return a value as text with three digits that count, or with `decimals`."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits if decimals is None else decimals}f}".replace("-", "−")


def amount(value: float, unit: str = "") -> str:
    """Return a quantity of any size as text, with its unit: `2,880 × 1e8 CNY`, `0.165 parks`."""
    text = number(value) if abs(value) >= 100 else f"{value:.3g}".replace("-", "−")
    return measured(text, unit)


def measured(text: str, unit: str) -> str:
    """Return a number that is text already with its unit, which may begin with a number."""
    return f"{text}{' ×' if unit[:1].isdigit() else ''} {unit}".strip()


def number_apart(value: float, limit: float) -> str:
    """Return a value as text with as many decimals as tell it from `limit`, unless it is equal."""
    usual = len(number(value).partition(".")[2])
    apart = (d for d in range(usual, 7) if round(value, d) != limit)
    return number(value, next(apart, None))


def signed(value: float) -> str:
    """Return a difference as text with its sign and three digits that count."""
    return ("+" if value > 0 else "") + number(value)


def wide(value: float) -> str:
    """Return a value of any size as text with four digits that count; NaN is empty."""
    if value != value:
        return ""
    digits = min(max(3 - math.floor(math.log10(abs(value))), 0), 7) if value else 0
    return f"{value:,.{digits}f}".replace("-", "−")


def significant(value: float) -> str:
    """Return a difference of any size with its sign and three digits that count; NaN is empty."""
    if value != value:
        return ""
    digits = min(max(2 - math.floor(math.log10(abs(value))), 0), 7) if value else 0
    return f"{value:+,.{digits}f}".replace("-", "−")
