"""The statistics of the units as every reader takes them: one variable, in order, by basis."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from zhuanxing.data.checks import check_units
from zhuanxing.data.reading import DataError, line_of, refuse_unknown
from zhuanxing.data.selection.bases import basis_by_year
from zhuanxing.data.selection.collected import base_name

__all__ = [
    "basis_by_year", "check_observations", "current_bases", "known_from", "observed",
    "statistics_of_outputs",
]  # fmt: skip


def observed(
    observations: pd.DataFrame,
    variable: str,
    *,
    units: Sequence[str] | None = None,
    years: tuple[int, int] | None = None,
    bases: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Return the observations of one variable: unit_id, year, value, quality, basis, in order.

    `observations` is the table of that name; `years` are the first and the last, both included.
    A level known on two bases has two rows, that of today last. With `bases` only levels on one
    of them, and what has no basis, are returned.
    """
    rows = observations[observations["variable"] == variable]
    if units is not None:
        rows = rows[rows["unit_id"].isin(units)]
    if years is not None:
        rows = rows[rows["year"].between(*years)]
    if bases is not None:
        rows = rows[rows["basis"].fillna("").isin(["", *bases])]
    columns = ["unit_id", "year", "value", "quality", "basis"]
    rows = rows.assign(basis=rows["basis"].fillna(""))
    return rows[columns].sort_values(["unit_id", "year"], kind="stable", ignore_index=True)


def statistics_of_outputs(variables: pd.DataFrame) -> dict[str, str]:
    """Return by output the statistic of variables.csv that observes it, the first of several."""
    told = variables.fillna({"output": ""})
    told = told[told["output"] != ""].drop_duplicates("output")
    return dict(zip(told["output"], told["variable"], strict=True))


def current_bases(bases: pd.DataFrame) -> list[str]:
    """Return the bases of bases.csv that levels of today stand on."""
    return list(dict.fromkeys(bases.loc[bases["current"] == 1, "basis"]))


def known_from(observations: pd.DataFrame, bases: pd.DataFrame) -> pd.Series:
    """Return the year from which each row is known on its basis, 0 where it has none.

    Residents of the years between two censuses that were restated after the later one are known
    when that one is.
    """
    since = observations["basis"].map(bases.groupby("basis")["known_from"].max()).fillna(0)
    periods = bases[["basis", "first_year", "last_year", "known_from"]]
    for basis, first, last, year in periods.itertuples(index=False):
        within = observations["year"].between(int(first), int(last))
        since = since.mask((observations["basis"] == basis) & within, int(year))
    return since.astype(int)


def check_observations(
    path: Path, frame: pd.DataFrame, variables: pd.DataFrame, bases: pd.DataFrame
) -> None:
    """Raise DataError for a row of another name, unit, range or basis than variables.csv says.

    `frame` has columns variable, value, unit, basis; a period may follow the name of an average.
    """
    of = variables.set_index("variable")
    base = frame["variable"].map(base_name)
    refuse_unknown(path, frame["variable"], ~base.isin(of.index), "variable", of.index)
    about = of.loc[base].set_index(frame.index)
    check_units(path, frame.assign(variable=base), variables)
    outside = (frame["value"] < about["low"]) | (frame["value"] > about["high"])
    if outside.any():
        row = int(outside.to_numpy().argmax())
        low, high, unit = about[["low", "high", "unit"]].iloc[row]
        raise DataError(
            "{path}, line {line}: {value:g} is not a {name} "
            "in {unit}, expected {low:g} to {high:g}",
            path=path, line=line_of(path, row), value=frame["value"].iloc[row], name=base.iloc[row],
            unit=unit, low=low, high=high,
        )  # fmt: skip
    allowed = bases.groupby("bases")["basis"].unique().to_dict()
    known = {kind: set(names) for kind, names in allowed.items()}
    wrong = [
        found not in known.get(kind, {""})
        for found, kind in zip(frame["basis"], about["bases"], strict=True)
    ]
    refuse_unknown(
        path, frame["basis"], pd.Series(wrong, index=frame.index), "basis", list(bases["basis"])
    )
