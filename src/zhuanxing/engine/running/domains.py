"""Equations whose inputs must keep within bounds, and the refusal of a run in which they do not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zhuanxing.engine.translating.nodes import Array
from zhuanxing.errors import ZhuanxingError

__all__ = ["Domain", "refuse_outside"]


@dataclass(frozen=True)
class Domain:
    """What one component of a variable takes: where it lies in the variable, and the sentence."""

    region: Callable[[Any, Array], Array]
    sentence: str


def refuse_outside(
    domains: Mapping[str, Sequence[Domain]],
    paths: Mapping[str, np.ndarray],
    times: Callable[[], np.ndarray],
) -> None:
    """Raise ZhuanxingError if a variable with a domain is NaN in a run, saying when first.

    `paths` are outputs by key, time or year first; `times` gives the times of the run.
    """
    for name in domains.keys() & paths.keys():
        for row, values in enumerate(paths[name]):
            for domain in domains[name]:
                if np.isnan(domain.region(np, values)).any():
                    moments = times()
                    by_time = len(moments) == len(paths[name])
                    when = f"at time {moments[row]:g}" if by_time else f"in year {row + 1}"
                    raise ZhuanxingError(f"{domain.sentence}, which does not hold {when}.")
