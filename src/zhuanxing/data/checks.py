"""Checks of one table against another: names that must exist, shares that must sum to one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from zhuanxing.data.cells import DataError, row_lines
from zhuanxing.data.kinds import NATION
from zhuanxing.data.reading import line_of, refuse_unknown
from zhuanxing.errors import nearest

__all__ = [
    "check_funding", "check_known", "check_references", "check_subscripts", "check_units",
]  # fmt: skip

NOBODY = "none"
TOLERANCE = 1e-6


def check_known(path: Path, frame: pd.DataFrame, column: str, names: Iterable[str]) -> None:
    """Raise DataError for the first cell of `column` that is not one of `names`."""
    known = list(dict.fromkeys(names))
    refuse_unknown(path, frame[column], ~frame[column].isin(known), column, known)


def check_subscripts(path: Path, frame: pd.DataFrame, elements: Iterable[str]) -> None:
    """Raise DataError for the first subscript that names what is not one of `elements`."""
    known = ["", *dict.fromkeys(elements)]
    first = [
        next((part for part in cell.split(";") if part not in known), "")
        for cell in frame["subscript"]
    ]
    wrong = pd.Series(first)
    refuse_unknown(path, wrong, wrong != "", "subscript", known)


def check_references(folder: Path, provinces: pd.DataFrame, units: pd.DataFrame) -> None:
    """Raise DataError for a province without units, or a variable given in two units."""
    check_known(folder / "provinces.csv", provinces, "province", [NATION, *units["province_en"]])
    first = provinces.drop_duplicates("variable")
    check_units(folder / "provinces.csv", provinces, first)


def check_units(path: Path, frame: pd.DataFrame, told: pd.DataFrame) -> None:
    """Raise DataError for a variable in another unit than `told` (variable, unit) has it in."""
    units = told.set_index("variable")["unit"]
    expected = frame["variable"].map(units).fillna(frame["unit"])
    other = expected != frame["unit"]
    if other.any():
        row = int(other.to_numpy().argmax())
        variable, unit = frame[["variable", "unit"]].iloc[row]
        raise DataError(
            "{path}, line {line}: '{name}' is given in '{unit}', expected '{expected}'",
            path=path, line=line_of(path, row), name=variable, unit=unit,
            expected=expected.iloc[row],
        )  # fmt: skip


def check_funding(path: Path, levers: pd.DataFrame, sources: Sequence[str]) -> None:
    """Raise DataError for payers or shares that are not sources of funds, or do not sum to one."""
    columns = (levers[name] for name in ("lever", "paid_by", "funding_shares"))
    for line, lever, paid_by, cell in zip(row_lines(path), *columns, strict=True):
        where = f"{path}, line {line}: the lever '{lever}'"
        payers = [name for name in paid_by.split(";") if name != NOBODY]
        for name in payers:
            _require_source(where, name, sources)
        shares = _shares(where, cell, sources)
        if set(shares) != set(payers):
            raise DataError(
                f"{where} is paid by {', '.join(payers) or NOBODY}, but its funding_shares name "
                f"{', '.join(shares) or 'nobody'}"
            )
        total = sum(shares.values())
        if shares and abs(total - 1) > TOLERANCE:
            raise DataError(f"{where} has funding_shares that sum to {total:g}, expected 1")


def _shares(where: str, cell: str, sources: Sequence[str]) -> dict[str, float]:
    """Return the share of each source in a cell like `central:0.4;local:0.6`."""
    found: dict[str, float] = {}
    for part in filter(None, cell.split(";")):
        name, colon, number = part.partition(":")
        try:
            share = float(number) if colon and number.isascii() else -1.0
        except ValueError:
            share = -1.0
        if not 0 <= share <= 1:
            raise DataError(
                f"{where} has '{part}' in funding_shares, expected SOURCE:SHARE with a share from "
                "0 to 1"
            )
        _require_source(where, name, sources)
        if name in found:
            raise DataError(f"{where} names '{name}' twice in funding_shares")
        found[name] = share
    return found


def _require_source(where: str, name: str, sources: Sequence[str]) -> None:
    if name not in sources:
        raise DataError(
            f"{where} is paid by '{name}', which is not a source of funds, the nearest is "
            f"'{nearest(name, sources)}'"
        )
