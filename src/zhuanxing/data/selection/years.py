"""The years of tables that are made from `raw/`: they end with the statistics of the provinces."""

from __future__ import annotations

from pathlib import Path

from zhuanxing.data.reading import read_table

__all__ = ["FIRST", "last_year"]

# Runs start in this year.
FIRST = 2015


def last_year(root: Path) -> int:
    """Return the last year of `provinces.csv` in `root`, the folder model/data."""
    return int(read_table(root / "provinces.csv")["year"].max())
