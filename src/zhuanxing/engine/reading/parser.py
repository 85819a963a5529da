"""Read a model's text, and keep the parsed model on disk for the next start."""

from __future__ import annotations

import re
from pathlib import Path

from zhuanxing.engine.cache import entry, unpickled
from zhuanxing.engine.reading import syntax_tree
from zhuanxing.engine.reading.spreadsheets import Files
from zhuanxing.engine.running.failures import TranslationError

__all__ = ["parse"]

# Raise when what is read changes: a cached tree of another shape is not read.
TREE_VERSION = 20
VENSIM = (".mdl",)
XMILE = (".xmile", ".xml", ".stmx")


def parse(
    text: str, origin: str, suffix: str, data_root: Path | None = None
) -> syntax_tree.ParsedModel:
    """Return the parsed model, from the cache when the same text was parsed before.

    Spreadsheets that the text names lie beside it, below `data_root` (by default its own folder).
    Raises TranslationError if the text is not a model that can be read.
    """
    files = Files(Path(origin).parent, data_root)
    # Ranges in spreadsheets may change while the text does not.
    if re.search(r"GET[ _](XLS|DIRECT)[ _]SUBSCRIPT", text, re.IGNORECASE):
        return _parse(text, origin, suffix, files)
    signature = f"{TREE_VERSION}|{suffix}|{origin}|{text}"
    return unpickled(entry("parsed", signature), lambda: _parse(text, origin, suffix, files))


def _parse(text: str, origin: str, suffix: str, files: Files) -> syntax_tree.ParsedModel:
    # Imported here: neither reader is needed where the parsed model is kept.
    if suffix.lower() in VENSIM:
        from zhuanxing.engine.reading.vensim import read_vensim

        return read_vensim(text, origin, files)
    if suffix.lower() in XMILE:
        from zhuanxing.engine.reading.xmile import read_xmile

        return read_xmile(text, origin)
    raise TranslationError(
        f"{origin} ends in {suffix!r}, but a model file ends in .mdl, .xmile, .xml or .stmx."
    )
