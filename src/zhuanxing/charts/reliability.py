"""Whether intervals hold as many figures as they say."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zhuanxing.charts.style import GREY, PRINT_WIDTH, SEQUENCE, finish, house_style, panels, wrapped
from zhuanxing.results.words import LANGUAGES, Language, word

__all__ = ["draw"]

COLUMNS = 5
TITLE_SIZE, TITLE_SHARE = 8.0, 0.75
TICKS = (0, 50, 100)


def draw(
    coverage: Mapping[str, tuple[np.ndarray, int]],
    levels: np.ndarray,
    *,
    pools: Mapping[str, tuple[str, str]],
    origins: tuple[int, int],
    language: Language,
) -> Figure:
    """Return the part of figures inside central intervals against the intervals' level, by pool.

    `coverage` gives by pool the part inside (levels,) and the number of figures; `levels` are
    parts of one; `origins` are the first and the last year that forecasts were made in. On the
    diagonal the intervals are as wide as they should be.
    """
    place = LANGUAGES.index(language)
    rows = -(-len(coverage) // COLUMNS)
    with house_style():
        width = PRINT_WIDTH / COLUMNS
        figure, axes = panels(rows, COLUMNS, width=width, height=width, sharex=True, sharey=True)
        for axis in axes.flat[len(coverage) :]:
            axis.set_visible(False)
        for axis, (pool, (inside, count)) in zip(axes.flat, coverage.items(), strict=False):
            axis.plot([0, 100], [0, 100], color=GREY, linewidth=0.9, linestyle=(0, (3, 3)))
            axis.plot(100 * levels, 100 * inside, color=SEQUENCE[0], marker="o", markersize=2.5)
            name = wrapped(pools[pool][place], 72 * width * TITLE_SHARE, TITLE_SIZE)
            axis.set_title(f"{name} ({count})", fontsize=TITLE_SIZE)
            axis.set(xlim=(0, 100), ylim=(0, 102), xticks=TICKS, yticks=TICKS, aspect="equal")
        for axis in _lowest(axes, len(coverage)):
            axis.tick_params(labelbottom=True)
        figure.supylabel(word("reliability_inside", language), fontsize=8)
        return finish(
            figure,
            language,
            title=word("reliability_title", language, first=origins[0], last=origins[1]),
            notes=[word("reliability_level", language), word("reliability_note", language)],
        )


def _lowest(axes: np.ndarray, count: int) -> list[Axes]:
    """Return the lowest panel in use of every column."""
    used = [axes.flat[place] for place in range(count)]
    return used[-COLUMNS:]
