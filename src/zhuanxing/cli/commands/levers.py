"""List the levers.

列出政策举措。
"""

from __future__ import annotations

from zhuanxing.cli.command import Command, Context
from zhuanxing.cli.console import Column, print_table
from zhuanxing.config import City, Group, Language, checked

__all__ = ["COMMAND"]

SECTION = "list"
COLUMNS = (
    Column("条", "article"),
    Column("举措", "lever", whole=True),
    Column("名称", "Chinese name", "zh"),
    Column("英文名", "name", "en"),
    Column("组", "group"),
    Column("城市", "cities", spare=True),
    Column("资金", "paid by", spare=True),
    Column("指标", "indicator", spare=True),
    Column("方向", "direction", spare=True),
)
KEYS = (
    "article", "lever", "name_zh", "name_en", "group", "target_units", "paid_by", "indicator",
    "direction",
)  # fmt: skip


@checked
class LeversSettings:
    """List the levers of the plan, or those of one group, or those that act in one city.

    列出实施方案的举措，或某一组、在某一城市起作用的举措。
    """

    group: Group | None = None
    """Group of levers.

    举措的组。"""
    city: City | None = None
    """City in which they act.

    举措所作用的城市。"""
    language: Language | None = None
    """Language of the table.

    表格语言。"""


def run(settings: LeversSettings, context: Context) -> int:
    """Print the table of levers."""
    names = context.names
    acts = dict.fromkeys(names.levers, True)
    if settings.city is not None:
        place = list(names.cities).index(settings.city)
        acts = dict(zip(names.levers, names.targets[place].tolist(), strict=True))
    rows = [
        [row.get(key, "").replace(";", ", ") for key in KEYS]
        for lever, row in names.levers.items()
        if acts[lever] and settings.group in (None, row["group"])
    ]
    title = (f"{len(rows)} 项举措", f"{len(rows)} levers")
    print_table(title, COLUMNS, rows, context.language)
    return 0


COMMAND = Command(LeversSettings, run, examples=("", "group=energy", "city=唐山 language=zh"))
