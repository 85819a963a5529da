"""Uncertain numbers: rows of assumptions.csv and levers.csv that have a range.

What a scenario sets (shocks, switches) and what is so by definition is not uncertain. Everything
that draws, fits, varies or analyses numbers takes them from here, so that a range means one thing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import jax
import numpy as np
from jax import Array

from zhuanxing.equations import Equations
from zhuanxing.errors import require_known

__all__ = ["Range", "constants_of", "inside", "uncertain_numbers"]

# Keeps the logistic's start inside the range where the tabled value is at its edge.
EDGE = 0.02


@dataclass(frozen=True)
class Range:
    """A free number: the elements of constant `name` that one row of a table gives.

    `label` is `name[subscript]`; `mask` is true at the elements, in the shape of the constant.
    """

    name: str
    label: str
    mask: np.ndarray
    value: float
    low: float
    high: float

    @property
    def key(self) -> str:
        """The name of the number in a design: `name.element.element`, with underscores."""
        return self.label.replace(" ", "_").replace("[", ".").replace(";", ".").rstrip("]")


def uncertain_numbers(equations: Equations, patterns: Sequence[str] = ("*",)) -> list[Range]:
    """Return the uncertain numbers whose name or label matches a pattern (`*` stands for any).

    Raises ZhuanxingError for a pattern that matches nothing.
    """
    numbers = {number.label: number for number in _numbers(equations)}
    names = [*dict.fromkeys(number.name for number in numbers.values())]
    known = [constant.name for constant in equations.constants if constant.rows]
    found: dict[str, Range] = {}
    for pattern in patterns:
        matched = [
            number
            for number in numbers.values()
            if fnmatchcase(number.name, pattern) or fnmatchcase(number.label, pattern)
        ]
        # A name whose rows have no range is left out, as in a pattern.
        if not matched and pattern not in known:
            require_known("uncertain number", pattern, names, "parameters")
        found |= {number.label: number for number in matched}
    return list(found.values())


def _numbers(equations: Equations) -> list[Range]:
    return [
        Range(
            constant.name,
            f"{constant.name}[{row.subscript}]" if row.subscript else constant.name,
            equations.mask(constant.name, row.subscript),
            row.value,
            row.low,
            row.high,
        )
        for constant in equations.constants
        for row in constant.rows
        if row.uncertain and row.high > row.low
    ]


def inside(numbers: Sequence[Range], z: Array | np.ndarray) -> Array:
    """Return the values (..., numbers) that standard normal `z` (..., numbers) means.

    A number keeps inside its range: low + (high - low) x logistic(m + z), at its tabled value for
    z = 0, with nine tenths of the prior inside the middle two thirds of the range.
    """
    low = np.array([number.low for number in numbers])
    high = np.array([number.high for number in numbers])
    value = np.array([number.value for number in numbers])
    place = np.clip((value - low) / (high - low), EDGE, 1 - EDGE)
    found: Array = low + (high - low) * jax.nn.sigmoid(np.log(place / (1 - place)) + z)
    return found


def constants_of(
    numbers: Sequence[Range], values: np.ndarray, bases: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Return constants [run, ...] in which the numbers have `values` (run, number).

    `bases` gives each constant either once or for every run.
    """
    found: dict[str, np.ndarray] = {}
    for number, column in zip(numbers, values.T, strict=True):
        if number.name not in found:
            shape = (len(values), *number.mask.shape)
            found[number.name] = np.broadcast_to(bases[number.name], shape).copy()
        found[number.name][:, number.mask] = column[:, None]
    return found
