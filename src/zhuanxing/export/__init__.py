"""The assembled model as files for other programs: Vensim with a sketch, and XMILE."""

from __future__ import annotations

import re
from pathlib import Path

from zhuanxing.export.content import read_content
from zhuanxing.export.layout import place
from zhuanxing.export.settings import with_constants
from zhuanxing.export.sketch import sketch
from zhuanxing.export.views import make_views
from zhuanxing.export.xmile import xmile
from zhuanxing.inputs import Scenario
from zhuanxing.model import Model
from zhuanxing.storage.atomic import require_writable, written_whole

__all__ = ["export"]


def export(model: Model, scenario: Scenario, folder: Path) -> tuple[Path, Path]:
    """Write the model under a scenario to `folder`; return the paths of the .mdl and the .xmile.

    Both hold all data and the scenario's settings as constants, and are named after the
    scenario. Each appears whole or not at all. Raises ZhuanxingError if the folder cannot be
    written, or the equations cannot be said in XMILE.
    """
    targets = folder / f"{scenario.name}.mdl", folder / f"{scenario.name}.xmile"
    for target in targets:
        require_writable(target)
    text = _in_rows(with_constants(model.source.equations.text(), model.inputs(scenario)))
    content = read_content(text, targets[0].name)
    views = make_views(content, model.places.model / "sectors")
    drawings = [(view, place(view)) for view in views]
    documents = text + sketch(drawings), xmile(content, scenario.name, drawings)
    for target, document in zip(targets, documents, strict=True):
        with written_whole(target) as temporary:
            temporary.write_text(document, encoding="utf-8", newline="\n")
    return targets


def _in_rows(text: str) -> str:
    """Give every row of an array a line of its own: whole arrays are too long to read."""
    return re.sub(r";(?=-?\d)", ";\n\t", text)
