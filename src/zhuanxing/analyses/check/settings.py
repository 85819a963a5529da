"""``conf/check.yaml`` as values."""

from __future__ import annotations

from dataclasses import dataclass

from zhuanxing.analyses.check.expectation import Expectation
from zhuanxing.analyses.check.extremes import Extreme, InputChange
from zhuanxing.analyses.check.history import Comparison
from zhuanxing.analyses.check.reality import Bounds, GainRatio, Worse
from zhuanxing.analyses.check.shocks import Shock

__all__ = ["CheckSettings", "Expectation"]


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
    shocks: tuple[Shock, ...]
    timestep: TimestepSettings
    levers: LeverSettings
    history: HistorySettings
    reality: RealitySettings
