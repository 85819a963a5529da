"""Tidy tables of zone evaluations and of provincial statistics from the collected material.

Provincial real growth, which the demand of each city follows, is taken from: a printed figure of
the whole year; else, for years without a revision of energy statistics, growth of energy use and
change of energy intensity (which imply it exactly); else growth of the first half; else nominal
growth less the national deflator. Everything but the first is called derived.
"""

from __future__ import annotations

import pandas as pd

from zhuanxing.data.kinds import NATION
from zhuanxing.data.reading import DataError
from zhuanxing.data.selection.years import FIRST

__all__ = ["select_evaluations", "select_provinces"]

COLUMNS = ["province", "year", "variable", "value", "unit", "quality", "source", "url"]
ORDER = ["official", "secondary", "preliminary", "assumption", "derived"]
KEPT_FROM_ZONES = {
    "energy_intensity_change", "energy_consumption_growth", "wind_capacity", "solar_capacity",
    "wind_hours_jan_sep", "gdp_growth", "emerging_share", "hightech_share",
}  # fmt: skip
# Energy use of 2018 was revised with the economic census, so 2018 over 2017 is not growth.
ENERGY_BREAK = 2018


def select_evaluations(zones: pd.DataFrame) -> pd.DataFrame:
    """Return zone grades by unit and year: 4 excellent, 3 good, 2 pass, 1 poor.

    Columns unit_id, year, grade, source, url. Rows of zones without a named unit are left out.
    """
    rows = zones[(zones["kind"] == "evaluation") & zones["unit_id"].notna()]
    rows = rows.rename(columns={"value": "grade"})
    rows = rows.drop_duplicates(["unit_id", "year"]).sort_values(["unit_id", "year"])
    rows["year"] = rows["year"].astype(int)
    rows["grade"] = rows["grade"].astype(int)
    return rows[["unit_id", "year", "grade", "source", "url"]].reset_index(drop=True)


def select_provinces(
    panel: pd.DataFrame, zones: pd.DataFrame, growth: pd.DataFrame, units: pd.DataFrame
) -> pd.DataFrame:
    """Return one row per province (and the nation), year and variable, growth filled in."""
    printed = growth.rename(columns={"region": "province"})[COLUMNS]
    rows = pd.concat([_panel(panel), _zone_rows(zones, units), printed], ignore_index=True)
    rows = _one_each(rows)
    rows = pd.concat([rows, _gdp_from_parts(rows)], ignore_index=True)
    rows = _one_each(rows)
    rows = pd.concat([rows, _implied_growth(rows, int(panel["year"].max()))], ignore_index=True)
    return rows[COLUMNS].sort_values(["province", "variable", "year"]).reset_index(drop=True)


def _panel(panel: pd.DataFrame) -> pd.DataFrame:
    rows = panel.rename(columns={"province_en": "province"}).copy()
    first_source = rows["source"].iloc[0]
    rows["source"] = rows["source"].replace({"as above": first_source})
    # Of two panels the longer one is kept, so that a series does not change its source.
    length = rows.groupby(["province", "variable", "source"])["year"].transform("count")
    rows = rows.assign(_length=length).sort_values("_length", ascending=False, kind="stable")
    rows = rows.drop_duplicates(["province", "variable", "year"])
    return rows.assign(quality="secondary", url="")


def _zone_rows(zones: pd.DataFrame, units: pd.DataFrame) -> pd.DataFrame:
    """Return the provincial and national rows of the zone file; name and unit are in its notes."""
    short = {name: en for name, en in zip(units["province_zh"], units["province_en"], strict=True)}
    rows = zones[zones["kind"].isin(["province", "nation"])].copy()
    parts = rows["note"].str.extract(r"variable=(\w+); unit=([^;,]+)")
    rows["variable"], rows["unit"] = parts[0], parts[1].str.strip()
    rows["province"] = [_english(zone, short) for zone in rows["zone"]]
    rows = rows[rows["variable"].isin(KEPT_FROM_ZONES) & rows["province"].notna()]
    rows["year"] = rows["year"].astype(int)
    rows["quality"] = "official"
    return rows[COLUMNS]


def _english(zone: str, names: dict[str, str]) -> str | None:
    if zone == "全国":
        return NATION
    return next((en for zh, en in names.items() if zh.startswith(zone)), None)


def _one_each(rows: pd.DataFrame) -> pd.DataFrame:
    rank = rows["quality"].map(ORDER.index)
    rows = rows.assign(_rank=rank).sort_values("_rank", kind="stable")
    return rows.drop_duplicates(["province", "year", "variable"])[COLUMNS]


def _gdp_from_parts(rows: pd.DataFrame) -> pd.DataFrame:
    """Return gross product as the sum of the three values added where no total is given."""
    parts = rows[rows["variable"].isin(["primary_va", "secondary_va", "tertiary_va"])]
    parts = parts[parts["province"] != NATION]
    total = parts.groupby(["province", "year"]).agg(
        value=("value", "sum"), n=("value", "size"), source=("source", "first")
    )
    total = total[total["n"] == 3].reset_index()
    return total.assign(variable="gdp", unit="1e8 CNY", quality="derived", url="")[COLUMNS]


def _implied_growth(rows: pd.DataFrame, last: int) -> pd.DataFrame:
    """Return derived real growth for the provinces and years to `last` without printed figures."""
    value = rows.set_index(["province", "variable", "year"])["value"]
    made = []
    for province in sorted(set(rows["province"]) - {NATION}):
        for year in range(FIRST + 1, last + 1):
            if (province, "gdp_growth", year) in value.index:
                continue
            figure, how = _growth(value, province, year)
            made.append((province, year, "gdp_growth", figure, "percent", "derived", how, ""))
    return pd.DataFrame(made, columns=COLUMNS)


def _growth(value: pd.Series, province: str, year: int) -> tuple[float, str]:
    def have(variable: str, when: int = year) -> float | None:
        key = (province, variable, when)
        return float(value.loc[key]) if key in value.index else None

    change = have("energy_intensity_change")
    if change is not None:
        use = have("energy_consumption_growth")
        now, before = have("energy_consumption"), have("energy_consumption", year - 1)
        if use is None and year != ENERGY_BREAK and now is not None and before is not None:
            use = 100.0 * (now / before - 1.0)
        if use is not None:
            implied = 100.0 * ((1.0 + use / 100.0) / (1.0 + change / 100.0) - 1.0)
            return round(implied, 2), "implied by growth of energy use and change of intensity"
    half = have("gdp_growth_h1")
    if half is not None:
        return half, "growth of the first half of the year"
    now, before = have("gdp"), have("gdp", year - 1)
    deflator = _national_deflator(value, year)
    if now is None or before is None:
        raise DataError(
            f"raw/provinces.csv: no growth of {province} in {year} can be derived; "
            f"expected its gdp of {year - 1} and {year}, or gdp_growth"
        )
    nominal = now / before / deflator
    return round(100.0 * (nominal - 1.0), 2), "nominal growth less the national deflator"


def _national_deflator(value: pd.Series, year: int) -> float:
    """Return the rise of national prices: the deflator index, after it nominal over real growth."""
    index = [(NATION, "gdp_deflator_index", when) for when in (year, year - 1)]
    if index[0] in value.index:
        return float(value.loc[index[0]] / value.loc[index[1]])
    needed = [(NATION, "gdp_growth", year), (NATION, "gdp", year), (NATION, "gdp", year - 1)]
    if missing := [key for key in needed if key not in value.index]:
        _, name, when = missing[0]
        raise DataError(
            f"raw/growth.csv, raw/provinces.csv: {name} of {NATION} in {when} is missing"
        )
    growth, now, before = (float(value.loc[key]) for key in needed)
    return now / before / (1.0 + growth / 100.0)
