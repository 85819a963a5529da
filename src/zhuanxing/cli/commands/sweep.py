"""Run a design of many runs into one store.

批量试验，写出可续跑的结果库。
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Discriminator, Field
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
from rich.text import Text as Line

from zhuanxing.analyses.sweep.cluster import Cluster
from zhuanxing.analyses.sweep.design import Design, make_design
from zhuanxing.analyses.sweep.factors import known_factors
from zhuanxing.analyses.sweep.methods import Csv, Grid, LatinHypercube, Morris, Saltelli, Sobol
from zhuanxing.cli.command import Command, Context
from zhuanxing.config import (
    City,
    Count,
    Device,
    File,
    InLanguage,
    Output,
    ScenarioName,
    Several,
    Text,
    Year,
    Years,
    as_mapping,
    checked,
)
from zhuanxing.inputs import Changes, Scenario, changed, resolve
from zhuanxing.results.outputs import read_outputs, select_outputs
from zhuanxing.storage.atomic import require_writable

__all__ = ["COMMAND", "SweepSettings"]

SECTION = "run"
# Speed and time left are those of the last minute.
SPEED_SECONDS = 60.0
# Where it lies and which processes computed it are not part of a result.
NOT_IDENTITY = ("cluster", "output", "language")
WORDS = {
    "zh": {
        "runs": "次运行",
        "left": "剩余",
        "going_on": "继续：已完成 {done:,}/{total:,}",
        "again": "再次运行同一命令即可继续",
        "failed": "{count:,} 次运行超出方程定义域，第一个：{first}",
    },
    "en": {
        "runs": "runs",
        "left": "left",
        "going_on": "going on: {done:,}/{total:,} done",
        "again": "the same command goes on from here",
        "failed": "{count:,} runs left the domain of the equations, the first: {first}",
    },
}


Methods = Grid | LatinHypercube | Sobol | Saltelli | Morris | Csv


@checked
class SweepYears(Years):
    """Years of the runs, and those that are kept."""

    keep: Several[Year] | None = None
    """Calendar years to keep; null is all.
    保留的年份，null 为全部。"""


@checked
class SweepSettings(Changes, InLanguage):
    """Run a design over levers, assumptions and outside conditions into one Zarr store. After an
    interruption the same command goes on where it was.

    在举措、假设和外部条件上做批量试验，写入一个 Zarr 结果库。中断后再次运行同一命令即可继续。
    """

    scenario: Annotated[Several[ScenarioName], Field(min_length=1)]
    """Scenarios; each is run with every point of the design.
    情景，每个都与试验设计交叉。"""
    vary: Annotated[Several[Text], Field(min_length=1)]
    """What varies: `name`, `name:low:high` or, in a grid, `name:value:value`; * and ? match.
    变动的因素：levers.<举措>、assumptions.<名称>、drivers.<名称>，可用通配符。"""
    design: Annotated[Methods, Discriminator("method")]
    """A file of conf/design.
    试验设计，conf/design 中的文件。"""
    cluster: Cluster
    """A file of conf/cluster.
    计算集群，conf/cluster 中的文件。"""
    city: Annotated[Several[City], Field(min_length=1)] | None = None
    """Cities to keep, where levers vary and act; null is all. All are simulated.
    保留的城市，举措只在其中变动，null 为全部。"""
    outputs: Annotated[Several[Output], Field(min_length=1)] | None = None
    """Outputs to keep; null is all.
    保留的结果，null 为全部。"""
    years: SweepYears = Field(default_factory=SweepYears)
    chunk: Count = 128
    """Runs that are computed and written together: what an interruption loses at most.
    一次计算和写入的运行数。"""
    device: Device = "auto"
    """cpu, gpu (one graphics card, see `zhuanxing[gpu]`), or auto: a card where there is one.
    cpu、gpu（一块显卡）或 auto（有显卡就用）。"""
    output: File = Path("outputs/sweeps/sweep.zarr")
    """Folder of the store.
    结果库。"""


def run(settings: SweepSettings, context: Context) -> int:
    """Run or go on with the sweep; return 0 when it is complete."""
    folder, names = context.places.scenarios, context.names
    scenarios = tuple(
        changed(resolve(folder, name, names), settings, names) for name in settings.scenario
    )
    data = context.places.model / "data"
    design = make_design(as_mapping(settings.design), settings.vary, known_factors(data))
    outputs = read_outputs(data)
    chosen = select_outputs(outputs, settings.outputs or tuple(o.name for o in outputs))
    if not settings.output.exists():
        require_writable(settings.output)
    _run(settings, context, scenarios, design, tuple(output.name for output in chosen))
    return 0


def _run(
    settings: SweepSettings,
    context: Context,
    scenarios: tuple[Scenario, ...],
    design: Design,
    outputs: tuple[str, ...],
) -> None:
    from zhuanxing.analyses.sweep.execute import execute
    from zhuanxing.analyses.sweep.store import open_for
    from zhuanxing.analyses.sweep.sweep import Simulation, Sweep
    from zhuanxing.engine.running.devices import choose_device
    from zhuanxing.model import load

    years = settings.years
    model = load(context.places.root, end=years.end, information_year=years.information)
    factors = tuple(factor.name for factor in design.factors)
    device = choose_device(settings.device)
    simulation = Simulation(
        model, scenarios, factors, outputs, settings.city, years.keep, device.kind
    )
    # A card takes a whole block at once, so that no piece is smaller.
    chunk = max(settings.chunk, device.block) if device.kind == "gpu" else settings.chunk
    told = {key: value for key, value in as_mapping(settings).items() if key not in NOT_IDENTITY}
    sweep = Sweep(simulation, design, chunk, told)
    total = len(scenarios) * sweep.runs
    words = WORDS[context.language]
    with open_for(sweep, settings.output) as store:
        left = sum(piece.last - piece.first for piece in store.pending(sweep))
        if 0 < left < total:
            done = total - left
            print(words["going_on"].format(done=done, total=total), file=sys.stderr)
        began = time.perf_counter()
        try:
            with _progress(words) as progress:
                task = progress.add_task("", total=left)
                execute(sweep, store, settings.cluster, lambda runs: progress.advance(task, runs))
        except KeyboardInterrupt:
            print(words["again"], file=sys.stderr)
            raise
        failures = store.failures()
        seconds = time.perf_counter() - began
    speed = f"  ({left:,}, {seconds:,.0f} s, {left / seconds:,.1f}/s)" if left else ""
    print(f"{settings.output}  {total:,} {words['runs']}{speed}")
    if failures:
        said = words["failed"].format(count=len(failures), first=failures[0])
        print(f"zhuanxing: {said}", file=sys.stderr)


class _SpeedColumn(ProgressColumn):
    """Runs a second."""

    def render(self, task: Task) -> Line:
        speed = task.finished_speed or task.speed
        return Line("—/s" if speed is None else f"{speed:,.1f}/s")


def _progress(words: Mapping[str, str]) -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn(words["runs"]),
        BarColumn(),
        MofNCompleteColumn(),
        _SpeedColumn(),
        TextColumn(words["left"]),
        TimeRemainingColumn(),
        console=console,
        # A file would get the bar's last state only; the result line says as much.
        disable=not console.is_terminal,
        speed_estimate_period=SPEED_SECONDS,
    )


COMMAND = Command(
    SweepSettings,
    run,
    examples=(
        "design=sobol design.runs=1024 'vary=[levers.*,drivers.*]'",
        "'scenario=[baseline,plan]' 'city=[baotou,ordos]' 'outputs=[gdp,co2]'",
        "cluster=slurm cluster.workers=64",
    ),
)
