"""From the text of a model to a program that runs it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import jax

from zhuanxing.engine.program import Program
from zhuanxing.engine.reading.contents import content_of
from zhuanxing.engine.reading.data_files import DataFiles
from zhuanxing.engine.reading.encodings import decode
from zhuanxing.engine.reading.parser import parse, parts_of
from zhuanxing.engine.running import executable_cache
from zhuanxing.engine.running.devices import use_platforms
from zhuanxing.engine.running.scan import Kind
from zhuanxing.engine.translating.model_builder import build
from zhuanxing.errors import ZhuanxingError

__all__ = ["compile_file", "compile_text", "load_ahead"]


def compile_text(
    text: str,
    origin: str = "model",
    suffix: str = ".mdl",
    data: Sequence[Path] = (),
    data_root: Path | None = None,
) -> Program:
    """Compile a model's text.

    Parameters
    ----------
    text
        Vensim's text, or XMILE's with `suffix` .xmile.
    origin
        The file's path, for messages and data beside it.
    data
        Files that hold the series of data variables.
    data_root
        Spreadsheets and parts of the model that the text names are read below this folder only, by
        default that of `origin`.

    Raises
    ------
    TranslationError
        With variable, function, file and line.

    Examples
    --------
    >>> import zhuanxing
    >>> model = zhuanxing.compile_text('''{UTF-8}
    ... people = INTEG(people*birth rate, 100) ~ Person ~ |
    ... birth rate = 0.5 ~ 1/Year ~ |
    ... INITIAL TIME = 0 ~ Year ~ |
    ... FINAL TIME = 2 ~ Year ~ |
    ... TIME STEP = 1 ~ Year ~ |
    ... SAVEPER = 1 ~ Year ~ |
    ... ''')
    >>> model.run({"birth rate": 1.0}, {"people": "path"})["people"].tolist()
    [100.0, 200.0, 400.0]
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    _prepare()
    parts = parts_of(text, origin, suffix, data_root)
    parsed = parse(text, origin, suffix, data_root, parts)
    files = DataFiles(data)
    built = build(parsed, origin, files, data_root)
    return Program(built, parsed.method, text + parts.signature, origin, files.digest)


def load_ahead(origin: str, *kinds: Kind) -> None:
    """Begin to load what the last runs of these kinds were compiled to; `origin` is the model's.

    Each kind has a thread. The run that comes next waits for it, if it is still that.
    """
    _prepare()
    for kind in kinds:
        executable_cache.load_ahead(executable_cache.occasion_of(origin, kind))


def _prepare() -> None:
    jax.config.update("jax_enable_x64", True)
    use_platforms()


def compile_file(path: Path, data: Sequence[Path] = (), data_root: Path | None = None) -> Program:
    """Compile a model file in whatever encoding it is; arguments and errors as `compile_text`."""
    try:
        content = content_of(path)
    except OSError as failure:
        raise ZhuanxingError(f"{path} cannot be read: {failure.strerror}.") from failure
    text, _ = decode(content, str(path))
    return compile_text(text, str(path), path.suffix, data, data_root)
