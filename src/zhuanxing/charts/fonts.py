"""The typeface of every chart: found in an installed package, and checked glyph by glyph.

A chart never leans on a font of the operating system, so that it looks the same everywhere and a
Chinese label can never come out as an empty box. Matplotlib is imported where it draws: the page
takes the file alone.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from zhuanxing.errors import ZhuanxingError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["DISTRIBUTION", "check_glyphs", "font_family", "font_file"]

DISTRIBUTION = "pylopdf-fonts-zh-cn"
_PACKAGE = "pylopdf_fonts_zh_cn"
_FILE = "NotoSansSC-Regular.otf"


def font_file() -> Path:
    """Return the path of the font file; raise ZhuanxingError when its package is not installed."""
    spec = find_spec(_PACKAGE)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / _FILE
        if path.is_file():
            return path
    raise ZhuanxingError(
        f"The chart font {_FILE} is not installed: expected it in the Python package "
        f"{DISTRIBUTION}; install that with `pip install {DISTRIBUTION}`."
    )


@lru_cache(maxsize=1)
def font_family() -> str:
    """Make the font known to matplotlib (once) and return its family name."""
    from matplotlib import font_manager

    path = str(font_file())
    font_manager.fontManager.addfont(path)
    return font_manager.FontProperties(fname=path).get_name()


@lru_cache(maxsize=1)
def _covered() -> frozenset[int]:
    from matplotlib import font_manager

    return frozenset(font_manager.get_font(str(font_file())).get_charmap())


def check_glyphs(figure: Figure) -> None:
    """Raise ZhuanxingError when a text of `figure` needs a character that the font lacks."""
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        words = text.get_text()
        missing = sorted({c for c in words if not c.isspace() and ord(c) not in _covered()})
        if missing:
            raise ZhuanxingError(
                f"The chart text {words!r} needs characters that the font {_FILE} lacks: "
                f"expected other characters in place of {', '.join(map(repr, missing))}."
            )
