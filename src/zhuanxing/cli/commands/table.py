"""Write a city's results as a workbook or CSV under Chinese or English headings.

把一个城市的结果写成带中文表头的 Excel 或 CSV。
"""

from __future__ import annotations

from pathlib import Path

from zhuanxing.cli.asking import Asking, aims_of_model, asked_scenario
from zhuanxing.cli.chosen import model_of
from zhuanxing.cli.command import Command, Context
from zhuanxing.config import File, InLanguages, ScenarioName, Several, checked
from zhuanxing.errors import ZhuanxingError
from zhuanxing.storage.atomic import require_writable

__all__ = ["COMMAND", "TableSettings"]

SECTION = "ask"


@checked
class TableSettings(Asking, InLanguages):
    """One sheet a theme, then aims, money by payer and year, sources of the starts.

    每个主题一张表，另有目标、资金来源、期初数据来源。
    """

    scenario: Several[ScenarioName]
    """Scenarios, the one to compare with first.
    情景，第一个为对照。"""
    output: File | None
    """File, .xlsx or .csv; null is outputs/tables/<city>_<language>.xlsx.
    文件，null 为 outputs/tables/<城市>_<语言>.xlsx。"""


def run(settings: TableSettings, context: Context) -> int:
    """Run the scenarios and write the tables; print the files."""
    targets = {language: _target(settings, language) for language in context.languages}
    if settings.output is not None and len(targets) > 1:
        raise ZhuanxingError("output names one file, but two languages are asked for; name one")
    for target in targets.values():
        require_writable(target, (".xlsx", ".csv"))
    from zhuanxing.report.tables import city_tables, write_tables

    model = model_of(settings, context)
    base, *others = settings.scenario
    chosen = [asked_scenario(model, settings, name) for name in others]
    results = {base: model.run(base), **{one.name: model.run(one) for one in chosen}}
    aims = aims_of_model(context.places)
    for language, target in targets.items():
        sheets = city_tables(
            results, settings.city, aims=aims, model=context.places.model,
            language=language,
        )  # fmt: skip
        write_tables(sheets, target)
        print(target)
    return 0


def _target(settings: TableSettings, language: str) -> Path:
    return settings.output or Path("outputs") / "tables" / f"{settings.city}_{language}.xlsx"


COMMAND = Command(
    TableSettings,
    run,
    examples=("city=唐山 'scenario=[baseline,plan]'", "city=包头 output=包头.csv"),
)
