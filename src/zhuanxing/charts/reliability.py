"""Whether intervals hold as many figures as they say."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from zhuanxing.charts.style import (
    GREY,
    colours,
    darker,
    end_label,
    finish,
    house_style,
    panels,
    value_axis,
)
from zhuanxing.results.words import LANGUAGES, Language, word

__all__ = ["draw"]


def draw(
    coverage: Mapping[str, tuple[np.ndarray, int]],
    levels: np.ndarray,
    *,
    pools: Mapping[str, tuple[str, str]],
    origins: tuple[int, int],
    language: Language,
) -> Figure:
    """Return the part of figures inside central intervals against the intervals' level.

    `coverage` gives by pool the part inside (levels,) and the number of figures; `levels` are
    parts of one; `origins` are the first and the last year that forecasts were made in. On the
    diagonal the intervals are as wide as they should be.
    """
    place = LANGUAGES.index(language)
    with house_style():
        figure, axes = panels(1, 1, width=6.0, height=4.2)
        axis = axes[0, 0]
        axis.plot([0, 100], [0, 100], color=GREY, linewidth=0.9, linestyle=(0, (3, 3)))
        for colour, (pool, (inside, count)) in zip(
            colours(len(coverage)), coverage.items(), strict=True
        ):
            axis.plot(100 * levels, 100 * inside, color=colour, marker="o", markersize=4)
            text = f"{pools[pool][place]} ({count})"
            end_label(axis, 100 * levels[-1], 100 * inside[-1], text, darker(colour))
        axis.set_xlim(0, 100)
        axis.set_ylim(0, 102)
        axis.set_xlabel(word("reliability_level", language))
        value_axis(axis, word("reliability_inside", language))
        return finish(
            figure,
            language,
            title=word("reliability_title", language, first=origins[0], last=origins[1]),
            notes=[word("reliability_note", language)],
        )
