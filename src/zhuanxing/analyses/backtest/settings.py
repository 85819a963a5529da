"""``conf/backtest.yaml`` as values."""

from __future__ import annotations

from typing import Annotated

from annotated_types import Ge, MinLen

from zhuanxing.config import Driver, File, Language, Seed, Several, Year, checked

__all__ = ["BacktestSettings", "Outside", "Pool"]


@checked
class Pool:
    """Statistics that are judged together, with the name of the pool in both languages."""

    name: str
    name_zh: str
    name_en: str
    observed: tuple[str, ...]


@checked
class Outside:
    """Where national and provincial growth and shares stand: drivers, and provincial statistics."""

    national: str
    weights: str
    provincial: str
    nation: str
    growth: str
    shares: dict[str, str]


@checked
class BacktestSettings:
    """Fit on the years to fit_year, forecast the next ones, and compare with naive forecasts.

    用截至 fit_year 的数据校准，预测其后年份，并与简单预测比较。
    """

    fit_year: Year
    """Last year that is known to the fit.

    校准所知的末年。"""
    test_years: Annotated[Several[Year], MinLen(1)]
    """Years that are forecast and compared with observations.

    预测并检验的年份。"""
    project_from: Year
    """Last year that is known to the projection.

    推算所知的末年。"""
    project_years: Several[Year]
    """Years that no observation covers yet; [] skips them.

    尚无统计数据的推算年份，[] 为不推算。"""
    samples: Annotated[int, Ge(100)]
    """Samples of each forecast: the tails of 95 % intervals rest on a few of them.

    每个预测的样本数。"""
    seed: Seed
    """Seed of the samples.

    随机种子。"""
    variables: tuple[Pool, ...]
    """Observations that are judged together.

    合并评价的指标。"""
    outside: Outside
    """What naive forecasts of growth know.

    简单预测所知的信息。"""
    surprises: tuple[Driver, ...]
    """Drivers that may turn out otherwise than forecast.

    可能偏离预测的外部条件。"""
    output: File
    """Folder of scores and charts.

    结果文件夹。"""
    language: Several[Language] | None = None
    """Language of the tables, and of the charts.

    表格和图的语言。"""
