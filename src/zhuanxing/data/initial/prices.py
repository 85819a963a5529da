"""Value-added prices by city, sector and year, the price of mining by what a city digs."""

from __future__ import annotations

import pandas as pd
import xarray as xr

from zhuanxing.data.initial.lookup import Known
from zhuanxing.data.tables import Tables

__all__ = ["broad_of_sector", "city_prices"]


def city_prices(
    tables: Tables, drivers: xr.Dataset, known: Known
) -> dict[str, dict[str, dict[int, float]]]:
    """Return {city: {sector: {year: price, 1 in 2020}}}.

    Sectors without a row in `sector_price_index` are priced by coal, oil and ore in the
    proportions in which the city mines them; the others by the nation and the province.
    """
    rows = tables.drivers
    priced = set(rows.loc[rows["name"] == "sector_price_index", "subscript"])
    years = [int(year) for year in drivers["year"].values]
    general = {
        sector: dict(zip(years, map(float, drivers["sector_price_index"].sel(sector=sector).values),
                         strict=True))
        for sector in priced
    }  # fmt: skip
    product = drivers["product_price_index"]
    numbers = tables.assumptions.set_index("name")["value"]
    leverage = float(numbers["oil price leverage"])
    indices = {
        "coal": drivers["coal_price_index"],
        "oil": product.sel(product="crude_oil") ** leverage,
        "ore": product.sel(product="metal_ore"),
    }
    resource = {
        name: dict(zip(years, map(float, index.values), strict=True))
        for name, index in indices.items()
    }
    broad = broad_of_sector(tables.assumptions)
    dug = [sector for sector in tables.elements["sector"] if sector not in priced]
    prices = {}
    for city in tables.cities:
        coal = known.typical(city, "mining_coal_share")
        oil = known.typical(city, "mining_oil_share")
        parts = {"coal": coal, "oil": oil, "ore": 1.0 - coal - oil}
        mixed = {
            year: sum(share * resource[name][year] for name, share in parts.items())
            for year in years
        }
        local = {
            sector: _product(path, drivers[f"provincial_{broad[sector]}_price"].sel(city=city))
            for sector, path in general.items()
        }
        prices[city] = {**local, **{sector: mixed for sector in dug}}
    return prices


def _product(path: dict[int, float], factor: xr.DataArray) -> dict[int, float]:
    """Return a path by year times a driver of the same years."""
    pairs = zip(path.items(), map(float, factor.values), strict=True)
    return {year: value * by for (year, value), by in pairs}


def broad_of_sector(assumptions: pd.DataFrame) -> dict[str, str]:
    """Return the broad sector (primary, secondary, tertiary) of every sector."""
    belongs = assumptions[
        (assumptions["name"] == "belongs to broad") & (assumptions["value"].astype(float) == 1)
    ]
    pairs = (str(subscript).split(";") for subscript in belongs["subscript"])
    return {sector: broad for sector, broad in pairs}
