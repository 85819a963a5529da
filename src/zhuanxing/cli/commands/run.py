"""Simulate scenarios and store their annual paths.

运行情景，存储逐年路径。
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from zhuanxing.cli.command import Command, Context
from zhuanxing.config import (
    Assumption,
    City,
    Device,
    File,
    Lever,
    Payer,
    Seed,
    Several,
    Share,
    Text,
    Year,
    as_mapping,
    checked,
)
from zhuanxing.config.fields import Scenario as ScenarioName
from zhuanxing.errors import ZhuanxingError
from zhuanxing.inputs import (
    Scenario,
    override_assumptions,
    override_budget,
    override_levers,
    resolve,
    scale_levers,
)
from zhuanxing.inputs.scenario import BASELINE
from zhuanxing.storage.paths import Places

if TYPE_CHECKING:
    import pandas as pd

    from zhuanxing.model import Model

__all__ = [
    "COMMAND", "Budget", "LeverChoice", "RunSettings", "Years", "budget_words", "changed_scenario",
    "loaded_model", "named_scenario", "renamed",
]  # fmt: skip

SECTION = "run"
# A folder's name that says more than this is hard to read.
LONGEST_NAME = 60


@checked
class LeverChoice:
    """What is set of a lever, in the cities of `city` only."""

    intensity: float | None = None
    """Share of its full extent, 0 to 1.

    举措强度，0 到 1。"""
    start: float | None = None
    """Calendar year in which it starts.

    开始年份。"""
    end: float | None = None
    """Calendar year before which it ends.

    结束年份。"""


@checked
class Years:
    """Years of a run."""

    end: Year = 2025
    """Last calendar year.

    末年。"""
    information: Year | None = None
    """Outside conditions as they could be known then; later values are forecasts. null is the last
    year of the statistics.

    外部条件的信息年份，其后为预测，null 为统计数据的末年。"""


def _choice(value: Any) -> Any:
    """Take a bare number for an intensity, as in a scenario file."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return {"intensity": value} if is_number else value


Levers = Mapping[Lever, Annotated[LeverChoice, BeforeValidator(_choice)]]
Assumptions = Mapping[Assumption, float | Mapping[str, float]]
Budget = Share | Mapping[Payer, float | Mapping[City, float]]


@checked
class RunSettings:
    """Simulate a scenario in every city and store the annual paths of all outputs.

    在所有城市运行一个情景，存储全部结果的逐年路径。
    """

    scenario: ScenarioName = "baseline"
    """A scenario of `zhuanxing scenarios`.

    情景，见 zhuanxing scenarios。"""
    city: Annotated[Several[City], Field(min_length=1)] | None = None
    """Cities to keep in the result, and where `levers` act; null is all. All are simulated.

    结果保留的城市，也是 levers 作用的城市，null 为全部。"""
    levers: Levers = Field(default_factory=dict)
    """levers.<lever>.intensity=0.8 and levers.<lever>.start=2023 change the scenario.

    levers.<举措>.intensity=0.8、levers.<举措>.start=2023 改变情景中的举措。"""
    assumptions: Assumptions = Field(default_factory=dict)
    """assumptions.<name>=1.5 or assumptions.<name>.<element>=1.5 replaces an assumption.

    assumptions.<名称>=1.5 改变假设。"""
    scale: Share = 1.0
    """scale=0.5 halves the strength of every lever, in the cities of `city`.

    scale=0.5 全部举措力度减半。"""
    budget: Budget | None = None
    """budget=0.5 halves the public money for levers; budget.local=200 is the most, in 1e8 CNY,
    that a payer gives a city in a year, budget.local.baotou=20 in one city.

    budget=0.5 举措公共资金减半；budget.local=200 为某资金来源每市每年上限（亿元）。"""
    years: Years = Field(default_factory=Years)
    engine: Literal["compiled", "reference"] = "compiled"
    """compiled is fast, reference is PySD itself.

    compiled 快速，reference 为 PySD。"""
    calibration: Text | None = None
    """A parameter set of `zhuanxing calibrate`; null takes the tables.

    校准参数集，null 为数据表的值。"""
    data: File | None = None
    """A CSV file of own statistics (unit, year, variable, value) that lie over the tables.

    自有统计数据的 CSV 文件（地区、年份、指标、数值），覆盖数据表。"""
    draws: Seed = 0
    """Draws for intervals of every output; needs a calibration.

    区间所用抽样数，需有参数集。"""
    device: Device = "cpu"
    """Where draws are computed: cpu, gpu, or auto, a graphics card where there is one. A card pays
    from some thousand draws.

    抽样计算所用设备：cpu、gpu 或 auto（有显卡就用），抽样数以千计时显卡才合算。"""
    output: File | None = None
    """File of the result, .nc, .csv or .xlsx; null is outputs/<scenario>/paths.nc.

    结果文件，null 为 outputs/<情景>/paths.nc。"""


def changed_scenario(settings: Any, scenario: str, context: Context) -> Scenario:
    """Return a scenario with the levers and assumptions that `settings` set.

    Raises ZhuanxingError for a number out of range, and a lever where it cannot act.
    """
    names = context.names
    base = resolve(context.places.scenarios, scenario, names)
    levers = {
        lever: {key: value for key, value in as_mapping(choice).items() if value is not None}
        for lever, choice in settings.levers.items()
    }
    base = scale_levers(base, getattr(settings, "scale", 1.0), settings.city)
    changed = override_levers(base, levers, settings.city, names)
    changed = override_assumptions(changed, settings.assumptions, names)
    return override_budget(changed, as_mapping(getattr(settings, "budget", None)), names)


def named_scenario(settings: Any, scenario: str, context: Context) -> Scenario:
    """Return the changed scenario, with a name and labels that say how it differs from its file."""
    return renamed(changed_scenario(settings, scenario, context), changes(settings))


def renamed(scenario: Scenario, said: list[str]) -> Scenario:
    """Return a scenario under a name and labels that say what is changed in it."""
    if not said:
        return scenario
    labels = {
        **scenario.labels,
        "name_zh": f"{scenario.labels['name_zh']}，{'，'.join(said)}",
        "name_en": f"{scenario.labels['name_en']}, {', '.join(said)}",
    }
    return replace(scenario, name=_name(scenario.name, said), labels=labels)


def changes(settings: Any) -> list[str]:
    """Return in words what the levers and assumptions of `settings` change in a scenario."""
    said = []
    for lever, choice in settings.levers.items():
        for key, value in as_mapping(choice).items():
            if value is not None:
                said.append(f"{lever} {value:g}" if key == "intensity" else f"{lever} {value:.0f}")
    scale = getattr(settings, "scale", 1.0)
    if scale != 1.0:
        said.append(f"scale {scale:g}")
    if said and settings.city:
        said.append("+".join(settings.city))
    budget = getattr(settings, "budget", None)
    if budget is not None:
        said.append(f"budget {budget_words(budget)}")
    for name, value in settings.assumptions.items():
        parts = value.items() if isinstance(value, Mapping) else [("", value)]
        said += [f"{name} {element} {number:g}".replace("  ", " ") for element, number in parts]
    return said


def budget_words(budget: Any) -> str:
    """Return a budget in words: a share, or payers with their ceilings."""
    if not isinstance(budget, Mapping):
        return f"{budget:g}"
    return " ".join(f"{payer} {budget_words(value)}" for payer, value in budget.items())


def _name(scenario: str, said: list[str]) -> str:
    """Return a name for a folder: the scenario and what is changed, short but its own."""
    import hashlib

    text = "-".join([scenario, *said]).replace(" ", "_")
    if len(text) <= LONGEST_NAME:
        return text
    mark = hashlib.sha256(text.encode()).hexdigest()[:6]
    return f"{text[: LONGEST_NAME - 7]}-{mark}"


def _target(settings: RunSettings, scenario: Scenario) -> Path:
    return settings.output or Path("outputs") / scenario.name / "paths.nc"


def check(settings: RunSettings, context: Context) -> list[Path]:
    """Refuse what cannot run, and return the file of the result."""
    return [_checked(settings, context)[1]]


def _checked(settings: RunSettings, context: Context) -> tuple[Scenario, Path]:
    """Return the scenario to run and the file of its result."""
    scenario = named_scenario(settings, settings.scenario, context)
    if settings.draws and settings.calibration is None:
        raise ZhuanxingError(
            f"draws={settings.draws} needs a calibration to draw from: calibration=default"
        )
    target = _target(settings, scenario)
    # Imported here: xarray takes half a second, which a refused command should not.
    from zhuanxing.storage.formats import require_format

    require_format(target)
    return scenario, target


def run(settings: RunSettings, context: Context) -> int:
    """Run one scenario and store it."""
    scenario, target = _checked(settings, context)
    # Imported here: a misspelt name is refused before the seconds that the engine's imports take.
    from zhuanxing.cli.found import print_found
    from zhuanxing.storage.formats import write_result
    from zhuanxing.storage.netcdf import comparison_path, intervals_path

    years = settings.years
    model = loaded_model(
        context.places,
        years.end,
        settings.calibration,
        settings.data,
        years.information,
        settings.device,
    )
    for sentence in beyond(scenario.assumptions, model.assumptions):
        print(f"zhuanxing: {sentence}", file=sys.stderr)
    began = time.perf_counter()
    data = None if settings.data is None else str(settings.data)
    config = {**as_mapping(settings), "output": str(target), "data": data}
    paths = model.run(scenario, city=settings.city, engine=settings.engine, config=config)
    # Those of an earlier run do not belong to the new result.
    intervals_path(target).unlink(missing_ok=True)
    comparison_path(target).unlink(missing_ok=True)
    write_result(paths, target)
    if settings.draws:
        _write_intervals(model, scenario, settings, target, context)
    label = scenario.labels[f"name_{context.language}"]
    print(f"{target}  {label}  ({time.perf_counter() - began:.1f} s)")
    print_found(paths, target, Path("outputs") / BASELINE / "paths.nc", context.language)
    return 0


def beyond(
    assumptions: Mapping[str, float | Mapping[str, float]], table: pd.DataFrame
) -> Iterator[str]:
    """Yield a sentence for each replaced assumption that leaves the range of its row."""
    for name, value in assumptions.items():
        parts = value.items() if isinstance(value, Mapping) else [("", value)]
        rows = table.loc[[name.replace(" ", "_")]]
        for element, number in parts:
            row = (
                rows.xs(element, level="subscript")
                if (name.replace(" ", "_"), element) in (rows.index)
                else rows
            )
            low, high = float(row["low"].min()), float(row["high"].max())
            if not low <= number <= high:
                place = f"{name}[{element}]" if element else name
                yield (
                    f"the assumption '{place}' is {number:g}, outside its range of {low:g} to "
                    f"{high:g} in assumptions.csv"
                )


@lru_cache(maxsize=8)
def loaded_model(
    places: Places,
    end: int,
    calibration: str | None,
    data: Path | None = None,
    information: int | None = None,
    device: Device = "cpu",
) -> Model:
    """Return the model to the end of the year `end`, with the own statistics of the file `data`.

    Say on stderr if the calibration is old, and which of the statistics nothing is made from.
    """
    # Imported here: a misspelt setting is refused before the seconds that the imports take.
    from zhuanxing.model import load

    model = load(
        places.root,
        end=end,
        information_year=information,
        calibration=calibration,
        data=data,
        device=device,
    )
    if model.source.unread:
        print(
            f"zhuanxing: {data}: no initial value is made from {', '.join(model.source.unread)}",
            file=sys.stderr,
        )
    stale = model.calibration and model.calibration.warning(places.model)
    if stale:
        print(f"zhuanxing: {stale}", file=sys.stderr)
    return model


def _write_intervals(
    model: Model, scenario: Scenario, settings: RunSettings, target: Path, context: Context
) -> None:
    from zhuanxing.analyses.bands import comparison_bands
    from zhuanxing.results.aims import read_aims
    from zhuanxing.storage.netcdf import comparison_path, intervals_path, write

    bands = model.run_ensemble(scenario, draws=settings.draws)
    bands = bands if settings.city is None else bands.sel(city=list(settings.city))
    write(bands, intervals_path(target))
    if scenario.name != BASELINE:
        aims = read_aims(context.places.model / "data" / "aims.csv")
        changes = aims[aims["measure"] == "change"]
        pairs = zip(changes["variable"], changes["base_year"].astype(int), strict=True)
        compared = comparison_bands(
            model, scenario, model.scenario(BASELINE), draws=settings.draws,
            since=sorted(set(pairs)), outputs=[one.name for one in model.plain_outputs],
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
