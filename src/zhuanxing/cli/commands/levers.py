"""List the levers.

列出政策举措。
"""

from __future__ import annotations

from collections.abc import Mapping

from zhuanxing.cli.command import Command, Context
from zhuanxing.cli.console import Column, print_table
from zhuanxing.config import City, Group, InLanguage, ScenarioName, checked

SECTION = "list"
COLUMNS = (
    Column("条", "article"), Column("举措", "lever", whole=True),
    Column("名称", "Chinese name", "zh"), Column("英文名", "name", "en"),
    Column("组", "group (zh)", "zh"), Column("组(英)", "group", "en"),
    Column("城市", "cities", spare=True), Column("资金", "paid by", spare=True),
    Column("指标", "indicator", spare=True), Column("方向", "direction", spare=True),
)  # fmt: skip
DOSES = (
    Column("举措", "lever"), Column("全剂量", "full dose"), Column("已落实", "delivered"),
    Column("单价", "price"), Column("出资", "paid by", spare=True), Column("支出", "spent"),
    Column("每剂量效果", "effect of a dose"), Column("单位", "unit", spare=True),
    Column("地点已知", "places known", spare=True),
)  # fmt: skip
KEYS = (
    "article", "lever", "name_zh", "name_en", "group_zh", "group", "target_units", "paid_by",
    "indicator", "direction",
)  # fmt: skip


@checked
class LeversSettings(InLanguage):
    """List the levers of the plan, or those of one group; in one city with dose, price and payers.

    列出实施方案的举措或某一组；指定城市时列出剂量、单价、资金来源与效果。
    """

    group: Group | None = None
    """Group of levers.
    举措的组。"""
    city: City | None = None
    """City whose doses are shown.
    显示其剂量的城市。"""
    scenario: ScenarioName = "plan"
    """With a city: the scenario whose delivered doses are shown.
    指定城市时所显示剂量的情景。"""


def run(settings: LeversSettings, context: Context) -> int:
    """Print the table of levers, or the doses of a city."""
    levers = {
        lever: row
        for lever, row in context.names.levers.items()
        if settings.group in (None, row["group"])
    }
    if settings.city is not None:
        return _print_doses(settings.city, settings.scenario, levers, context)
    groups = {key: said[0] for key, said in context.names.of("lever group").spellings.items()}
    rows = [
        [{**row, "group_zh": groups[row["group"]]}.get(key, "").replace(";", ", ") for key in KEYS]
        for row in levers.values()
    ]
    title = (f"{len(rows)} 项举措", f"{len(rows)} levers")
    print_table(title, COLUMNS, rows, context.language)
    return 0


def _print_doses(
    city: str, scenario: str, levers: Mapping[str, Mapping[str, str]], context: Context
) -> int:
    # Imported here: the list of levers needs no run of the model.
    from zhuanxing.analyses.doses import dose_table
    from zhuanxing.model import load
    from zhuanxing.results.numerals import amount
    from zhuanxing.results.words import compound_unit

    model = load(context.places.root)
    table = dose_table(model, city, scenario, context.language)
    zh = context.language == "zh"
    rows = [
        [
            str(row["name_zh"] if zh else row["name_en"]),
            amount(row["full"], str(row["unit_zh"] if zh else row["unit_en"])),
            amount(row["delivered"]),
            f"{row['cost']:g} ({row['low']:g}-{row['high']:g})" if row["cost"] else "-",
            str(row["paid_by"]) or "-",
            amount(row["spent"]),
            "-"
            if row["effect"] != row["effect"]
            else f"{amount(row['effect'])} → {amount(row['later'])}",
            compound_unit(str(row["unit"]), context.language),
            str(row["known"]),
        ]
        for row in table.to_dict("records")
        if row["lever"] in levers
    ]
    label = context.names.cities[city]["name_zh" if zh else "name_en"]
    title = (
        f"{label}：剂量、单价（亿元，规则与称号为每年）、出资、效果；情景 {scenario}",
        f"{label}: doses, price (1e8 CNY; of rules and titles a year), payers, effect of a dose "
        f"at first and after a full one; scenario {scenario}",
    )
    print_table(title, DOSES, rows, context.language)
    return 0


COMMAND = Command(LeversSettings, run, examples=("", "group=energy", "city=唐山 language=zh"))
