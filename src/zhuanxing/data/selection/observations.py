"""Choose one figure per unit, year, variable and basis from the collected statistics.

The rule, in order:

1. Left out: what `collected` leaves out; figures outside the range of variables.csv; levels that
   lie further than the factor `jump` of variables.csv from the median of the unit's other figures
   within three years.
2. Official before secondary before modelled before preliminary before derived.
3. The figure closest to the median of all figures of that cell; figures within half a percent of
   it count as equally close, and the one printed with more digits is taken.
4. Still tied: the smaller one.

Levels on different bases (census of accounts or of people, method) are different cells: what was
known before a census stays known. The three shares of a year are chosen together, from one source.
Where no share of a year is printed but one source gives all three values added, the shares are
computed and called derived; so is the urban share of residents where only urban residents are
printed.
Run `python -m zhuanxing.data.selection.observations MODEL/data` to write the chosen tables
from `raw/`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from zhuanxing.data.reading import read_table
from zhuanxing.data.selection.bases import with_basis
from zhuanxing.data.selection.collected import QUALITIES, base_name, collect
from zhuanxing.data.selection.provinces import select_evaluations, select_provinces
from zhuanxing.data.selection.targets import select_targets

__all__ = ["select_observations", "write_selection"]

COLUMNS = ["unit_id", "year", "variable", "value", "unit", "quality", "basis", "source_id"]
CELL = ["unit_id", "year", "variable", "basis"]
FIRST_YEAR = 2010
SHARES = ["primary_share", "secondary_share", "tertiary_share"]
VALUES_ADDED = ["primary_va", "secondary_va", "tertiary_va"]
URBAN_SHARE, URBAN_RESIDENTS, RESIDENTS = "urbanization", "urban_population", "population"
# Figures this close to the median, as a part of it, are one figure rounded in several ways.
ROUNDING = 0.005
NEIGHBOURS, FEWEST = 3, 2


def select_observations(
    collected: pd.DataFrame, variables: pd.DataFrame, bases: pd.DataFrame
) -> pd.DataFrame:
    """Return one row per unit, year, variable and basis, by the rule of this module.

    `collected`: columns unit_id, year, variable, value, unit, quality, source_id, note, in the
    units of `variables` (variables.csv); `bases` is bases.csv.
    """
    rows = collected[collected["year"] >= FIRST_YEAR].reset_index(drop=True)
    rows = _plausible(with_basis(rows, variables, bases), variables)
    current = ["", *bases.loc[bases["current"] == 1, "basis"]]
    shares = rows["variable"].isin(SHARES)
    chosen = pd.concat([_choose(rows[~shares]), _choose_shares(rows)], ignore_index=True)
    chosen = pd.concat([chosen, _urban_shares(chosen)], ignore_index=True)
    ordered = chosen.assign(_now=chosen["basis"].isin(current))
    ordered = ordered.sort_values(["unit_id", "variable", "year", "_now"], ignore_index=True)
    return ordered[COLUMNS]


def _plausible(rows: pd.DataFrame, variables: pd.DataFrame) -> pd.DataFrame:
    """Drop figures out of range and levels that leap away from those of the years around."""
    of = variables.set_index("variable").loc[rows["variable"].map(base_name)]
    value = rows["value"].to_numpy(float)
    rows = rows[(value >= of["low"].to_numpy(float)) & (value <= of["high"].to_numpy(float))]
    steady = variables.dropna(subset="jump")
    jumps = dict(zip(steady["variable"], steady["jump"].astype(float), strict=True))
    series = rows[rows["variable"].isin(jumps)].groupby(["unit_id", "variable"])
    leaps = [index for _, part in series for index in _leaps(part, jumps[part["variable"].iloc[0]])]
    return rows.drop(index=leaps)


def _leaps(part: pd.DataFrame, jump: float) -> list[int]:
    """Return the rows of one series further than the factor `jump` from those of other years."""
    years, values = part["year"].to_numpy(int), part["value"].to_numpy(float)
    found = []
    for index, year, value in zip(part.index, years, values, strict=True):
        others = values[(years != year) & (np.abs(years - year) <= NEIGHBOURS)]
        middle = float(np.median(others)) if len(others) >= FEWEST else value
        if middle > 0 and not middle / jump <= value <= middle * jump:
            found.append(index)
    return found


def _rank(rows: pd.DataFrame) -> pd.DataFrame:
    """Sort so that the first row of every cell is the one that the rule chooses."""
    middle = rows.groupby(CELL)["value"].transform("median")
    distance = (rows["value"] - middle).abs()
    return rows.assign(
        _quality=rows["quality"].map(QUALITIES.index),
        _distance=distance.where(distance > ROUNDING * middle.abs(), 0.0).round(9),
        _digits=[-len(repr(float(value)).partition(".")[2].rstrip("0")) for value in rows["value"]],
    ).sort_values([*CELL, "_quality", "_distance", "_digits", "value"], kind="stable")


def _choose(rows: pd.DataFrame) -> pd.DataFrame:
    return _rank(rows).drop_duplicates(CELL)


def _choose_shares(rows: pd.DataFrame) -> pd.DataFrame:
    """Choose the shares of each unit and year from one source, so that they belong together."""
    printed = _rank(rows[rows["variable"].isin(SHARES)])
    computed = _shares_from_values(rows[rows["variable"].isin(VALUES_ADDED)])
    chosen: list[pd.DataFrame] = []
    cells = pd.concat([printed, computed], ignore_index=True)
    for _, cell in cells.groupby(["unit_id", "year", "basis"]):
        by_source = [part for _, part in cell.groupby("source_id") if _whole(part)]
        if by_source:
            best = min(by_source, key=_triple_key)
            chosen.append(best.drop_duplicates("variable"))
        else:
            chosen.append(_choose(cell))
    return pd.concat(chosen, ignore_index=True)


def _whole(part: pd.DataFrame) -> bool:
    return part["variable"].nunique() == len(SHARES)


def _triple_key(part: pd.DataFrame) -> tuple[int, float]:
    """Order complete triples: worst quality, then how far the sum is from 100."""
    worst = max(QUALITIES.index(quality) for quality in part["quality"])
    return worst, abs(float(part.drop_duplicates("variable")["value"].sum()) - 100.0)


def _shares_from_values(values: pd.DataFrame) -> pd.DataFrame:
    """Return derived shares where one source gives all three values added of a year."""
    ranked = _rank(values).drop_duplicates([*CELL, "source_id"])
    by_source = ["unit_id", "year", "basis", "source_id"]
    whole = ranked.groupby(by_source)["variable"].transform("size") == len(VALUES_ADDED)
    part = ranked[whole]
    total = part.groupby(by_source)["value"].transform("sum")
    return part.assign(
        variable=part["variable"].str.replace("_va", "_share"),
        value=(100.0 * part["value"] / total).round(3),
        unit="percent",
        quality="derived",
    )


def _urban_shares(chosen: pd.DataFrame) -> pd.DataFrame:
    """Return derived urban shares where residents and urban residents stand on one basis."""
    key = ["unit_id", "year", "basis"]
    parts = {name: chosen[chosen["variable"] == name] for name in (URBAN_RESIDENTS, RESIDENTS)}
    both = parts[URBAN_RESIDENTS].merge(
        parts[RESIDENTS][[*key, "value"]], on=key, suffixes=("", "_all")
    )
    known = pd.MultiIndex.from_frame(chosen.loc[chosen["variable"] == URBAN_SHARE, key])
    both = both[~pd.MultiIndex.from_frame(both[key]).isin(known)]
    return both.assign(
        variable=URBAN_SHARE,
        value=(100.0 * both["value"] / both["value_all"]).round(2),
        unit="percent",
        quality="derived",
    )


def write_selection(root: Path) -> None:
    """Write the tables that are chosen from `root`/raw, and their sources, into `root`."""
    variables, bases = read_table(root / "variables.csv"), read_table(root / "bases.csv")
    variables["bases"] = variables["bases"].fillna("")
    collected, sources = collect(root / "raw", variables)
    observations = select_observations(collected, variables, bases)
    pages = read_table(root / "raw" / "observations.csv")
    zones = read_table(root / "raw" / "zones.csv")
    provinces = read_table(root / "raw" / "provinces.csv")
    growth = read_table(root / "raw" / "growth.csv")
    units = read_table(root / "units.csv")
    tables = {
        "observations": observations,
        "sources": sources[sources["source_id"].isin(observations["source_id"])],
        "targets": select_targets(pages, int(observations["year"].max())),
        "evaluations": select_evaluations(zones),
        "provinces": select_provinces(provinces, zones, growth, units),
    }
    for name, table in tables.items():
        table.to_csv(root / f"{name}.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    write_selection(Path(sys.argv[1]))
