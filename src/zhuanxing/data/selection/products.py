"""Yearly output of every product in every city: what is printed, else estimated, else reasoned.

The rule, product by product (`product_rules.csv` names the statistics and series):

1. Observed: the printed output of the city. Where a rule adds several statistics, all of them
   must be printed for that year. Of alternatives, the first that is printed counts.
2. Reasoned: levels of `product_levels.csv`, for years that are not observed.
3. Estimated: where neither gives a level, nominal capacity of the plants known to the trackers
   times the utilisation of the rule, in the year of the tracker.

Levels are carried to the other years by a reference series: the province's output of the product
where the rule names one that is complete, else the nation's; between two levels their ratios to
the series are interpolated. After a level of zero there is not an output until the next level.

At the end of an earlier year less was known: levels and series of later years do not count then.
Only where no level was printed yet does the first later one stand for it, since the plant stood
there, carried back by the series as known. `earlier_products.csv` holds what differs.

Run `python -m zhuanxing.data.selection.products MODEL/data` to write both tables.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zhuanxing.data.kinds import NATION
from zhuanxing.data.reading import read_table
from zhuanxing.data.selection.years import FIRST, last_year

__all__ = ["product_outputs", "read_sources", "write_products"]

# A row of a table of rules by column.
Row = Mapping[Any, Any]

# The first year at whose end the model can stand.
EARLIEST = 2018
OBSERVED, REASONED, ESTIMATED, CARRIED = "observed", "reasoned", "estimated", "carried"
# The two editions of the mine tracker list the same mines; the older one gives capacity.
NEWER_EDITION = "spreadsheet copy"
WORKING = ("operating", "operating-pre-retirement")
# Lists of plants hold what worked in this year.
LISTED_YEAR = 2020
# Statistics by city are good to a few percent.
OBSERVED_SPREAD = 0.03
KEY = ["unit_id", "product", "year"]
COLUMNS = ["unit_id", "product", "year", "value", "low", "high", "origin", "basis", "source_id"]


@dataclass(frozen=True)
class Level:
    """A level of output in one year, in the unit of the product."""

    year: int
    value: float
    low: float
    high: float
    origin: str
    basis: str
    source: str


@dataclass(frozen=True)
class Sources:
    """The tables that the rule reads, as they lie in `model/data`, and the years to tell."""

    rules: pd.DataFrame
    reasoned: pd.DataFrame
    observed: pd.DataFrame
    plants: pd.DataFrame
    listed: pd.DataFrame
    mines: pd.DataFrame
    provinces: pd.DataFrame
    nation: pd.DataFrame
    units: pd.DataFrame
    years: np.ndarray


def read_sources(root: Path) -> Sources:
    """Read the tables under `root`, the folder model/data."""
    raw = root / "raw"
    units = read_table(root / "units.csv")
    printed = [read_table(raw / "city_products.csv"), read_table(root / "observations.csv")]
    provinces = read_table(raw / "province_products.csv")
    national = provinces[provinces["province"] == NATION].rename(columns={"province": "of"})
    return Sources(
        rules=read_table(root / "product_rules.csv", keep_default_na=False),
        reasoned=read_table(root / "product_levels.csv"),
        observed=pd.concat(printed, ignore_index=True).drop_duplicates(
            ["unit_id", "variable", "year"], keep="first"
        ),
        plants=read_table(raw / "plants.csv"),
        listed=read_table(raw / "plants_other.csv"),
        mines=read_table(raw / "resources.csv"),
        provinces=provinces,
        nation=pd.concat([read_table(raw / "national.csv"), national], ignore_index=True),
        units=units,
        years=np.arange(FIRST, last_year(root) + 1),
    )


def product_outputs(sources: Sources, known: int) -> pd.DataFrame:
    """Return the yearly output of every product that a city has, as the levels and series to the
    end of `known` tell it: columns as in products.csv.
    """
    province_of = dict(zip(sources.units["unit_id"], sources.units["province_en"], strict=True))
    rows: list[list[object]] = []
    for rule in sources.rules.to_dict("records"):
        for unit in sources.units["unit_id"]:
            levels = _levels(sources, rule, unit, known)
            if any(level.value > 0 for level in levels):
                series = _series(sources, rule, province_of[unit], known)
                rows += _path(unit, str(rule["product"]), levels, sources.years, series)
    found = pd.DataFrame(rows, columns=COLUMNS)
    return found[found["year"] <= known]


def earlier_outputs(sources: Sources, last: pd.DataFrame) -> pd.DataFrame:
    """Return the outputs told otherwise than in `last` at the end of an earlier year `known_at`."""
    earlier = range(EARLIEST, sources.years[-1])
    then = [product_outputs(sources, known).assign(known_at=known) for known in earlier]
    rows = pd.concat(then, ignore_index=True)
    now = last.set_index(KEY)["value"].reindex(pd.MultiIndex.from_frame(rows[KEY])).to_numpy()
    found: pd.DataFrame = rows[rows["value"].to_numpy() != now]
    return found


def _levels(sources: Sources, rule: Row, unit: str, known: int) -> list[Level]:
    found = {level.year: level for level in _reasoned(sources, rule, unit)}
    found |= {level.year: level for level in _observed(sources, rule, unit)}
    if not found:
        found = {level.year: level for level in _estimated(sources, rule, unit)}
    levels = [found[year] for year in sorted(found)]
    return [level for level in levels if level.year <= known] or levels[:1]


def _reasoned(sources: Sources, rule: Row, unit: str) -> Iterator[Level]:
    rows = sources.reasoned
    rows = rows[(rows["unit_id"] == unit) & (rows["product"] == rule["product"])]
    for row in rows.to_dict("records"):
        low, high = float(row["low"]), float(row["high"])
        yield Level(int(row["year"]), float(row["value"]), low, high, REASONED, row["basis"], "")


def _observed(sources: Sources, rule: Row, unit: str) -> Iterator[Level]:
    rows = sources.observed[sources.observed["unit_id"] == unit]
    keys = zip(rows["variable"], rows["year"], strict=True)
    figures = zip(rows["value"], rows["source_id"].fillna(""), strict=True)
    printed = dict(zip(keys, figures, strict=True))
    for year in map(int, sources.years):
        for alternative in filter(None, str(rule["variables"]).split(";")):
            terms = [term.split(":") for term in alternative.split("+")]
            if not all((name, year) in printed for name, _ in terms):
                continue
            whole = sum(printed[name, year][0] * float(weight) for name, weight in terms)
            value = _own_part(sources, rule, unit, whole)
            if value == 0:
                return
            low, high = value * (1 - OBSERVED_SPREAD), value * (1 + OBSERVED_SPREAD)
            source = str(printed[terms[0][0], year][1])
            yield Level(year, value, low, high, OBSERVED, f"printed: {alternative}", source)
            break


def _own_part(sources: Sources, rule: Row, unit: str, printed: float) -> float:
    """Return what of a statistic that a group of products shares is of this product.

    A product after the first gets its part of the capacity that is known, at most what that
    capacity can make; the first gets the rest.
    """
    if not rule["group"]:
        return printed
    same = sources.rules[sources.rules["group"] == rule["group"]].to_dict("records")
    capacity = [_tracked(sources, row["tracker_types"], unit) for row in same]
    total = sum(capacity) or 1.0
    parts = {
        row["product"]: min(printed * own / total, own * float(row["utilisation_high"]))
        for row, own in zip(same[1:], capacity[1:], strict=True)
    }
    return float(parts.get(rule["product"], printed - sum(parts.values())))


def _tracked(sources: Sources, kind: object, unit: str) -> float:
    """Return nominal capacity of working plants of one type, in their unit a year."""
    rows = sources.plants
    rows = rows[(rows["unit_id"] == unit) & (rows["type"] == kind)]
    rows = rows[~rows["source"].str.contains(NEWER_EDITION)]
    return float(rows.loc[rows["status"].isin(WORKING), "capacity"].sum())


def _estimated(sources: Sources, rule: Row, unit: str) -> Iterator[Level]:
    capacity = _tracked(sources, rule["tracker_types"], unit) + _listed(sources, rule, unit)
    nominal = capacity * float(rule["capacity_factor"])
    if nominal > 0:
        low, use, high = (
            nominal * float(rule[name])
            for name in ("utilisation_low", "utilisation", "utilisation_high")
        )
        yield Level(LISTED_YEAR, use, low, high, ESTIMATED, str(rule["basis"]), "")


def _listed(sources: Sources, rule: Row, unit: str) -> float:
    """Return capacity from the lists of kilns and mines, 1e4 t a year."""
    kilns, mines = sources.listed, sources.mines
    kilns = kilns[(kilns["unit_id"] == unit) & (kilns["product"] == rule["listed_product"])]
    mines = mines[
        (mines["unit_id"] == unit)
        & (mines["resource"] == rule["listed_product"])
        & (mines["variable"] == "design_capacity")
    ]
    # Mines are listed in 1e3 t a year.
    return float(kilns["capacity"].sum() + mines["value"].sum() / 10)


def _series(sources: Sources, rule: Row, province: str, known: int) -> np.ndarray:
    """Return the reference series to `known`: the province's where complete, else the nation's."""
    rows = sources.provinces
    own = _complete(
        rows[(rows["province"] == province) & (rows["variable"] == rule["province_series"])],
        known,
        sources.years,
    )
    if own is not None:
        return own
    rows = sources.nation
    found = _complete(rows[rows["variable"] == rule["nation_series"]], known, sources.years)
    return np.ones(len(sources.years)) if found is None else found


def _complete(rows: pd.DataFrame, known: int, years: np.ndarray) -> np.ndarray | None:
    """Return positive values by year, gaps interpolated; None where too few are given."""
    given = rows[rows["year"] <= known].groupby("year")["value"].median()
    given = given[given > 0]
    inside = [year for year in years if year in given.index]
    if len(inside) < 3 or inside[0] > FIRST:
        return None
    found: np.ndarray = np.exp(
        np.interp(years, given.index.to_numpy(float), np.log(given.to_numpy(float)))
    )
    return found


def _path(
    unit: str, product: str, levels: list[Level], years: np.ndarray, series: np.ndarray
) -> Iterator[list[object]]:
    """Yield the rows of one product of one city, a year each."""
    for year in map(int, years):
        exact = next((level for level in levels if level.year == year), None)
        if exact is not None:
            level, factor = exact, 1.0
            origin, basis = exact.origin, exact.basis
        else:
            level = _nearest(levels, year)
            factor = _carried(levels, year, years, series)
            origin = ESTIMATED if level.origin == ESTIMATED else CARRIED
            basis = f"carried from {level.year} ({level.origin}) by the reference series"
        numbers = [round(factor * x, 3) for x in (level.value, level.low, level.high)]
        yield [unit, product, year, *numbers, origin, basis, level.source]


def _nearest(levels: list[Level], year: int) -> Level:
    return min(levels, key=lambda level: (abs(level.year - year), level.year))


def _carried(levels: list[Level], year: int, years: np.ndarray, series: np.ndarray) -> float:
    """Return output of `year` over that of the nearest level.

    The log ratio of output to the series is interpolated between levels and constant outside.
    """
    before = [level for level in levels if level.year < year]
    if before and before[-1].value == 0:
        return 0.0
    used = [level for level in levels if level.value > 0]
    at = np.array([level.year for level in used], float)
    base = np.interp(at, years, np.log(series))
    ratio = np.interp(year, at, np.log([level.value for level in used]) - base)
    value = np.exp(ratio) * series[years == year][0]
    nearest = _nearest(levels, year)
    return float(value / nearest.value) if nearest.value > 0 else 0.0


def write_products(root: Path) -> None:
    """Write `products.csv` and `earlier_products.csv` in `root`, the folder model/data."""
    sources = read_sources(root)
    last = product_outputs(sources, int(sources.years[-1]))
    last.to_csv(root / "products.csv", index=False)
    earlier_outputs(sources, last).to_csv(root / "earlier_products.csv", index=False)


if __name__ == "__main__":
    write_products(Path(sys.argv[1]))
