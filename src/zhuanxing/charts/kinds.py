"""The kinds of chart by name, and the figures that each makes of one request."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from zhuanxing.charts import (
    compare,
    disturbances,
    energy,
    finance,
    land,
    paths,
    scorecard,
    structure,
)
from zhuanxing.results import names
from zhuanxing.results.words import Language

__all__ = ["KINDS", "Request"]

NamedFigures = Iterator[tuple[str, Figure]]


@dataclass(frozen=True)
class Request:
    """What to draw: stored results by scenario, cities, and each kind's options.

    The first of `datasets` is the one compared with; `intervals` holds quantiles over draws of
    those scenarios that have them. `cities` None is every city.
    `options` maps a kind to the keyword arguments of its `draw`; `variables` replaces the
    variables named there. `observed_as` names the statistic of an output. `comparisons` holds the
    bands of analyses.bands by scenario.
    """

    datasets: Mapping[str, xr.Dataset]
    cities: Sequence[str] | None
    language: Language
    options: Mapping[str, Mapping[str, Any]]
    variables: Sequence[str] | None = None
    year: int | None = None
    intervals: Mapping[str, xr.Dataset] = field(default_factory=dict)
    comparisons: Mapping[str, xr.Dataset] = field(default_factory=dict)
    observations: pd.DataFrame | None = None
    observed_as: Mapping[str, str] = field(default_factory=dict)
    aims: pd.DataFrame = field(default_factory=pd.DataFrame)

    def draw_variables(self, kind: str) -> list[str]:
        """Return the variables asked for, else those that `kind` draws by itself."""
        return list(self.variables or self.options[kind]["variable"])


def _paths(request: Request) -> NamedFigures:
    figure = paths.draw(
        {**request.datasets, **request.intervals}, cities=request.cities,
        variables=request.draw_variables("paths"), observations=request.observations,
        observed_as=request.observed_as, comparisons=request.comparisons, language=request.language,
    )  # fmt: skip
    yield "paths", figure


def _compare(request: Request) -> NamedFigures:
    for name in request.draw_variables("compare"):
        figure = compare.draw(
            request.datasets, variable=name, year=request.year, marked=request.cities,
            comparisons=request.comparisons, language=request.language,
        )  # fmt: skip
        yield f"compare_{name}", figure


def _scorecard(request: Request) -> NamedFigures:
    first = next(iter(request.datasets.values()))
    for city in names.city_ids(first, request.cities):
        figure = scorecard.draw(
            request.datasets, city=city, aims=request.aims,
            year=request.options["scorecard"]["year"],
            bands={**request.intervals, **request.comparisons}, language=request.language,
        )  # fmt: skip
        yield f"scorecard_{city}", figure


def _disturbances(request: Request) -> NamedFigures:
    first = next(iter(request.datasets.values()))
    for city in names.city_ids(first, request.cities):
        figure = disturbances.draw(
            request.datasets, city=city, variable=request.options["disturbances"]["variable"],
            bands=request.intervals, language=request.language,
        )  # fmt: skip
        yield f"disturbances_{city}", figure


def _by_city(kind: str, draw: Callable[..., Figure]) -> Callable[[Request], NamedFigures]:
    """Return the maker of a chart that takes cities and the options of its kind, nothing else."""

    def make(request: Request) -> NamedFigures:
        figure = draw(
            request.datasets,
            cities=request.cities,
            language=request.language,
            **request.options[kind],
        )
        yield kind, figure

    return make


KINDS: Mapping[str, Callable[[Request], NamedFigures]] = {
    "paths": _paths,
    "compare": _compare,
    "structure": _by_city("structure", structure.draw),
    "energy": _by_city("energy", energy.draw),
    "land": _by_city("land", land.draw),
    "finance": _by_city("finance", finance.draw),
    "scorecard": _scorecard,
    "disturbances": _disturbances,
}
