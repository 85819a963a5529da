"""Initial output, recorded growth and reserves of the products of every city."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from zhuanxing.data.initial.carrying import CARRIED, ESTIMATED, OBSERVED
from zhuanxing.data.tables import DataError, Tables

__all__ = ["build_products"]

# Growth that stands for "closed in the year" in either direction: e^-8 is next to nothing.
MOST_GROWTH, LEAST_GROWTH = 1.0, -8.0
# How the origins of products.csv and reserves.csv are told apart from those of other values.
ORIGIN = {
    "observed": OBSERVED, "listed": OBSERVED, "carried": CARRIED, "estimated": ESTIMATED,
    "reasoned": ESTIMATED, "stage": ESTIMATED,
}  # fmt: skip
MINERALS = {
    "initial_reserves": "reserves",
    "initial_resources": "resources",
    "initial_cumulative_extraction": "extracted",
}


def build_products(tables: Tables, information_year: int) -> xr.Dataset:
    """Return the initial state of products over city and product, with origins.

    `recorded_growth` is the yearly growth of output from the middle of one year to that of the
    next, zero after `information_year`; `record_closes` is when the record ends, its middle.
    """
    cities, products = tables.cities, list(tables.elements["product"])
    records = list(tables.elements["record"])
    outputs = tables.products.pivot(index=["unit_id", "product"], columns="year", values="value")
    every = pd.MultiIndex.from_product([cities, products])
    path = outputs.reindex(every).fillna(0.0)
    if information_year not in path:
        raise DataError(
            f"products.csv: the year {information_year}, the last of provinces.csv, is missing; "
            "'python -m zhuanxing.data.selection.products model/data' makes the table again"
        )
    shape = (len(cities), len(products))
    growth = np.zeros((*shape, len(records)))
    for place in range(len(records)):
        year = tables.first_year + place
        if year + 1 <= information_year:
            growth[..., place] = _growth(path[year], path[year + 1]).reshape(shape)
    both = ("city", "product")
    found = {
        "initial_product_output": _array(path[tables.first_year], shape, "wantonne/Year"),
        "initial_product_output_origin": (both, _origins(tables, every).reshape(shape)),
        "recorded_growth": ((*both, "record"), growth, {"units": "1/Year"}),
        "record_closes": ((), float(information_year) + 0.5, {"units": "Year"}),
        **_minerals(tables, every, shape),
    }
    return xr.Dataset(found, {"city": cities, "product": products, "record": records})


def _growth(first: pd.Series, second: pd.Series) -> np.ndarray:
    """Return log growth; what a city does not make, or starts from nothing, has none."""
    before, after = first.to_numpy(float), second.to_numpy(float)
    made = before > 0
    rate = np.log(np.where(made, np.maximum(after, 1e-9), 1.0) / np.where(made, before, 1.0))
    return np.clip(rate, LEAST_GROWTH, MOST_GROWTH)


def _array(values: pd.Series, shape: tuple[int, int], unit: str) -> xr.DataArray:
    array = values.to_numpy(float).reshape(shape)
    return xr.DataArray(array, dims=["city", "product"], attrs={"units": unit})


def _origins(tables: Tables, every: pd.MultiIndex) -> np.ndarray:
    first = tables.products[tables.products["year"] == tables.first_year]
    origin = first.set_index(["unit_id", "product"])["origin"].map(ORIGIN)
    # What is not made at all is known as well as any statistic.
    return origin.reindex(every).fillna(OBSERVED).to_numpy(object)


def _minerals(
    tables: Tables, every: pd.MultiIndex, shape: tuple[int, int]
) -> dict[str, xr.DataArray]:
    found = {}
    for name, variable in MINERALS.items():
        rows = tables.reserves[tables.reserves["variable"] == variable]
        rows = rows.set_index(["unit_id", "product"])
        values = rows["value"].reindex(every).fillna(0.0)
        origin = rows["origin"].map(ORIGIN).reindex(every).fillna(OBSERVED).to_numpy(object)
        found[name] = _array(values, shape, "wantonne")
        found[f"{name}_origin"] = xr.DataArray(origin.reshape(shape), dims=["city", "product"])
    return found
