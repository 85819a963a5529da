"""A file of conf/ with the `key=value` words of the command line laid over it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from zhuanxing.errors import ZhuanxingError
from zhuanxing.inputs.names import require_known
from zhuanxing.settings import build

__all__ = ["overlaid", "read_settings", "show_help"]

T = TypeVar("T")


def show_help(argv: Sequence[str], path: Path, text: str) -> bool:
    """Print `text` and the settings of `path` if help is asked for; tell whether it was."""
    if not {"-h", "--help"} & set(argv):
        return False
    print(f"{text}\n\n{path.read_text(encoding='utf-8')}", end="")
    return True


def read_settings(kind: type[T], path: Path, argv: Sequence[str]) -> T:
    """Return the settings of `path` as a value of `kind`, with the words of `argv` put in.

    Raises ZhuanxingError for a word that is no key=value, an unknown key or a wrong type.
    """
    return build(kind, overlaid(path, argv), path.name)


def overlaid(path: Path, argv: Sequence[str]) -> Any:
    """Return the settings of `path` as plain values, with the words of `argv` put in.

    Raises ZhuanxingError for a word that is no key=value, an unknown key or an unreadable file.
    """
    try:
        config: Any = OmegaConf.load(path)
        for argument in argv:
            _put(config, argument, path.name)
        return OmegaConf.to_container(config, resolve=True)
    except (OSError, YAMLError, OmegaConfBaseException) as error:
        first = str(error).splitlines()[0]
        raise ZhuanxingError(f"{path}: the settings cannot be read ({first})") from error


def _put(config: Any, argument: str, where: str) -> None:
    key, separator, _ = argument.partition("=")
    if not separator:
        raise ZhuanxingError(f"'{argument}' is no setting; write key=value")
    node = config
    for part in key.split("."):
        known = [str(name) for name in node] if OmegaConf.is_dict(node) else []
        require_known("setting", part, known, where)
        node = node[part]
    config.merge_with_dotlist([argument])
