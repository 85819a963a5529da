"""Parallel coordinates: which factors the best runs have in common."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from zhuanxing.charts import style
from zhuanxing.charts.quantity import Quantity, thinned
from zhuanxing.results.numerals import number
from zhuanxing.results.words import Language, word

__all__ = ["draw"]

_MOST_LINES = 400
_LABEL_POINTS = 8.0


def draw(
    quantities: Sequence[Quantity],
    goal: Quantity,
    *,
    highest: bool,
    best_share: float = 0.1,
    notes: Sequence[str] = (),
    language: Language = "zh",
) -> Figure:
    """Draw one upright axis a quantity, the last for `goal`, and one line a run across them.

    The best `best_share` of the runs by `goal` (highest or lowest) are dark and on top.
    `notes` stand first in the footnote.
    """
    better = word("better_up" if highest else "better_down", language)
    axes_of = [*quantities, replace(goal, label=f"{goal.label} · {better}")]
    count = len(goal.values)
    best = np.argsort(-goal.values if highest else goal.values, kind="stable")
    best = best[: max(1, round(best_share * count))]
    others = thinned(count, _MOST_LINES)
    others = others[~np.isin(others, best)]
    shown_best = best[thinned(len(best), _MOST_LINES)]
    heights = np.stack([_height(quantity.values) for quantity in axes_of], axis=1)
    with style.house_style():
        figure, panel = style.panels(1, 1, width=max(1.5 * len(axes_of), 8.0), height=4.6)
        axis = panel[0, 0]
        positions = np.arange(len(axes_of))
        for runs, colour, alpha in (
            (others, style.GREY, 0.25),
            (shown_best, style.SEQUENCE[0], 0.6),
        ):
            lines = [np.column_stack([positions, heights[run]]) for run in runs]
            axis.add_collection(LineCollection(lines, colors=colour, alpha=alpha, linewidths=0.8))
        _upright_axes(axis, axes_of, room=72 * figure.get_figwidth() / (len(axes_of) + 0.6))
        sense = word("highest" if highest else "lowest", language)
        note = word(
            "parallel_note", language, runs=count, drawn=len(others) + len(shown_best),
            best=len(best), goal=goal.name, sense=sense,
        )  # fmt: skip
        title = word("parallel_title", language, goal=goal.name)
        return style.finish(figure, language, title=title, notes=[*notes, note])


def _height(values: np.ndarray) -> np.ndarray:
    low, high = float(values.min()), float(values.max())
    return (values - low) / (high - low) if high > low else np.full(len(values), 0.5)


def _ends(values: np.ndarray) -> tuple[str, str]:
    """Return the lowest and the highest value, with as many decimals as tell them apart."""
    low, high = float(values.min()), float(values.max())
    decimals = 1 - math.floor(math.log10(high - low)) if high > low else 0
    least = 0 if high >= 100 else 1 if high >= 10 else 2
    return number(low, max(least, decimals)), number(high, max(least, decimals))


def _upright_axes(axis: Axes, quantities: Sequence[Quantity], room: float) -> None:
    """Draw an upright line for each quantity, with its range at the ends and its name below.

    `room` is the width of a name in points.
    """
    for position, quantity in enumerate(quantities):
        axis.vlines(position, 0, 1, color=style.INK, linewidth=0.8, zorder=3)
        for height, text in enumerate(_ends(quantity.values)):
            axis.annotate(
                text, (position, height), xytext=(0, 10 if height else -10),
                textcoords="offset points", ha="center", va="center", fontsize=7.5,
                color=style.INK,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
            )  # fmt: skip
    labels = [style.wrapped(quantity.label, 0.84 * room, _LABEL_POINTS) for quantity in quantities]
    axis.set_xticks(range(len(quantities)), labels, fontsize=_LABEL_POINTS, color=style.INK)
    axis.tick_params(axis="x", pad=16, length=0)
    axis.set_yticks([])
    axis.grid(visible=False)
    axis.set_xlim(-0.4, len(quantities) - 0.6)
    axis.set_ylim(-0.02, 1.08)
    for side in ("left", "bottom"):
        axis.spines[side].set_visible(False)
