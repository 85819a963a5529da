"""What each lever of a package adds to an output: bars by size, with intervals and what is left."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from zhuanxing.charts import style
from zhuanxing.results.numerals import number
from zhuanxing.results.words import Language, unit, with_unit, word

__all__ = ["draw"]

_SHOWN = 14
_ROW = 0.24


def draw(
    found: xr.Dataset,
    *,
    output: str,
    cities: Mapping[str, Mapping[str, str]],
    language: Language = "zh",
) -> Figure:
    """Draw the levers that add most to `output`, the other levers, interaction and other cities.

    `found` is what analyses.rank.contributions returns. The bars add up to the effect of the
    scenario; a lever's cost stands to the right of its bar.
    """
    one = found.sel(output=output)
    values = one["left_out"].values
    order = np.argsort(-np.abs(values), kind="stable")
    shown, rest = order[:_SHOWN], order[_SHOWN:]
    labels = [str(name) for name in one[f"lever_{language}"].values[shown]]
    sizes = [float(value) for value in values[shown]]
    for key, size in (
        ("other_levers", float(values[rest].sum())),
        ("interaction", float(one["interaction"])),
        ("other_cities", float(one["others"])),
        ("sum_of_all", float(one["total"])),
    ):
        labels.append(word(key, language, count=len(rest)))
        sizes.append(size)
    places = np.arange(len(sizes))[::-1]
    better = str(one["better"].item())
    with style.house_style():
        figure, axes = style.panels(1, 1, width=style.PRINT_WIDTH, height=_ROW * len(sizes) + 0.5)
        axis = axes[0, 0]
        axis.barh(places, sizes, height=0.66, color=_colours(sizes, len(shown), better))
        if "left_out_low" in one:
            low, high = (one[f"left_out_{end}"].values[shown] for end in ("low", "high"))
            axis.hlines(places[: len(shown)], low, high, color=style.INK, linewidth=1.0)
        axis.set_yticks(places, labels)
        axis.set_ylim(-0.7, len(sizes) - 0.3)
        axis.axvline(0, color=style.GREY, linewidth=0.8)
        axis.axhline(places[len(shown)] + 0.5, color="#BBBBBB", linewidth=0.6)
        axis.grid(visible=False, axis="y")
        costs = one["cost"].values[shown]
        for place, cost in zip(places, costs, strict=False):
            axis.annotate(
                number(float(cost)) if cost else "—", (1.0, place),
                xycoords=("axes fraction", "data"), xytext=(4, 0), textcoords="offset points",
                va="center", fontsize=7, color=style.GREY,
            )  # fmt: skip
        units = unit(str(one["unit"].item()), language)
        units = word("points", language) if units == "%" else units
        note = "" if better == "none" else word(f"better_{better}", language)
        effect = word("effect_on", language, output=str(one[f"output_{language}"].item()))
        said = with_unit(effect, units, language)
        axis.set_xlabel(style.joined([said, *([note] if note else [])], language))
        city = cities[str(found.attrs["city"])][f"name_{language}"]
        title = word("rank_title", language, city=city, year=found.attrs["year"])
        notes = [word("rank_note", language)]
        if "left_out_low" not in one:
            notes.append(word("no_interval", language))
        return style.finish(figure, language, title=title, notes=notes)


def _colours(sizes: list[float], levers: int, better: str) -> list[str]:
    """Return a colour a bar: good, bad or plain; what is not a lever is grey."""
    if better == "none":
        good = style.SEQUENCE[0], style.SEQUENCE[0]
    else:
        good = (style.GOOD, style.BAD) if better == "up" else (style.BAD, style.GOOD)
    return [
        style.GREY if place >= levers else good[0] if size > 0 else good[1]
        for place, size in enumerate(sizes)
    ]
