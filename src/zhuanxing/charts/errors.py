"""Errors of the model's forecasts beside those of naive ones."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zhuanxing.charts.style import GREY, SEQUENCE, finish, house_style, number, panels
from zhuanxing.results.words import LANGUAGES, Language, word

__all__ = ["draw"]

MEASURES = ("mae", "crps")


def draw(
    scores: pd.DataFrame,
    *,
    model: str,
    forecasters: Mapping[str, tuple[str, str]],
    pools: Mapping[str, tuple[str, str]],
    fit_year: int,
    language: Language,
) -> Figure:
    """Return bars of mean absolute error and CRPS, a panel a pool of statistics and measure.

    `scores` has columns pool, kind, forecaster, count, mae and crps (points); rows of kind `all`
    are drawn. `forecasters` and `pools` give names (Chinese, English); the bar of `model` stands
    out.
    """
    place = LANGUAGES.index(language)
    with house_style():
        figure, axes = panels(len(pools), len(MEASURES), width=4.4, height=1.9)
        for row, (pool, names) in enumerate(pools.items()):
            part = scores[(scores["pool"] == pool) & (scores["kind"] == "all")]
            labels = [forecasters[name][place] for name in part["forecaster"]]
            colours = [SEQUENCE[0] if name == model else GREY for name in part["forecaster"]]
            for axis, measure in zip(axes[row], MEASURES, strict=True):
                _bars(axis, labels, list(part[measure]), colours)
                title = word(f"error_{measure}", language)
                axis.set_title(
                    f"{names[place]}：{title}" if language == "zh" else f"{names[place]}: {title}"
                )
        count = int(scores[scores["kind"] == "all"].groupby("pool")["count"].max().sum())
        return finish(
            figure,
            language,
            title=word("errors_title", language, year=fit_year),
            notes=[word("errors_note", language, year=fit_year, count=count)],
        )


def _bars(axis: Axes, labels: list[str], values: list[float], colours: list[str]) -> None:
    axis.barh(range(len(values)), values, color=colours, height=0.68)
    axis.set_yticks(range(len(values)), labels)
    axis.invert_yaxis()
    axis.grid(visible=False, axis="y")
    axis.set_xlim(0, 1.18 * max(values))
    for place, value in enumerate(values):
        axis.annotate(
            number(value), (value, place), xytext=(3, 0), textcoords="offset points",
            va="center", fontsize=8,
        )  # fmt: skip
