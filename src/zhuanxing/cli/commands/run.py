"""`zhuanxing run`: simulate scenarios and store their annual paths."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from zhuanxing.cli.settings import RunSettings, compose_runs
from zhuanxing.errors import ZhuanxingError
from zhuanxing.inputs import (
    ModelNames,
    Scenario,
    override_assumptions,
    override_levers,
    read_names,
    resolve,
)
from zhuanxing.storage.atomic import require_writable
from zhuanxing.storage.paths import Places, find_places

if TYPE_CHECKING:
    from zhuanxing.model import Model

__all__ = ["main"]

HELP = """用法 usage: zhuanxing run [-m] [设置 key=value ...]

  scenario=plan                     情景 a file of scenarios/ ('zhuanxing scenarios')
  levers.<举措>.intensity=0.8       举措强度 0-1，只作用于 city 所列城市
                                    a lever's intensity, in the cities of `city` only
  levers.<举措>.start=2023          开始年份 the year in which it starts
  'city=[baotou,ordos]'             结果只保留这些城市 cities to keep ('zhuanxing cities')
  assumptions.<name>=1.5            改变假设 replace an assumption
  years.end=2035                    末年 last calendar year
  calibration=default draws=100     用校准参数，并给出区间
                                    use a calibration, with intervals over draws
  engine=reference                  用 PySD 运行 run by PySD itself (slow)
  output=FILE                       结果文件 file of the result (outputs/<scenario>/paths.nc)
  -m scenario=baseline,plan         多个取值各运行一次 one run for each value

默认设置 defaults: conf/run.yaml"""


def main(argv: Sequence[str]) -> int:
    """Run what `argv` asks for and return 0; nothing runs unless all of it is in order.

    Raises ZhuanxingError for anything misspelt, out of range or unwritable.
    """
    if any(argument in ("-h", "--help") for argument in argv):
        print(HELP)
        return 0
    places = find_places()
    if not places.own:
        print(f"zhuanxing: 使用随包模型 using the model in {places.root}", file=sys.stderr)
    names = read_names(places.model)
    flags = ("-m", "--multirun")
    arguments = [argument for argument in argv if argument not in flags]
    unknown = next((argument for argument in arguments if argument.startswith("-")), None)
    if unknown:
        raise ZhuanxingError(f"there is no option '{unknown}'; write settings as key=value, or -m")
    multirun = len(arguments) < len(argv)
    jobs = [
        (settings, _scenario(settings, places, names))
        for settings in compose_runs(places, names, arguments, multirun)
    ]
    _execute(jobs, places)
    return 0


def _scenario(settings: RunSettings, places: Places, names: ModelNames) -> Scenario:
    scenario = resolve(places.scenarios, settings.scenario, names)
    scenario = override_levers(scenario, settings.levers, settings.cities, names)
    return override_assumptions(scenario, settings.assumptions, names)


def _execute(jobs: Sequence[tuple[RunSettings, Scenario]], places: Places) -> None:
    # Imported here: a misspelt name is refused before the seconds that the engine's imports take.
    from zhuanxing.model import load
    from zhuanxing.storage.netcdf import intervals_path, write

    for settings, _ in jobs:
        require_writable(settings.output)
    models: dict[tuple[int, int, str | None], Model] = {
        key: load(places.root, end=key[0], information_year=key[1], calibration=key[2])
        for key in {(job.end, job.information, job.calibration) for job, _ in jobs}
    }
    for model in models.values():
        stale = model.calibration and model.calibration.warning(places.model)
        if stale:
            print(f"zhuanxing: 警告 warning: {stale}", file=sys.stderr)
    for settings, scenario in jobs:
        began = time.perf_counter()
        config = {**asdict(settings), "output": str(settings.output)}
        model = models[settings.end, settings.information, settings.calibration]
        paths = model.run(scenario, city=settings.cities, engine=settings.engine, config=config)
        # Those of an earlier run do not belong to the new result.
        intervals_path(settings.output).unlink(missing_ok=True)
        write(paths, settings.output)
        if settings.draws:
            _write_intervals(model, scenario, settings)
        label = f"{scenario.labels['name_zh']} {scenario.labels['name_en']}"
        print(f"{settings.output}  {label}  ({time.perf_counter() - began:.1f} s)")


def _write_intervals(model: Model, scenario: Scenario, settings: RunSettings) -> None:
    from zhuanxing.storage.netcdf import intervals_path, write

    bands = model.run_ensemble(scenario, draws=settings.draws)
    bands = bands if settings.cities is None else bands.sel(city=list(settings.cities))
    target = intervals_path(settings.output)
    write(bands, target)
    print(f"{target}  {settings.draws} 次抽样 draws")
