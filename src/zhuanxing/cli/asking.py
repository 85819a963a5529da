"""What the commands that answer a planner's questions have in common."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import xarray as xr
from pydantic import Field

from zhuanxing.charts import style
from zhuanxing.cli.command import Context
from zhuanxing.cli.commands.run import Budget, budget_words, loaded_model, renamed
from zhuanxing.config import File, Share, Text, as_mapping
from zhuanxing.inputs import Scenario, override_budget, scale_levers

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from zhuanxing.model import Model

__all__ = [
    "BudgetSetting",
    "CalibrationName",
    "OwnData",
    "Scale",
    "aims_of_model",
    "asked_scenario",
    "loaded",
    "number",
    "save_figures",
    "wide_number",
]


# Settings of all of them, with their help in English and Chinese.
Scale = Annotated[
    Share,
    Field(
        description="scale=0.5 halves the strength of every lever of the city.\n\n"
        "scale=0.5 本市全部举措力度减半。"
    ),
]
BudgetSetting = Annotated[
    Budget | None,
    Field(
        description="budget=0.5 halves the public money for levers; more with "
        "`zhuanxing run --help`.\n\nbudget=0.5 举措公共资金减半。"
    ),
]
CalibrationName = Annotated[
    Text | None,
    Field(description="A parameter set of `zhuanxing calibrate`.\n\n校准参数集。"),
]
OwnData = Annotated[
    File | None,
    Field(
        description="A CSV file of own statistics (unit, year, variable, value) that lie over "
        "the tables.\n\n自有统计数据的 CSV 文件（地区、年份、指标、数值），覆盖数据表。"
    ),
]


def loaded(context: Context, end: int, calibration: str | None, data: Path | None = None) -> Model:
    """Return the model of a command, as `run` loads it."""
    return loaded_model(context.places, end, calibration, data)


def asked_scenario(model: Model, settings: Any, name: str | None = None) -> Scenario:
    """Return the scenario of settings, or another, with their `scale` in `city` and `budget`.

    Raises ZhuanxingError for an unknown payer, and a number out of range.
    """
    scenario = model.scenario(settings.scenario if name is None else name)
    scenario, said = scale_levers(scenario, settings.scale, [settings.city]), []
    if settings.scale != 1.0:
        said.append(f"scale {settings.scale:g}")
    if settings.budget is not None:
        scenario = override_budget(scenario, as_mapping(settings.budget), model.names)
        said.append(f"budget {budget_words(settings.budget)}")
    return renamed(scenario, said)


def aims_of_model(context: Context) -> pd.DataFrame:
    """Return the aims of cities, provinces and the nation."""
    from zhuanxing.cli.commands.chart import ChartSettings, aims_table
    from zhuanxing.config import read_settings

    settings: Any = read_settings(ChartSettings, context.places.conf / "chart.yaml")
    return aims_table(settings.options.scorecard, context.places.model / "data")


def number(value: float, signed: bool = True) -> str:
    """Return a value for a table, empty where there is none."""
    if value != value:
        return ""
    return style.signed(value) if signed else style.number(value)


def wide_number(value: float) -> str:
    """Return a value with four digits that count, empty where there is none."""
    return "" if value != value else f"{value:.4g}".replace("-", "−")


def save_figures(figures: Sequence[tuple[str, Figure]], folder: Path, formats: Any) -> list[Path]:
    """Write figures by name; return the files."""
    from zhuanxing.charts.save import save

    return [path for name, figure in figures for path in save(figure, folder / name, formats)]


def labels(found: xr.Dataset, dim: str, language: str) -> list[str]:
    """Return the names of the elements of a dimension in a language."""
    return [str(name) for name in found[f"{dim}_{language}"].values]
