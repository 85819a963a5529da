"""Errors of the model's forecasts beside those of naive ones."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zhuanxing.charts.style import GREY, PRINT_WIDTH, SEQUENCE, finish, house_style, panels
from zhuanxing.results.words import LANGUAGES, Language, word

__all__ = ["draw"]


def draw(
    scores: pd.DataFrame,
    *,
    model: str,
    reference: str,
    pools: Mapping[str, tuple[str, str]],
    origins: tuple[int, int],
    language: Language,
) -> Figure:
    """Return dots of CRPS relative to that of the forecaster `reference`, a panel a horizon.

    `scores` has columns pool, horizon, forecaster and crps (points); left of one is better. The
    dots of `model` stand out; the others are those of all other forecasters. `pools` give names
    (Chinese, English), `origins` the first and the last year that forecasts were made in.
    """
    place = LANGUAGES.index(language)
    horizons = sorted(set(scores["horizon"]) - {0})
    shown = [name for name in pools if name in set(scores["pool"])]
    with house_style():
        figure, axes = panels(
            1, len(horizons), width=PRINT_WIDTH / len(horizons), height=0.4 + 0.24 * len(shown),
            sharey=True,
        )  # fmt: skip
        for axis, horizon in zip(axes[0], horizons, strict=True):
            part = scores[scores["horizon"] == horizon]
            _dots(axis, part, shown, model, reference)
            axis.set_title(word("errors_horizon", language, years=horizon))
        axes[0, 0].set_yticks(range(len(shown)), [pools[name][place] for name in shown])
        axes[0, 0].invert_yaxis()
        return finish(
            figure,
            language,
            title=word("errors_title", language, first=origins[0], last=origins[1]),
            notes=[word("errors_note", language)],
        )


def _dots(axis: Axes, scores: pd.DataFrame, pools: list[str], model: str, reference: str) -> None:
    """Draw a row of dots a pool; the first pool is on top."""
    for row, pool in enumerate(pools):
        crps = scores[scores["pool"] == pool].set_index("forecaster")["crps"]
        if reference in crps:
            relative = crps / crps[reference]
            others = relative.drop([model], errors="ignore")
            axis.plot(others, [row] * len(others), "|", color=GREY, markersize=8)
            if model in relative:
                axis.plot(relative[model], row, "o", color=SEQUENCE[0], markersize=5)
    axis.axvline(1.0, color=GREY, linewidth=0.9, linestyle=(0, (3, 3)))
    axis.set_xlim(0, 2)
