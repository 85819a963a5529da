"""Scenario files: named packages of lever settings, checked and resolved to arrays."""

from __future__ import annotations

from zhuanxing.scenario.files import ScenarioFile, read_scenario, scenario_names
from zhuanxing.scenario.names import ModelNames, read_names
from zhuanxing.scenario.resolve import Scenario, override_assumptions, override_levers, resolve

__all__ = [
    "ModelNames",
    "Scenario",
    "ScenarioFile",
    "override_assumptions",
    "override_levers",
    "read_names",
    "read_scenario",
    "resolve",
    "scenario_names",
]
