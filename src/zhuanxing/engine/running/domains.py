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
    order: Callable[[], Sequence[str]],
) -> None:
    """Raise ZhuanxingError if a variable with a domain is NaN in a run, saying when first.

    `paths` are outputs by key, time or year first; `times` gives the times of the run, `order` the
    variables in the order of evaluation: what is NaN hands that on, and the first is to blame.
    """
    broken = {
        name: min(rows)
        for name in domains.keys() & paths.keys()
        if (rows := [_first_outside(domain, paths[name]) for domain in domains[name]])
    }
    row = min(broken.values(), default=np.inf)
    if row == np.inf:
        return
    name = next(name for name in order() if broken.get(name) == row)
    sentence = next(d.sentence for d in domains[name] if _first_outside(d, paths[name]) == row)
    moments = times()
    when = (
        f"at time {moments[int(row)]:g}"
        if len(moments) == len(paths[name])
        else f"in year {int(row) + 1}"
    )
    raise ZhuanxingError(f"{sentence}, which does not hold {when}.")


def _first_outside(domain: Domain, path: np.ndarray) -> float:
    """Return the first row of a path in which a component is NaN, or infinity."""
    region = np.stack([domain.region(np, values) for values in path])
    rows = np.isnan(region).reshape(len(path), -1).any(axis=1)
    return float(rows.argmax()) if rows.any() else np.inf
