"""``conf/sensitivity.yaml`` as values."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MorrisSettings", "SensitivitySettings", "SobolSettings"]


@dataclass(frozen=True)
class MorrisSettings:
    """Size of the screening: trajectories through the ranges, on a grid of levels."""

    trajectories: int
    levels: int


@dataclass(frozen=True)
class SobolSettings:
    """Size of the variance analysis: a power of two."""

    samples: int


@dataclass(frozen=True)
class SensitivitySettings:
    """All of ``conf/sensitivity.yaml``."""

    scenario: str
    calibration: str | None
    outputs: tuple[str, ...]
    year: int
    seed: int
    parameters: tuple[str, ...]
    leave_out: tuple[str, ...]
    morris: MorrisSettings
    survivors: int
    sobol: SobolSettings
    shown: int
    output: str
    language: tuple[str, ...]
