"""Trade-offs: two measures against each other, one dot a run, and the Pareto front."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from zhuanxing.charts import style
from zhuanxing.charts.quantity import Quantity, thinned
from zhuanxing.results.words import Language, word

__all__ = ["draw", "pareto_front"]

_MOST_DOTS = 4000


def draw(
    first: Quantity,
    second: Quantity,
    *,
    first_highest: bool,
    second_highest: bool,
    colour: Quantity | None = None,
    notes: Sequence[str] = (),
    language: Language = "zh",
) -> Figure:
    """Draw `first` to the right and `second` upwards; `colour` shades the dots.

    `first_highest` and `second_highest` say in which direction each is better. `notes` stand
    first in the footnote.
    """
    better = [
        quantity.values * (-1 if highest else 1)
        for quantity, highest in ((first, first_highest), (second, second_highest))
    ]
    front = pareto_front(better[0], better[1])
    shown = thinned(len(first.values), _MOST_DOTS)
    with style.house_style():
        figure, axes = style.panels(1, 1, width=8.0, height=5.2)
        axis = axes[0, 0]
        dots = axis.scatter(
            first.values[shown], second.values[shown],
            c=colour.values[shown] if colour else style.GREY, cmap="viridis" if colour else None,
            s=12, linewidths=0, alpha=0.75,
        )  # fmt: skip
        axis.plot(
            first.values[front], second.values[front], color=style.BAD, linewidth=1.4,
            marker="o", markersize=4, zorder=3,
        )  # fmt: skip
        style.part_thousands(axis.xaxis)
        axis.set_xlabel(f"{first.label} · {_better(first_highest, language)}")
        style.value_axis(axis, f"{second.label}\n{_better(second_highest, language)}")
        if colour is not None:
            bar = figure.colorbar(dots, ax=axis, shrink=0.8, pad=0.02)
            room = 0.7 * 72 * float(figure.get_figheight())
            bar.set_label(style.wrapped(colour.label, room, 9.0))
            bar.outline.set_visible(False)
        sense = {True: word("highest", language), False: word("lowest", language)}
        note = word(
            "tradeoff_note", language, runs=len(first.values), count=len(front),
            first=first.name, second=second.name, first_sense=sense[first_highest],
            second_sense=sense[second_highest],
        )  # fmt: skip
        title = word("tradeoff_title", language, first=first.name, second=second.name)
        return style.finish(figure, language, title=title, notes=[*notes, note])


def _better(highest: bool, language: Language) -> str:
    return word("better_up" if highest else "better_down", language)


def pareto_front(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the runs that no other beats in both values [run] (lower is better), by `first`."""
    order = np.lexsort((second, first))
    lowest = np.minimum.accumulate(second[order])
    # A run is on the front where it lowers what all runs before it have reached.
    on_front = np.r_[True, lowest[1:] < lowest[:-1]]
    return np.asarray(order[on_front])
