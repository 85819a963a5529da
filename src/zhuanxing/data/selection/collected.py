"""Bring the collected statistics of `raw/` to one form: names, units, sources, what is left out.

Left out are doubtful figures, parts of a year, bounds, expectations, plans of one year, figures of
an unstated year, and variables that `raw/not_kept.csv` names with the reason. A variable that
neither variables.csv nor that list names is refused, so that a misspelt one cannot vanish.
"""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from zhuanxing.data.reading import read_table
from zhuanxing.errors import ZhuanxingError, nearest

__all__ = ["QUALITIES", "base_name", "collect", "convert_units"]

QUALITIES = ["official", "secondary", "modelled", "preliminary", "derived"]
COLUMNS = ["unit_id", "year", "variable", "value", "unit", "quality", "source_id", "note"]
PANEL = ("panel_accounts", "panel_people_money", "panel_energy", "panel_land_air", "finance")

LEFT_OUT = re.compile(
    r"(?:_q\d(?:_q\d)?|_h1|_9m|_jan_[a-z]+|_min|_max|_expected|_lower_bound|_year_unstated|_doubtful"
    r"|_annual_plan|_claim|_potential)$|^annual_|^target"
)
NOT_THE_WHOLE_YEAR = re.compile(r"非年末数|1-7月|前三季度|year not stated")
PERIOD_AVERAGE = re.compile(r"^(.+)_(\d{4})_(\d{4})_avg$")
FIVE_YEARS = re.compile(r"^(.+)_5y_avg$")
PERIOD = re.compile(r"_avg_\d{4}_\d{4}$")
SAME = {
    "population_registered": "registered_population",
    "power_capacity_total": "power_capacity",
    "total_power_capacity": "power_capacity",
    "total_trade": "trade_total",
    "gas_output": "natural_gas_output",
    "co2": "co2_ceads",
    "lgfv_interest_bearing_debt": "platform_debt",
}
# Factor from a unit as printed to the unit of variables.csv; the names of a unit count as 1.
FACTORS = {
    ("Mt CO2", "1e4 t"): 100.0,
    ("1e6 t", "1e4 t"): 100.0,
    ("persons", "1e4 persons"): 1e-4,
    ("percent of GDP", "percent"): 1.0,
    ("percent of above-scale industrial VA", "percent"): 1.0,
    ("percent of industry", "percent"): 1.0,
    ("percent per year", "percent"): 1.0,
    ("CNY per capita", "CNY"): 1.0,
    ("km2 (urban districts)", "km2"): 1.0,
}
# The totals of the table of land supply are incomplete; its prices are means over what it holds.
PRICES = ("commercial_residential_land_price", "industrial_land_price")
DISTRICTS = "市辖区"
OF_DISTRICTS = ("built_up_area",)


def collect(raw: Path, variables: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the statistics of the folder `raw` in one form, and the table of their sources.

    `variables` is variables.csv. Columns of the first: unit_id, year, variable, value, unit,
    quality, source_id, note; of the second: source_id, source, url. Raises ZhuanxingError for a
    variable or unit of measure that is not known.
    """
    pages, page_sources = _pages(raw / "observations.csv")
    panel = pd.concat([_read(raw / f"{name}.csv") for name in PANEL], ignore_index=True)
    rows = pd.concat([pages, panel], ignore_index=True)[COLUMNS]
    rows = _named(_kept(rows), variables, _read(raw / "not_kept.csv"))
    rows = convert_units(rows, variables)
    rows = _of_one_scope(rows)
    sources = pd.concat([page_sources, _read(raw / "panel_sources.csv")], ignore_index=True)
    return rows.reset_index(drop=True), sources


def _read(path: Path) -> pd.DataFrame:
    frame = read_table(path, keep_default_na=False)
    for name in ("year", "value"):
        if name in frame:
            frame[name] = pd.to_numeric(frame[name])
    return frame


def _pages(path: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows read from pages with an identifier for each source, and the sources."""
    rows = _read(path)
    sources = rows[["source", "url"]].drop_duplicates(ignore_index=True)
    sources.insert(0, "source_id", [f"p{number:04d}" for number in range(1, len(sources) + 1)])
    return rows.merge(sources, on=["source", "url"]), sources


def _kept(rows: pd.DataFrame) -> pd.DataFrame:
    prices = rows["variable"].isin(PRICES)
    rows = rows.assign(quality=rows["quality"].where(~prices, "derived"))
    rows = rows[rows["quality"].isin(QUALITIES)]
    rows = rows[~rows["variable"].str.contains(LEFT_OUT)]
    rows = rows[~rows["note"].str.contains(NOT_THE_WHOLE_YEAR)]
    return rows.assign(year=rows["year"].astype(int))


def _named(rows: pd.DataFrame, variables: pd.DataFrame, not_kept: pd.DataFrame) -> pd.DataFrame:
    """Give a variable its one name and drop those that are not kept."""
    names = [_name(name, year) for name, year in zip(rows["variable"], rows["year"], strict=True)]
    rows = rows.assign(variable=names)
    known, dropped = set(variables["variable"]), set(not_kept["variable"])
    base = rows["variable"].map(base_name)
    for name in sorted(set(base) - known - dropped):
        raise ZhuanxingError(
            f"raw: the variable '{name}' is neither in variables.csv nor in raw/not_kept.csv; the "
            f"nearest name is '{nearest(name, known)}'"
        )
    return rows[base.isin(known)]


def _name(variable: str, year: int) -> str:
    """Return the one spelling of `variable`, with the period of an average written out."""
    years = PERIOD_AVERAGE.match(variable)
    if years:
        return f"{years[1]}_avg_{years[2]}_{years[3]}"
    five = FIVE_YEARS.match(variable)
    if five:
        return f"{five[1]}_avg_{year - 4}_{year}"
    return SAME.get(variable, variable)


def base_name(variable: str) -> str:
    """Return the name in variables.csv: that of an average over years without its period."""
    return PERIOD.sub("", variable)


def convert_units(rows: pd.DataFrame, variables: pd.DataFrame) -> pd.DataFrame:
    """Return `rows` in the units of `variables`; raises ZhuanxingError for a unit not known."""
    wanted = rows["variable"].map(base_name).map(variables.set_index("variable")["unit"])
    factor = []
    for variable, found, unit in zip(rows["variable"], rows["unit"], wanted, strict=True):
        if found != unit and (found, unit) not in FACTORS:
            raise ZhuanxingError(
                f"'{variable}' is given in '{found}', expected '{unit}', the unit of variables.csv"
            )
        factor.append(FACTORS.get((found, unit), 1.0))
    value = (rows["value"] * factor).round(9)
    return rows.assign(value=value, unit=wanted)


def _of_one_scope(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep figures of city districts alone where a unit has them: pages often count counties."""
    districts = rows["note"].str.contains(DISTRICTS)
    told = rows["variable"].isin(OF_DISTRICTS)
    having = rows[told & districts].groupby("variable")["unit_id"].unique().to_dict()
    within = [unit in having.get(name, ()) for unit, name in rows[["unit_id", "variable"]].values]
    return rows[districts | ~pd.Series(within, index=rows.index)]
