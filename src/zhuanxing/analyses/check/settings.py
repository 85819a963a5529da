"""`conf/check.yaml` as values."""

from __future__ import annotations

from zhuanxing.analyses.check.expectation import Expectation
from zhuanxing.analyses.check.extremes import Extreme, InputChange
from zhuanxing.analyses.check.history import Comparison
from zhuanxing.analyses.check.loops import LoopSettings
from zhuanxing.analyses.check.products import ProductSettings
from zhuanxing.analyses.check.reality import Bounds, GainRatio, Worse
from zhuanxing.analyses.check.shocks import Shock
from zhuanxing.config import Count, Device, InLanguage, ScenarioName, Several, Text, checked

__all__ = ["CheckSettings", "Expectation"]


@checked
class UnitSettings:
    """Names of the units that the model may use."""

    tokens: tuple[str, ...]


@checked
class LawSettings:
    """Scenarios in which laws and limits are judged, and to which relative accuracy."""

    tolerance: float
    scenarios: tuple[ScenarioName, ...]
    physical: tuple[str, ...]


@checked
class TimestepSettings:
    """Scenario run at the model's step and at half of it; `tolerance` is a fraction."""

    scenario: ScenarioName
    tolerance: float


@checked
class RuleSettings:
    """Case for a lever that is a rule: outputs that count poor years and show the status."""

    poor: str
    status: str
    inputs: tuple[InputChange, ...] = ()


@checked
class LeverSettings:
    """Terms of the one-at-a-time lever runs; see `levers.LeverTerms`."""

    scenario: ScenarioName
    start: int
    within: int
    movement: float
    share_of_cities: float
    scarce: tuple[str, ...]
    steady: str
    steady_tolerance: float
    rule: RuleSettings
    distinct: float
    accounts: tuple[str, ...]
    gain: str
    money: str
    dose: str


@checked
class HistorySettings:
    """Years (inclusive) and variables compared with the statistics."""

    scenario: ScenarioName
    first_year: int
    last_year: int
    compare: tuple[Comparison, ...]


@checked
class EvaluationSettings:
    """Concordance of the score with published grades, and how often the status is lost."""

    history: ScenarioName
    concordance: float
    plan: ScenarioName
    draws: Count
    seed: int
    first_year: int
    loss: tuple[float, float]


@checked
class RealitySettings:
    """Statements about scenarios."""

    bounds: tuple[Bounds, ...]
    worse: tuple[Worse, ...]
    gains: tuple[GainRatio, ...]


@checked
class CheckSettings(InLanguage):
    """Check the model: units, laws, extremes, time step, levers, history, reality.

    检验模型：量纲、守恒律、极端条件、步长、举措、历史、现实。退出码 0 全部通过，1 有未过项。
    """

    only: Several[Text] | None
    """Checks to run; null is all.
    要做的检验，null 为全部。"""
    worst: Count
    """Offenders listed for a check that fails, worst first.
    未过项列出的最差者个数。"""
    device: Device
    """Where runs are computed that are made many at a time: cpu, gpu or auto.
    批量运行所用设备：cpu、gpu 或 auto。"""
    units: UnitSettings
    laws: LawSettings
    extremes: tuple[Extreme, ...]
    """Extreme conditions.
    极端条件。"""
    shocks: tuple[Shock, ...]
    loops: LoopSettings
    timestep: TimestepSettings
    levers: LeverSettings
    evaluation: EvaluationSettings
    history: HistorySettings
    products: ProductSettings
    reality: RealitySettings
