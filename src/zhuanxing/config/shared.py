"""Settings that many commands share: each is written, checked and explained once."""

from __future__ import annotations

from pydantic import Field

from zhuanxing.config.fields import File, Language, Seed, Several, Text, Year
from zhuanxing.config.schema import checked

__all__ = ["InLanguage", "InLanguages", "OfModel", "WithDraws", "Years"]


@checked
class Years:
    """Years of a run."""

    end: Year | None = None
    """Last calendar year; null is that of the aims.
    末年，null 为目标年份。"""
    information: Year | None = None
    """Outside conditions as they could be known then; later values are forecasts. null is the last
    year of the statistics.
    外部条件的信息年份，其后为预测，null 为统计数据的末年。"""


@checked
class InLanguage:
    """The language of what a command prints."""

    language: Language | None = None
    """Language of what is printed; null is that of the system.
    显示语言，null 为系统语言。"""


@checked
class InLanguages:
    """The languages of what a command writes."""

    language: Several[Language] | None = None
    """Languages, a file each; null is that of the system.
    语言，每种一个文件，null 为系统语言。"""


@checked
class OfModel:
    """Which model is loaded."""

    years: Years = Field(default_factory=Years)
    calibration: Text | None = None
    """A parameter set of `zhuanxing calibrate`; null takes the tables.
    校准参数集，null 为数据表的值。"""
    data: File | None = None
    """A CSV file of own statistics (unit, year, variable, value) that lie over the tables.
    自有统计数据的 CSV 文件（地区、年份、指标、数值），覆盖数据表。"""


@checked
class WithDraws(OfModel):
    """A model from whose calibration runs are drawn."""

    draws: Seed = 0
    """Draws for ranges; needs a calibration.
    区间所用抽样数，需有参数集。"""
