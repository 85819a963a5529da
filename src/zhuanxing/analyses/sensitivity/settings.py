"""``conf/sensitivity.yaml`` as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from zhuanxing.charts.words import Language
from zhuanxing.settings import AtLeast

__all__ = ["MorrisSettings", "SensitivitySettings", "SobolSettings"]


@dataclass(frozen=True)
class MorrisSettings:
    """Size of the screening: trajectories through the ranges, on a grid of levels."""

    trajectories: Annotated[int, AtLeast(2)]
    levels: Annotated[int, AtLeast(2)]


@dataclass(frozen=True)
class SobolSettings:
    """Size of the variance analysis: a power of two."""

    samples: Annotated[int, AtLeast(2)]


@dataclass(frozen=True)
class SensitivitySettings:
    """All of ``conf/sensitivity.yaml``."""

    scenario: str
    calibration: str | None
    outputs: Annotated[tuple[str, ...], AtLeast(1)]
    year: int
    seed: Annotated[int, AtLeast(0)]
    parameters: Annotated[tuple[str, ...], AtLeast(1)]
    leave_out: tuple[str, ...]
    morris: MorrisSettings
    survivors: Annotated[int, AtLeast(1)]
    sobol: SobolSettings
    shown: Annotated[int, AtLeast(1)]
    output: str
    language: tuple[Language, ...]
