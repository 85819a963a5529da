"""Estimates from the nearest units in structure, tried by leaving known units out.

Two units are near when they make as much a head, in the same sectors, with as many people, in
towns to the same degree, and lie in one climate: each feature is measured in its standard
deviation over all units. A missing figure is the geometric mean of what the five nearest have per
unit of a driver, such as electricity per output, weighted by nearness, times the driver.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from zhuanxing.data.reading import DataError

__all__ = ["Neighbours", "structure"]

NEAREST = 5
# Distance at which the weight of a neighbour falls to exp(-1/2), in standard deviations of one
# feature times the root of their number.
REACH = 1.0


def structure(
    output: Mapping[str, float],
    people: Mapping[str, float],
    urban: Mapping[str, float],
    shares: pd.DataFrame,
    units: pd.DataFrame,
) -> pd.DataFrame:
    """Return the features of every unit, standardised; rows are units.

    `output` in 1e8 CNY a year, `people` in 1e4, `urban` a share; `shares` by unit and sector.
    """
    names = list(units["unit_id"])
    head = np.array([output[name] / people[name] for name in names])
    features = pd.DataFrame(
        {
            "head": np.log(head),
            "people": np.log([people[name] for name in names]),
            "urban": [urban[name] for name in names],
            "longitude": units["longitude"].to_numpy(float),
            "latitude": units["latitude"].to_numpy(float),
            **{str(sector): np.sqrt(shares[sector][names].to_numpy()) for sector in shares},
        },
        index=names,
    )
    return (features - features.mean()) / features.std(ddof=0)


@dataclass(frozen=True)
class Neighbours:
    """Units by their features (rows: units, columns: standardised features)."""

    features: pd.DataFrame

    def estimate(self, unit: str, known: Mapping[str, float]) -> float:
        """Return what `unit` would have if it were like its nearest among the `known` units.

        `known` holds positive ratios of a figure to its driver, by unit.
        """
        others = [name for name in known if name != unit and known[name] > 0]
        if not others:
            raise DataError(f"observations.csv has no unit from which to estimate that of '{unit}'")
        distance = self._distances[unit][others].to_numpy()
        nearest = np.argsort(distance, kind="stable")[:NEAREST]
        weight = np.exp(-0.5 * (distance[nearest] / REACH) ** 2)
        logs = np.log([known[others[index]] for index in nearest])
        return math.exp(float(np.average(logs, weights=weight)))

    @cached_property
    def _distances(self) -> pd.DataFrame:
        """The distances of all units (rows) from each (columns)."""
        gaps = {name: self.features - self.features.loc[name] for name in self.features.index}
        return pd.DataFrame({name: np.sqrt((gap**2).mean(axis=1)) for name, gap in gaps.items()})

    def left_out(self, known: Mapping[str, float]) -> dict[str, float]:
        """Return by known unit the logarithm of its estimate from the others over its figure."""
        return {
            unit: math.log(self.estimate(unit, known) / value)
            for unit, value in known.items()
            if value > 0
        }
