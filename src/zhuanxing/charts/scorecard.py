"""Scorecard: a city's results against the aims of the plan, met or missed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zhuanxing.charts import names, style
from zhuanxing.charts.words import Language, word
from zhuanxing.errors import ZhuanxingError
from zhuanxing.results.aims import Aim, aims_of

__all__ = ["draw"]

_NAME, _AIM, _FIRST_VALUE, _COLUMN = 0.0, 4.4, 4.7, 1.7
_NAME_ROOM = 3.5 * 72
_TRACK = (-0.55, 1.55)


def draw(
    datasets: Mapping[str, xr.Dataset],
    *,
    city: str,
    aims: pd.DataFrame,
    year: int = 2025,
    language: Language = "zh",
) -> Figure:
    """Draw a row an aim: its name and value, each scenario's value with its mark, and a track.

    On the track 0 is where the city stood in the aim's base year and 1 is the aim; a dot stands
    for each scenario, in the order of the columns. `aims`: the table that `charts.aims.read_aims`
    returns. Raises ZhuanxingError for an unknown city or output, or when the city has no aim.
    """
    first = next(iter(datasets.values()))
    identifier = names.city_ids(first, [city])[0]
    rows = aims_of(aims, first, identifier, year)
    if not rows:
        raise ZhuanxingError(f"The table of aims has no aim for the city {identifier!r} in {year}.")
    reached = [[aim.reached(dataset, identifier) for aim in rows] for dataset in datasets.values()]
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
            _values(table, rows, values, label, _FIRST_VALUE + _COLUMN * (column + 0.75))
        table.set_xlim(_NAME, span)
        _tracks(track, rows, list(datasets.values()), identifier, reached)
        _track_heads(track, rows, language)
        title = word(
            "scorecard_title", language, city=names.city_label(first, identifier, language),
            year=year,
        )  # fmt: skip
        notes = [
            word("scorecard_count", language, scenario=label, met=met, total=len(rows))
            for label, met in zip(labels, _count(rows, reached), strict=True)
        ]
        return style.finish(
            figure, language, title=title, notes=[*notes, word("scorecard_marks", language)]
        )


def _count(rows: Sequence[Aim], reached: Sequence[Sequence[float]]) -> list[int]:
    """Return how many aims each scenario meets."""
    return [sum(a.met(v) for a, v in zip(rows, values, strict=True)) for values in reached]


def _table(axis: Axes, rows: Sequence[Aim], dataset: xr.Dataset, language: Language) -> None:
    """Write the names and values of the aims, one a line from the top down."""
    axis.axis("off")
    axis.set_ylim(-0.6, len(rows) + 0.1)
    for line, aim in enumerate(rows):
        y = len(rows) - 1 - line
        data = names.variable(dataset, aim.variable)
        units = "%" if aim.measure == "change" else names.unit_label(data, language)
        bracket = f"（{units}）" if language == "zh" else f" ({units})"
        sign = "≥" if aim.direction == "at_least" else "≤"
        axis.axhline(y - 0.5, color="#E6E6E6", linewidth=0.6)
        name = aim.name(dataset, language) + (bracket if units else "")
        axis.text(_NAME, y, style.wrapped(name, _NAME_ROOM, 9.0), va="center", linespacing=1.3)
        axis.text(_AIM, y, f"{sign} {style.number(aim.value)}", va="center", ha="right")
    head = len(rows) - 0.25
    axis.text(_AIM, head, word("aim", language), ha="right", va="baseline", color=style.GREY)


def _values(axis: Axes, rows: Sequence[Aim], values: Sequence[float], label: str, x: float) -> None:
    """Write one scenario's column: its name, its values, and a mark for met or missed."""
    axis.text(x + 0.25, len(rows) - 0.25, label, ha="right", va="baseline", color=style.GREY)
    for line, (aim, value) in enumerate(zip(rows, values, strict=True)):
        y, met = len(rows) - 1 - line, aim.met(value)
        colour = style.GOOD if met else style.BAD
        axis.text(x, y, style.number(value), ha="right", va="center", color=colour)
        axis.text(x + 0.1, y, "✓" if met else "×", va="center", color=colour)


def _tracks(
    axis: Axes,
    rows: Sequence[Aim],
    datasets: Sequence[xr.Dataset],
    city: str,
    reached: Sequence[Sequence[float]],
) -> None:
    """Draw a track an aim, with a diamond for the first scenario and circles for the others."""
    for line, aim in enumerate(rows):
        y = len(rows) - 1 - line
        axis.plot([0, 1], [y, y], color="#DADADA", linewidth=5, solid_capstyle="butt", zorder=1)
        for column, (dataset, values) in enumerate(zip(datasets, reached, strict=True)):
            met = aim.met(values[line])
            axis.plot(
                _progress(aim, aim.start(dataset, city), values[line]),
                y + 0.22 * ((len(datasets) - 1) / 2 - column), zorder=3 + column,
                marker="o" if column else "D", markersize=7 - column, clip_on=False,
                markeredgecolor="white", markerfacecolor=style.GOOD if met else style.BAD,
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
