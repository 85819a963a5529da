"""The statistics that a fit sees, and what a run of the model predicts of each of them.

Everything is an array over target, year and city, with a mask where there is a statistic: the
compiled posterior depends on the shape alone, not on which statistics there are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import jax.numpy as jnp
import numpy as np
import pandas as pd
from jax import Array
from jaxtyping import Bool, Float, Real

from zhuanxing.analyses.calibrate.settings import Quality, Target
from zhuanxing.data.observed import observed
from zhuanxing.errors import ZhuanxingError, require_known

__all__ = ["Observations", "predict", "select"]

# What a logarithm of nothing is taken of: a billionth of any unit here.
SMALLEST = 1e-9


@dataclass(frozen=True)
class Observations:
    """Statistics in points (levels: 100 x logarithm), arrays (target, year, city).

    `present` is true where there is a statistic; elsewhere `value` is zero and `error` one.
    `error` and `tails` are the scale and the degrees of freedom of the observation error.
    """

    targets: tuple[Target, ...]
    years: tuple[int, ...]
    cities: tuple[str, ...]
    value: Float[np.ndarray, "target year city"]
    error: Float[np.ndarray, "target year city"]
    tails: Float[np.ndarray, "target year city"]
    present: Bool[np.ndarray, "target year city"]

    @property
    def count(self) -> int:
        """How many statistics there are."""
        return int(self.present.sum())

    @property
    def bias(self) -> Real[np.ndarray, "target year"]:
        """The size of the lasting differences between statistic and model, in points."""
        return np.array([[target.bias_in(year) for year in self.years] for target in self.targets])

    def until(self, year: int) -> Observations:
        """Return the same arrays without the statistics after `year`."""
        seen = np.array(self.years) <= year
        kept = self.present & seen[:, None]
        return replace(
            self, value=np.where(kept, self.value, 0.0), error=np.where(kept, self.error, 1.0),
            tails=np.where(kept, self.tails, 1.0), present=kept,
        )  # fmt: skip

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays by name, for a compiled function."""
        return {
            "value": self.value,
            "error": self.error,
            "tails": self.tails,
            "present": self.present,
        }

    def requests(self) -> dict[str, str]:
        """Return what to ask of the engine, by variable."""
        wanted = {t.variable: f"year_{t.way}" for t in self.targets}
        return wanted | {t.over: f"year_{t.way}" for t in self.targets if t.over}


def predict(
    targets: Sequence[Target], elements: Mapping[str, int], outputs: Mapping[str, Array]
) -> Float[Array, "target year city"]:
    """Return what a run says of every statistic.

    `outputs` are (years, *dims) and `elements` the places of the targets' elements. A change has
    no value in the first year; it is zero there.
    """
    return jnp.stack([_prediction(target, elements, outputs) for target in targets])


def _prediction(target: Target, elements: Mapping[str, int], outputs: Mapping[str, Array]) -> Array:
    series = outputs[target.variable]
    if target.element is not None:
        series = series[:, :, elements[target.element]]
    if target.over is not None:
        series = series / outputs[target.over]
    if target.how == "share":
        return 100 * target.scale * series
    if target.how == "level":
        return 100 * jnp.log(jnp.maximum(target.scale * series, SMALLEST))
    growth = 100 * (series[1:] / series[:-1] - 1)
    return jnp.concatenate([jnp.zeros_like(growth[:1]), growth])


def select(
    statistics: pd.DataFrame,
    targets: Sequence[Target],
    quality: Sequence[Quality],
    bases: Sequence[str],
    years: Sequence[int],
    cities: Sequence[str],
) -> Observations:
    """Return the statistics of `years` that the targets name.

    Where a city has several of one year, that of the best source counts. Raises ZhuanxingError
    for a class of sources without an entry, or if no statistic is left.
    """
    classes = {entry.quality: entry for entry in quality}
    shape = (len(targets), len(years), len(cities))
    found = Observations(
        tuple(targets), tuple(years), tuple(cities), np.zeros(shape), np.ones(shape),
        np.ones(shape), np.zeros(shape, bool),
    )  # fmt: skip
    rows = statistics[statistics["year"].isin(years) & statistics["unit_id"].isin(cities)]
    for place, target in enumerate(targets):
        chosen = _rows(rows, target, bases, years[0])
        for city, year, value, kind in chosen:
            require_known("entry", kind, classes, "calibrate.yaml: quality")
            source = classes[kind]
            at = (place, years.index(year), cities.index(city))
            error = target.error * source.error
            if not found.present[at] or error < found.error[at]:
                found.value[at] = 100 * math.log(value) if target.how == "level" else value
                found.error[at], found.tails[at] = (
                    error,
                    min(source.tails, target.tails or source.tails),
                )
                found.present[at] = True
    if not found.count:
        raise ZhuanxingError(
            f"observations.csv: no statistic of {years[0]}-{years[-1]} can be compared with the "
            "targets of calibrate.yaml"
        )
    return found


def _rows(
    rows: pd.DataFrame, target: Target, bases: Sequence[str], first: int
) -> list[tuple[str, int, float, str]]:
    """Return city, year, value and quality of what a target is compared with."""
    chosen = observed(rows, target.observed, bases=target.basis or bases)
    if target.how == "level":
        # The logarithm of nothing cannot be compared; such a city has none of it.
        chosen = chosen[chosen["value"] > 0]
    if target.how == "change":
        chosen = chosen[chosen["year"] > first]
    columns = ["unit_id", "year", "value", "quality"]
    return [
        (str(city), int(year), float(value), str(kind))
        for city, year, value, kind in chosen[columns].itertuples(index=False)
    ]
