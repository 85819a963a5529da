"""Budgets: what a run leaves public payers of levers, and ceilings of single payers.

`budget: 0.5` leaves every public payer half of what he could give. `budget: {local: 200}` sets the
most that a payer gives for levers in a city and year, in 1e8 CNY; `{local: {baotou: 20}}` sets it
in one city.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zhuanxing.data.names import ModelNames
from zhuanxing.errors import ZhuanxingError

__all__ = ["budget_assumptions"]

SHARE, CEILING = "budget share", "payer ceiling"


def budget_assumptions(
    raw: Any, names: ModelNames, where: str
) -> dict[str, float | dict[str, float]]:
    """Return the constants of the model that a budget sets: `budget share` or `payer ceiling`.

    Raises ZhuanxingError for an unknown payer or city, and for a number out of range.
    """
    if raw is None:
        return {}
    if not isinstance(raw, Mapping):
        return {SHARE: _number(raw, where, 1.0)}
    ceilings: dict[str, float] = {}
    for payer, value in raw.items():
        source = names.of("payer").find(str(payer), where)
        given = value if isinstance(value, Mapping) else dict.fromkeys(names.cities, value)
        for place, ceiling in given.items():
            city = names.of("city").find(str(place), f"{where}.{source}")
            ceilings[f"{city};{source}"] = _number(ceiling, f"{where}.{source}", float("inf"))
    return {CEILING: ceilings} if ceilings else {}


def _number(value: Any, where: str, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        bounds = "between 0 and 1" if most == 1 else "of 1e8 CNY a year, not below 0"
        raise ZhuanxingError(f"{where} is '{value}', but a number {bounds} is expected")
    return float(value)
