"""Read a model's text, and keep the parsed model on disk for the next start."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from zhuanxing.engine.cache import entry, unpickled
from zhuanxing.engine.reading import syntax_tree
from zhuanxing.engine.reading.spreadsheets import Files
from zhuanxing.engine.running.failures import TranslationError

__all__ = ["Parts", "parse", "parts_of"]

# Raise when what is read changes: a cached tree of another shape is not read.
TREE_VERSION = 33
VENSIM = (".mdl",)
XMILE = (".xmile", ".xml", ".stmx")


@dataclass(frozen=True)
class Parts:
    """The other files of a model: texts by path from its folder, and what they name each other.

    `links` gives the paths that a resource stands for in a file; the model itself is ''.
    """

    texts: dict[str, str] = field(default_factory=dict)
    links: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    @property
    def signature(self) -> str:
        """All that the parts are, as one text."""
        return repr((self.texts, self.links)) if self.texts else ""


def parts_of(text: str, origin: str, suffix: str, data_root: Path | None = None) -> Parts:
    """Return the other files that an XMILE model consists of, below `data_root`.

    Raises TranslationError for one that cannot be read.
    """
    if suffix.lower() not in XMILE or "resource" not in text:
        return Parts()
    from zhuanxing.engine.reading.xmile_parts import other_files

    return other_files(text, origin, Files(Path(origin).parent, data_root))


def parse(
    text: str,
    origin: str,
    suffix: str,
    data_root: Path | None = None,
    parts: Parts | None = None,
) -> syntax_tree.ParsedModel:
    """Return the parsed model, from the cache when the same text was parsed before.

    Spreadsheets that the text names lie beside it, below `data_root` (by default its own folder).
    Raises TranslationError if the text is not a model that can be read.
    """
    files = Files(Path(origin).parent, data_root)
    # Ranges in spreadsheets may change while the text does not.
    if re.search(r"GET[ _](XLS|DIRECT)[ _]SUBSCRIPT", text, re.IGNORECASE):
        return _parse(text, origin, suffix, files, Parts())
    parts = parts or Parts()
    signature = f"{TREE_VERSION}|{suffix}|{origin}|{text}{parts.signature}"
    return unpickled(entry("parsed", signature), lambda: _parse(text, origin, suffix, files, parts))


def _parse(
    text: str, origin: str, suffix: str, files: Files, parts: Parts
) -> syntax_tree.ParsedModel:
    # Imported here: neither reader is needed where the parsed model is kept.
    if suffix.lower() in VENSIM:
        from zhuanxing.engine.reading.vensim import read_vensim

        return read_vensim(text, origin, files)
    if suffix.lower() in XMILE:
        from zhuanxing.engine.reading.xmile import read_xmile

        return read_xmile(text, origin, parts)
    raise TranslationError(
        f"{origin} ends in {suffix!r}, but a model file ends in .mdl, .xmile, .xml or .stmx."
    )
