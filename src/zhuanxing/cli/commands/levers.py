"""`zhuanxing levers`: the levers of the plan, in both languages."""

from __future__ import annotations

from collections.abc import Sequence

from zhuanxing.cli.listing import parse_settings, print_table
from zhuanxing.inputs import read_names
from zhuanxing.storage.paths import find_places

__all__ = ["main"]

HELP = """用法 usage: zhuanxing levers [language=zh|en] [group=..]"""

COLUMNS = (
    ("条", "article", ""),
    ("举措", "lever", ""),
    ("名称", "Chinese name", "zh"),
    ("英文名", "name", "en"),
    ("组", "group", ""),
    ("指标", "indicator", ""),
    ("方向", "direction", ""),
    ("城市", "cities", ""),
    ("资金", "paid by", ""),
)
KEYS = (
    "article",
    "lever",
    "name_zh",
    "name_en",
    "group",
    "indicator",
    "direction",
    "target_units",
    "paid_by",
)


def main(argv: Sequence[str]) -> int:
    """Print the levers, or those of one group, and return 0."""
    if any(argument in ("-h", "--help") for argument in argv):
        print(HELP)
        return 0
    names = read_names(find_places().model)
    settings = parse_settings(argv, {"group": names.lever_groups})
    rows = [
        [row.get(key, "").replace(";", ", ") for key in KEYS]
        for row in names.levers.values()
        if row["group"] == settings.get("group", row["group"])
    ]
    title = (f"{len(rows)} 项举措", f"{len(rows)} levers")
    print_table(title, COLUMNS, rows, settings.get("language"))
    return 0
