"""``conf/backtest.yaml`` as values."""

from __future__ import annotations

from dataclasses import dataclass

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
    test_years: tuple[int, ...]
    project_from: int
    project_years: tuple[int, ...]
    samples: int
    seed: int
    variables: tuple[Pool, ...]
    outside: Outside
    surprises: tuple[str, ...]
    output: str
    language: tuple[str, ...]
