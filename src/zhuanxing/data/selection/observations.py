"""Choose one figure per unit, year and variable from the collected statistics.

The rule, in order:

1. Left out: doubtful figures; parts of a year, bounds, expectations, plans of one year, figures
   of an unstated year; years outside 2010-2022 (aims for 2024 and later go to `targets`).
2. Official before secondary before preliminary before derived.
3. The basis after the 2018 economic census before the one in use until then.
4. The figure closest to the median of all figures of that cell.
5. Still tied: the smaller one.

The three shares of a year are chosen together, from one source. Where no share of a year is
printed but one source gives all three values added, the shares are computed and called derived.
Run `python -m zhuanxing.data.selection.observations MODEL/data` to write the chosen tables
from `raw/`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pandas as pd

from zhuanxing.data.selection.provinces import select_evaluations, select_provinces

__all__ = ["select_observations", "select_targets", "write_selection"]

COLUMNS = [
    "unit_id", "year", "variable", "value", "unit", "quality", "basis", "source", "url", "note",
]  # fmt: skip
QUALITIES = ["official", "secondary", "preliminary", "derived"]
FIRST_YEAR, LAST_YEAR = 2010, 2022
FIRST_AIM = 2024
SHARES = ["primary_share", "secondary_share", "tertiary_share"]
VALUES_ADDED = ["primary_va", "secondary_va", "tertiary_va"]

LEFT_OUT = re.compile(
    r"(?:_q\d(?:_q\d)?|_h1|_9m|_jan_[a-z]+|_min|_max|_expected|_lower_bound|_year_unstated|_doubtful"
    r"|_annual_plan|_claim|_potential)$|^annual_|^target13_"
)
NOT_THE_WHOLE_YEAR = re.compile(r"非年末数|1-7月|前三季度|year not stated")
PERIOD_AVERAGE = re.compile(r"^(.+)_(\d{4})_(\d{4})_avg$")
FIVE_YEARS = re.compile(r"^(.+)_5y_avg$")
SAME = {
    "population_registered": "registered_population",
    "power_capacity_total": "power_capacity",
    "total_power_capacity": "power_capacity",
    "total_trade": "trade_total",
    "total_fiscal_revenue_max": "total_fiscal_revenue",
}
ACCOUNTS = re.compile(r"^(gdp|gdp_per_capita|(primary|secondary|tertiary|industry)_(va|share))$")
PEOPLE = re.compile(r"^(population|urbanization|(urban|rural)_population)$")
BEFORE = re.compile(r"修订前|普前|后经普修订|before (?:the|later)|unrevised figures of")
AFTER = re.compile(r"修订后|revised series|restated|最终核实")


def select_observations(raw: pd.DataFrame) -> pd.DataFrame:
    """Return one row per unit, year and variable, by the rule of this module.

    `raw`: columns unit_id, year, variable, value, unit, quality, source, url, note.
    """
    rows = _clean(raw)
    rows = rows[~rows["variable"].str.startswith("target_")]
    rows = rows[rows["year"].between(FIRST_YEAR, LAST_YEAR)]
    shares = rows["variable"].isin(SHARES)
    chosen = pd.concat([_choose(rows[~shares]), _choose_shares(rows)], ignore_index=True)
    return _ordered(chosen)


def select_targets(raw: pd.DataFrame) -> pd.DataFrame:
    """Return what the units say they aim at from 2024 on, `target_` taken off the names."""
    rows = _clean(raw)
    rows = rows[rows["variable"].str.startswith("target_") & (rows["year"] >= FIRST_AIM)].copy()
    rows["variable"] = rows["variable"].str.removeprefix("target_")
    return _ordered(_choose(rows))


def _clean(raw: pd.DataFrame) -> pd.DataFrame:
    """Drop what the rule leaves out; give one spelling to a variable and a unit; mark the basis."""
    rows = raw.copy()
    rows["note"] = rows["note"].fillna("")
    rows["url"] = rows["url"].fillna("")
    rows["year"] = rows["year"].astype(int)
    rows = rows[rows["quality"].isin(QUALITIES)]
    rows = rows[~rows["variable"].str.contains(LEFT_OUT)]
    rows = rows[~rows["note"].str.contains(NOT_THE_WHOLE_YEAR)]
    rows["variable"] = [
        _name(variable, year) for variable, year in zip(rows["variable"], rows["year"], strict=True)
    ]
    rows["unit"] = rows["unit"].replace(
        {"percent of GDP": "percent", "CNY per capita": "CNY", "percent per year": "percent"}
    )
    rows["basis"] = [_basis(row) for row in rows.itertuples()]
    return rows


def _name(variable: str, year: int) -> str:
    """Return the one spelling of `variable`, with the period of an average written out."""
    years = PERIOD_AVERAGE.match(variable)
    if years:
        return f"{years[1]}_avg_{years[2]}_{years[3]}"
    five = FIVE_YEARS.match(variable)
    if five:
        return f"{five[1]}_avg_{year - 4}_{year}"
    return SAME.get(variable, variable)


def _basis(row: object) -> str:
    """Return which accounts or census a level belongs to; growth rates have none."""
    year, note, variable = row.year, row.note, row.variable  # type: ignore[attr-defined]
    if ACCOUNTS.match(variable):
        revised = year >= 2019 or (AFTER.search(note) and not BEFORE.search(note))
        revised = revised or "似四经普修订后" in note
        return "post_2018_census" if revised else "pre_2018_census"
    if PEOPLE.match(variable):
        census = year >= 2020 or year == 2010
        return "post_2020_population_census" if census else "pre_2020_population_census"
    return ""


def _rank(rows: pd.DataFrame) -> pd.DataFrame:
    """Sort so that the first row of every cell is the one that the rule chooses."""
    cell = rows.groupby(["unit_id", "year", "variable"])["value"]
    return rows.assign(
        _quality=rows["quality"].map(QUALITIES.index),
        _basis=rows["basis"].str.startswith("pre_"),
        _distance=(rows["value"] - cell.transform("median")).abs().round(9),
    ).sort_values(
        ["unit_id", "year", "variable", "_quality", "_basis", "_distance", "value"], kind="stable"
    )


def _choose(rows: pd.DataFrame) -> pd.DataFrame:
    return _rank(rows).drop_duplicates(["unit_id", "year", "variable"])


def _choose_shares(rows: pd.DataFrame) -> pd.DataFrame:
    """Choose the shares of each unit and year from one source, so that they belong together."""
    printed = _rank(rows[rows["variable"].isin(SHARES)])
    computed = _shares_from_values(rows[rows["variable"].isin(VALUES_ADDED)])
    chosen: list[pd.DataFrame] = []
    cells = pd.concat([printed, computed], ignore_index=True)
    for _, cell in cells.groupby(["unit_id", "year"]):
        by_source = [part for _, part in cell.groupby("source") if len(part) >= len(SHARES)]
        if by_source:
            best = min(by_source, key=_triple_key)
            chosen.append(best.drop_duplicates("variable"))
        else:
            chosen.append(_choose(cell))
    return pd.concat(chosen, ignore_index=True)


def _triple_key(part: pd.DataFrame) -> tuple[int, bool, float]:
    """Order complete triples: worst quality, then basis, then how far the sum is from 100."""
    worst = max(QUALITIES.index(quality) for quality in part["quality"])
    total = part.drop_duplicates("variable")["value"].sum()
    return worst, bool(part["basis"].str.startswith("pre_").any()), abs(total - 100.0)


def _shares_from_values(values: pd.DataFrame) -> pd.DataFrame:
    """Return derived shares where one source gives all three values added of a year."""
    made: list[pd.DataFrame] = []
    for _, part in _rank(values).groupby(["unit_id", "year", "source"]):
        part = part.drop_duplicates("variable")
        if len(part) == len(VALUES_ADDED):
            share = part.assign(
                variable=part["variable"].str.replace("_va", "_share"),
                value=(100.0 * part["value"] / part["value"].sum()).round(3),
                unit="percent",
                quality="derived",
                note="share of the three values added of this source",
            )
            made.append(share)
    return pd.concat(made, ignore_index=True)


def _ordered(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[COLUMNS].sort_values(["unit_id", "variable", "year"]).reset_index(drop=True)


def write_selection(root: Path) -> None:
    """Write observations, targets, evaluations and provinces from `root`/raw into `root`."""
    raw = pd.read_csv(root / "raw" / "observations.csv")
    zones = pd.read_csv(root / "raw" / "zones.csv")
    provinces = pd.read_csv(root / "raw" / "provinces.csv")
    growth = pd.read_csv(root / "raw" / "growth.csv")
    units = pd.read_csv(root / "units.csv")
    tables = {
        "observations": select_observations(raw),
        "targets": select_targets(raw),
        "evaluations": select_evaluations(zones),
        "provinces": select_provinces(provinces, zones, growth, units),
    }
    for name, table in tables.items():
        table.to_csv(root / f"{name}.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    write_selection(Path(sys.argv[1]))
