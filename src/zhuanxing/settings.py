"""Settings as values: every key known, every number of its type and not too small."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from zhuanxing.errors import ZhuanxingError, nearest

__all__ = ["AtLeast", "build"]

T = TypeVar("T")
SHOWN = {float: "a number", int: "a whole number", str: "a text"}


@dataclass(frozen=True)
class AtLeast:
    """Annotates a number that must not be smaller than `least`, or a list not shorter."""

    least: int


def build(kind: type[T], raw: Any, where: str) -> T:
    """Return a value of the dataclass `kind` from nested mappings.

    Raises ZhuanxingError for a key that `kind` lacks, a key that is missing, a value of another
    type, or one that is too small; `where` names the place in the message.
    """
    if not isinstance(raw, Mapping):
        raise ZhuanxingError(f"{where} is {raw!r}, expected keys and values")
    known = {entry.name: entry for entry in fields(kind)}  # type: ignore[arg-type]
    for key in raw:
        if key not in known:
            raise ZhuanxingError(
                f"{where} has no key '{key}', did you mean '{nearest(str(key), known)}'?"
            )
    hints = get_type_hints(kind, include_extras=True)
    values = {}
    for name, entry in known.items():
        if name in raw:
            values[name] = _convert(hints[name], raw[name], f"{where}.{name}")
        elif entry.default is MISSING and entry.default_factory is MISSING:
            raise ZhuanxingError(f"{where} lacks the key '{name}'")
    return kind(**values)


def _convert(hint: Any, value: Any, where: str) -> Any:
    if isinstance(hint, type) and is_dataclass(hint):
        return build(hint, value, where)
    origin = get_origin(hint)
    if origin is Annotated:
        inner, limit = get_args(hint)
        return _not_small(_convert(inner, value, where), limit.least, where)
    if origin is Literal:
        if value not in get_args(hint):
            choices = " or ".join(get_args(hint))
            raise ZhuanxingError(f"{where} is {value!r}, expected {choices}")
        return value
    if origin in (Union, types.UnionType):
        inner = next(arg for arg in get_args(hint) if arg is not type(None))
        return None if value is None else _convert(inner, value, where)
    if origin is tuple:
        if not isinstance(value, list):
            raise ZhuanxingError(f"{where} is {value!r}, expected a list in [ ]")
        item = get_args(hint)[0]
        return tuple(_convert(item, entry, f"{where}[{i}]") for i, entry in enumerate(value))
    if origin is dict:
        return {str(key): str(entry) for key, entry in dict(value).items()}
    return _scalar(hint, value, where)


def _not_small(value: Any, least: int, where: str) -> Any:
    if isinstance(value, tuple) and len(value) < least:
        raise ZhuanxingError(f"{where} has {len(value)} entries, expected {least} at least")
    if not isinstance(value, tuple) and value < least:
        raise ZhuanxingError(f"{where} is {value}, expected {least} at least")
    return value


def _scalar(hint: type, value: Any, where: str) -> Any:
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint) or isinstance(value, bool):
        raise ZhuanxingError(f"{where} is {value!r}, expected {SHOWN[hint]}")
    return value
