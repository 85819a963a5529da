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
    """An output against the mean of observed `variables`, as factors; `most` null: no limit."""

    label: str
    output: str
    variables: tuple[str, ...]
    years: tuple[int, ...]
    median: float
    most: float | None = None


@checked
class QuantityTest:
    """An output of one city in one year, summed over `elements`, between `low` and `high`."""

    label: str
    output: str
    city: str
    year: int
    low: float
    high: float
    elements: tuple[str, ...] = ()


@checked
class GrowthTest:
    """An output of all cities together, `last` year over `first`, between two factors."""

    label: str
    output: str
    first: int
    last: int
    low: float
    high: float


@checked
class BoundTest:
    """An output of no city and year above `most` after the year `after`."""

    label: str
    output: str
    after: int
    most: float


@checked
class ChangeTest:
    """Change of an output from `first` to `last` in percent, against published yearly changes.

    Over cities its standard deviation is at least `spread`, and its correlation with the change
    of the city's province, `published` in provinces.csv for every year, at least `correlation`.
    """

    label: str
    output: str
    first: int
    last: int
    published: str
    spread: float
    correlation: float


@checked
class ProductSettings:
    """Tests of the resource core; see `analyses/check/products.py`."""

    scenario: str
    factors: tuple[FactorTest, ...]
    quantities: tuple[QuantityTest, ...]
    growths: tuple[GrowthTest, ...]
    bounds: tuple[BoundTest, ...]
    changes: tuple[ChangeTest, ...]


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


def growth_finding(paths: xr.Dataset, test: GrowthTest) -> Finding:
    """Compare the sum over cities in two years."""
    total = paths[test.output].sum("city")
    factor = float(total.sel(year=test.last) / total.sel(year=test.first))
    allowed = f"x {test.low:g} to {test.high:g}"
    passed = test.low <= factor <= test.high
    return Finding("products", test.label, f"x {factor:.2f}", allowed, passed)


def bound_finding(paths: xr.Dataset, test: BoundTest) -> Finding:
    """Look for cities that exceed the bound in their worst year."""
    worst = paths[test.output].sel(year=slice(test.after + 1, None)).max("year").to_series()
    over = [(float(value), f"{city}: {value:.3g}") for city, value in worst.items()]
    passed = bool((worst <= test.most).all())
    result, allowed = f"{worst.max():.3g} at most", f"<= {test.most:g}"
    return Finding("products", test.label, result, allowed, passed, worst_first(over))


def change_finding(
    paths: xr.Dataset, units: pd.DataFrame, provinces: pd.DataFrame, test: ChangeTest
) -> Finding:
    """Compare changes of cities with those of their provinces that print every year between."""
    array = paths[test.output]
    made = (100 * (array.sel(year=test.last) / array.sel(year=test.first) - 1)).to_series()
    where = units.set_index("unit_id")["province_en"].reindex(made.index)
    pairs = pd.DataFrame({"made": made, "printed": where.map(_printed(provinces, test))}).dropna()
    cities, own, province = pairs.index, pairs["made"].to_numpy(), pairs["printed"].to_numpy()
    spread, alike = float(made.std()), float(np.corrcoef(own, province)[0, 1])
    lines = [
        (abs(here - there), f"{city}: {here:+.1f} %, its province {there:+.1f} %")
        for city, here, there in zip(cities, own, province, strict=True)
    ]
    result = f"deviation {spread:.1f} points, correlation {alike:.2f}, n {len(pairs)}"
    allowed = f"deviation >= {test.spread:g}, correlation >= {test.correlation:g}"
    passed = spread >= test.spread and alike >= test.correlation
    return Finding("products", test.label, result, allowed, passed, worst_first(lines))


def _printed(provinces: pd.DataFrame, test: ChangeTest) -> pd.Series:
    """Return the published change over the years in percent, where each year of them is printed."""
    rows = provinces[provinces["variable"] == test.published]
    rows = rows[rows["year"].between(test.first + 1, test.last)]
    yearly = rows.assign(value=1 + rows["value"] / 100).groupby("province")["value"]
    return 100 * (yearly.prod()[yearly.size() == test.last - test.first] - 1)
