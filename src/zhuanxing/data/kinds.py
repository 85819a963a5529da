"""Kinds of assumptions, what could be otherwise and what is chosen, and of tables; lever years."""

from __future__ import annotations

__all__ = ["CHOSEN", "DRIVER_TABLES", "LEVER_YEARS", "UNCERTAIN"]

# Numbers that could be other than they are, within their range.
UNCERTAIN = ("literature", "official", "reasoning")
# Numbers that a scenario sets, or that are so by definition.
CHOSEN = ("setting", "definition")
# Tables of drivers: what was written by hand, and what is computed from other tables.
DRIVER_TABLES = ("drivers", "product_drivers", "provincial_prices")
# Between which a lever may start and end; a scenario says when it does.
LEVER_YEARS = (2015.0, 2050.0)
