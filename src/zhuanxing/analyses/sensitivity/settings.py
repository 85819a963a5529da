"""`conf/sensitivity.yaml` as values."""

from __future__ import annotations

from typing import Annotated

from annotated_types import Ge, MinLen

from zhuanxing.config import (
    Count,
    File,
    InLanguages,
    Output,
    ScenarioName,
    Seed,
    Several,
    Text,
    Year,
    checked,
)

__all__ = ["MorrisSettings", "SensitivitySettings", "SobolSettings"]


@checked
class MorrisSettings:
    """Size of the screening: trajectories through the ranges, on a grid of levels."""

    trajectories: Annotated[int, Ge(2)]
    levels: Annotated[int, Ge(2)]


@checked
class SobolSettings:
    """Size of the variance analysis: a power of two."""

    samples: Annotated[int, Ge(2)]


@checked
class SensitivitySettings(InLanguages):
    """Find the parameters that drive results: Morris screens, Sobol' divides the variance.

    Morris 法筛选、Sobol' 法分解方差；给出校准参数集时并说明哪些参数可由数据识别。
    """

    scenario: ScenarioName
    """Scenario that is run.
    情景。"""
    calibration: Text | None
    """Parameter set whose values the others keep; null takes the tables.
    参数集，null 为数据表的值。"""
    outputs: Annotated[Several[Output], MinLen(1)]
    """Outputs whose sensitivity is asked for.
    结果指标。"""
    year: Year
    """Year of the outputs.
    年份。"""
    seed: Seed
    """Seed of the designs.
    随机种子。"""
    parameters: Annotated[Several[Text], MinLen(1)]
    """Numbers of assumptions.csv and levers.csv, by name or pattern.
    参数，可用通配符。"""
    leave_out: Several[Text]
    """Numbers that are left out.
    不参与的参数。"""
    morris: MorrisSettings
    """Size of the screening.
    筛选的规模。"""
    survivors: Count
    """Parameters that pass the screen.
    通过筛选的参数个数。"""
    sobol: SobolSettings
    """Size of the variance analysis.
    方差分析的规模。"""
    shown: Count
    """Parameters in the table and the chart.
    表和图中的参数个数。"""
    output: File
    """Folder of tables and charts.
    结果文件夹。"""
