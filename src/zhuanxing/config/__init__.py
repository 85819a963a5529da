"""Settings of the commands: their types, their checks and their keys."""

from __future__ import annotations

from zhuanxing.config.fields import (
    Archetype,
    Assignments,
    Assumption,
    City,
    Count,
    Driver,
    File,
    Group,
    Language,
    Lever,
    Output,
    Payer,
    Province,
    Scenario,
    Seed,
    Several,
    Share,
    Text,
    Year,
    Zone,
)
from zhuanxing.config.schema import as_mapping, checked, read_settings, validated

__all__ = [
    "Archetype",
    "Assignments",
    "Assumption",
    "City",
    "Count",
    "Driver",
    "File",
    "Group",
    "Language",
    "Lever",
    "Output",
    "Payer",
    "Province",
    "Scenario",
    "Seed",
    "Several",
    "Share",
    "Text",
    "Year",
    "Zone",
    "as_mapping",
    "checked",
    "read_settings",
    "validated",
]
