"""Scenario files: named packages of lever settings, checked and resolved to arrays."""

from __future__ import annotations

from zhuanxing.data.names import ModelNames, read_names
from zhuanxing.inputs.scenario import (
    Scenario,
    override_assumptions,
    override_budget,
    override_levers,
    resolve,
    resolve_mapping,
    scale_levers,
)
from zhuanxing.inputs.scenario_files import ScenarioFile, read_scenario, scenario_names

__all__ = [
    "ModelNames",
    "Scenario",
    "ScenarioFile",
    "override_assumptions",
    "override_budget",
    "override_levers",
    "read_names",
    "read_scenario",
    "resolve",
    "resolve_mapping",
    "scale_levers",
    "scenario_names",
]
