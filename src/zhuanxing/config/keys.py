"""The keys that settings have: walked by the command line, its help and its completion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import lru_cache
from types import UnionType
from typing import Annotated, Any, NamedTuple, Union, cast, get_args, get_origin, get_type_hints

from typing_extensions import is_typeddict

from zhuanxing.config.fields import FreeKeys, Named
from zhuanxing.data.names import ModelNames
from zhuanxing.errors import ZhuanxingError, require_known

__all__ = [
    "below", "classes_of", "in_order", "is_free", "is_union", "keys_of", "known_key", "named",
    "table_of", "type_of",
]  # fmt: skip


class Found(NamedTuple):
    """A key as the settings spell it, and the annotation of its value."""

    key: str
    kind: Any


def known_key(settings: type[Any], key: str, names: ModelNames) -> Found:
    """Return a dotted key in the spelling of `settings`, with the type of its value.

    Keys of tables, such as a lever's, may be written in any of their names. Raises
    ZhuanxingError with the nearest valid name for one that is not known.
    """
    kind: Any = settings
    path: list[str] = []
    for part in key.split("."):
        where = ".".join(path) or "command line"
        table = table_of(kind)
        if table is not None:
            marker = named(table[0])
            part = names.of(marker.kind).find(part, where) if marker else part
            path.append(part.replace(" ", "_"))
            kind = table[1]
            continue
        classes = list(classes_of(kind))
        if not classes:
            raise ZhuanxingError(
                "'{key}' is not a setting: {where} has no keys of its own", key=key, where=where
            )
        require_known("setting", part, [name for each in classes for name in keys_of(each)], where)
        path.append(part)
        kind = next(found for each in classes if (found := type_of(each, part)) is not None)
    return Found(".".join(path), kind)


def in_order(settings: type[Any]) -> list[Any]:
    """Return the fields of settings: its own first, then those that it shares with others."""
    owners = [getattr(each, "__annotations__", {}) for each in settings.__mro__]
    return sorted(
        fields(settings), key=lambda field: [field.name in owner for owner in owners].index(True)
    )


def keys_of(kind: type[Any]) -> list[str]:
    """Return the keys of a class of settings."""
    return list(_hints(cast(Any, kind)))


def type_of(kind: type[Any], name: str) -> Any:
    """Return the annotation of the field `name`, or None if there is none."""
    return _hints(cast(Any, kind)).get(name)


@lru_cache(maxsize=128)
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


def classes_of(kind: Any) -> Iterator[type[Any]]:
    """Yield the classes of settings that an annotation admits, through unions and Annotated."""
    if isinstance(kind, type) and (is_dataclass(kind) or is_typeddict(kind)):
        yield kind
    elif get_origin(kind) is not tuple and get_origin(kind) is not type:
        for part in get_args(kind):
            yield from classes_of(part)


def named(kind: Any) -> Named | None:
    """Return which names of the model an annotation admits, through unions, lists and Annotated.

    The keys of a table are not its value.
    """
    if table_of(kind) is not None:
        return None
    for part in get_args(kind):
        if isinstance(part, Named):
            return part
        found = named(part)
        if found is not None:
            return found
    return None


def is_free(kind: Any) -> bool:
    """Tell whether a setting is a list of NAME=VALUE that is written key by key."""
    return any(isinstance(part, FreeKeys) for part in get_args(kind))


def below(kind: Any, part: int | str) -> Any:
    """Return the annotation of the entry `part` of a list, a table or settings; None if no such."""
    if isinstance(part, int):
        return _item(kind)
    table = table_of(kind)
    if table is not None:
        return table[1]
    return next((found for each in classes_of(kind) if (found := type_of(each, part))), None)


def is_union(kind: Any) -> bool:
    """Tell whether an annotation admits values of several kinds, beside none at all."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) not in (Union, UnionType):
        return False
    return len(set(get_args(kind)) - {type(None)}) > 1


def _item(kind: Any) -> Any:
    """Return the annotation of the entries of a tuple, through unions and Annotated."""
    if get_origin(kind) is tuple:
        return get_args(kind)[0]
    return next((found for part in get_args(kind) if (found := _item(part)) is not None), None)


def table_of(kind: Any) -> tuple[Any, Any] | None:
    """Return the types of key and value of a mapping, through unions and Annotated, or None."""
    origin = get_origin(kind)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        key, value = get_args(kind)
        return key, value
    if origin is tuple:
        return None
    return next((found for part in get_args(kind) if (found := table_of(part)) is not None), None)
