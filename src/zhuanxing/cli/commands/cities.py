"""`zhuanxing cities`: the cities of the model, in both languages."""

from __future__ import annotations

from collections.abc import Sequence

from zhuanxing.cli.listing import parse_settings, print_table
from zhuanxing.inputs import read_names
from zhuanxing.storage.paths import find_places

__all__ = ["main"]

HELP = """用法 usage: zhuanxing cities [language=zh|en] [zone=..] [archetype=..]"""

COLUMNS = (
    ("城市", "city", ""),
    ("名称", "Chinese name", "zh"),
    ("英文名", "name", "en"),
    ("省份", "province (zh)", "zh"),
    ("省份(英)", "province", "en"),
    ("示范区", "zone", ""),
    ("类型", "archetype", ""),
)


def main(argv: Sequence[str]) -> int:
    """Print the cities, or those of one zone or archetype, and return 0."""
    if any(argument in ("-h", "--help") for argument in argv):
        print(HELP)
        return 0
    rows = tuple(read_names(find_places().model).cities.values())
    known = {
        "zone": tuple(dict.fromkeys(row["zone_id"] for row in rows)),
        "archetype": tuple(dict.fromkeys(row["archetype"] for row in rows)),
    }
    settings = parse_settings(argv, known)
    shown = [
        row
        for row in rows
        if row["zone_id"] == settings.get("zone", row["zone_id"])
        and row["archetype"] == settings.get("archetype", row["archetype"])
    ]
    keys = ("unit_id", "name_zh", "name_en", "province_zh", "province_en", "zone_id", "archetype")
    table = [[row.get(key, "") for key in keys] for row in shown]
    title = (f"{len(shown)} 个城市", f"{len(shown)} cities")
    print_table(title, COLUMNS, table, settings.get("language"))
    return 0
