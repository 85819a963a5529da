"""Statistics as dots: the better the source, the fuller the dot."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from zhuanxing.charts.style import INK
from zhuanxing.charts.words import Language, word

__all__ = ["draw_observations", "legend_note", "of_panel"]

_COLUMNS = ["unit_id", "year", "variable", "value", "quality"]
_BEST = "official"


def of_panel(observations: pd.DataFrame | None, city: str, name: str) -> pd.DataFrame:
    """Return the rows of one city and one statistic (columns unit_id, year, value, quality)."""
    if observations is None:
        return pd.DataFrame(columns=_COLUMNS)
    here = (observations["unit_id"] == city) & (observations["variable"] == name)
    return observations[here].sort_values("year")


def draw_observations(axis: Axes, dots: pd.DataFrame) -> None:
    """Draw `dots`: filled for official sources, open for all others."""
    for best in (True, False):
        some = dots[(dots["quality"] == _BEST) == best]
        if len(some):
            axis.plot(
                some["year"].to_numpy(), some["value"].to_numpy(dtype=float), linestyle="none",
                marker="o", markersize=4.5, markeredgecolor=INK, markeredgewidth=0.9,
                markerfacecolor=INK if best else "white", zorder=5,
                label="official" if best else "other",
            )  # fmt: skip


def legend_note(dots: pd.DataFrame, language: Language) -> list[str]:
    """Return the footnote that explains the dots, or nothing when there are none."""
    if not len(dots):
        return []
    comma = "，" if language == "zh" else ", "
    return [
        comma.join(
            word(key, language) for key in ("observed", "observed_official", "observed_other")
        )
    ]
