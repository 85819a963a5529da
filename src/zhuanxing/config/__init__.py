"""Settings of the commands: their types, their checks and their keys."""

from __future__ import annotations

from zhuanxing.config.fields import (
    Archetype,
    Assignments,
    Assumption,
    City,
    Count,
    Device,
    Driver,
    File,
    Group,
    Language,
    Lever,
    Output,
    Payer,
    Province,
    ScenarioName,
    Seed,
    Several,
    Share,
    Text,
    Year,
    Zone,
)
from zhuanxing.config.schema import as_mapping, checked, read_settings, validated
from zhuanxing.config.shared import InLanguage, InLanguages, OfModel, WithDraws, Years

__all__ = [
    "Archetype", "Assignments", "Assumption", "City", "Count", "Device", "Driver", "File", "Group",
    "InLanguage", "InLanguages", "Language", "Lever", "OfModel", "Output", "Payer", "Province",
    "ScenarioName", "Seed", "Several", "Share", "Text", "WithDraws", "Year", "Years", "Zone",
    "as_mapping", "checked", "read_settings", "validated",
]  # fmt: skip
