"""A planner's own statistics, laid over the tables without editing them.

A file of own figures has a row for each: unit, year, variable, value, and may say the unit of
measure, the quality and the basis. Units go by identifier or by name in either language (tangshan,
唐山, 唐山市), variables by the name or either label of variables.csv; columns may be headed in
Chinese. What is not said is taken as official and on the basis of today.
"""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from zhuanxing.data.observed import basis_by_year, check_observations, current_bases
from zhuanxing.data.reading import DataError, line_of, open_table, read_checked, refuse_unknown
from zhuanxing.data.schemas import schema_of
from zhuanxing.data.selection.collected import FACTORS, base_name
from zhuanxing.data.tables import Tables

__all__ = ["SOURCE", "read_own_observations"]

SOURCE = "own"
HEADINGS = {
    "城市": "unit_id", "地区": "unit_id", "city": "unit_id", "年份": "year", "年": "year",
    "指标": "variable", "变量": "variable", "数值": "value", "值": "value", "单位": "unit",
    "计量单位": "unit", "质量": "quality", "口径": "basis",
}  # fmt: skip
# Endings that Chinese names of places may lack.
ENDINGS = re.compile("(市|区|县|能源化工基地|基地)$")
BRACKETS = re.compile(r"[((].*?[))]$")


def read_own_observations(path: Path, tables: Tables) -> pd.DataFrame:
    """Return own figures with the columns of observations.csv, checked as these are.

    Raises DataError in one sentence for a file, column, unit, year, variable, value or unit of
    measure that is wrong, and for a year that is later than what the tables know.
    """
    frame = _headed(open_table(path, chinese=True))
    for name, default in (("unit", ""), ("quality", "official"), ("basis", "")):
        if name not in frame:
            frame[name] = default
    spellings = {
        "unit_id": _spellings(tables.units, ENDINGS),
        "variable": _spellings(tables.variables, BRACKETS),
    }
    for column, names in spellings.items():
        if column in frame:
            frame[column] = _known(path, frame[column], column, names)
    if {"variable", "unit"} <= set(frame):
        frame["unit"] = _measures(frame, tables)
    checked = read_checked(path, schema_of("own", tables.cities), frame)
    checked = _converted(checked, tables)
    _refuse_later(path, checked, tables.last_information_year)
    checked["basis"] = _bases(checked, tables)
    check_observations(path, checked, tables.variables, tables.bases)
    return checked.assign(source_id=SOURCE)[list(tables.observations.columns)]


def _headed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table with the names of its columns; `unit` alone is the place, not a measure."""
    names = [HEADINGS.get(name, name) for name in frame.columns]
    if "unit_id" not in names and "unit" in names:
        names[names.index("unit")] = "unit_id"
    return frame.set_axis(names, axis=1)


def _spellings(frame: pd.DataFrame, ending: re.Pattern[str]) -> dict[str, str]:
    """Return the identifier in the first column of `frame` by every name that it goes by.

    Names in Chinese go without their `ending` as well, those in English in small letters.
    """
    found: dict[str, str] = {}
    columns = (frame[name] for name in (frame.columns[0], "name_zh", "name_en"))
    for identifier, chinese, english in zip(*columns, strict=True):
        for name in (identifier, chinese, ending.sub("", chinese), english.lower()):
            found.setdefault(name, identifier)
    return found


def _known(path: Path, cells: pd.Series, column: str, names: dict[str, str]) -> pd.Series:
    """Return the identifiers of `cells`; an average keeps the years after its name."""
    bases = cells.map(base_name)
    found = bases.map(lambda base: names.get(base, names.get(base.lower())))
    refuse_unknown(path, cells, found.isna(), column, names)
    years = [cell[len(base) :] for cell, base in zip(cells, bases, strict=True)]
    return (found + years).astype(object)


def _measures(frame: pd.DataFrame, tables: Tables) -> pd.Series:
    """Return the units of measure, that of variables.csv where none is given."""
    return frame["unit"].where(frame["unit"] != "", _usual(frame, tables))


def _usual(frame: pd.DataFrame, tables: Tables) -> pd.Series:
    return frame["variable"].map(base_name).map(tables.variables.set_index("variable")["unit"])


def _converted(frame: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """Return the figures in the units of variables.csv where a factor to them is known."""
    pairs = list(zip(frame["unit"], _usual(frame, tables), strict=True))
    factors = [FACTORS.get(pair, 1.0) for pair in pairs]
    units = [pair[1] if pair in FACTORS else pair[0] for pair in pairs]
    return frame.assign(value=frame["value"] * factors, unit=units)


def _refuse_later(path: Path, frame: pd.DataFrame, last: int) -> None:
    later = frame["year"] > last
    if later.any():
        row = int(later.to_numpy().argmax())
        raise DataError(
            "{path}, line {line}: {year} is later than {last}, the last year of the "
            "statistics that the tables know (provinces.csv)",
            path=path, line=line_of(path, row), year=frame["year"].iloc[row], last=last,
        )  # fmt: skip


def _bases(frame: pd.DataFrame, tables: Tables) -> list[str]:
    """Return the basis of each figure: as given, else that of today for what has several."""
    current = current_bases(tables.bases)
    kinds = dict(zip(tables.bases["basis"], tables.bases["bases"], strict=True))
    today = {kinds[basis]: basis for basis in current}
    last = tables.last_information_year
    found = []
    for variable, basis in zip(frame["variable"], frame["basis"], strict=True):
        usual = basis_by_year(variable, last, tables.variables, tables.bases)
        found.append(basis or today.get(kinds.get(usual, ""), usual))
    return found
