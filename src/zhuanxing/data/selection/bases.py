"""Which accounts, census or method a level belongs to; growth rates belong to none.

The rule by year stands in bases.csv. Two things are read from the figures themselves: a note that
says on which accounts a figure stands, and residents that a source restated after a census: going
back from the census, as long as no step from year to year is larger than people move.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from zhuanxing.data.selection.collected import base_name

__all__ = ["basis_by_year", "with_basis"]

BEFORE = re.compile(r"修订前|普前|后经普修订|before (?:the|later)|unrevised figures of")
AFTER = re.compile(r"修订后|revised series|restated|最终核实|似四经普修订后")
ACCOUNTS, CENSUS = "accounts", "census"
RESIDENTS = "population"
# The largest change of residents in a year, as a logarithm, that is not taken for a new basis; and
# from an earlier census to the figures that a later one restated, where more is a new boundary.
LARGEST_STEP, LARGEST_DRIFT = 0.02, 0.05
# Residents within this part of the registered population in every year are a mislabelled column.
SAME_AS_REGISTERED = 0.007


def basis_by_year(variable: str, year: int, variables: pd.DataFrame, bases: pd.DataFrame) -> str:
    """Return the basis that bases.csv gives for a level of `year`, "" for what has none."""
    kind = dict(zip(variables["variable"], variables["bases"], strict=True)).get(
        base_name(variable), ""
    )
    rows = bases[bases["bases"] == kind]
    rows = rows[(rows["first_year"] <= year) & (rows["last_year"] >= year)]
    return "" if rows.empty else str(rows["basis"].iloc[0])


def with_basis(rows: pd.DataFrame, variables: pd.DataFrame, bases: pd.DataFrame) -> pd.DataFrame:
    """Return `rows` with the column basis; residents that are registered persons are replaced."""
    rows = _residents(rows)
    pairs = rows[["variable", "year"]].drop_duplicates()
    of = {
        (variable, year): basis_by_year(variable, year, variables, bases)
        for variable, year in pairs.itertuples(index=False)
    }
    basis = pd.Series([of[pair] for pair in zip(rows["variable"], rows["year"], strict=True)])
    basis.index = rows.index
    kind = rows["variable"].map(base_name).map(variables.set_index("variable")["bases"])
    current = bases[bases["current"] == 1].drop_duplicates("bases").set_index("bases")["basis"]
    said = rows["note"].str.contains(AFTER) & ~rows["note"].str.contains(BEFORE)
    said &= kind == ACCOUNTS
    basis = basis.where(~said, current[ACCOUNTS])
    since = int(bases.loc[bases["basis"] == current[CENSUS], "first_year"].max())
    counted = basis == current[CENSUS]
    basis = basis.where(~_restated(rows, counted, since), current[CENSUS])
    other = _within_other_borders(rows, basis == current[CENSUS])
    earlier = bases.loc[(bases["bases"] == CENSUS) & (bases["current"] == 0), "basis"]
    return rows.assign(basis=basis.where(~other, str(earlier.iloc[0])))


def _residents(rows: pd.DataFrame) -> pd.DataFrame:
    """Replace residents that equal the registered population by output over output per head."""
    key = ["unit_id", "source_id", "year"]
    names = [RESIDENTS, "registered_population", "gdp", "gdp_per_capita"]
    wide = rows[rows["variable"].isin(names)].pivot_table(
        index=key, columns="variable", values="value"
    )
    wide = wide.reindex(columns=names).dropna()
    apart = (wide[names[0]] / wide[names[1]] - 1).abs()
    equal = apart.groupby(["unit_id", "source_id"]).transform("median") < SAME_AS_REGISTERED
    wrong = wide[equal]
    keys = pd.MultiIndex.from_frame(rows[key])
    found = (rows["variable"] == RESIDENTS) & keys.isin(wrong.index)
    heads = (1e4 * wrong["gdp"] / wrong["gdp_per_capita"]).round(2)
    value = np.where(found, heads.reindex(keys).to_numpy(), rows["value"])
    note = rows["note"].where(~found, "output over output per head, mean of the year")
    quality = rows["quality"].where(~found, "derived")
    return rows.assign(value=value, note=note, quality=quality)


def _restated(rows: pd.DataFrame, counted: pd.Series, since: int) -> pd.Series:
    """Return which residents stand on the basis of the census of `since`: they lead up to it."""
    people = rows[rows["variable"] == RESIDENTS]
    told = people["note"].str.contains(BEFORE)
    restated = pd.Series(False, index=rows.index)
    for _, own in people.groupby("unit_id"):
        later = own[counted[own.index] & (own["year"] >= since)]
        if later.empty:
            continue
        anchor = int(later["year"].min())
        value = float(later.loc[later["year"] == anchor, "value"].median())
        for _, series in own[~told[own.index]].groupby("source_id"):
            restated[_leading_up(series, anchor, value)] = True
    return restated


def _within_other_borders(rows: pd.DataFrame, counted: pd.Series) -> pd.Series:
    """Return which residents were counted before the borders of the unit were drawn anew."""
    people = rows[(rows["variable"] == RESIDENTS) & counted]
    other = pd.Series(False, index=rows.index)
    for _, own in people.groupby("unit_id"):
        first, later = own["year"].min(), own[own["year"] > own["year"].min()]
        if later.empty:
            continue
        following = later[later["year"] == later["year"].min()]
        earliest = own[own["year"] == first]
        change = abs(np.log(following["value"].median() / earliest["value"].median()))
        if change / (int(following["year"].iloc[0]) - int(first)) > LARGEST_DRIFT:
            other[earliest.index] = True
    return other


def _leading_up(series: pd.DataFrame, year: int, value: float) -> list[int]:
    """Return which rows of one source lead up to `value` of `year` without a break."""
    by_year = {
        int(when): (int(row), float(seen))
        for row, when, seen in zip(series.index, series["year"], series["value"], strict=True)
    }
    found: list[int] = []
    while year - 1 in by_year and abs(np.log(value / by_year[year - 1][1])) <= LARGEST_STEP:
        year -= 1
        row, value = by_year[year]
        found.append(row)
    return found
