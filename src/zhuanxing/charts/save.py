"""Writing a figure: PNG, SVG and PDF, whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from zhuanxing.charts import style
from zhuanxing.results import names
from zhuanxing.results.words import LANGUAGES, Language
from zhuanxing.storage.atomic import written_whole

__all__ = ["FORMATS", "remove_outdated", "save"]

FORMATS = ("png", "svg", "pdf")
# What no file may hold, so that the same chart is the same file.
_UNDATED = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}


def save(figure: Figure, path: Path, formats: Sequence[str] = FORMATS) -> list[Path]:
    """Write `figure` to `path` with each format's ending in place of its own; return the files.

    A file appears under its name only when it is complete, and holds no date. Raises
    ZhuanxingError for a format that is not in FORMATS, and if a file cannot be written.
    """
    chosen = [names.find(name, FORMATS, "chart format") for name in formats]
    FigureCanvasAgg(figure)
    written = []
    for ending in chosen:
        final = path.with_name(f"{path.name}.{ending}")
        with written_whole(final) as temporary, style.house_style():
            figure.savefig(temporary, format=ending, metadata=_UNDATED.get(ending, {}))
        written.append(final)
    return written


def remove_outdated(folder: Path, name: str, drawn: Sequence[Language]) -> None:
    """Remove the chart `name` from the folders of the languages that are not drawn now.

    A picture of another day and setting would else lie beside the new one as its translation.
    """
    for language in LANGUAGES:
        for ending in FORMATS if language not in drawn else ():
            (folder / language / f"{name}.{ending}").unlink(missing_ok=True)
