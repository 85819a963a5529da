"""`zhuanxing scenarios`: the scenarios there are, in both languages."""

from __future__ import annotations

from collections.abc import Sequence

from zhuanxing.cli.listing import parse_settings, print_table
from zhuanxing.inputs import read_names, read_scenario, scenario_names
from zhuanxing.storage.paths import find_places

__all__ = ["main"]

HELP = """用法 usage: zhuanxing scenarios [language=zh|en]"""

COLUMNS = (
    ("情景", "scenario", ""),
    ("继承", "extends", ""),
    ("名称", "Chinese name", "zh"),
    ("英文名", "name", "en"),
    ("说明", "description (zh)", "zh"),
    ("说明(英)", "description", "en"),
)


def main(argv: Sequence[str]) -> int:
    """Print the scenarios and return 0; a file with a mistake is refused with its place."""
    if any(argument in ("-h", "--help") for argument in argv):
        print(HELP)
        return 0
    settings = parse_settings(argv, {})
    places = find_places()
    names = read_names(places.model)
    files = [
        read_scenario(places.scenarios, name, names) for name in scenario_names(places.scenarios)
    ]
    rows = [[file.name, file.extends or "", *file.labels.values()] for file in files]
    title = (f"{len(rows)} 个情景", f"{len(rows)} scenarios")
    print_table(title, COLUMNS, rows, settings.get("language"))
    return 0
