"""Charts of a sweep, from its store and summary."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from zhuanxing.analyses.sweep.measure import Measure
from zhuanxing.analyses.sweep.reading import SweepResult
from zhuanxing.charts import fan, heatmap, parallel, tradeoff
from zhuanxing.charts.quantity import Quantity
from zhuanxing.charts.save import remove_outdated, save
from zhuanxing.results.words import Language, unit, with_unit, word

__all__ = ["CHARTS", "Ranked", "SweepCharts", "save_charts"]

# Importance of the factors by measure and scenario, as `importance` returns it.
Ranked = Mapping[tuple[Measure, str], pd.DataFrame]

# Upright axes of the parallel coordinates besides the goal, and cities of a fan chart.
_MOST_AXES = 7
_MOST_CITIES = 2


@dataclass(frozen=True)
class SweepCharts:
    """What to draw. `scenario` is the place of the one drawn by all but the fan chart.

    `tradeoff` has two measures, each with whether more of it is better; `heatmap` two factors,
    None for those that matter most for `goal`; `cities` None draws the first ones.
    """

    kinds: tuple[str, ...]
    cities: list[str] | None
    fan: tuple[str, ...]
    scenario: int
    goal: Measure
    highest: bool
    tradeoff: tuple[tuple[Measure, bool], tuple[Measure, bool]]
    heatmap: tuple[str, str] | None
    formats: tuple[str, ...]


@dataclass(frozen=True)
class _Material:
    """What the charts of one language are drawn from."""

    charts: SweepCharts
    result: SweepResult
    spread: xr.Dataset
    table: pd.DataFrame
    language: Language

    @property
    def notes(self) -> list[str]:
        """Return the footnote that names the scenario drawn, where the store holds several."""
        if len(self.result.scenarios) == 1:
            return []
        names = self.result.dataset[f"scenario_{self.language}"].values
        return [word("scenario_note", self.language, scenarios=names[self.charts.scenario])]

    def measured(self, measure: Measure) -> Quantity:
        """Return a measure of the sound runs of the scenario drawn."""
        sound = self.result.sound[self.charts.scenario]
        values = measure.values(self.result)[self.charts.scenario][sound]
        name = measure.name(self.result, self.language)
        return Quantity(name, measure.label(self.result, self.language), values)

    def factor(self, name: str) -> Quantity:
        """Return a factor of the sound runs of the scenario drawn."""
        sound = self.result.sound[self.charts.scenario]
        one = self.result.dataset.sel(factor=name)
        label = str(one[f"factor_{self.language}"].item())
        units = unit(str(one["factor_unit"].item()), self.language)
        values = self.result.design[sound, self.result.factors.index(name)]
        bounds = float(one["factor_low"]), float(one["factor_high"])
        return Quantity(label, with_unit(label, units, self.language), values, bounds)


def save_charts(
    charts: SweepCharts,
    result: SweepResult,
    spread: xr.Dataset,
    ranked: Ranked,
    languages: Sequence[Language],
    folder: Path,
) -> Iterator[Path]:
    """Draw and write every chart in every language; yield the files.

    `spread` holds the quantiles, `ranked` the importance of the factors. A scenario without runs,
    a fan of one year and a heat map of fewer than two factors are left out.
    """
    table = ranked.get((charts.goal, result.scenarios[charts.scenario]))
    if table is None:
        return
    for language in languages:
        material = _Material(charts, result, spread, table, language)
        for kind in charts.kinds:
            figure = CHARTS[kind](material)
            if figure is not None:
                remove_outdated(folder, kind, languages)
                yield from save(figure, folder / language / kind, charts.formats)


def _fan(material: _Material) -> Figure | None:
    charts = material.charts
    if not charts.fan or material.spread.sizes["year"] < 2:
        return None
    cities = charts.cities or list(material.spread["city"].values[:_MOST_CITIES])
    return fan.draw(
        material.spread, cities=cities, variables=charts.fan, language=material.language
    )


def _parallel(material: _Material) -> Figure:
    names = list(material.table.index[:_MOST_AXES])
    return parallel.draw(
        [material.factor(name) for name in names], material.measured(material.charts.goal),
        highest=material.charts.highest, notes=material.notes, language=material.language,
    )  # fmt: skip


def _tradeoff(material: _Material) -> Figure:
    (first, first_highest), (second, second_highest) = material.charts.tradeoff
    return tradeoff.draw(
        material.measured(first), material.measured(second), first_highest=first_highest,
        second_highest=second_highest, colour=material.factor(str(material.table.index[0])),
        notes=material.notes, language=material.language,
    )  # fmt: skip


def _heatmap(material: _Material) -> Figure | None:
    chosen = material.charts.heatmap or tuple(material.table.index[:2])
    if len(chosen) < 2:
        return None
    across, upwards = (material.factor(str(name)) for name in chosen)
    goal = material.measured(material.charts.goal)
    return heatmap.draw(
        goal, across, upwards, highest=material.charts.highest, notes=material.notes,
        language=material.language,
    )  # fmt: skip


CHARTS: Mapping[str, Callable[[_Material], Figure | None]] = {
    "fan": _fan,
    "parallel": _parallel,
    "tradeoff": _tradeoff,
    "heatmap": _heatmap,
}
