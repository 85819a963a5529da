"""`conf/calibrate.yaml` as values."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Gt

from zhuanxing.config import (
    Count,
    Driver,
    File,
    InLanguage,
    ScenarioName,
    Seed,
    Several,
    Text,
    Year,
    checked,
)

__all__ = ["CalibrateSettings", "CityParameter", "Quality", "Surprise", "Target"]

# Years from a census to the next.
DECADE = 10


@checked
class CityParameter:
    """An initial value whose departures u of the cities are `spread` x z with standard normal z.

    `link` says what u does: `log` multiplies by exp(u), `shares` multiplies the part of each group
    of the second dimension by exp(u) and makes them add up again; `groups` is then the constant
    that is one where an element belongs to a group. Values that were carried from another year,
    or estimated from the archetype, depart `carried` and `estimated` times as far as observed ones.
    """

    name: str
    link: Literal["log", "shares"]
    spread: float
    groups: str | None = None
    carried: float = 1.0
    estimated: float = 1.0


@checked
class Target:
    """What a statistic is compared with.

    `how`: `change` (percent on last year), `share` (percent of `over`) or `level` (100 x logarithm
    of `scale` x the variable). `way` is what a year makes of the variable, `element` one of its
    second dimension. `error` is the observation error of a good source and `bias` the size of a
    lasting difference between statistic and model that each city has, both in points: the same in
    all years, or that of ten years after the count of the year `since`, from whose end it grows
    evenly, as estimates between two censuses stray; `tails` are
    degrees of freedom of the errors where these are heavier than those of the sources. `basis`
    names the bases of the statistics that count, else those of the settings.
    """

    observed: str
    variable: str
    how: Literal["change", "share", "level"]
    error: float
    way: Literal["sum", "mean", "end"] = "sum"
    element: str | None = None
    over: str | None = None
    scale: float = 1.0
    bias: float = 0.0
    since: int | None = None
    tails: float | None = None
    basis: tuple[str, ...] = ()

    def bias_in(self, year: int) -> float:
        """Return the size of the lasting difference in a year."""
        return self.bias if self.since is None else self.bias * (year - self.since) / DECADE

    @property
    def label(self) -> str:
        """The statistic, with its basis where that is not the usual one."""
        return f"{self.observed} ({', '.join(self.basis)})" if self.basis else self.observed


@checked
class Surprise:
    """A driver whose growth in years to come may be otherwise than forecast, by as much as growth
    changed from year to year before: its own, or that of all its elements alike as `variable` of
    the `region` in provinces.csv tells.
    """

    driver: Driver
    region: str | None = None
    variable: str | None = None


@checked
class Quality:
    """A class of sources: `error` times the error of a good one, `tails` degrees of freedom."""

    quality: str
    error: float
    tails: float


@checked
class CalibrateSettings(InLanguage):
    """Fit parameters, initial values and yearly disturbances to observations, as a named set.

    用统计数据估计参数、初值与逐年扰动，存为参数集，供 'zhuanxing run calibration=<name>' 使用。
    """

    name: Text
    """Name of the set; `zhuanxing run calibration=<name>` uses it.
    参数集的名称。"""
    method: Literal["map", "laplace"]
    """map: the most probable values; laplace: with draws.
    map 最可能值；laplace 另给抽样。"""
    last_year: Year
    """Last year whose observations are used.
    所用统计数据的末年。"""
    data: File | None
    """A CSV file of own statistics that lie over the tables.
    自有统计数据的 CSV 文件，覆盖数据表。"""
    scenario: ScenarioName
    """Scenario under which the past is run.
    拟合时所用情景。"""
    seed: Seed
    """Seed of the draws.
    随机种子。"""
    draws: Count
    """Draws that are stored for ensembles.
    存储的抽样数。"""
    rounds: Count
    """Rounds of fitting and of estimating the sizes of disturbances.
    拟合与扰动幅度估计的轮数。"""
    iterations: Count
    """Most steps of the optimiser in each round.
    每轮优化的最多步数。"""
    tails: Annotated[float, Gt(2)]
    """Degrees of freedom of the news that disturb a city in a year.
    年度扰动分布的自由度。"""
    lumpy: Several[Text]
    """Disturbances that come in lumps: none in most years, large in a few.
    多数年份为零、少数年份很大的扰动。"""
    lumps: Annotated[float, Gt(1)]
    """Degrees of freedom of their news.
    其分布的自由度。"""
    recorded: Several[Text]
    """Disturbances of what a run takes from a record: their tabled sizes stay.
    运行时取自记录的量的扰动，其幅度取表中数值。"""
    basis: tuple[str, ...]
    """Bases on which levels are compared.
    可比较水平值的统计口径。"""
    parameters: Several[Text]
    """Parameters to fit, by name or pattern.
    待校准参数，可用通配符。"""
    cities: tuple[CityParameter, ...]
    """Initial values to fit by city.
    分城市初值。"""
    targets: tuple[Target, ...]
    """What is compared with the observations.
    与统计数据比较的变量。"""
    quality: tuple[Quality, ...]
    """Classes of sources.
    数据来源的质量等级。"""
    surprises: tuple[Surprise, ...]
    """Drivers that may turn out otherwise than forecast.
    可能偏离预测的外部条件。"""
