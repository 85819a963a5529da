"""Reserves, resources and past extraction of every city that mines, at the start of 2015.

The rule, mineral by mineral:

1. Reserves: those that the trackers list for the working and idle mines of the city, with what
   has been taken out since; where none are listed, output times the life that the official
   stage of 2013 implies (`stage_rules.csv`). Listed reserves are lower bounds.
2. Resources, not yet proven: listed resources less reserves and the reserves of proposed mines;
   where none are listed, a part of the reserves.
3. Past extraction: printed where it is, less what came after 2014; else from the share extracted
   that the stage implies.

Run `python -m zhuanxing.data.selection.reserves MODEL/data` to write `reserves.csv`, after
`products`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from zhuanxing.data.reading import read_table
from zhuanxing.data.selection.years import FIRST

__all__ = ["mineral_reserves", "write_reserves"]

# A row of a table of rules by column.
Row = Mapping[Any, Any]

COLUMNS = ["unit_id", "product", "variable", "value", "low", "high", "origin", "basis"]
# The lists tell what was in the ground at the end of this year.
LISTED_YEAR = 2022
# The stage of units that the plan of 2013 does not name.
UNNAMED = "not on the list"
LISTED, STAGE = "listed", "stage"
# Listed in million tonnes and thousand tonnes; the table has 1e4 t.
FACTOR = {"1e6 t": 100.0, "1e3 t": 0.1}
IN_USE = ("mines: Operating", "mines: Mothballed")
PROVEN, TOTAL, PAST = "reserves_proven_probable", "resource_total", "cumulative_output"
# Listed reserves are lower bounds; the truth may be half as much again.
MOST = 1.5
# Resources as a part of reserves where none are listed.
UNLISTED_RESOURCES = 0.9


@dataclass(frozen=True)
class Mineral:
    """Listed reserves and past extraction of one mineral in one city, 1e4 t."""

    proven: float
    resources: float
    past: float | None
    past_year: int


def mineral_reserves(root: Path) -> pd.DataFrame:
    """Return reserves, resources and past extraction; `root` is the folder model/data."""
    rules = read_table(root / "product_rules.csv", keep_default_na=False)
    minerals = {row["product"]: row for row in rules.to_dict("records") if row["listed_mineral"]}
    listed = read_table(root / "raw" / "resources.csv")
    stages = read_table(root / "raw" / "resource_city_stages.csv").drop_duplicates("unit_id")
    stage_of = dict(zip(stages["unit_id"], stages["stage_2013"], strict=True))
    terms = read_table(root / "stage_rules.csv").set_index("stage").to_dict("index")
    outputs = read_table(root / "products.csv")
    rows: list[list[object]] = []
    for (unit, product), part in outputs.groupby(["unit_id", "product"], sort=False):
        if product in minerals:
            rule = minerals[product]
            output = part.set_index("year")["value"]
            mineral = _listed(listed, str(unit), rule["listed_mineral"])
            stage = stage_of.get(str(unit), UNNAMED)
            life = terms[stage]["life_years"] * float(rule["life_factor"])
            of_stage = {**terms[stage], "life_years": life}
            rows += _rows(str(unit), str(product), output, mineral, stage, of_stage)
    return pd.DataFrame(rows, columns=COLUMNS)


def _listed(listed: pd.DataFrame, unit: str, mineral: str) -> Mineral:
    rows = listed[(listed["unit_id"] == unit) & (listed["resource"] == mineral)]
    tonnes = rows["value"] * rows["unit"].map(FACTOR).fillna(0.0)
    used = rows["name"].isin(IN_USE) | (rows["level"] == "mine")
    proven = float(tonnes[used & (rows["variable"] == PROVEN)].sum())
    resources = float(tonnes[used & (rows["variable"] == TOTAL)].sum()) - proven
    proposed = float(tonnes[~used & (rows["variable"] == PROVEN)].sum())
    past = rows[rows["variable"] == PAST].sort_values("year")
    if past.empty:
        return Mineral(proven, max(0.0, resources) + proposed, None, 0)
    last = past.iloc[-1]
    value = float(last["value"]) * FACTOR[last["unit"]]
    return Mineral(proven, max(0.0, resources) + proposed, value, int(float(last["year"])))


def _rows(
    unit: str, product: str, output: pd.Series, mineral: Mineral, stage: str, terms: Row
) -> list[list[object]]:
    since = float(output[(output.index >= FIRST) & (output.index <= LISTED_YEAR)].sum())
    if mineral.proven > 0:
        reserves, origin = mineral.proven + since, LISTED
        basis = "reserves listed for working and idle mines, with what was taken out since 2015"
    else:
        reserves, origin = float(output[FIRST]) * terms["life_years"], STAGE
        basis = f"output of 2015 for the {terms['life_years']:g} years of the stage '{stage}'"
    least = 0.7 * reserves
    rows: list[list[Any]] = [
        [unit, product, "reserves", reserves, least, MOST * reserves, origin, basis]
    ]
    resources, origin, basis = mineral.resources, LISTED, "listed resources less reserves"
    if resources == 0:
        resources, origin = UNLISTED_RESOURCES * reserves, STAGE
        basis = "not listed: a part of the reserves, by discovery and improved recovery"
    rows.append(
        [unit, product, "resources", resources, 0.4 * resources, 2 * resources, origin, basis]
    )
    rows.append([unit, product, "extracted", *_extracted(output, mineral, reserves, stage, terms)])
    return [[*row[:3], *(round(float(x), 1) for x in row[3:6]), *row[6:]] for row in rows]


def _extracted(
    output: pd.Series, mineral: Mineral, reserves: float, stage: str, terms: Row
) -> list[object]:
    """Return value, low, high, origin and basis of what was taken out before 2015."""
    if mineral.past is not None:
        later = float(output[output.index <= mineral.past_year].sum())
        value = mineral.past - later
        basis = f"printed for {mineral.past_year}, less the output since 2015"
        return [value, 0.95 * value, 1.05 * value, LISTED, basis]
    odds = [terms[name] / (1 - terms[name]) for name in ("share_extracted", "low", "high")]
    basis = f"share extracted of the stage '{stage}'"
    return [*(reserves * odd for odd in odds), STAGE, basis]


def write_reserves(root: Path) -> None:
    """Write `reserves.csv` in `root`, the folder model/data."""
    mineral_reserves(root).to_csv(root / "reserves.csv", index=False)


if __name__ == "__main__":
    write_reserves(Path(sys.argv[1]))
