"""``conf/backtest.yaml`` as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from zhuanxing.charts.words import Language
from zhuanxing.settings import AtLeast

__all__ = ["BacktestSettings", "Outside", "Pool"]


@dataclass(frozen=True)
class Pool:
    """Statistics that are judged together, with the name of the pool in both languages."""

    name: str
    name_zh: str
    name_en: str
    observed: tuple[str, ...]


@dataclass(frozen=True)
class Outside:
    """Where national and provincial growth and shares stand: drivers, and provincial statistics."""

    national: str
    weights: str
    provincial: str
    nation: str
    growth: str
    shares: dict[str, str]


@dataclass(frozen=True)
class BacktestSettings:
    """All of ``conf/backtest.yaml``."""

    fit_year: int
    test_years: Annotated[tuple[int, ...], AtLeast(1)]
    project_from: int
    project_years: tuple[int, ...]
    # Tails of 95 % intervals rest on a few of them.
    samples: Annotated[int, AtLeast(100)]
    seed: Annotated[int, AtLeast(0)]
    variables: tuple[Pool, ...]
    outside: Outside
    surprises: tuple[str, ...]
    output: str
    language: tuple[Language, ...]
