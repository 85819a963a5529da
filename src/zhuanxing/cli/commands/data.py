"""Show what the data hold, where initial values come from, and how good they are.

显示数据内容、初始值的来源与精度。
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zhuanxing.cli.command import Command, Context
from zhuanxing.cli.console import Column, print_table
from zhuanxing.config import City, File, InLanguage, Language, Text, checked
from zhuanxing.errors import ZhuanxingError

if TYPE_CHECKING:
    import pandas as pd

    from zhuanxing.data.tables import Tables

SECTION = "list"
COUNTS = (("观测", "observed"), ("推算", "carried"), ("估计", "estimated"))
COLUMNS_BY_CITY = (
    Column("城市", "city", whole=True), Column("名称", "Chinese name", "zh"),
    Column("英文名", "name", "en"), *COUNTS, ("统计观测数", "observations"),
)  # fmt: skip
COLUMNS_BY_VARIABLE = (("变量", "variable"), *COUNTS)
STATISTICS_COLUMNS = (
    Column("统计指标", "statistic", whole=True), ("单位", "unit"), ("城市数", "cities"),
    ("起年", "first"), ("止年", "last"), ("观测数", "observations"), ("用于", "read by"),
)  # fmt: skip
LEFT_OUT_COLUMNS = (
    Column("初始值", "initial value", whole=True), ("城市数", "cities"),
    ("中位倍数", "median factor"), ("最大倍数", "worst factor"), ("所在", "at"),
)  # fmt: skip
HISTORY_COLUMNS = (
    Column("统计指标", "statistic", whole=True), ("单位", "unit"), ("观测数", "observations"),
    ("年份", "years"), ("偏差", "bias"), ("平均", "mean"), ("中位", "median"), ("最大", "worst"),
    ("所在", "at"),
)  # fmt: skip
PRODUCT_COLUMNS = (
    Column("产品", "product", whole=True), ("产量（万吨）", "output (1e4 t)"), ("范围", "range"),
    ("用电（亿千瓦时）", "electricity (1e8 kWh)"), ("能耗（百万吨标煤）", "energy (Mtce)"),
    ("来源", "origin"), Column("依据", "basis", spare=True),
)  # fmt: skip
MISSING_COLUMNS = (("数据表", "table"), ("内容", "what"), ("需要", "need"))


@checked
class DataSettings(InLanguage):
    """Show the origin of every initial value: observed; carried from other years of the city;
    estimated from the nearest cities in structure, its kind or its province.

    各初始值的来源：观测；由本市其他年份推算；由结构最近的城市、类型或省估计。
    """

    city: City | None = None
    """Show the variables of one city.
    只显示一个城市的变量。"""
    statistics: bool = False
    """Show every statistic: cities, years, observations, and who reads it.
    显示全部统计指标：城市数、年份、观测数、用途。"""
    accuracy: bool = False
    """Try the estimates on cities that are known, each left out in turn.
    逐一剔除已知城市，检验估计值。"""
    result: File | None = None
    """Compare a stored result with the statistics.
    将结果文件与统计数据比较。"""
    new_city: Text | None = None
    """List what the tables lack for a new city, with province=NAME.
    列出新城市尚缺的数据，需同时给出 province=名称。"""
    province: Text = ""
    """English name of the province of the new city.
    新城市所在省的英文名。"""


def run(settings: DataSettings, context: Context) -> int:
    """Print what was asked for; by default how many initial values have each origin."""
    # Reading and checking the tables takes longer than the help text should.
    from zhuanxing.data.tables import read_tables

    tables = read_tables(context.places.model)
    if settings.result is not None:
        _print_history(tables, settings, context)
    elif settings.new_city is not None:
        _print_missing(tables, settings, context)
    elif settings.accuracy:
        _print_left_out(tables, context)
    elif settings.statistics:
        _print_statistics(tables, context)
    else:
        _print_origins(tables, settings, context)
    return 0


def _print_origins(tables: Tables, settings: DataSettings, context: Context) -> None:
    from zhuanxing.data.coverage import coverage_table
    from zhuanxing.data.initial.states import build_initial

    table = coverage_table(tables, build_initial(tables))
    if settings.city is None:
        _print_by_city(table, tables.units, context.language)
    else:
        table = table[table["unit_id"] == settings.city]
    _print_by_variable(table, settings.city, context.language)
    if settings.city is not None:
        _print_products(tables, settings.city, context.language)


def _print_products(tables: Tables, city: str, language: Language) -> None:
    from zhuanxing.data.product_energy import product_energy_table

    year = tables.last_information_year
    table = product_energy_table(tables, city, year)
    rows = [
        [
            str(row["product"]), f"{row['output']:,.1f}", f"{row['low']:,.0f}-{row['high']:,.0f}",
            f"{row['power']:.1f}", f"{row['energy']:.2f}", str(row["origin"]),
            "; ".join(filter(None, (str(row["basis"]), str(row["source"])))),
        ]
        for row in table.to_dict("records")
    ]  # fmt: skip
    title = (
        f"{city} {year} 年产品与能耗（电力当量值）",
        f"products and energy of {city} in {year}",
    )
    print_table(title, PRODUCT_COLUMNS, rows, language)


def _print_statistics(tables: Tables, context: Context) -> None:
    from zhuanxing.data.coverage import statistics_table
    from zhuanxing.data.initial.states import build_initial
    from zhuanxing.storage.yaml_files import load_yaml

    fit = load_yaml(context.places.conf / "calibrate.yaml", "conf/calibrate.yaml")
    fitted = {str(target["observed"]).removesuffix("_avg_*") for target in fit["targets"]}
    initial = build_initial(tables)
    table = statistics_table(tables, initial.attrs["statistics"], fitted)
    names = ["variable", "unit", "units", "first", "last", "observations", "read_by"]
    rows = [[str(cell) for cell in row] for row in table[names].to_numpy()]
    print_table(("统计指标", "statistics"), STATISTICS_COLUMNS, rows, context.language)
    unread = list(table.loc[table["read_by"] == "", "variable"])
    said = "以下指标暂无用处" if context.language == "zh" else "nothing reads"
    print(f"{said}: {', '.join(unread)}")
    aside = sorted(set(tables.archetypes["variable"]) - set(initial.attrs["assumed"]))
    if aside:
        words = {"zh": "统计齐全时不用", "en": "not needed with these statistics"}
        print(f"archetypes.csv: {words[context.language]}: {', '.join(aside)}")


def _print_left_out(tables: Tables, context: Context) -> None:
    from zhuanxing.data.accuracy import left_out_table
    from zhuanxing.data.initial.states import Start

    table = left_out_table(Start.of(tables, tables.last_information_year))
    rows = [
        [str(name), str(units), f"{median:.2f}", f"{worst:.2f}", str(at)]
        for name, units, median, worst, at in table.to_numpy()
    ]
    title = ("剔除已知城市后的估计误差（倍数）", "estimates of cities left out, as factors")
    print_table(title, LEFT_OUT_COLUMNS, rows, context.language)


def _print_history(tables: Tables, settings: DataSettings, context: Context) -> None:
    from zhuanxing.data.accuracy import history_table
    from zhuanxing.storage.netcdf import read

    assert settings.result is not None
    table = history_table(tables, read(settings.result))
    if table.empty:
        raise ZhuanxingError(f"{settings.result}: no output is one of which there are statistics")
    rows = [
        [
            str(row.variable), str(row.unit), str(row.observations), f"{row.first}-{row.last}",
            f"{row.bias:.3g}", f"{row.mean:.3g}", f"{row.median:.3g}", f"{row.worst:.3g}",
            str(row.at),
        ]
        for row in table.itertuples()
    ]  # fmt: skip
    title = (
        "结果与统计之比（百分数与浓度为差值）",
        "result over statistic (differences for percent and concentrations)",
    )
    print_table(title, HISTORY_COLUMNS, rows, context.language)


def _print_missing(tables: Tables, settings: DataSettings, context: Context) -> None:
    from zhuanxing.data.missing import missing_table

    table = missing_table(tables, str(settings.new_city), settings.province)
    rows = [[str(cell) for cell in row] for row in table.to_numpy()]
    title = (f"{settings.new_city} 尚缺的数据", f"missing for {settings.new_city}")
    print_table(title, MISSING_COLUMNS, rows, context.language)


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
    return [str(int(part[heading].sum())) for _, heading in COUNTS]


COMMAND = Command(
    DataSettings,
    run,
    examples=(
        "",
        "city=baotou",
        "statistics=true",
        "accuracy=true",
        "result=outputs/baseline/paths.nc",
        "new_city=handan province=Hebei",
    ),
)
