"""Settings as frozen values: every key known, every number of its type and within its bounds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, cast, dataclass_transform, get_type_hints

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass
from pydantic_core import ErrorDetails
from yaml import YAMLError

from zhuanxing.config.fields import UNKNOWN_NAME
from zhuanxing.errors import Sentence, ZhuanxingError, alike, unknown
from zhuanxing.storage.yaml_files import load_yaml

__all__ = ["as_mapping", "checked", "read_settings", "validated"]

T = TypeVar("T")
STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True)
EXPECTED = {
    "int_type": "a whole number",
    "float_type": "a number",
    "string_type": "a text",
    "bool_type": "true or false",
    "tuple_type": "a list in [ ]",
    "finite_number": "a finite number",
    **dict.fromkeys(
        ("dict_type", "mapping_type", "dataclass_type", "dataclass_exact_type"),
        "a table of keys and values",
    ),
}
BOUNDS = {
    "greater_than_equal": ("ge", "{bound} at least"),
    "greater_than": ("gt", "more than {bound}"),
    "less_than_equal": ("le", "{bound} at most"),
    "less_than": ("lt", "less than {bound}"),
}
# Letters of a wrong value that a message repeats.
LONGEST_SHOWN = 60


@dataclass_transform(frozen_default=True, kw_only_default=True)
def checked(kind: type[T]) -> type[T]:
    """Make a class of annotated fields a frozen dataclass whose values are checked.

    A text is not a number, a number is not a truth value, and no other keys are taken. The
    docstring of the class and those of its fields are the help of the command, in English and, on
    lines of their own, in Chinese; fields that it inherits keep theirs. Bounds stand in the
    annotation: Annotated[int, Ge(1)].
    """

    def from_mappings(cls: type[Any], source: Any, handler: Any) -> Any:
        schema = handler(source)
        for part in _parts(schema):
            if part.get("type") in ("dataclass", "tuple"):
                part["strict"] = False
        return schema

    # YAML has mappings and lists where the values are dataclasses and tuples.
    kind.__get_pydantic_core_schema__ = classmethod(from_mappings)  # type: ignore[attr-defined]
    # Names mean what they do where the class is written, also in one that inherits from it.
    hints = get_type_hints(kind, include_extras=True)
    kind.__annotations__ = {name: hints[name] for name in kind.__annotations__}
    bases = [base for base in kind.__mro__[1:] if hasattr(base, "__pydantic_fields__")]
    made: Any = dataclass(frozen=True, kw_only=bool(bases), config=STRICT)(kind)
    for base in bases:
        for name, field in base.__pydantic_fields__.items():
            entry = made.__pydantic_fields__[name]
            entry.description = entry.description or field.description
    return cast("type[T]", made)


def _parts(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for value in schema.values():
            yield from _parts(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _parts(value)


def validated(kind: type[T], raw: Any, where: str, names: Any = None) -> T:
    """Return a value of `kind`, which `checked` has made, from nested mappings and lists.

    `names` are the ModelNames that fields of `zhuanxing.config.fields` look names up in. Raises
    ZhuanxingError, in one sentence that begins with `where`, for a key that is not known or
    missing, a value of another type, and one out of its bounds.
    """
    try:
        return cast(T, _adapter(cast(Any, kind)).validate_python(raw, context=names))
    except ValidationError as error:
        # The deepest is of the branch of a union that was meant.
        found = error.errors(include_url=False)
        deepest = max(found, key=lambda each: len(_walked(kind, each["loc"])[0]))
        raise _refusal(deepest, kind, where) from error


def read_settings(kind: type[T], path: Path, words: Sequence[str] = ()) -> T:
    """Return the settings of a file without a defaults list, with the `key=value` words put in.

    For a script, or a command that needs the settings of another. Raises ZhuanxingError as
    `validated`, and for a file that cannot be read.
    """
    load_yaml(path, str(path))  # refuses what would hang OmegaConf
    try:
        merged = OmegaConf.merge(OmegaConf.load(path), OmegaConf.from_dotlist(list(words)))
        raw = OmegaConf.to_container(merged, resolve=True)
    except (OSError, YAMLError, OmegaConfBaseException) as error:
        first = str(error).splitlines()[0]
        raise ZhuanxingError(f"{path}: the settings cannot be read ({first})") from error
    return validated(kind, raw, path.name)


@lru_cache(maxsize=64)
def _adapter(kind: Any) -> Any:
    return TypeAdapter(kind)


def _refusal(error: ErrorDetails, kind: type[Any], where: str) -> ZhuanxingError:
    path, known = _walked(kind, error["loc"])
    what, last = error["type"], error["loc"][-1]
    place = _place(where, path)
    if what == UNKNOWN_NAME:
        holder = path[:-1] if isinstance(path[-1], int) or last == "[key]" else path
        sentence = error["ctx"]["refusal"].args[0]
        return ZhuanxingError(
            sentence.template, **{**sentence.fields, "where": _place(where, holder)}
        )
    if what in ("unexpected_keyword_argument", "extra_forbidden"):
        near, where = alike(str(last), known), place or "the settings"
        return unknown("setting", last, near, where, known=known)
    if what == "missing":
        place = _place(where, path[:-1]) or "the settings"
        return ZhuanxingError("{where}: the setting '{name}' is missing", where=place, name=last)
    near = _nearest_choice(error)
    sentence = "{where} is {value}, but {expected} is expected"
    if near:
        sentence = "{where} is {value}, but {expected} is expected; did you mean {near}?"
    value, expected = _shown(error.get("input")), _expected(error)
    return ZhuanxingError(sentence, where=place, value=value, expected=expected, near=near)


def _nearest_choice(error: ErrorDetails) -> str:
    """Return that of the closed choices which may be meant."""
    if error["type"] != "literal_error" or not isinstance(error["input"], str):
        return ""
    choices = re.findall("'([^']*)'", str(error["ctx"]["expected"]))
    return alike(error["input"], choices)


def _walked(kind: type[Any], location: tuple[int | str, ...]) -> tuple[list[int | str], list[str]]:
    """Return the keys of a place without the branches of unions, and the keys there are below."""
    from zhuanxing.config.keys import below, classes_of, is_union, keys_of

    path: list[int | str] = []
    found: Any = kind
    branch = False
    for part in location:
        # The first part below a union names the branch.
        branch = not branch and is_union(found)
        following = None if branch else below(found, part)
        if following is not None:
            path.append(part)
            found = following
    return path, [name for each in classes_of(found) for name in keys_of(each)]


def _expected(error: ErrorDetails) -> str:
    what, context = error["type"], error.get("ctx", {})
    if what == "literal_error":
        many, _, last = str(context["expected"]).replace("'", "").rpartition(" or ")
        return Sentence("{many} or {last}", many=many, last=last) if many else last
    if what in BOUNDS:
        key, words = BOUNDS[what]
        return Sentence(words, bound=context[key])
    if what == "too_short":
        return Sentence("a list of {bound} at least", bound=context["min_length"])
    if what == "value_error":
        (said,) = context["error"].args
        found: str = said
        return found
    return EXPECTED.get(what, error["msg"])


def _shown(value: Any) -> str:
    return "empty" if value is None or value == "" else f"'{str(value)[:LONGEST_SHOWN]}'"


def _place(where: str, path: list[int | str]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return ": ".join(filter(None, (where, text.removeprefix("."))))


def as_mapping(value: Any) -> Any:
    """Return settings as plain mappings and lists, as YAML would have them."""
    if hasattr(value, "__dataclass_fields__"):
        return {field.name: as_mapping(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): as_mapping(entry) for key, entry in value.items()}
    if isinstance(value, tuple | list):
        return [as_mapping(entry) for entry in value]
    return value
