"""The designs that a sweep may have, as the files of conf/design set them."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Ge

from zhuanxing.config import Count, Seed, Text, checked

__all__ = ["Csv", "Grid", "LatinHypercube", "Morris", "Saltelli", "Sobol"]


@checked
class Grid:
    """Every combination of `levels` values of each factor, or of those written for it."""

    method: Literal["grid"]
    levels: Annotated[int, Ge(2)]


@checked
class LatinHypercube:
    """Each factor's range is cut into as many slices as there are runs; each is used once."""

    method: Literal["latin_hypercube"]
    runs: Count
    seed: Seed


@checked
class Sobol:
    """A scrambled Sobol' sequence; `runs` is a power of two."""

    method: Literal["sobol"]
    runs: Annotated[int, Ge(2)]
    seed: Seed


@checked
class Saltelli:
    """Saltelli's design for Sobol' indices: base_runs x (factors + 2) runs."""

    method: Literal["saltelli"]
    base_runs: Annotated[int, Ge(2)]
    seed: Seed


@checked
class Morris:
    """Morris' one-at-a-time trajectories: trajectories x (factors + 1) runs."""

    method: Literal["morris"]
    trajectories: Annotated[int, Ge(2)]
    levels: Annotated[int, Ge(2)]
    seed: Seed


@checked
class Csv:
    """A table of one's own: a header with the names of factors, one line a run."""

    method: Literal["csv"]
    file: Text | None = None
