"""What a run is told: scenarios, named packages of settings, and what is changed in them."""

from __future__ import annotations

from zhuanxing.data.names import ModelNames, read_names
from zhuanxing.inputs.changes import Changes, LeverSetting
from zhuanxing.inputs.scenario import Scenario, changed, resolve, resolve_mapping
from zhuanxing.inputs.scenario_files import ScenarioFile, read_scenario, scenario_names

__all__ = [
    "Changes", "LeverSetting", "ModelNames", "Scenario", "ScenarioFile", "changed", "read_names",
    "read_scenario", "resolve", "resolve_mapping", "scenario_names",
]  # fmt: skip
