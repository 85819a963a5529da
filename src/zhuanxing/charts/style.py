"""The house style: one look for every chart, set on Figure objects and never on global state."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import matplotlib.lines
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Annotation, Text

from zhuanxing.charts.fonts import check_glyphs, font_family
from zhuanxing.charts.palette import BAD, GOOD, GREY, HIGHLIGHT, INK, SEQUENCE
from zhuanxing.results.words import Language, word

__all__ = [
    "BAD", "GOOD", "GREY", "HIGHLIGHT", "INK", "PRINT_WIDTH", "SEQUENCE", "colours", "darker",
    "end_label", "finish", "house_style", "joined", "legend_line", "mark_projection", "panels",
    "part_thousands", "scenario_colours", "value_axis", "wrapped", "year_axis",
]  # fmt: skip

# Inches: sixteen centimetres, the text width of an A4 page, at which nothing is scaled down.
PRINT_WIDTH = 6.3
_END_LABEL = "end-label"
# What may not be torn apart: a Chinese character, or a run of others with the space after it.
_PIECE = re.compile(r"[\u2e80-\uffff]|[^\u2e80-\uffff\s]+\s*|\s+")
_FIRST_WIDE = "\u2e80"
_NEVER_FIRST = "，。；：、）”"
_NARROWEST = 6.4


@contextmanager
def house_style() -> Iterator[None]:
    """Hold the house style while a figure is drawn or written, then put the old settings back."""
    family = font_family()
    # Any: matplotlib types each key as a literal, which a dict literal cannot be.
    settings: Any = {
        "axes.axisbelow": True,
        "axes.edgecolor": "#BBBBBB",
        "axes.grid": True,
        "axes.labelcolor": INK,
        "axes.labelsize": 9,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlelocation": "left",
        "axes.titlesize": 10,
        "figure.facecolor": "white",
        "figure.titlesize": 14,
        "font.family": [family],
        "font.size": 9,
        "grid.color": "#E6E6E6",
        "grid.linewidth": 0.6,
        "lines.linewidth": 1.8,
        "savefig.dpi": 150,
        # Outlines, so that an SVG shows the same glyphs on a machine without the font.
        "svg.fonttype": "path",
        "svg.hashsalt": "zhuanxing",
        "text.color": INK,
        "xtick.color": "#666666",
        "xtick.labelsize": 8,
        "ytick.color": "#666666",
        "ytick.labelsize": 8,
    }
    with mpl.rc_context(settings):
        yield


def panels(
    rows: int, columns: int, *, width: float, height: float, **options: Any
) -> tuple[Figure, np.ndarray]:
    """Return a figure of `rows` x `columns` panels of the given size in inches, and its axes.

    `options` go to `Figure.subplots`: sharex, sharey, width_ratios.
    """
    layout = ConstrainedLayoutEngine(h_pad=0.06, w_pad=0.08, hspace=0.03, wspace=0.02)
    figure = Figure(figsize=(max(width * columns, _NARROWEST), height * rows + 0.9), layout=layout)
    axes = figure.subplots(rows, columns, squeeze=False, **options)
    for axis in axes.flat:
        # Ticks are made when the figure is written, outside the style, so they are told here.
        axis.tick_params(labelfontfamily=font_family(), length=2)
    return figure, axes


def colours(count: int) -> list[str]:
    """Return `count` colours of the palette; it repeats after eleven."""
    return [SEQUENCE[i % len(SEQUENCE)] for i in range(count)]


def darker(colour: str) -> str:
    """Return `colour` mixed with black, so that words in it are readable on white."""
    red, green, blue = mpl.colors.to_rgb(colour)
    return mpl.colors.to_hex((0.72 * red, 0.72 * green, 0.72 * blue))


def scenario_colours(scenarios: Sequence[str]) -> dict[str, str]:
    """Return a colour a scenario: the first of several is the grey one to compare with."""
    if len(scenarios) == 1:
        return {scenarios[0]: SEQUENCE[0]}
    others = dict(zip(scenarios[1:], colours(len(scenarios) - 1), strict=True))
    return {scenarios[0]: "#5A5A5A"} | others


def joined(parts: Iterable[str], language: Language) -> str:
    """Return clauses in one line, parted as the language parts them."""
    return ("；" if language == "zh" else "; ").join(parts)


def legend_line(axis: Axes, labels: Sequence[str]) -> None:
    """Write the names of the palette's first colours above the panel, each in its colour."""
    handles = [
        mpl.lines.Line2D([], [], color=colour, marker="o", linestyle="none", markersize=4.5)
        for colour in colours(len(labels))
    ]
    axis.legend(
        handles, labels, loc="lower left", bbox_to_anchor=(0, 1), ncols=len(labels),
        frameon=False, fontsize=8, labelcolor="linecolor", borderaxespad=0.2, handletextpad=0.2,
    )  # fmt: skip


def wrapped(text: str, room: float, size: float) -> str:
    """Return `text`, in letters of `size` points, broken into lines that fit `room` points.

    Lines break at spaces, and between Chinese characters; matplotlib breaks at spaces only.
    """
    lines, used = [""], 0.0
    for piece in _PIECE.findall(text):
        width = size * sum(1.0 if character > _FIRST_WIDE else 0.56 for character in piece.rstrip())
        if used + width > room and lines[-1] and piece[0] not in _NEVER_FIRST:
            lines.append("")
            used = 0.0
        lines[-1] += piece
        used += width + size * 0.28 * (len(piece) - len(piece.rstrip()))
    return "\n".join(line.rstrip() for line in lines)


def year_axis(axis: Axes, years: Sequence[int], *, few: bool = False) -> None:
    """Set whole-year ticks: every fifth year when `few` or long, else every second."""
    first, last = min(years), max(years)
    step = 5 if few or last - first > 12 else 2
    ticks = [year for year in range(first, last + 1) if (last - year) % step == 0]
    axis.set_xticks(ticks, [str(year) for year in ticks])
    axis.set_xlim(first, last)


def value_axis(axis: Axes, title: str) -> None:
    """Set the title of the y axis, no longer than its panel, and part the thousands."""
    cell = axis.get_subplotspec()
    rows = 1 if cell is None else cell.get_gridspec().nrows
    room = 0.8 * 72 * axis.figure.bbox.height / axis.figure.dpi / rows
    lines = [wrapped(line, room, 9.0) for line in title.split("\n")]
    axis.set_ylabel("\n".join(lines), linespacing=1.4)
    part_thousands(axis.yaxis)


def part_thousands(axis: Axis) -> None:
    """Write the values of an axis with their thousands parted and a true minus sign."""
    axis.set_major_formatter(lambda value, _: f"{value:,.10g}".replace("-", "−"))


def mark_projection(
    axis: Axes,
    years: Sequence[int],
    language: Language | None,
    known: int | None,
    *,
    low: bool = False,
) -> None:
    """Draw the line between history and projection, with both words when `language` is given.

    `known` is the last year of history; without it no line is drawn. `low` writes the words at
    the foot of the panel, for axes from zero whose lines run high.
    """
    if known is None or not min(years) < known + 0.5 < max(years):
        return
    boundary = known + 0.5
    axis.axvline(boundary, color=GREY, linewidth=0.8, linestyle=(0, (3, 3)), zorder=1)
    if language is None:
        return
    for key, side, offset in (("history", "right", -3), ("projection", "left", 3)):
        axis.annotate(
            word(key, language), (boundary, 0.0 if low else 1.0),
            xycoords=("data", "axes fraction"), xytext=(offset, 3 if low else -2),
            textcoords="offset points", ha=side, va="bottom" if low else "top", fontsize=7,
            color=GREY,
        )  # fmt: skip


def end_label(axis: Axes, x: float, y: float, text: str, colour: str) -> Annotation:
    """Write `text` to the right of (x, y); `finish` moves apart the labels that collide."""
    return axis.annotate(
        text, (x, y), xytext=(5, 0), textcoords="offset points", ha="left", va="center",
        fontsize=8, color=colour, annotation_clip=False, gid=_END_LABEL,
    )  # fmt: skip


def finish(figure: Figure, language: Language, *, title: str, notes: Sequence[str] = ()) -> Figure:
    """Add title and footnote, spread the end labels, and check that the font has every glyph."""
    width = 0.97 * 72 * figure.get_figwidth()
    figure.suptitle(wrapped(title, width, 14.0), x=0.01, ha="left")
    separator = "。" if language == "zh" else ". "
    footnote = wrapped(separator.join([*notes, word("source", language)]), width, 7.5)
    figure.supxlabel(footnote, x=0.01, ha="left", fontsize=7.5, color="#666666", linespacing=1.4)
    figure.draw_without_rendering()
    # The layout stands: finding it again for each file would be most of the time of a chart.
    figure.set_layout_engine("none")
    for axis in figure.axes:
        _spread([a for a in axis.texts if a.get_gid() == _END_LABEL], axis)
    for text in figure.findobj(Text):
        text.set_fontfamily([font_family()])
    check_glyphs(figure)
    return figure


def _spread(labels: list[Text], axis: Axes) -> None:
    """Move labels up or down by as little as leaves each a line of its own inside the panel."""
    notes = [label for label in labels if isinstance(label, Annotation)]
    if not notes:
        return
    pixel = 72 / axis.figure.dpi
    wanted = np.array([axis.transData.transform(note.xy)[1] for note in notes]) * pixel
    gap = 1.25 * max(float(note.get_fontsize()) for note in notes)
    order = np.argsort(wanted)
    placed = _apart(wanted[order], gap)
    low, high = (edge * pixel for edge in (axis.bbox.y0, axis.bbox.y1))
    placed += max(0.0, low - placed[0])
    placed -= max(0.0, min(placed[-1] - high, placed[0] - low))
    for index, position in zip(order, placed, strict=True):
        notes[index].set_position((5, position - wanted[index]))


def _apart(wanted: np.ndarray, gap: float) -> np.ndarray:
    """Return sorted positions at least `gap` apart, nearest to `wanted` (pooled neighbours)."""
    blocks: list[list[float]] = []  # [sum of (wanted - offset inside the block), size]
    for value in wanted:
        blocks.append([float(value), 1.0])
        while len(blocks) > 1:
            (sum_a, size_a), (sum_b, size_b) = blocks[-2], blocks[-1]
            if sum_a / size_a + size_a * gap <= sum_b / size_b:
                break
            blocks[-2:] = [[sum_a + sum_b - size_b * size_a * gap, size_a + size_b]]
    return np.concatenate([total / size + gap * np.arange(size) for total, size in blocks])
