"""Set later statistics against what plan and baseline expected.

把后来的统计数据与方案、基准的预期对照。
"""

from __future__ import annotations

from dataclasses import field

from zhuanxing.cli.chosen import model_of
from zhuanxing.cli.command import Command, Context
from zhuanxing.cli.console import Column, print_table, working
from zhuanxing.config import File, InLanguage, OfModel, ScenarioName, Several, WithDraws, checked
from zhuanxing.results.numerals import wide
from zhuanxing.storage.atomic import require_writable
from zhuanxing.storage.netcdf import write_table

__all__ = ["COMMAND", "MonitorSettings"]

SECTION = "ask"
NO_BANDS = (
    "没有区间：加 calibration=default draws=200 才知道偏离是否意外。",
    "No bands: calibration=default draws=200 tells whether it is a surprise.",
)
WORDS = {
    "inside": ("区间内", "inside"), "above": ("高于区间", "above"), "below": ("低于区间", "below"),
}  # fmt: skip


@checked
class MonitorSettings(WithDraws, InLanguage):
    """Inside the band, above or below, and how surprising that is.

    统计值在区间内、之上还是之下，以及有多意外。
    """

    # By itself an annotation would keep the default that other commands have for it.
    data: File = field(kw_only=True)
    """CSV with the columns city, year, output, value; names may be Chinese.
    CSV 文件，列为 city, year, output, value，名称可用中文。"""
    scenario: Several[ScenarioName]
    """Scenarios whose bands are looked at.
    情景。"""
    output: File
    """Table of the result.
    结果文件。"""


def run(settings: MonitorSettings, context: Context) -> int:
    """Compare, print and write."""
    require_writable(settings.output)
    from zhuanxing.analyses.monitor import monitor, read_statistics

    model = model_of(OfModel(years=settings.years, calibration=settings.calibration), context)
    statistics = read_statistics(settings.data, model)
    scenarios = {name: model.scenario(name) for name in settings.scenario}
    with working(("推演各情景", "running the scenarios"), context.language):
        table = monitor(model, scenarios, statistics, draws=settings.draws)
    place = 0 if context.language == "zh" else 1
    names = {output.name: output.label(context.language) for output in model.outputs}
    rows = [
        [
            context.names.cities[row["city"]][f"name_{context.language}"], str(row["year"]),
            names[row["output"]], scenarios[row["scenario"]].labels[f"name_{context.language}"],
            wide(row["observed"]), wide(row["expected"]),
            *(
                [
                    wide(row["low"]), wide(row["high"]), WORDS[str(row["verdict"])][place],
                    f"{row['surprise']:.2f}",
                ] if settings.draws
                else [f"{row['error']:+.1f}%".replace("-", "−")]
            ),
        ]
        for row in table.to_dict("records")
    ]  # fmt: skip
    columns = [
        Column("城市", "city"), Column("年份", "year"), Column("指标", "output"),
        Column("情景", "scenario"), Column("统计", "observed"), Column("预期", "expected"),
    ]  # fmt: skip
    if settings.draws:
        columns += [
            Column("下限", "low", spare=True), Column("上限", "high", spare=True),
            Column("判定", "verdict"), Column("意外程度(p)", "surprise (p)"),
        ]  # fmt: skip
    else:
        columns.append(Column("偏离", "error"))
    print_table(("统计与预期", "Statistics and what was expected"), columns, rows, context.language)
    if not settings.draws:
        print(NO_BANDS[place])
    write_table(table, settings.output)
    print(settings.output)
    return 0


COMMAND = Command(
    MonitorSettings, run, word="data",
    examples=("statistics.csv", "statistics.csv calibration=default draws=200"),
)  # fmt: skip
