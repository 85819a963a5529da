"""List the cities.

列出城市。
"""

from __future__ import annotations

from zhuanxing.cli.command import Command, Context
from zhuanxing.cli.console import Column, print_table
from zhuanxing.config import Archetype, InLanguage, Province, Zone, checked

SECTION = "list"
COLUMNS = (
    Column("城市", "city", whole=True), Column("名称", "Chinese name", "zh"),
    Column("英文名", "name", "en"), Column("省份", "province (zh)", "zh"),
    Column("省份(英)", "province", "en"), Column("示范区", "zone (zh)", "zh"),
    Column("示范区(英)", "zone", "en", whole=True), Column("类型", "archetype (zh)", "zh"),
    Column("类型(英)", "archetype", "en", whole=True),
)  # fmt: skip
KEYS = ("unit_id", "name_zh", "name_en", "province_zh", "province_en", "zone_zh", "zone_id")


@checked
class CitiesSettings(InLanguage):
    """List the cities of the model, or those of one zone, province or archetype.

    列出模型中的城市，或某一示范区、省份、类型的城市。
    """

    zone: Zone | None = None
    """Demonstration zone.
    示范区。"""
    province: Province | None = None
    """Province.
    省份。"""
    archetype: Archetype | None = None
    """Kind of city by its industry.
    城市类型。"""


def run(settings: CitiesSettings, context: Context) -> int:
    """Print the table of cities."""
    asked = (
        ("zone_id", settings.zone),
        ("province_en", settings.province),
        ("archetype", settings.archetype),
    )
    rows = [
        row
        for row in context.names.cities.values()
        if all(wanted in (None, row[key]) for key, wanted in asked)
    ]
    kinds = context.names.of("archetype").spellings
    table = [
        [*(row.get(key, "") for key in KEYS), kinds[row["archetype"]][0], row["archetype"]]
        for row in rows
    ]
    title = (f"{len(rows)} 个城市", f"{len(rows)} cities")
    print_table(title, COLUMNS, table, context.language)
    return 0


COMMAND = Command(CitiesSettings, run, examples=("", "archetype=steel", "language=zh"))
