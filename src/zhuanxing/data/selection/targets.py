"""What the units say they aim at, from plans read on pages; `target_` is taken off the names."""

from __future__ import annotations

import pandas as pd

from zhuanxing.data.selection.collected import QUALITIES

__all__ = ["select_targets"]

COLUMNS = [
    "unit_id", "year", "variable", "value", "unit", "quality", "basis", "source", "url", "note",
]  # fmt: skip
PREFIX = "target_"
# A plan for the year after the last statistics is one of a single year; aims lie further ahead.
AHEAD = 2


def select_targets(pages: pd.DataFrame, last_year: int) -> pd.DataFrame:
    """Return one row per unit, year and variable of the aims after `last_year` + 1.

    `pages`: columns unit_id, variable, year, value, unit, quality, source, url, note, as read.
    Official before secondary; of several the one closest to their median, then the smaller.
    """
    rows = pages[pages["variable"].str.startswith(PREFIX) & pages["quality"].isin(QUALITIES)]
    rows = rows[rows["year"] >= last_year + AHEAD].assign(basis="")
    rows["year"] = rows["year"].astype(int)
    rows["unit"] = rows["unit"].replace({"percent of GDP": "percent"})
    large = rows["unit"] == "1e4 CNY"
    rows["value"] = rows["value"].mask(large, rows["value"] * 1e4)
    rows["unit"] = rows["unit"].mask(large, "CNY")
    rows["variable"] = rows["variable"].str.removeprefix(PREFIX)
    cell = ["unit_id", "year", "variable"]
    middle = rows.groupby(cell)["value"].transform("median")
    ranked = rows.assign(
        _quality=rows["quality"].map(QUALITIES.index),
        _distance=(rows["value"] - middle).abs().round(9),
    ).sort_values([*cell, "_quality", "_distance", "value"], kind="stable")
    chosen = ranked.drop_duplicates(cell)[COLUMNS]
    return chosen.sort_values(["unit_id", "variable", "year"]).reset_index(drop=True)
