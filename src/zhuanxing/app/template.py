"""The frame of the page: where its parts stand, on a desk and on a telephone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import panel as pn

from zhuanxing.app.words import say
from zhuanxing.charts.fonts import font_file
from zhuanxing.results.words import Language

__all__ = ["laid_out"]

TEMPLATE = Path(__file__).with_name("page.html")


class Page(pn.Template):
    """The page's template. Panel writes it out whenever something is added to it, a quarter of the
    time that a page takes; nobody reads that."""

    def __repr__(self) -> str:
        return type(self).__name__


def laid_out(parts: Mapping[str, Any], language: Language) -> Any:
    """Return the page with its parts, by their names in page.html."""
    page = Page(TEMPLATE.read_text(encoding="utf-8"))
    page.location = True
    page.add_variable("font", font_file().name)
    for name, key in (("heading", "title"), ("levers_label", "levers"), ("output_label", "output")):
        page.add_variable(name, say(key, language))
    for name, part in parts.items():
        page.add_panel(name, part)
    return page
