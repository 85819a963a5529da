"""Output and energy of a city's products by the tables alone, with the origin of every figure."""

from __future__ import annotations

import pandas as pd

from zhuanxing.data.tables import Tables

__all__ = ["product_energy_table"]

POWER, FUEL, CALORIFIC = "unit power", "unit fuel", "calorific equivalent of power"
# 1e4 tce in Mtce; GWh in 1e8 kWh.
MTCE, YI_KWH = 100.0, 100.0


def product_energy_table(tables: Tables, city: str, year: int) -> pd.DataFrame:
    """Return one row per product that `city` made in `year`.

    Columns product, output, low, high (1e4 t), origin, basis, source, power (1e8 kWh), fuel (Mtce)
    and energy (Mtce, power at its calorific value), at the unit energy of the first year.
    """
    made = tables.products
    made = made[(made["unit_id"] == city) & (made["year"] == year) & (made["value"] > 0)]
    given = tables.assumptions
    power = given[given["name"] == POWER].set_index("subscript")["value"]
    calorific = float(given.loc[given["name"] == CALORIFIC, "value"].iloc[0])
    fuels = given[(given["name"] == FUEL) & given["subscript"].str.contains(";")]
    fuel = fuels.groupby(fuels["subscript"].str.split(";").str[0])["value"].sum()
    used = made["value"] * made["product"].map(power)
    burnt = made["value"] * made["product"].map(fuel).fillna(0.0)
    sources = tables.sources.set_index("source_id")["source"]
    return pd.DataFrame(
        {
            "product": made["product"],
            **{name: made[name] for name in ("value", "low", "high", "origin", "basis")},
            "source": made["source_id"].map(sources).fillna(made["source_id"]),
            "power": used / YI_KWH,
            "fuel": burnt / MTCE,
            "energy": (burnt + used * calorific) / MTCE,
        }
    ).rename(columns={"value": "output"})
