"""Words that several tables use: kinds of assumptions, of outputs and of tables; lever years."""

from __future__ import annotations

__all__ = ["AGGREGATES", "BETTER", "CHOSEN", "DRIVER_TABLES", "LEVER_YEARS", "NATION", "UNCERTAIN"]

# Numbers that could be other than they are, within their range.
UNCERTAIN = ("literature", "official", "reasoning")
# Numbers that a scenario sets, or that are so by definition.
CHOSEN = ("setting", "definition")
# How an output is made of a variable, and which way a planner wants it to go.
AGGREGATES = ("sum", "end", "mean", "ratio", "end_ratio", "change")
BETTER = ("up", "down", "none")
# The nation among the provinces.
NATION = "China"
# Tables of drivers: what was written by hand, and what is computed from other tables.
DRIVER_TABLES = ("drivers", "product_drivers", "provincial_prices")
# Between which a lever may start and end; a scenario says when it does.
LEVER_YEARS = (2015.0, 2050.0)
