"""List the scenarios.

列出情景。
"""

from __future__ import annotations

from zhuanxing.cli.command import Command, Context
from zhuanxing.cli.console import Column, print_table
from zhuanxing.config import InLanguage, checked
from zhuanxing.inputs import read_scenario, scenario_names

SECTION = "list"
COLUMNS = (
    Column("情景", "scenario", whole=True), Column("继承", "extends", whole=True, spare=True),
    Column("名称", "Chinese name", "zh"), Column("英文名", "name", "en"),
    Column("说明", "description (zh)", "zh"), Column("说明(英)", "description", "en"),
)  # fmt: skip


@checked
class ScenariosSettings(InLanguage):
    """List the scenarios: named packages of lever settings, one file of scenarios/ each.

    列出情景：scenarios/ 中的每个文件是一组举措设置。
    """


def run(settings: ScenariosSettings, context: Context) -> int:
    """Print the table of scenarios; a file with a mistake is refused with its place."""
    folder = context.places.scenarios
    files = [read_scenario(folder, name, context.names) for name in scenario_names(folder)]
    keys = ("name_zh", "name_en", "description_zh", "description_en")
    rows = [[file.name, file.extends or "", *(file.labels[key] for key in keys)] for file in files]
    title = (f"{len(rows)} 个情景", f"{len(rows)} scenarios")
    print_table(title, COLUMNS, rows, context.language)
    return 0


COMMAND = Command(ScenariosSettings, run, examples=("", "language=zh"))
