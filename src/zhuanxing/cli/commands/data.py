"""`zhuanxing data`: where the initial values come from, by city and by variable."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from zhuanxing.cli.listing import parse_settings, print_table
from zhuanxing.storage.paths import find_places

__all__ = ["main"]

HELP = """用法 usage: zhuanxing data [language=zh|en] [city=..]

各初始值的来源：observed 观测，carried 由最近观测年推算，archetype 按城市类型和省平均估计
The origin of every initial value: observed; carried from the nearest observed year;
of the archetype and provincial averages. With city=.. the variables of one city."""

COUNTS = (
    ("观测", "observed", ""),
    ("推算", "carried", ""),
    ("估计", "estimated", ""),
)
COLUMNS_BY_CITY = (
    ("城市", "city", ""),
    ("名称", "Chinese name", "zh"),
    ("英文名", "name", "en"),
    *COUNTS,
    ("统计观测数", "observations", ""),
)
COLUMNS_BY_VARIABLE = (("变量", "variable", ""), *COUNTS)


def main(argv: Sequence[str]) -> int:
    """Print how many initial values have each origin, and return 0."""
    if any(argument in ("-h", "--help") for argument in argv):
        print(HELP)
        return 0
    # Reading and checking the tables takes longer than the help text should.
    from zhuanxing.data.coverage import coverage_table
    from zhuanxing.data.initial.states import build_initial
    from zhuanxing.data.tables import read_tables

    tables = read_tables(find_places().model)
    settings = parse_settings(argv, {"city": tables.cities})
    language = settings.get("language")
    table = coverage_table(tables, build_initial(tables))
    city = settings.get("city")
    if city is None:
        _print_by_city(table, tables.units, language)
    else:
        table = table[table["unit_id"] == city]
    _print_by_variable(table, city, language)
    return 0


def _print_by_city(table: pd.DataFrame, units: pd.DataFrame, language: str | None) -> None:
    columns = (units[name].astype(str) for name in ("unit_id", "name_zh", "name_en"))
    rows = []
    for city, zh, en in zip(*columns, strict=True):
        part = table[table["unit_id"] == city]
        rows.append([city, zh, en, *_counts(part), str(part["observations"].iloc[0])])
    title = ("各城市初始值的来源", "origin of the initial values by city")
    print_table(title, COLUMNS_BY_CITY, rows, language)


def _print_by_variable(table: pd.DataFrame, city: str | None, language: str | None) -> None:
    parts = table.groupby("variable", sort=True)
    rows = [[str(name), *_counts(part)] for name, part in parts]
    rows.append(["合计 total", *_counts(table)])
    of = f" {city}" if city else ""
    title = (f"各变量初始值的来源{of}", f"origin of the initial values by variable{of}")
    print_table(title, COLUMNS_BY_VARIABLE, rows, language)


def _counts(part: pd.DataFrame) -> list[str]:
    return [str(int(part[heading].sum())) for _, heading, _ in COUNTS]
