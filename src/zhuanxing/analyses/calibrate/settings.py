"""``conf/calibrate.yaml`` as values."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Ge

from zhuanxing.config import Count, File, Language, Scenario, Seed, Several, Text, Year, checked

__all__ = [
    "CalibrateSettings",
    "CityParameter",
    "NutsSettings",
    "Quality",
    "Target",
]


@checked
class CityParameter:
    """A constant by city whose values are drawn around those of the city's archetype.

    The departure u of a city is `archetype` x z + `city` x z' with standard normal z and z'.
    `link` says what u does: `range` moves the value inside its low-high range (u in halves of the
    range), `log` multiplies it by exp(u), `shares` multiplies the part of each group of the second
    dimension by exp(u) and makes them add up again; `groups` is then the constant that is one
    where an element belongs to a group. Initial values that were carried from another year, or
    estimated from the archetype, depart `carried` and `estimated` times as far as observed ones.
    """

    name: str
    link: Literal["range", "log", "shares"]
    archetype: float
    city: float
    groups: str | None = None
    carried: float = 1.0
    estimated: float = 1.0


@checked
class Target:
    """What a statistic is compared with.

    `how`: `change` (percent on last year), `mean_change` (percent a year over the years that the
    statistic's name ends in), `share` (percent of `over`) or `level` (100 x logarithm).
    `way` is sum or end, within the year; `over` divides. `error` is the observation error of a
    good source and `structural` the first guess of the model's own error, both in points.
    """

    observed: str
    variable: str
    how: Literal["change", "mean_change", "share", "level"]
    error: float
    structural: float
    way: Literal["sum", "end"] = "sum"
    element: str | None = None
    over: str | None = None


@checked
class Quality:
    """A class of sources: `error` times the error of a good one, `tails` degrees of freedom."""

    quality: str
    error: float
    tails: float


@checked
class NutsSettings:
    """The full posterior: of the parameters of the cities of `archetype`; null is all."""

    archetype: str | None
    # Two chains are compared, and their halves with one another.
    chains: Annotated[int, Ge(2)]
    warmup: Count
    samples: Annotated[int, Ge(4)]


@checked
class CalibrateSettings:
    """Fit parameters to observations and store them as a named set.

    用统计数据校准参数，存为参数集，供 'zhuanxing run calibration=<name>' 使用。
    """

    name: Text
    """Name of the set; `zhuanxing run calibration=<name>` uses it.

    参数集的名称。"""
    method: Literal["map", "laplace", "nuts"]
    """map: the most probable values; laplace: with draws; nuts: the full posterior.

    map 最可能值；laplace 另给抽样；nuts 完整后验。"""
    last_year: Year
    """Last year whose observations are used.

    所用统计数据的末年。"""
    data: File | None
    """A CSV file of own statistics that lie over the tables.

    自有统计数据的 CSV 文件，覆盖数据表。"""
    scenario: Scenario
    """Scenario under which the past is run.

    拟合时所用情景。"""
    seed: Seed
    """Seed of the draws.

    随机种子。"""
    draws: Count
    """Draws that are stored for ensembles.

    存储的抽样数。"""
    rounds: Count
    """Rounds of fitting and of estimating errors.

    拟合与误差估计的轮数。"""
    iterations: Count
    """Iterations of the optimiser in each round.

    每轮优化的迭代次数。"""
    basis: tuple[str, ...]
    """Bases on which levels are compared.

    可比较水平值的统计口径。"""
    parameters: Several[Text]
    """Parameters to fit, by name or pattern.

    待校准参数，可用通配符。"""
    cities: tuple[CityParameter, ...]
    """Parameters by city.

    分城市参数。"""
    targets: tuple[Target, ...]
    """What is compared with the observations.

    与统计数据比较的变量。"""
    quality: tuple[Quality, ...]
    """Classes of sources.

    数据来源的质量等级。"""
    nuts: NutsSettings
    """Sampling of the full posterior.

    完整后验的抽样。"""
    language: Language | None = None
    """Language of the tables.

    表格语言。"""
