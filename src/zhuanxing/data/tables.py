"""Read the tables of a model and check every row on the way.

A row that breaks its schema is refused in one sentence that names the file, the line, the column,
what was found and what was expected, with the nearest valid name where names are listed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
from pandera.errors import SchemaError

from zhuanxing.data.schemas import schema_of
from zhuanxing.errors import ZhuanxingError, nearest

__all__ = ["DataError", "Tables", "read_tables"]

NAMES = (
    "units", "observations", "targets", "evaluations", "provinces", "archetypes", "drivers",
    "assumptions", "levers", "outputs", "laws",
)  # fmt: skip
HEADER_LINES = 1
NUMERIC = ("float64", "int64")


class DataError(ZhuanxingError):
    """A table of the model that cannot be read or breaks its schema."""


@dataclass(frozen=True)
class Tables:
    """The tables of `model/data`, checked; each is a DataFrame with the columns of its schema."""

    units: pd.DataFrame
    observations: pd.DataFrame
    targets: pd.DataFrame
    evaluations: pd.DataFrame
    provinces: pd.DataFrame
    archetypes: pd.DataFrame
    drivers: pd.DataFrame
    assumptions: pd.DataFrame
    levers: pd.DataFrame
    outputs: pd.DataFrame
    laws: pd.DataFrame
    elements: dict[str, tuple[str, ...]]

    @property
    def cities(self) -> list[str]:
        """Identifiers of the units, in the order of units.csv."""
        return list(self.units["unit_id"])

    def known_at(self, year: int) -> Tables:
        """Return the tables as they could be known at the end of `year`.

        Statistics of a year count as known at its end. What is assumed or reasoned has no year
        and stays.
        """
        return replace(
            self,
            observations=self.observations[self.observations["year"] <= year],
            provinces=self.provinces[self.provinces["year"] <= year],
            drivers=self.drivers[self.drivers["known_from"] <= year],
        )

    def of_cities(self, cities: Sequence[str]) -> Tables:
        """Return the tables of a model of `cities` alone: no row names another."""
        others = set(self.cities) - set(cities)

        def rest(frame: pd.DataFrame, column: str) -> pd.DataFrame:
            named = [not others & set(str(text).split(";")) for text in frame[column]]
            return frame[named]

        return replace(
            self,
            units=self.units.set_index("unit_id").loc[list(cities)].reset_index(),
            observations=rest(self.observations, "unit_id"),
            targets=rest(self.targets, "unit_id"),
            evaluations=rest(self.evaluations, "unit_id"),
            assumptions=rest(self.assumptions, "subscript"),
            drivers=rest(self.drivers, "subscript"),
        )


def read_tables(root: Path) -> Tables:
    """Read and check every table of `root`/data, where `root` is the model folder.

    Raises DataError, one sentence, for a missing file, a missing column or a bad row.
    """
    folder = root / "data"
    units = _read(folder / "units.csv", "units")
    names = list(units["unit_id"])
    keys = ["all", *dict.fromkeys(units["archetype"]), *dict.fromkeys(units["province_en"]), *names]
    rest = {
        name: _read(folder / f"{name}.csv", name, names, keys) for name in NAMES if name != "units"
    }
    return Tables(units=units, **rest, elements=_read_elements(folder / "elements.csv"))


def _read_elements(path: Path) -> dict[str, tuple[str, ...]]:
    """Return the elements of every dimension that is not a table of its own, in file order."""
    rows = _open(path)
    return {
        str(dimension): tuple(part["element"])
        for dimension, part in rows.groupby("dimension", sort=False)
    }


def _open(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except FileNotFoundError:
        raise DataError(f"{path} does not exist: the model needs this table") from None
    except pd.errors.ParserError as error:
        raise DataError(f"{path}: {str(error).strip().splitlines()[-1]}") from None


def _read(
    path: Path, table: str, units: Sequence[str] = (), archetypes: Sequence[str] = ()
) -> pd.DataFrame:
    schema = schema_of(table, units, archetypes)
    frame = _open(path)
    _check_columns(path, frame, schema)
    numbers = [name for name, column in schema.columns.items() if str(column.dtype) in NUMERIC]
    for name in numbers:
        frame[name] = _numbers(path, frame, name, schema.columns[name])
    try:
        checked: pd.DataFrame = schema.validate(frame)
    except SchemaError as error:
        raise DataError(_sentence(path, frame, error)) from None
    return checked


def _check_columns(path: Path, frame: pd.DataFrame, schema: Any) -> None:
    wanted, found = list(schema.columns), list(frame.columns)
    missing = [name for name in wanted if name not in found]
    extra = [name for name in found if name not in wanted]
    if missing:
        near = f", the nearest found is '{nearest(missing[0], extra)}'" if extra else ""
        raise DataError(f"{path}, line 1: the column '{missing[0]}' is missing{near}")
    if extra:
        raise DataError(
            f"{path}, line 1: the column '{extra[0]}' is not known, "
            f"the nearest valid name is '{nearest(extra[0], wanted)}'"
        )


def _numbers(path: Path, frame: pd.DataFrame, name: str, column: Any) -> pd.Series:
    text = frame[name].str.strip()
    values = pd.to_numeric(text, errors="coerce")
    allowed_empty = column.nullable & (text == "")
    bad = values.isna() & ~allowed_empty
    if bad.any():
        row = int(bad.to_numpy().argmax())
        raise DataError(
            f"{path}, line {row + 1 + HEADER_LINES}: '{text.iloc[row]}' in the column '{name}' "
            f"is not a number"
        )
    return values


def _sentence(path: Path, frame: pd.DataFrame, error: SchemaError) -> str:
    """Return the one sentence for the first row that breaks the schema."""
    cases = error.failure_cases
    rows = [int(row) for row in cases["index"].dropna()] if "index" in cases else []
    row = min(rows) if rows else 0
    line = row + 1 + HEADER_LINES
    column = getattr(error.schema, "name", None)
    if column is None:
        return f"{path}, line {line}: {_whole_row(frame, row, error)}"
    found = frame[column].iloc[row]
    check = error.check
    expected = getattr(check, "error", None) or str(check)
    allowed = getattr(check, "statistics", {}).get("allowed_values") if check is not None else None
    near = f", the nearest is '{nearest(str(found), map(str, allowed))}'" if allowed else ""
    return f"{path}, line {line}: '{found}' in the column '{column}' is not {expected}{near}"


def _whole_row(frame: pd.DataFrame, row: int, error: SchemaError) -> str:
    expected = getattr(error.check, "error", None)
    if expected:
        given = {name: frame[name].iloc[row] for name in ("low", "value", "high") if name in frame}
        return f"expected {expected}, found " + ", ".join(f"{k} {v:g}" for k, v in given.items())
    unique = [name for name in (error.schema.unique or []) if name in frame]
    named = ", ".join(str(frame[name].iloc[row]) for name in unique)
    return f"the row of {named} is given twice"
