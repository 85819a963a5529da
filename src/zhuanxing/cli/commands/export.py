"""Write the model for Vensim and for programs of XMILE.

把模型导出为 Vensim 和 XMILE。
"""

from __future__ import annotations

import sys
from typing import Annotated

from pydantic import Field

from zhuanxing.cli.chosen import named_scenario
from zhuanxing.cli.command import Command, Context
from zhuanxing.config import City, File, InLanguage, OfModel, ScenarioName, Several, checked
from zhuanxing.inputs import Changes
from zhuanxing.storage.atomic import require_writable

SECTION = "exchange"


@checked
class ExportSettings(Changes, OfModel, InLanguage):
    """Write the whole model, its data and the settings of a scenario as <folder>/<scenario>.mdl
    (Vensim, with a sketch: one view a sector) and <folder>/<scenario>.xmile.

    把完整模型（方程、数据和情景设置）写成 Vensim（含流图）和 XMILE 文件。
    """

    folder: File
    """Folder to write to.
    目标文件夹。"""
    scenario: ScenarioName = "baseline"
    """A scenario of `zhuanxing scenarios`.
    情景。"""
    city: Annotated[Several[City], Field(min_length=1)] | None = None
    """Cities of the model that is written, and where `levers` act; null is all.
    所写模型的城市，也是 levers 作用的城市，null 为全部。"""


def run(settings: ExportSettings, context: Context) -> int:
    """Write the two files."""
    scenario = named_scenario(settings, context)
    if settings.city is not None:
        scenario = scenario.of_cities(settings.city)
    require_writable(settings.folder / f"{scenario.name}.mdl")
    from zhuanxing.export import export
    from zhuanxing.model import load

    years = settings.years
    model = load(
        context.places.root, end=years.end, information_year=years.information,
        calibration=settings.calibration, data=settings.data, cities=settings.city,
    )  # fmt: skip
    written = export(model, scenario, settings.folder)
    print(written.mdl)
    if written.xmile is None:
        print(f"{written.refused}: only the .mdl is written.", file=sys.stderr)
    else:
        print(written.xmile)
    return 0


COMMAND = Command(ExportSettings, run, word="folder", examples=("outputs/vensim scenario=plan",))
