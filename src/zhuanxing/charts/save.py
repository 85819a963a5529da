"""Writing a figure: PNG and SVG, whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from zhuanxing.charts import names, style
from zhuanxing.storage.atomic import written_whole

__all__ = ["FORMATS", "save"]

FORMATS = ("png", "svg")


def save(figure: Figure, path: Path, formats: Sequence[str] = FORMATS) -> list[Path]:
    """Write `figure` to `path` with each format's ending in place of its own; return the files.

    A file appears under its name only when it is complete. The SVG holds no date, so that the
    same chart is the same file. Raises ZhuanxingError for a format that is not in FORMATS, and if a
    file cannot be written.
    """
    chosen = [names.find(name, FORMATS, "chart format") for name in formats]
    FigureCanvasAgg(figure)
    written = []
    for ending in chosen:
        final = path.with_name(f"{path.name}.{ending}")
        with written_whole(final) as temporary, style.house_style():
            metadata = {"Date": None} if ending == "svg" else {}
            figure.savefig(temporary, format=ending, metadata=metadata)
        written.append(final)
    return written
