"""Whether tonnes, electricity and carbon of the cities are those of the statistics."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from zhuanxing.analyses.check.finding import Finding, worst_first
from zhuanxing.config import checked
from zhuanxing.data.observed import observed


@checked
class FactorTest:
    """An output against the mean of observed ``variables``, as factors; ``most`` null: no limit."""

    label: str
    output: str
    variables: tuple[str, ...]
    years: tuple[int, ...]
    median: float
    most: float | None = None


@checked
class QuantityTest:
    """An output of one city in one year, summed over ``elements``, between ``low`` and ``high``."""

    label: str
    output: str
    city: str
    year: int
    low: float
    high: float
    elements: tuple[str, ...] = ()


@checked
class ProductSettings:
    """Tests of the resource core; see ``analyses/check/products.py``."""

    scenario: str
    factors: tuple[FactorTest, ...]
    quantities: tuple[QuantityTest, ...]


def factor_finding(paths: xr.Dataset, observations: pd.DataFrame, test: FactorTest) -> Finding:
    """Compare the output with the mean of the statistics there are, city by city and year."""
    rows = pd.concat([observed(observations, name) for name in test.variables])
    seen = rows[rows["year"].isin(test.years)].groupby(["unit_id", "year"])["value"].mean()
    array = paths[test.output]
    pairs = [(unit, year) for unit, year in seen.index if unit in array["city"].values]
    made = np.array([float(array.sel(city=unit, year=year)) for unit, year in pairs])
    factors = np.exp(np.abs(np.log(made / seen.loc[pairs].to_numpy(float))))
    median, most = float(np.median(factors)), float(factors.max())
    named = [
        (float(factor), f"{unit} {year}: factor {factor:.2f}")
        for factor, (unit, year) in zip(factors, pairs, strict=True)
    ]
    allowed = f"median <= {test.median}" + ("" if test.most is None else f", most <= {test.most}")
    passed = median <= test.median and (test.most is None or most <= test.most)
    result = f"median factor {median:.3f}, most {most:.2f}, n {len(factors)}"
    return Finding("products", test.label, result, allowed, passed, worst_first(named))


def quantity_finding(paths: xr.Dataset, test: QuantityTest) -> Finding:
    """Look up one quantity of one city."""
    array = paths[test.output].sel(city=test.city, year=test.year)
    for dim in [str(dim) for dim in array.dims]:
        array = array.sel({dim: list(test.elements)}).sum(dim)
    value = float(array)
    allowed = f"{test.low:g} to {test.high:g}"
    passed = test.low <= value <= test.high
    return Finding("products", test.label, f"{value:.4g}", allowed, passed)
