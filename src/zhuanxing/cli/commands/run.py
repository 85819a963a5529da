"""Simulate scenarios and store their annual paths.

运行情景，存储逐年路径。
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from zhuanxing.cli.chosen import model_of, named_scenario
from zhuanxing.cli.command import Command, Context
from zhuanxing.config import Device, File, InLanguage, ScenarioName, WithDraws, as_mapping, checked
from zhuanxing.errors import ZhuanxingError
from zhuanxing.inputs import Changes, Scenario
from zhuanxing.inputs.scenario import BASELINE

if TYPE_CHECKING:
    from zhuanxing.model import Model

__all__ = ["COMMAND", "RunSettings"]

SECTION = "run"


@checked
class RunSettings(Changes, WithDraws, InLanguage):
    """Simulate a scenario in every city and store the annual paths of all outputs.

    在所有城市运行一个情景，存储全部结果的逐年路径。
    """

    scenario: ScenarioName = "baseline"
    """A scenario of `zhuanxing scenarios`.
    情景，见 zhuanxing scenarios。"""
    engine: Literal["compiled", "reference"] = "compiled"
    """compiled is fast, reference is PySD itself.
    compiled 快速，reference 为 PySD。"""
    device: Device = "cpu"
    """Where draws are computed: cpu, gpu, or auto, a graphics card where there is one. A card pays
    from some thousand draws.
    抽样计算所用设备：cpu、gpu 或 auto（有显卡就用），抽样数以千计时显卡才合算。"""
    output: File | None = None
    """File of the result, .nc, .csv or .xlsx; null is outputs/<scenario>/paths.nc.
    结果文件，null 为 outputs/<情景>/paths.nc。"""


def check(settings: RunSettings, context: Context) -> list[Path]:
    """Refuse what cannot run, and return the file of the result."""
    return [_target(settings, named_scenario(settings, context))]


def _target(settings: RunSettings, scenario: Scenario) -> Path:
    """Return the file of the result; refuse one that cannot be written, and draws from nothing."""
    if settings.draws and settings.calibration is None:
        raise ZhuanxingError(
            "draws={draws} needs a calibration to draw from: calibration=default",
            draws=settings.draws,
        )
    target = settings.output or Path("outputs") / scenario.name / "paths.nc"
    from zhuanxing.storage.formats import writer

    writer(target)
    return target


def run(settings: RunSettings, context: Context) -> int:
    """Run one scenario and store it."""
    scenario = named_scenario(settings, context)
    target = _target(settings, scenario)
    from zhuanxing.cli.found import print_found
    from zhuanxing.storage.formats import writer
    from zhuanxing.storage.netcdf import comparison_path, intervals_path

    if settings.engine == "compiled":
        from zhuanxing.engine import load_ahead

        load_ahead(context.places.origin, "run")
    model = model_of(settings, context, settings.device)
    began = time.perf_counter()
    data = None if settings.data is None else str(settings.data)
    config = {**as_mapping(settings), "output": str(target), "data": data}
    paths = model.run(scenario, city=settings.city, engine=settings.engine, config=config)
    # Those of an earlier run do not belong to the new result.
    intervals_path(target).unlink(missing_ok=True)
    comparison_path(target).unlink(missing_ok=True)
    writer(target)(paths, target)
    if settings.draws:
        _write_intervals(model, scenario, settings, target, context)
    label = scenario.labels[f"name_{context.language}"]
    print(f"{target}  {label}  ({time.perf_counter() - began:.1f} s)")
    print_found(paths, target, Path("outputs") / BASELINE / "paths.nc", context.language)
    return 0


def _write_intervals(
    model: Model, scenario: Scenario, settings: RunSettings, target: Path, context: Context
) -> None:
    from zhuanxing.analyses.bands import comparison_bands
    from zhuanxing.results.aims import change_bases, read_aims
    from zhuanxing.storage.netcdf import comparison_path, intervals_path, write

    bands = model.run_ensemble(scenario, draws=settings.draws)
    bands = bands if settings.city is None else bands.sel(city=list(settings.city))
    write(bands, intervals_path(target))
    if scenario.name != BASELINE:
        aims = read_aims(context.places.model / "data" / "aims.csv")
        compared = comparison_bands(
            model, scenario, model.scenario(BASELINE), draws=settings.draws,
            since=change_bases(aims), outputs=[one.name for one in model.plain_outputs],
        )  # fmt: skip
        compared = compared if settings.city is None else compared.sel(city=list(settings.city))
        write(compared, comparison_path(target))
        print(comparison_path(target))
    said = "次抽样" if context.language == "zh" else "draws"
    print(f"{intervals_path(target)}  {settings.draws} {said}")


COMMAND = Command(
    RunSettings,
    run,
    check,
    examples=(
        "scenario=plan",
        "scenario=plan levers.solar_base.intensity=0.8 'city=[baotou,ordos]'",
        "-m scenario=baseline,plan,coal_reduction",
        "scenario=plan calibration=default draws=200",
    ),
)
