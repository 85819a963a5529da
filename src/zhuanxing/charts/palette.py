"""The colours of charts and of the page, which does without the library that draws charts."""

from __future__ import annotations

__all__ = ["BAD", "GOOD", "GREY", "HIGHLIGHT", "INK", "SEQUENCE"]

# Okabe and Ito's palette in an order whose neighbours differ in lightness as well as in hue, so
# that stacked areas stay apart in grey print and for colour-blind readers; yellow is darkened.
SEQUENCE = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#B8A500", "#4D4D4D",
    "#8C6BB1", "#A6CEE3", "#B5651D",
)  # fmt: skip
INK = "#222222"
GREY = "#8A8A8A"
GOOD = "#0072B2"
BAD = "#D55E00"
HIGHLIGHT = "#E8F1F8"
