"""How simulated growth and shares compare with the statistics, by variable and by city."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from zhuanxing.analyses.check.finding import Finding, worst_first
from zhuanxing.config import checked
from zhuanxing.data.observed import observed


@checked
class Comparison:
    """An output set against an observed variable, with the mean absolute error allowed.

    Several `outputs` are pooled; each is compared with the observed variable of its own name.
    """

    outputs: tuple[str, ...]
    label: str
    threshold: float


@dataclass(frozen=True)
class Fit:
    """Error of simulated against observed values.

    `mae` and `bias` are in the variable's unit; bias_part + variance_part + covariance_part
    = 1 are Theil's inequality proportions of the mean squared error (0, 0, 0 if there is none).
    """

    count: int
    mae: float
    bias: float
    bias_part: float
    variance_part: float
    covariance_part: float

    def __str__(self) -> str:
        theil = f"{self.bias_part:.2f}/{self.variance_part:.2f}/{self.covariance_part:.2f}"
        return f"MAE {self.mae:.2f}, bias {self.bias:+.2f}, Theil {theil}, n {self.count}"


def fit(simulated: np.ndarray, observed: np.ndarray) -> Fit:
    """Error measures of two arrays of equal length (any unit, at least one value)."""
    error = simulated - observed
    square = float(np.mean(error**2))
    bias = float(np.mean(error))
    spread = float(np.std(simulated) - np.std(observed)) ** 2
    parts = (0.0, 0.0, 0.0)
    if square > 0.0:
        parts = (bias**2 / square, spread / square, (square - bias**2 - spread) / square)
    return Fit(len(error), float(np.mean(np.abs(error))), bias, *parts)


def pair(
    paths: xr.Dataset, observations: pd.DataFrame, output: str, years: tuple[int, int]
) -> pd.DataFrame:
    """Rows of city, year, simulated, observed for one output within `years` inclusive.

    `paths` has dims city and year; `observations` is the table of that name.
    Values are compared as they stand, never differenced, so no level break enters.
    """
    cities = [str(city) for city in paths["city"].values]
    rows = observed(observations, output, units=cities, years=years)
    rows = rows.rename(columns={"unit_id": "city", "value": "observed"})
    rows = rows[["city", "year", "observed"]]
    places = {name: xr.DataArray(rows[name].to_numpy(), dims="row") for name in ("city", "year")}
    return rows.assign(simulated=paths[output].sel(places).to_numpy(), output=output)


def fit_pairs(pairs: pd.DataFrame) -> Fit:
    """Error measures of the rows that `pair` gives."""
    return fit(pairs["simulated"].to_numpy(float), pairs["observed"].to_numpy(float))


def history_finding(
    paths: xr.Dataset, observations: pd.DataFrame, comparison: Comparison, years: tuple[int, int]
) -> Finding:
    """One comparison pooled over cities, with the cities that fit worst; `years` inclusive."""
    pairs = pd.concat([pair(paths, observations, name, years) for name in comparison.outputs])
    threshold = f"MAE <= {comparison.threshold:g}"
    if pairs.empty:
        return Finding("history", comparison.label, "no observation", threshold, False)
    pooled = fit_pairs(pairs)
    cities = {str(city): fit_pairs(rows) for city, rows in pairs.groupby("city")}
    by_city = worst_first([(error.mae, f"{city}: {error}") for city, error in cities.items()])
    passed = pooled.mae <= comparison.threshold
    return Finding("history", comparison.label, str(pooled), threshold, passed, by_city)
