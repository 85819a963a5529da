"""`conf/backtest.yaml` as values."""

from __future__ import annotations

from typing import Annotated

from annotated_types import Ge, MinLen

from zhuanxing.config import Count, File, InLanguages, Seed, Several, Year, checked

__all__ = ["BacktestSettings", "Outside", "Pool"]


@checked
class Pool:
    """Observations that are judged together, with the name of the pool in both languages.

    `grows` says that they are amounts that could be told to grow as the province does.
    """

    name: str
    name_zh: str
    name_en: str
    observed: tuple[str, ...]
    grows: bool = False


@checked
class Outside:
    """Where national and provincial growth stand: drivers, and a provincial statistic."""

    national: str
    weights: str
    provincial: str
    nation: str
    growth: str


@checked
class BacktestSettings(InLanguages):
    """Fit to each year of origins, forecast the next ones, and compare with naive forecasts.

    以 origins 各年为界校准，预测其后各年，并与简单预测比较；中断后续算。
    """

    origins: Annotated[Several[Year], MinLen(1)]
    """Years at whose end forecasts are made.
    作出预测的年份（年末）。"""
    horizons: Annotated[Several[Count], MinLen(1)]
    """Years ahead.
    预测步长（年）。"""
    last_year: Year
    """Last year of observations that forecasts are compared with.
    用于检验的统计数据末年。"""
    first_year: Year
    """First year of observations that naive forecasts rest on.
    简单预测所用统计数据的首年。"""
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
    output: File
    """Folder of scores and charts, and of origins that are finished.
    结果文件夹，亦存已完成的起点。"""
