"""Write a brief of a city for a meeting, for Word and as PDF.

为会议编写一个城市的简报（Word 与 PDF）。
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from zhuanxing.cli.asking import AskingPackage, aims_of_model, asked_scenario
from zhuanxing.cli.chosen import model_of
from zhuanxing.cli.command import Command, Context
from zhuanxing.cli.console import working
from zhuanxing.config import File, InLanguages, Output, ScenarioName, Several, checked
from zhuanxing.results.words import Language
from zhuanxing.storage.atomic import require_writable

__all__ = ["COMMAND", "ReportSettings"]

SECTION = "ask"


@checked
class ReportSettings(AskingPackage, InLanguages):
    """Three sentences, indicators with aims, charts, payers, levers, what-ifs and trust.

    三句话、指标与目标、图、资金来源、举措、假设情况与可信程度。
    """

    outputs: Several[Output]
    """Indicators.
    指标。"""
    what_if: Several[ScenarioName]
    """Scenarios that stand beside the package.
    并列比较的情景。"""
    page: str | None
    """Address where colleagues open the page, for a QR code; null for none.
    同事打开页面的网址，用于二维码；null 则无。"""
    format: Several[Literal["docx", "pdf"]]
    """Formats.
    格式。"""
    output: File
    """Folder of the files.
    输出文件夹。"""


def run(settings: ReportSettings, context: Context) -> int:
    """Run, gather and write; print the files."""
    require_writable(settings.output / "report.docx")
    from zhuanxing.report.brief import gather
    from zhuanxing.report.document import write_docx, write_pdf

    model = model_of(settings, context)
    scenario = asked_scenario(model, settings)
    aims = aims_of_model(context.places)
    with working(("推演方案及各种假设", "running the package and what-ifs"), context.language):
        found = gather(
            model, scenario, model.scenario(settings.against),
            city=settings.city, aims=aims, outputs=settings.outputs,
            what_if=settings.what_if, draws=settings.draws,
        )  # fmt: skip
    for language in context.languages:
        brief = found.brief(language, address=_address(settings, language))
        for ending in settings.format:
            name = f"{settings.city}_{scenario.name}_{language}.{ending}"
            path = settings.output / name
            (write_docx if ending == "docx" else write_pdf)(brief, path)
            print(path)
    return 0


def _address(settings: ReportSettings, language: Language) -> str:
    """Return where the page shows the package; it has no ceilings of payers, so none with them."""
    from zhuanxing.app.state import State

    budget = 1.0 if settings.budget is None else settings.budget
    if settings.page is None or isinstance(budget, Mapping):
        return ""
    state = State(
        settings.city, settings.scenario, settings.outputs[0], language, scale=settings.scale,
        budget=budget,
    )  # fmt: skip
    return f"{settings.page.rstrip('/')}/{state.query()}"


COMMAND = Command(ReportSettings, run, examples=("city=唐山", "city=包头 language=en format=[pdf]"))
