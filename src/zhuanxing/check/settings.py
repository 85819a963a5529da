"""``conf/check.yaml`` as values: every key known, every number of its type."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from zhuanxing.check.expectation import Expectation
from zhuanxing.check.extremes import Extreme, InputChange
from zhuanxing.check.history import Comparison
from zhuanxing.check.reality import Bounds, GainRatio, Worse
from zhuanxing.errors import ZhuanxingError, nearest

__all__ = ["CheckSettings", "Expectation", "build"]

T = TypeVar("T")


@dataclass(frozen=True)
class UnitSettings:
    """Names of the units that the model may use."""

    tokens: tuple[str, ...]


@dataclass(frozen=True)
class LawSettings:
    """Scenarios in which laws and limits are judged, and to which relative accuracy."""

    tolerance: float
    scenarios: tuple[str, ...]
    physical: tuple[str, ...]


@dataclass(frozen=True)
class TimestepSettings:
    """Scenario run at the model's step and at half of it; ``tolerance`` is a fraction."""

    scenario: str
    tolerance: float


@dataclass(frozen=True)
class RuleSettings:
    """Case for a lever that is a rule: outputs that count poor years and show the status."""

    poor: str
    status: str
    inputs: tuple[InputChange, ...] = ()


@dataclass(frozen=True)
class LeverSettings:
    """Terms of the one-at-a-time lever runs; see ``levers.LeverTerms``."""

    scenario: str
    start: int
    within: int
    movement: float
    share_of_cities: float
    scarce: tuple[str, ...]
    steady: str
    steady_tolerance: float
    rule: RuleSettings


@dataclass(frozen=True)
class HistorySettings:
    """Years (inclusive) and variables compared with the statistics."""

    scenario: str
    first_year: int
    last_year: int
    compare: tuple[Comparison, ...]


@dataclass(frozen=True)
class RealitySettings:
    """Statements about scenarios."""

    bounds: tuple[Bounds, ...]
    worse: tuple[Worse, ...]
    gains: tuple[GainRatio, ...]


@dataclass(frozen=True)
class CheckSettings:
    """All of ``conf/check.yaml``."""

    only: tuple[str, ...] | None
    worst: int
    units: UnitSettings
    laws: LawSettings
    extremes: tuple[Extreme, ...]
    timestep: TimestepSettings
    levers: LeverSettings
    history: HistorySettings
    reality: RealitySettings


def build(kind: type[T], raw: Any, where: str) -> T:
    """A value of the dataclass ``kind`` from nested mappings.

    Raises ZhuanxingError for a key that ``kind`` lacks, a key that is missing, or a value of
    another type; ``where`` names the place in the message.
    """
    if not isinstance(raw, Mapping):
        raise ZhuanxingError(f"{where} is {raw!r}, expected keys and values")
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    for key in raw:
        if key not in known:
            raise ZhuanxingError(
                f"{where} has no key '{key}', did you mean '{nearest(str(key), known)}'?"
            )
    hints = get_type_hints(kind)
    values = {}
    for name, field in known.items():
        if name in raw:
            values[name] = _convert(hints[name], raw[name], f"{where}.{name}")
        elif field.default is MISSING and field.default_factory is MISSING:
            raise ZhuanxingError(f"{where} lacks the key '{name}'")
    return kind(**values)


def _convert(hint: Any, value: Any, where: str) -> Any:
    if isinstance(hint, type) and is_dataclass(hint):
        return build(hint, value, where)
    origin = get_origin(hint)
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


def _scalar(hint: type, value: Any, where: str) -> Any:
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint) or isinstance(value, bool):
        raise ZhuanxingError(f"{where} is {value!r}, expected {_SHOWN[hint]}")
    return value


_SHOWN = {float: "a number", int: "a whole number", str: "a text"}
