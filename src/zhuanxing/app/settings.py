"""Settings of `zhuanxing app`."""

from __future__ import annotations

from zhuanxing.config import City, Count, Output, ScenarioName, Several, Text, WithDraws, checked

__all__ = ["AppSettings"]


@checked
class AppSettings(WithDraws):
    """Serve the planner's desk to a browser; nothing is loaded from elsewhere.

    在浏览器中打开推演页面，不访问任何外部资源。
    """

    host: Text
    """Address that is listened to; 127.0.0.1 is this machine alone.
    监听地址，127.0.0.1 只限本机。"""
    port: Count
    """Port.
    端口。"""
    city: City
    """City that a first visitor sees.
    首次打开的城市。"""
    scenario: ScenarioName
    """Package that a first visitor sees.
    首次打开的方案。"""
    against: ScenarioName
    """Baseline.
    对照情景。"""
    output: Output
    """Output that a first visitor sees.
    首次打开的指标。"""
    tiles: Several[Output]
    """Numbers above the chart.
    图上方的数字。"""
    outputs: Several[Output]
    """Outputs that can be chosen.
    可选指标。"""
    tradeoff: Output
    """What the chosen output is drawn against.
    权衡图的另一指标。"""
