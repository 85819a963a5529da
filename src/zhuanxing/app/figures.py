"""The drawings of the page: made once a session, and moved by changing their data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
from bokeh.core.properties import value
from bokeh.layouts import column
from bokeh.models import ColumnDataSource, FactorRange, HoverTool, NumeralTickFormatter
from bokeh.models.annotations import Span
from bokeh.plotting import figure

from zhuanxing.charts.palette import BAD, GOOD, GREY, INK, SEQUENCE

__all__ = ["Bars", "CityDots", "CityMap", "Curve", "Lines", "Stack"]

# The page serves its own font under this name; a system with a Chinese one takes that.
FONT = "system-ui, Page Sans, sans-serif"

BASELINE = "#5A5A5A"
# Letters in a line of a lever's name beside its bar, of which two lines have room.
LABEL = 30
# Letters in a line of a title; Chinese ones take twice the room.
TITLE = 44
# Packages that were put aside, by letter.
KEPT = {"A": SEQUENCE[2], "B": SEQUENCE[3], "C": SEQUENCE[5], "D": SEQUENCE[6]}


def _figure(height: int, **options: Any) -> Any:
    drawn: Any = figure(
        height=height, sizing_mode="stretch_width", toolbar_location=None, min_border_right=16,
        **{"tools": "", **options},
    )  # fmt: skip
    drawn.outline_line_color = None
    drawn.grid.grid_line_color = "#E6E6E6"
    for axis in drawn.axis:
        axis.axis_label_text_font = axis.major_label_text_font = FONT
        axis.axis_label_text_font_style = "normal"
        axis.axis_line_color = "#BBBBBB"
        axis.minor_tick_line_color = None
    drawn.title.text_font = FONT
    drawn.title.text_font_size = "9.5pt"
    drawn.title.text_color = INK
    return drawn


def _entitle(drawn: Any, text: str) -> None:
    """Set a title in lines that a phone has room for."""
    cells = sum(1 + (letter >= "\u2e80") for letter in text)
    drawn.title.text = fill(text, max(TITLE * len(text) // max(cells, 1), 1))


class Lines:
    """The chosen output of the city: history, statistics, baseline, package and mine; below, the
    difference of package and mine from the baseline."""

    def __init__(self, years: Sequence[int], base_year: int, names: Mapping[str, str]) -> None:
        self.years = np.array(years)
        self._source = ColumnDataSource(
            {"year": self.years, **{key: np.zeros(len(years)) for key in ("base", "file", "mine")}}
        )
        self._history = ColumnDataSource({"year": [], "value": []})
        self._dots = ColumnDataSource({"year": [], "value": []})
        self._gap = ColumnDataSource({"year": [], "file": [], "mine": []})
        self._band = ColumnDataSource({"year": [], "low": [], "high": []})
        self._kept = [ColumnDataSource({"year": [], "value": [], "gap": []}) for _ in KEPT]
        span = (float(years[0]) - 0.3, float(years[-1]) + 0.3)
        self._top = _figure(250, x_range=span)
        top = self._top
        top.line("year", "value", source=self._history, color=GREY, line_width=2.5,
                 legend_label=names["history"])  # fmt: skip
        later = self.years >= base_year
        self._later = later
        for key, colour, width, dash in (
            ("base", BASELINE, 2.0, "dashed"), ("file", SEQUENCE[1], 1.6, "solid"),
            ("mine", SEQUENCE[0], 3.0, "solid"),
        ):  # fmt: skip
            top.line("year", key, source=self._source, color=colour, line_width=width,
                     line_dash=dash, legend_label=names[key])  # fmt: skip
        top.scatter("year", "value", source=self._dots, size=7, fill_color="white", line_color=INK,
                    legend_label=names["observed"])  # fmt: skip
        for letter, source in zip(KEPT, self._kept, strict=True):
            top.line("year", "value", source=source, color=KEPT[letter], line_width=1.6,
                     line_dash="dotdash", legend_label=letter)  # fmt: skip
        self._names = dict(names)
        top.legend.orientation, top.legend.ncols, top.legend.location = "horizontal", 4, "left"
        top.add_layout(top.legend[0], "above")
        top.legend.label_text_font, top.legend.label_text_font_size = FONT, "8.5pt"
        top.legend.border_line_color, top.legend.background_fill_alpha = None, 0.7
        top.legend.padding = top.legend.margin = 2
        self._low = _figure(130, x_range=self._top.x_range)
        low = self._low
        low.varea("year", "low", "high", source=self._band, fill_color=SEQUENCE[0], fill_alpha=0.18)
        low.line("year", "file", source=self._gap, color=SEQUENCE[1], line_width=1.6)
        low.line("year", "mine", source=self._gap, color=SEQUENCE[0], line_width=3)
        for letter, source in zip(KEPT, self._kept, strict=True):
            low.line("year", "gap", source=source, color=KEPT[letter], line_width=1.6,
                     line_dash="dotdash")  # fmt: skip
        low.add_layout(Span(location=0, dimension="width", line_color=BASELINE, line_width=1))
        for one in (top, low):
            one.add_tools(HoverTool(tooltips=[("", "@year"), ("", "@mine{0,0.00}")], mode="vline"))
            one.yaxis.formatter = NumeralTickFormatter(format="0,0.[00]")
        self.layout = column(top, low, sizing_mode="stretch_width")

    def show(
        self,
        base: np.ndarray,
        file: np.ndarray,
        mine: np.ndarray,
        dots: pd.DataFrame,
        titles: tuple[str, str],
        relative: bool,
    ) -> None:
        """Move the lines; with `relative` differences are percent of the baseline.

        What is not there, or the same as mine, has no place in the legend.
        """
        _entitle(self._top, titles[0])
        _entitle(self._low, titles[1])
        later = self._later
        past = self.years <= self.years[later][0]
        self._history.data = {"year": self.years[past], "value": base[past]}
        self._source.data = {
            "year": self.years[later], "base": base[later], "file": file[later],
            "mine": mine[later],
        }  # fmt: skip
        self._dots.data = {"year": dots["year"].to_numpy(), "value": dots["value"].to_numpy()}
        self._listed({self._names["observed"]: bool(len(dots)),
                      self._names["file"]: bool(np.isfinite(file).all())})  # fmt: skip
        scale = 100 / base if relative else np.ones_like(base)
        self._scale, self._base = scale, base
        self._gap.data = {
            "year": self.years[later],
            "file": ((file - base) * scale)[later],
            "mine": ((mine - base) * scale)[later],
        }
        self._band.data = {"year": [], "low": [], "high": []}

    def show_kept(self, lines: Mapping[str, np.ndarray]) -> None:
        """Draw the packages that were put aside, by letter."""
        later = self._later
        for letter, source in zip(KEPT, self._kept, strict=True):
            line = lines.get(letter)
            if line is None:
                source.data = {"year": [], "value": [], "gap": []}
                continue
            gap = (line - self._base) * self._scale
            source.data = {"year": self.years[later], "value": line[later], "gap": gap[later]}
        self._listed({letter: letter in lines for letter in KEPT})

    def _listed(self, there: Mapping[str, bool]) -> None:
        for item in self._top.legend[0].items:
            item.visible = there.get(item.label.value, item.visible)

    def show_band(self, low: np.ndarray, high: np.ndarray) -> None:
        """Shade the interval of my difference."""
        later = self._later
        self._band.data = {
            "year": self.years[later],
            "low": (low * self._scale)[later],
            "high": (high * self._scale)[later],
        }


class Bars:
    """What levers add, the largest first."""

    def __init__(self) -> None:
        self._source = ColumnDataSource(
            {key: [] for key in ("name", "size", "colour", "cost", "low", "high")}
        )
        self.layout = _figure(480, y_range=FactorRange(factors=[]))
        self.layout.hbar(y="name", right="size", height=0.68, fill_color="colour",
                         line_color=None, source=self._source)  # fmt: skip
        self.layout.segment(x0="low", x1="high", y0="name", y1="name", source=self._source,
                            line_color=INK, line_width=1.5)  # fmt: skip
        self.layout.add_layout(Span(location=0, dimension="height", line_color=GREY))
        self.layout.add_tools(HoverTool(tooltips=[("", "@name"), ("", "@size"), ("¥", "@cost")]))
        self.layout.ygrid.grid_line_color = None
        self.layout.yaxis.major_label_text_font_size = "8.5pt"
        self.layout.yaxis.major_label_text_line_height = 0.9
        self.layout.xaxis.ticker.desired_num_ticks = 4
        self.layout.xaxis.formatter = NumeralTickFormatter(format="0,0.[000]")

    def show(self, rows: Sequence[tuple[str, float, str, str]], ends: np.ndarray) -> None:
        """Show rows of (name, size, colour, cost), the first on top, with `ends` [row, 2] of the
        first of them."""
        names = [fill(row[0], LABEL) for row in rows]
        self.layout.y_range.factors = names[::-1]
        self._source.data = {
            "name": names, "size": [row[1] for row in rows], "colour": [row[2] for row in rows],
            "cost": [row[3] for row in rows],
            **{
                key: np.r_[ends[:, place], np.full(len(rows) - len(ends), np.nan)]
                for place, key in enumerate(("low", "high"))
            },
        }  # fmt: skip


class Stack:
    """Money by payer and year."""

    def __init__(self, years: Sequence[int], payers: Sequence[str]) -> None:
        self._years = [str(year) for year in years]
        self._payers = list(payers)
        self._source = ColumnDataSource(
            {"year": self._years, **{payer: np.zeros(len(years)) for payer in payers}}
        )
        self.layout = _figure(320, x_range=self._years)
        colours = [SEQUENCE[i % len(SEQUENCE)] for i in range(len(payers))]
        self.layout.vbar_stack(self._payers, x="year", width=0.7, source=self._source,
                               color=colours, legend_label=self._payers)  # fmt: skip
        self.layout.legend.label_text_font = FONT
        self.layout.legend.label_text_font_size = "8pt"
        self.layout.legend.orientation, self.layout.legend.ncols = "horizontal", 2
        self.layout.add_layout(self.layout.legend[0], "below")
        self.layout.xgrid.grid_line_color = None
        self.layout.yaxis.formatter = NumeralTickFormatter(format="0,0.[0]")

    def show(self, values: np.ndarray, title: str) -> None:
        """Show values [year, payer]."""
        _entitle(self.layout, title)
        self._source.data = {
            "year": self._years,
            **{payer: values[:, place] for place, payer in enumerate(self._payers)},
        }


class CityMap:
    """Cities where they lie, coloured by whether they gain or lose."""

    def __init__(self, longitude: Sequence[float], latitude: Sequence[float]) -> None:
        count = len(longitude)
        self._source = ColumnDataSource(
            {
                "x": list(longitude), "y": list(latitude), "name": [""] * count,
                "size": [6.0] * count, "colour": [GREY] * count, "edge": ["white"] * count,
                "text": [""] * count, "shown": [""] * count,
            }
        )  # fmt: skip
        self.layout = _figure(300, match_aspect=True)
        self.layout.axis.visible = False
        self.layout.grid.visible = False
        self.layout.scatter("x", "y", size="size", fill_color="colour", line_color="edge",
                            line_width=2, fill_alpha=0.8, source=self._source)  # fmt: skip
        self.layout.text("x", "y", text="shown", x_offset=8, y_offset=4, text_font=value(FONT),
                         text_font_size="9pt", source=self._source)  # fmt: skip
        self.layout.add_tools(HoverTool(tooltips=[("", "@name"), ("", "@text")]))

    def show(
        self, names: Sequence[str], values: np.ndarray, good: np.ndarray, own: int, title: str
    ) -> None:
        """Show the differences [city]; `good` says which are for the better; `own` stands out."""
        _entitle(self.layout, title)
        largest = max(float(np.abs(values).max()), 1e-12)
        patch = {
            "name": list(names),
            "size": list(6 + 16 * np.sqrt(np.abs(values) / largest)),
            "colour": [GOOD if one else BAD for one in good],
            "edge": [INK if place == own else "white" for place in range(len(names))],
            "text": [f"{value:+.3g}" for value in values],
            "shown": [name if place == own else "" for place, name in enumerate(names)],
        }
        self._source.data = {**dict(self._source.data), **patch}


class CityDots:
    """Cities sorted by the difference, the own one marked."""

    def __init__(self) -> None:
        self._source = ColumnDataSource({"name": [], "value": [], "colour": []})
        self.layout = _figure(640, y_range=FactorRange(factors=[]))
        self.layout.scatter("value", "name", size=9, color="colour", source=self._source)
        self.layout.add_layout(Span(location=0, dimension="height", line_color=GREY))
        self.layout.add_tools(HoverTool(tooltips=[("", "@name"), ("", "@value")]))
        self.layout.yaxis.major_label_text_font_size = "8pt"

    def show(self, names: Sequence[str], values: np.ndarray, own: int) -> None:
        """Show the differences [city]."""
        order = np.argsort(values, kind="stable")
        marked = [f"▶ {names[i]}" if i == own else names[i] for i in order]
        self.layout.y_range.factors = marked
        self._source.data = {
            "name": marked,
            "value": values[order],
            "colour": [SEQUENCE[0] if i == own else GREY for i in order],
        }


class Curve:
    """Two outputs as the package goes from nothing to its full strength."""

    def __init__(self) -> None:
        self._source = ColumnDataSource({"x": [], "y": [], "strength": []})
        self.layout = _figure(360)
        # Room for the strengths beside the last points.
        self.layout.x_range.range_padding = self.layout.y_range.range_padding = 0.15
        self.layout.line("x", "y", source=self._source, color=SEQUENCE[0], line_width=2)
        self.layout.scatter("x", "y", source=self._source, color=SEQUENCE[0], size=8)
        self.layout.text("x", "y", text="strength", x_offset=7, y_offset=-3, text_font=value(FONT),
                         text_font_size="8pt", source=self._source)  # fmt: skip
        self.layout.add_tools(HoverTool(tooltips=[("", "@strength"), ("", "@x"), ("", "@y")]))

    def show(
        self, points: np.ndarray, strengths: Sequence[float], labels: tuple[str, str], title: str
    ) -> None:
        """Show points [strength, (across, upwards)]."""
        _entitle(self.layout, title)
        self.layout.xaxis.axis_label, self.layout.yaxis.axis_label = labels
        self._source.data = {
            "x": points[:, 0], "y": points[:, 1],
            "strength": [f"{strength:.0%}" for strength in strengths],
        }  # fmt: skip
