"""What the commands that answer a planner's questions have in common."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from zhuanxing.cli.chosen import renamed
from zhuanxing.config import City, OfModel, ScenarioName, Share, WithDraws, checked
from zhuanxing.inputs import Changes, Scenario, changed
from zhuanxing.inputs.changes import Budget
from zhuanxing.results import numerals
from zhuanxing.storage.paths import Places

if TYPE_CHECKING:
    import pandas as pd

    from zhuanxing.model import Model

__all__ = [
    "Asking", "AskingPackage", "aims_of_model", "asked_scenario", "number",
]  # fmt: skip


@checked
class Asking(OfModel):
    """Settings of all of them."""

    city: City
    """City that the question is about, by its Chinese or English name or identifier.
    城市，中文名、英文名或标识均可。"""
    scale: Share = 1.0
    """scale=0.5 halves the strength of every lever of the city.
    scale=0.5 本市全部举措力度减半。"""
    budget: Budget | None = None
    """budget=0.5 halves the public money for levers; more with `zhuanxing run --help`.
    budget=0.5 举措公共资金减半。"""


@checked
class AskingPackage(Asking, WithDraws):
    """Settings of those that set a package against a baseline."""

    scenario: ScenarioName
    """Package, which the other cities follow too.
    方案，也是其他城市的方案。"""
    against: ScenarioName
    """Baseline.
    对照情景。"""


def asked_scenario(model: Model, settings: Any, name: str | None = None) -> Scenario:
    """Return the scenario of settings, or another, with their `scale` in `city` and `budget`."""
    asked = Changes(scale=settings.scale, budget=settings.budget)
    scenario = model.scenario(settings.scenario if name is None else name)
    made = changed(scenario, replace(asked, city=(settings.city,)), model.names)
    return renamed(made, asked, model.names)


def aims_of_model(places: Places) -> pd.DataFrame:
    """Return the aims of cities, provinces and the nation."""
    from zhuanxing.cli.commands.chart import ChartSettings, aims_table
    from zhuanxing.config import read_settings

    settings: Any = read_settings(ChartSettings, places.conf / "chart.yaml")
    return aims_table(settings.options.scorecard, places)


def number(value: float, signed: bool = True) -> str:
    """Return a value for a table, empty where there is none."""
    if value != value:
        return ""
    return numerals.signed(value) if signed else numerals.number(value)
