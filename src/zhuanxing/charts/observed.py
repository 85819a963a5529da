"""Statistics as dots: filled from official sources, pale on a basis that was revised since."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from zhuanxing.charts.style import GREY, INK
from zhuanxing.data.observed import observed
from zhuanxing.results.words import Language, word

__all__ = ["draw_observations", "legend_note", "of_panel"]

_BEST = "official"
# Levels on an earlier basis (accounts before the economic census, residents before the population
# census) do not join up with later ones; the statistics mark them with this beginning.
_REVISED_SINCE = "pre_"


def of_panel(observations: pd.DataFrame | None, city: str, name: str | None) -> pd.DataFrame:
    """Return the rows of one city and one statistic, by year; none when `name` is None."""
    if observations is None or name is None:
        return pd.DataFrame()
    return observed(observations, name, units=[city])


def draw_observations(axis: Axes, dots: pd.DataFrame, years: range) -> None:
    """Draw the `dots` that lie in `years`: filled if official, grey if revised since."""
    for row in dots.to_dict("records"):
        if row["year"] not in years:
            continue
        colour = GREY if _revised(row["basis"]) else INK
        axis.plot(
            row["year"], row["value"], linestyle="none", marker="o", markersize=4.5, zorder=5,
            markeredgecolor=colour, markeredgewidth=0.9, clip_on=False,
            markerfacecolor=colour if row["quality"] == _BEST else "white",
        )  # fmt: skip


def legend_note(dots: pd.DataFrame, language: Language) -> list[str]:
    """Return the footnotes that explain the dots, or nothing when there are none."""
    if not len(dots):
        return []
    notes = [word("observed", language)]
    if any(_revised(basis) for basis in dots["basis"]):
        notes.append(word("observed_revised", language))
    return notes


def _revised(basis: object) -> bool:
    return str(basis).startswith(_REVISED_SINCE)
