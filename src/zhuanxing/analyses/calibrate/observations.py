"""The statistics that a fit sees, and what a run of the model says of each of them.

Levels are compared on the bases that the settings name; levels of another basis enter only by the
change from one to the next of the same city and basis, so nothing is differenced across a break.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property

import jax.numpy as jnp
import numpy as np
import pandas as pd
from jax import Array

from zhuanxing.analyses.calibrate.settings import Quality, Target
from zhuanxing.errors import ZhuanxingError, nearest

__all__ = ["Statistics", "select"]

NONE = -1
# Ways of comparison that are levels, whose errors last.
LEVELS = ("share", "level")
PERIOD = re.compile(r"_(\d{4})_(\d{4})$")


@dataclass(frozen=True)
class Statistics:
    """Comparable figures: `table` has a row each.

    Columns: `target` (its place in `targets`), `city`, `year`, `value`, `error` and `tails` of the
    source, `place` (of the city), `before` (year of comparison for changes, else -1) and `span`
    (years between). Values are in points; levels 100 x logarithm.
    """

    table: pd.DataFrame
    targets: tuple[Target, ...]
    first_year: int
    elements: Mapping[str, int]

    @property
    def requests(self) -> dict[str, str]:
        """Return what to ask of the engine, by variable."""
        wanted = {t.variable: f"year_{t.way}" for t in self.targets}
        return wanted | {t.over: "year_sum" for t in self.targets if t.over}

    @property
    def value(self) -> np.ndarray:
        """Return the figures (n,)."""
        return self.table["value"].to_numpy(float)

    @property
    def target(self) -> np.ndarray:
        """Return the place of each figure's target (n,)."""
        return self.table["target"].to_numpy(int)

    @property
    def is_level(self) -> np.ndarray:
        """Return which figures are levels or shares, not changes on last year (n,)."""
        return np.array([target.how in LEVELS for target in self.targets])[self.target]

    @cached_property
    def shared(self) -> np.ndarray:
        """Return the covariance (n, n) of the model's own errors of the figures, one in size.

        The error of a level or share wanders from the start of the run, a new step every year (a
        random walk), so two figures of a city share the steps before the earlier of them. Changes
        on last year have each its own error.
        """
        first, table = self.first_year - 1, self.table
        level = self.is_level
        place = table["place"].to_numpy(int)
        same = (self.target[:, None] == self.target) & (place[:, None] == place)
        last = table["year"].to_numpy(float) - first
        start = np.maximum(table["before"].to_numpy(float) - first, 0.0)
        together = np.minimum.outer
        steps = together(last, last) - together(last, start)
        steps += together(start, start) - together(start, last)
        return np.where(same & level, steps, np.eye(len(table)) * ~level)

    def predict(self, outputs: Mapping[str, Array]) -> Array:
        """Return what a run says of each figure (n,); `outputs` are (years, *dims)."""
        found = jnp.zeros(len(self.table))
        for index, target in enumerate(self.targets):
            rows = np.flatnonzero(self.target == index)
            if len(rows):
                part = self.table.iloc[rows]
                found = found.at[rows].set(_prediction(self, target, part, outputs))
        return found


def _prediction(
    statistics: Statistics, target: Target, part: pd.DataFrame, outputs: Mapping[str, Array]
) -> Array:
    series = outputs[target.variable]
    if target.element is not None:
        series = series[:, :, statistics.elements[target.element]]
    if target.over is not None:
        series = series / outputs[target.over]
    place = part["place"].to_numpy(int)
    now = series[part["year"].to_numpy(int) - statistics.first_year, place]
    back = part["before"].to_numpy(int)
    span = part["span"].to_numpy(int)
    before = series[
        np.where(back == NONE, statistics.first_year, back) - statistics.first_year, place
    ]
    if target.how in ("change", "mean_change"):
        return 100 * ((now / before) ** (1 / span) - 1)
    scaled, scaled_before = (
        (100 * x if target.how == "share" else 100 * jnp.log(x)) for x in (now, before)
    )
    return scaled - jnp.where(back == NONE, 0.0, scaled_before)


@dataclass(frozen=True)
class _Printed:
    """A row of observations.csv."""

    city: str
    basis: str
    year: int
    value: float
    quality: str
    variable: str


@dataclass(frozen=True)
class _Figure:
    """A comparable figure; `sources` is how many printed figures it is made of."""

    city: str
    year: int
    value: float
    quality: str
    before: int = NONE
    span: int = 1
    sources: int = 1


def select(
    observations: pd.DataFrame,
    targets: Sequence[Target],
    quality: Sequence[Quality],
    bases: Sequence[str],
    years: tuple[int, int],
    cities: Sequence[str],
    elements: Mapping[str, int],
) -> Statistics:
    """Return the figures of `years` (first year of the model, last year of statistics).

    Raises ZhuanxingError for a class of sources without an entry, or if no figure is left.
    """
    classes = {entry.quality: entry for entry in quality}
    place = {city: index for index, city in enumerate(cities)}
    rows = observations[observations["year"].between(*years) & observations["unit_id"].isin(place)]
    found: list[dict[str, object]] = []
    for index, target in enumerate(targets):
        pattern = re.escape(target.observed).replace(r"\*", r"\d{4}_\d{4}")
        chosen = rows[rows["variable"].str.fullmatch(pattern)]
        for figure in _comparable(_printed(chosen), target, bases, years[0]):
            of = classes.get(figure.quality)
            if of is None:
                raise ZhuanxingError(
                    f"calibrate.yaml: quality: there is no entry for '{figure.quality}'; "
                    f"did you mean '{nearest(figure.quality, list(classes))}'?"
                )
            error = target.error * of.error * figure.sources**0.5
            where = {"target": index, "place": place[figure.city]}
            found.append({**where, **asdict(figure), "error": error, "tails": of.tails})
    if not found:
        raise ZhuanxingError(
            f"observations.csv: no statistic of {years[0]}-{years[1]} can be compared with the "
            "targets of calibrate.yaml"
        )
    return Statistics(pd.DataFrame(found), tuple(targets), years[0], elements)


def _printed(rows: pd.DataFrame) -> list[_Printed]:
    columns = ["unit_id", "basis", "year", "value", "quality", "variable"]
    ordered = rows[columns].sort_values(["unit_id", "basis", "year"])
    return [
        _Printed(str(city), str(basis), int(year), float(value), str(quality), str(variable))
        for city, basis, year, value, quality, variable in ordered.itertuples(index=False)
    ]


def _comparable(
    printed: Sequence[_Printed], target: Target, bases: Sequence[str], first: int
) -> Iterator[_Figure]:
    """Yield the figures of one target with the year each is compared with."""
    last: dict[tuple[str, str], tuple[int, float]] = {}
    for row in printed:
        figure = _Figure(row.city, row.year, row.value, row.quality)
        if target.how == "change":
            figure = replace(figure, before=row.year - 1)
        elif target.how == "mean_change":
            start, end = _period(row.variable)
            figure = replace(figure, year=end, before=start - 1, span=end - start + 1)
        else:
            level = row.value if target.how == "share" else 100 * math.log(row.value)
            figure = replace(figure, value=level)
            if row.basis and row.basis not in bases:
                previous = last.get((row.city, row.basis))
                last[row.city, row.basis] = row.year, level
                if previous is None:
                    continue
                figure = replace(figure, value=level - previous[1], before=previous[0], sources=2)
        if figure.before == NONE or figure.before >= first:
            yield figure


def _period(variable: str) -> tuple[int, int]:
    found = PERIOD.search(variable)
    if found is None:
        raise ZhuanxingError(
            f"calibrate.yaml: targets: {variable} is no mean of years; expected a name that ends "
            "in two years, as growth_2016_2020"
        )
    return int(found[1]), int(found[2])
