"""`zhuanxing sweep`: run a design over levers, assumptions and drivers into one Zarr store."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from zhuanxing.analyses.sweep.design import Design, make_design
from zhuanxing.analyses.sweep.factors import known_factors
from zhuanxing.cli.sweep_settings import SweepSettings, compose_sweep
from zhuanxing.errors import ZhuanxingError
from zhuanxing.inputs import (
    ModelNames,
    Scenario,
    override_assumptions,
    override_levers,
    read_names,
    resolve,
)
from zhuanxing.results.outputs import read_outputs, select_outputs
from zhuanxing.storage.atomic import require_writable
from zhuanxing.storage.paths import Places, find_places

__all__ = ["main"]

HELP = """用法 usage: zhuanxing sweep [设置 key=value ...]

  design=latin_hypercube            试验设计 grid, latin_hypercube, sobol, saltelli, morris, csv
  design.runs=1000                  该设计的设置，见 settings of the design: conf/design/*.yaml
  'vary=[levers.solar_base,assumptions.*,drivers.coal_price_index]'
                                    变动的举措、假设和外部条件 what varies; ranges as in
                                    levers.solar_base:0.2:0.8, 否则取数据表 else from model/data
  'scenario=[baseline,plan]'        与情景交叉 crossed with scenarios
  'city=[baotou,ordos]'             保留的城市，举措只在其中变动 cities to keep, where levers vary
  'outputs=[gdp,co2]'               保留的结果 outputs to keep
  levers.<举措>.intensity=0.8       所有运行中固定 fixed in every run (also assumptions.<name>=)
  cluster.workers=2                 进程数 processes of one core each
  cluster.address=tcp://host:8786   使用已有的 Dask 集群 a Dask cluster that exists
  output=FOLDER.zarr                结果 the store (outputs/sweeps/<design>.zarr)

中断后再次运行同一命令即可继续。After an interruption the same command goes on where it was.
默认设置 defaults: conf/sweep.yaml"""

# Speed and time left are those of the last minute.
SPEED_SECONDS = 60.0


def main(argv: Sequence[str]) -> int:
    """Run or go on with the sweep that `argv` asks for; return 0 when it is complete.

    Raises ZhuanxingError for anything misspelt, out of range or unwritable before anything runs,
    and for a store that belongs to another sweep.
    """
    if any(argument in ("-h", "--help") for argument in argv):
        print(HELP)
        return 0
    places = find_places()
    if not places.own:
        print(f"zhuanxing: 使用随包模型 using the model in {places.root}", file=sys.stderr)
    option = next((argument for argument in argv if argument.startswith("-")), None)
    if option:
        raise ZhuanxingError(f"there is no option '{option}'; write settings as key=value")
    names = read_names(places.model)
    settings = compose_sweep(places, names, argv)
    scenarios = tuple(_scenario(name, settings, places, names) for name in settings.scenarios)
    data = places.model / "data"
    design = make_design(settings.design, settings.vary, known_factors(data))
    outputs = read_outputs(data)
    chosen = select_outputs(outputs, settings.outputs or tuple(o.name for o in outputs))
    if not settings.output.exists():
        require_writable(settings.output)
    _run(settings, places, scenarios, design, tuple(output.name for output in chosen))
    return 0


def _scenario(name: str, settings: SweepSettings, places: Places, names: ModelNames) -> Scenario:
    scenario = resolve(places.scenarios, name, names)
    scenario = override_levers(scenario, settings.levers, settings.cities, names)
    return override_assumptions(scenario, settings.assumptions, names)


def _run(
    settings: SweepSettings,
    places: Places,
    scenarios: tuple[Scenario, ...],
    design: Design,
    outputs: tuple[str, ...],
) -> None:
    # Imported here: a misspelt name is refused before the seconds that the engine's imports take.
    from zhuanxing.analyses.sweep.execute import execute
    from zhuanxing.analyses.sweep.store import open_for
    from zhuanxing.analyses.sweep.sweep import Simulation, Sweep
    from zhuanxing.model import load

    model = load(places.root, end=settings.end, information_year=settings.information)
    factors = tuple(factor.name for factor in design.factors)
    simulation = Simulation(model, scenarios, factors, outputs, settings.cities, settings.keep)
    # Where it lies and which processes computed it are no part of a result.
    told = {k: v for k, v in asdict(settings).items() if k not in ("cluster", "output")}
    sweep = Sweep(simulation, design, settings.chunk, told)
    total = len(scenarios) * sweep.runs
    with open_for(sweep, settings.output) as store:
        left = sum(piece.last - piece.first for piece in store.pending(sweep))
        if 0 < left < total:
            done = total - left
            print(f"继续 going on: {done:,}/{total:,} 已完成 done", file=sys.stderr)
        began = time.perf_counter()
        try:
            with _progress() as progress:
                task = progress.add_task("", total=left)
                execute(sweep, store, settings.cluster, lambda runs: progress.advance(task, runs))
        except KeyboardInterrupt:
            print("再次运行同一命令即可继续 the same command goes on from here", file=sys.stderr)
            raise
        failures = store.failures()
        seconds = time.perf_counter() - began
    speed = f"  ({left:,} in {seconds:,.0f} s, {left / seconds:,.1f} runs/s)" if left else ""
    print(f"{settings.output}  {total:,} 次运行 runs{speed}")
    if failures:
        print(
            f"zhuanxing: {len(failures):,} 次运行超出方程定义域 runs left the domain of the "
            f"equations, the first: {failures[0]}",
            file=sys.stderr,
        )


class _SpeedColumn(ProgressColumn):
    """Runs a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("— runs/s" if speed is None else f"{speed:,.1f} runs/s")


def _progress() -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn("运行 runs"),
        BarColumn(),
        MofNCompleteColumn(),
        _SpeedColumn(),
        TextColumn("剩余 left"),
        TimeRemainingColumn(),
        console=console,
        # A file would get the bar's last state only; the result line says as much.
        disable=not console.is_terminal,
        speed_estimate_period=SPEED_SECONDS,
    )
