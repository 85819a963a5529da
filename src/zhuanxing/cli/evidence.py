"""`zhuanxing evidence`: the plan's effect in the model beside published estimates."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from zhuanxing.cli.configuration import read_settings, show_help
from zhuanxing.cli.listing import print_table
from zhuanxing.errors import ZhuanxingError
from zhuanxing.evidence import INSIDE, NO_ESTIMATE, EvidenceSettings, compare
from zhuanxing.places import find_places

__all__ = ["main"]

HELP = """用法 usage: zhuanxing evidence [key=value ...]

方案减基准的效果，与文献中同类政策估计（did_* 行）对照
The plan's effect (plan minus baseline) beside published estimates (rows did_*)"""

COLUMNS = (
    ("结果", "output", ""),
    ("文献", "published", ""),
    ("文献范围", "estimate", ""),
    ("年份", "year", ""),
    ("模型效果（中位）", "median effect", ""),
    ("城市间范围", "range over cities", ""),
    ("结论", "verdict", ""),
)
WORDS = {"inside": "一致 inside", "outside": "不一致 outside", "no estimate": "无估计 no estimate"}


def main(argv: Sequence[str]) -> int:
    """Run both scenarios, print the comparison and write it by city and year; return 0.

    Raises ZhuanxingError for a wrong setting, or a row or output that is not there.
    """
    places = find_places()
    path = places.conf / "evidence.yaml"
    if show_help(argv, path, HELP):
        return 0
    settings = read_settings(EvidenceSettings, path, argv)
    # Imported here: a misspelt setting is refused before the seconds that the imports take.
    from zhuanxing.model import load

    model = load(places.root, end=max(settings.years), calibration=settings.calibration)
    source = places.model / "data" / "raw" / "parameters.csv"
    try:
        parameters = pd.read_csv(source)
    except OSError as error:
        raise ZhuanxingError(f"{source}: the table cannot be read ({error.strerror})") from error
    table = compare(model.run(settings.plan), model.run(settings.baseline), parameters, settings)
    _report(table, settings)
    target = Path(settings.output) / "evidence.csv"
    target.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(target, index=False)
    print(target)
    return 0


def _report(table: pd.DataFrame, settings: EvidenceSettings) -> None:
    last = table[table["year"] == max(settings.years)]
    rows = []
    for (output, published), part in last.groupby(["output", "published"], sort=False):
        effect = part["effect"]
        inside = float((part["verdict"] == INSIDE).mean())
        first = part["verdict"].iloc[0]
        verdict = first if first == NO_ESTIMATE or inside in (0.0, 1.0) else None
        rows.append(
            [
                str(output),
                str(published) or "-",
                _limits(part["low"].iloc[0], part["high"].iloc[0]),
                str(max(settings.years)),
                f"{effect.median():+.2f}",
                f"{effect.min():+.2f} … {effect.max():+.2f}",
                WORDS[verdict] if verdict else f"{inside:.0%} 城市一致 of cities inside",
            ]
        )
    title = ("方案效果与文献对照", "the plan's effect beside published estimates")
    print_table(title, COLUMNS, rows, None)


def _limits(low: float, high: float) -> str:
    if np.isnan(low):
        return "-"
    if np.isinf(high):
        return "> 0"
    return "< 0" if np.isinf(low) else f"{low:+.2f} … {high:+.2f}"
