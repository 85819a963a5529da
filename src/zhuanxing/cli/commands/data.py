"""Show where the initial values come from.

显示初始值的来源。
"""

from __future__ import annotations

import pandas as pd

from zhuanxing.cli.command import Command, Context
from zhuanxing.cli.console import Column, print_table
from zhuanxing.config import City, Language, checked

__all__ = ["COMMAND"]

SECTION = "list"
COUNTS = (
    ("观测", "observed", ""),
    ("推算", "carried", ""),
    ("估计", "estimated", ""),
)
COLUMNS_BY_CITY = (
    Column("城市", "city", whole=True),
    ("名称", "Chinese name", "zh"),
    ("英文名", "name", "en"),
    *COUNTS,
    ("统计观测数", "observations", ""),
)
COLUMNS_BY_VARIABLE = (("变量", "variable", ""), *COUNTS)


@checked
class DataSettings:
    """Show the origin of every initial value: observed; carried from the nearest observed year; of
    the archetype and provincial averages.

    各初始值的来源：观测；由最近观测年推算；按城市类型和省平均估计。
    """

    city: City | None = None
    """Show the variables of one city.

    只显示一个城市的变量。"""
    language: Language | None = None
    """Language of the tables.

    表格语言。"""


def run(settings: DataSettings, context: Context) -> int:
    """Print how many initial values have each origin."""
    # Reading and checking the tables takes longer than the help text should.
    from zhuanxing.data.coverage import coverage_table
    from zhuanxing.data.initial.states import build_initial
    from zhuanxing.data.tables import read_tables

    tables = read_tables(context.places.model)
    table = coverage_table(tables, build_initial(tables))
    if settings.city is None:
        _print_by_city(table, tables.units, context.language)
    else:
        table = table[table["unit_id"] == settings.city]
    _print_by_variable(table, settings.city, context.language)
    return 0


def _print_by_city(table: pd.DataFrame, units: pd.DataFrame, language: Language) -> None:
    columns = (units[name].astype(str) for name in ("unit_id", "name_zh", "name_en"))
    rows = []
    for city, zh, en in zip(*columns, strict=True):
        part = table[table["unit_id"] == city]
        rows.append([city, zh, en, *_counts(part), str(part["observations"].iloc[0])])
    title = ("各城市初始值的来源", "origin of the initial values by city")
    print_table(title, COLUMNS_BY_CITY, rows, language)


def _print_by_variable(table: pd.DataFrame, city: str | None, language: Language) -> None:
    parts = table.groupby("variable", sort=True)
    rows = [[str(name), *_counts(part)] for name, part in parts]
    rows.append(["合计" if language == "zh" else "total", *_counts(table)])
    of = f" {city}" if city else ""
    title = (f"各变量初始值的来源{of}", f"origin of the initial values by variable{of}")
    print_table(title, COLUMNS_BY_VARIABLE, rows, language)


def _counts(part: pd.DataFrame) -> list[str]:
    return [str(int(part[heading].sum())) for _, heading, _ in COUNTS]


COMMAND = Command(DataSettings, run, examples=("", "city=baotou"))
