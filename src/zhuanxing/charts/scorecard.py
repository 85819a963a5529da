"""Scorecard: a city's results against the aims of the plan: met, missed or too close to call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zhuanxing.charts import style
from zhuanxing.errors import ZhuanxingError
from zhuanxing.results import names
from zhuanxing.results.aims import MARKS, Aim, Verdict, aims_of
from zhuanxing.results.numerals import number, number_apart
from zhuanxing.results.words import Language, with_unit, word

__all__ = ["draw"]

_NAME, _AIM, _FIRST_VALUE, _COLUMN = 0.0, 4.4, 4.7, 1.7
_NAME_ROOM = 3.5 * 72
_TRACK = (-0.55, 1.55)
_MARKERS = ("D", "o", "s", "^", "v", "P")
_COLOURS: Mapping[Verdict, str] = {"met": style.GOOD, "missed": style.BAD, "open": "#6B6B6B"}


def draw(
    datasets: Mapping[str, xr.Dataset],
    *,
    city: str,
    aims: pd.DataFrame,
    bands: Mapping[str, xr.Dataset] | None = None,
    year: int = 2025,
    language: Language = "zh",
) -> Figure:
    """Draw a row an aim: its name and value, each scenario's value with its mark, and a track.

    On the track 0 is where the city stood in the aim's base year and 1 is the aim; a dot stands
    for each scenario, in the shape beside its name. `aims`: the table that `read_aims` returns.
    `bands`: quantiles by scenario; where the interval of a measure spans the aim, the result is
    too close to call. Raises ZhuanxingError for an unknown city or output, or a city without aims.
    """
    first = next(iter(datasets.values()))
    identifier = names.city_ids(first, [city])[0]
    rows = aims_of(aims, first, identifier, year)
    if not rows:
        raise ZhuanxingError(f"The table of aims has no aim for the city {identifier!r} in {year}.")
    reached = [
        _results(rows, dataset, identifier, (bands or {}).get(key))
        for key, dataset in datasets.items()
    ]
    labels = [names.scenario_label(datasets, key, language) for key in datasets]
    span = _FIRST_VALUE + _COLUMN * len(datasets)
    with style.house_style():
        figure, axes = style.panels(
            1, 2, width=(span + 3.2) / 2, height=0.7 + 0.45 * len(rows),
            width_ratios=(span, 3.2), sharey=True,
        )  # fmt: skip
        table, track = axes[0]
        _table(table, rows, first, language)
        for column, (label, values) in enumerate(zip(labels, reached, strict=True)):
            x = _FIRST_VALUE + _COLUMN * (column + 0.75)
            _head(table, len(rows) - 0.25, x + 0.25, label, _MARKERS[column % len(_MARKERS)])
            _values(table, rows, values, x)
        table.set_xlim(_NAME, span)
        _tracks(track, rows, list(datasets.values()), identifier, reached)
        _track_heads(track, rows, language)
        title = word(
            "scorecard_title", language, city=names.city_label(first, identifier, language),
            year=year,
        )  # fmt: skip
        notes = [
            word("scorecard_count", language, scenario=label, **_count(values))
            for label, values in zip(labels, reached, strict=True)
        ]
        key = "scorecard_marks" if bands else "scorecard_marks_alone"
        notes += [word(key, language), *names.result_notes(datasets, language)]
        return style.finish(figure, language, title=title, notes=notes)


@dataclass(frozen=True)
class _Result:
    """What a scenario reaches of an aim, and the verdict."""

    value: float
    verdict: Verdict


def _results(
    rows: Sequence[Aim], dataset: xr.Dataset, city: str, bands: xr.Dataset | None
) -> list[_Result]:
    found = []
    for aim in rows:
        value = aim.reached(dataset, city)
        spread = None if bands is None else aim.spread(bands, city)
        found.append(_Result(value, aim.verdict(value, spread)))
    return found


def _count(results: Sequence[_Result]) -> dict[str, int]:
    """Return how many aims a scenario meets, of how many, and how many are too close to call."""
    verdicts = [result.verdict for result in results]
    return {"met": verdicts.count("met"), "open": verdicts.count("open"), "total": len(verdicts)}


def _head(axis: Axes, y: float, x: float, label: str, marker: str) -> None:
    """Write a scenario's name above its column, with the shape that stands for it."""
    axis.text(x, y, label, ha="right", va="baseline", color=style.GREY)
    axis.plot(x + 0.13, y + 0.09, marker=marker, markersize=5, color=style.GREY, clip_on=False)


def _table(axis: Axes, rows: Sequence[Aim], dataset: xr.Dataset, language: Language) -> None:
    """Write the names and values of the aims, one a line from the top down."""
    axis.axis("off")
    axis.set_ylim(-0.6, len(rows) + 0.1)
    for line, aim in enumerate(rows):
        y = len(rows) - 1 - line
        axis.axhline(y - 0.5, color="#E6E6E6", linewidth=0.6)
        name = with_unit(aim.name(dataset, language), aim.unit(dataset, language), language)
        axis.text(_NAME, y, style.wrapped(name, _NAME_ROOM, 9.0), va="center", linespacing=1.3)
        axis.text(_AIM, y, f"{aim.sign} {number(aim.value)}", va="center", ha="right")
    head = len(rows) - 0.25
    axis.text(_AIM, head, word("aim", language), ha="right", va="baseline", color=style.GREY)


def _values(axis: Axes, rows: Sequence[Aim], results: Sequence[_Result], x: float) -> None:
    """Write one scenario's values, each with the mark of its verdict."""
    for line, (aim, result) in enumerate(zip(rows, results, strict=True)):
        y, colour = len(rows) - 1 - line, _COLOURS[result.verdict]
        text = number_apart(result.value, aim.value)
        axis.text(x, y, text, ha="right", va="center", color=colour)
        axis.text(x + 0.1, y, MARKS[result.verdict], va="center", color=colour)


def _tracks(
    axis: Axes,
    rows: Sequence[Aim],
    datasets: Sequence[xr.Dataset],
    city: str,
    reached: Sequence[Sequence[_Result]],
) -> None:
    """Draw a track an aim, with the shape of each scenario where it stands."""
    for line, aim in enumerate(rows):
        y = len(rows) - 1 - line
        axis.plot([0, 1], [y, y], color="#DADADA", linewidth=5, solid_capstyle="butt", zorder=1)
        for column, (dataset, results) in enumerate(zip(datasets, reached, strict=True)):
            result = results[line]
            axis.plot(
                _progress(aim, aim.start(dataset, city), result.value),
                y + 0.22 * ((len(datasets) - 1) / 2 - column), zorder=3 + column,
                marker=_MARKERS[column % len(_MARKERS)], markersize=6.5, clip_on=False,
                markeredgecolor="white", markerfacecolor=_COLOURS[result.verdict],
            )  # fmt: skip
    axis.set_xlim(*_TRACK)


def _track_heads(axis: Axes, rows: Sequence[Aim], language: Language) -> None:
    """Name the two ends of the tracks and take the axes away."""
    axis.axis("off")
    base = word("in_year", language, year=rows[0].base_year)
    for x, text in ((0, base), (1, word("aim", language))):
        axis.plot([x, x], [-0.5, len(rows) - 0.45], color="#BBBBBB", linewidth=0.8, zorder=0)
        axis.text(x, len(rows) - 0.25, text, ha="center", va="baseline", color=style.GREY)


def _progress(aim: Aim, start: float, reached: float) -> float:
    """Return the way gone from `start` (0) to the aim (1), kept on the track.

    A city that started past its aim has no way to go: it stands at 1 when it keeps the aim.
    """
    if aim.met(start):
        return 1.0 if aim.met(reached) else 0.0
    way = (reached - start) / (aim.value - start)
    return float(min(max(way, _TRACK[0] + 0.05), _TRACK[1] - 0.05))
