"""Heat maps: the mean of a measure over two factors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zhuanxing.charts import style
from zhuanxing.charts.quantity import Quantity
from zhuanxing.results.words import Language, word

__all__ = ["Cells", "cells", "draw"]

_BINS = 8
# Factors with no more values than this have one row or column for each.
_MOST_LEVELS = 12
_MOST_NUMBERS = 150


@dataclass(frozen=True)
class Cells:
    """Cells along one factor: the place of each run [run], their number, and where ticks stand."""

    places: np.ndarray
    count: int
    ticks: Sequence[float]
    labels: Sequence[str]


def draw(
    goal: Quantity,
    across: Quantity,
    upwards: Quantity,
    *,
    highest: bool = True,
    notes: Sequence[str] = (),
    language: Language = "zh",
) -> Figure:
    """Draw `goal` as colour over `across` (to the right) and `upwards`, values [run] each.

    Dark cells are the better ones: where `goal` is high if `highest`, else where it is low. `notes`
    stand first in the footnote.
    """
    columns, rows = cells(across), cells(upwards)
    means = _means(goal.values, rows, columns)
    with style.house_style():
        figure, axes = style.panels(1, 1, width=8.0, height=5.2)
        axis = axes[0, 0]
        scale = "viridis_r" if highest else "viridis"
        image = axis.imshow(means, origin="lower", aspect="auto", cmap=scale)
        axis.set_xticks(columns.ticks, columns.labels)
        axis.set_yticks(rows.ticks, rows.labels)
        axis.set_xlabel(across.label)
        axis.set_ylabel(style.wrapped(upwards.label, 0.8 * 72 * 5.2, 9.0))
        axis.grid(visible=False)
        if means.size <= _MOST_NUMBERS:
            _write_numbers(axis, means, highest)
        bar = figure.colorbar(image, ax=axis, shrink=0.8, pad=0.02)
        bar.set_label(style.wrapped(goal.label, 0.7 * 72 * float(figure.get_figheight()), 9.0))
        bar.outline.set_visible(False)
        title = word(
            "heatmap_title", language, goal=goal.name, across=across.name, upwards=upwards.name
        )
        note = word("heatmap_note", language, runs=len(goal.values))
        return style.finish(figure, language, title=title, notes=[*notes, note])


def cells(factor: Quantity) -> Cells:
    """Return the cells of a factor: a cell a value where there are few, else equal ranges.

    The ticks of values stand in the middle of their cells, those of ranges between them.
    """
    levels = np.unique(factor.values)
    if len(levels) <= _MOST_LEVELS:
        labels = [_text(level) for level in levels]
        places = np.searchsorted(levels, factor.values)
        return Cells(places, len(levels), list(range(len(levels))), labels)
    low, high = factor.bounds or (levels[0], levels[-1])
    edges = np.linspace(low, high, _BINS + 1)
    places = np.clip(np.digitize(factor.values, edges) - 1, 0, _BINS - 1)
    labels = [_text(edge) for edge in edges]
    return Cells(places, _BINS, list(np.arange(_BINS + 1) - 0.5), labels)


def _text(value: float) -> str:
    return f"{value:.4g}".replace("-", "−")


def _write_numbers(axis: Axes, means: np.ndarray, highest: bool) -> None:
    """Write each mean into its cell, with as many decimals as tell the cells apart."""
    low, high = float(np.nanmin(means)), float(np.nanmax(means))
    decimals = max(0, 1 - math.floor(math.log10(high - low))) if high > low else 2
    for (row, column), mean in np.ndenumerate(means):
        if np.isfinite(mean):
            axis.text(
                column, row, f"{mean:,.{decimals}f}".replace("-", "−"), ha="center", va="center",
                fontsize=7.5, color="white" if (mean > (low + high) / 2) == highest else style.INK,
            )  # fmt: skip


def _means(values: np.ndarray, rows: Cells, columns: Cells) -> np.ndarray:
    """Return the mean of the values in each cell [row, column], NaN where there is none."""
    size = rows.count * columns.count
    place = rows.places * columns.count + columns.places
    counts = np.bincount(place, minlength=size)
    totals = np.bincount(place, values, minlength=size)
    means = np.divide(totals, counts, out=np.full(size, np.nan), where=counts > 0)
    return np.asarray(means.reshape(rows.count, columns.count))
