"""The assembled model as files for other programs: Vensim with a sketch, and XMILE."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from zhuanxing.errors import ZhuanxingError
from zhuanxing.export.content import read_content
from zhuanxing.export.layout import place
from zhuanxing.export.sketch import sketch
from zhuanxing.export.views import make_views
from zhuanxing.export.xmile import xmile
from zhuanxing.inputs import Scenario
from zhuanxing.model import Model
from zhuanxing.storage.atomic import require_writable, written_whole

__all__ = ["Export", "export", "sectors_of"]


@dataclass(frozen=True)
class Export:
    """The files that were written, and why there is no .xmile where XMILE has no word for it."""

    mdl: Path
    xmile: Path | None
    refused: str | None = None


def export(model: Model, scenario: Scenario, folder: Path) -> Export:
    """Write the model under a scenario to `folder`, as .mdl and as .xmile.

    Both hold all data and the scenario's settings as constants, and are named after the
    scenario. Each appears whole or not at all; the .mdl appears also where the equations cannot
    be said in XMILE. Raises ZhuanxingError if the folder cannot be written.
    """
    targets = folder / f"{scenario.name}.mdl", folder / f"{scenario.name}.xmile"
    for target in targets:
        require_writable(target)
    text = _in_rows(model.source.equations.with_values(model.inputs(scenario)).text())
    content = read_content(text, targets[0].name)
    views = make_views(content, sectors_of(model))
    drawings = [(view, place(view)) for view in views]
    _write(targets[0], text + sketch(drawings))
    try:
        document = xmile(content, scenario.name, drawings)
    except ZhuanxingError as failure:
        return Export(targets[0], None, str(failure))
    _write(targets[1], document)
    return Export(*targets)


def sectors_of(model: Model) -> dict[str, str]:
    """Return the sector of each variable that a sector file defines, by key."""
    places = model.variables["where"].str.partition(".mdl:")
    inside = places[0][places[1] != ""]
    return {str(key): str(sector) for key, sector in inside.items()}


def _write(target: Path, document: str) -> None:
    with written_whole(target) as temporary:
        temporary.write_text(document, encoding="utf-8", newline="\n")


def _in_rows(text: str) -> str:
    """Give every row of an array a line of its own: whole arrays are too long to read."""
    return re.sub(r";(?=-?\d)", ";\n\t", text)
