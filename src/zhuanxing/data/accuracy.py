"""How good starts are: estimates tried on units that are known, and paths beside statistics."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from zhuanxing.data.initial.quantities import QUANTITIES
from zhuanxing.data.initial.states import Start
from zhuanxing.data.observed import current_bases, observed
from zhuanxing.data.tables import Tables

__all__ = ["history_table", "left_out_table"]

# Statistics that are compared by their difference; all others by the factor between the two.
POINTS = ("percent", "ug/m3")


def left_out_table(start: Start) -> pd.DataFrame:
    """Return how far estimates are from what is known, each known unit left out in turn.

    Columns variable, units, median and worst factor, and the unit with the worst.
    """
    errors = {quantity.name: start.quantities.left_out(quantity) for quantity in QUANTITIES}
    errors["initial_debt_ratio"] = start.quantities.neighbours.left_out(start.debt)
    for sector, found in start.economy.industry.left_out().items():
        errors[f"initial_sector_share, {sector}"] = found
    errors |= {f"initial_land, {use}": found for use, found in start.land.left_out().items()}
    return pd.DataFrame([_factors(name, found) for name, found in errors.items() if found])


def history_table(tables: Tables, result: xr.Dataset) -> pd.DataFrame:
    """Return how far the paths of a run are from the statistics of the same cities and years.

    Only observations on the bases of today are compared. Columns variable, unit, observations,
    first, last, bias, median and worst deviation, and where the worst is: factors for levels,
    differences for shares, growth and concentrations.
    """
    bases = current_bases(tables.bases)
    rows = []
    for name, unit, output in tables.variables[["variable", "unit", "output"]].to_numpy():
        if not output or output not in result or set(result[output].dims) != {"city", "year"}:
            continue
        observations = observed(tables.observations, name, bases=bases)
        observations = observations[
            observations["unit_id"].isin(result["city"].values)
            & observations["year"].isin(result["year"].values)
        ]
        if not observations.empty:
            rows.append(_deviations(name, unit, observations, result[output]))
    return pd.DataFrame(rows)


def _deviations(
    name: str, unit: str, observations: pd.DataFrame, path: xr.DataArray
) -> dict[str, object]:
    predicted = path.sel(
        city=xr.DataArray(observations["unit_id"].to_numpy(), dims="observation"),
        year=xr.DataArray(observations["year"].to_numpy(), dims="observation"),
    ).to_numpy()
    finite = np.isfinite(predicted)
    observations, predicted = observations[finite], predicted[finite]
    values = observations["value"].to_numpy(float)
    where = [f"{city} {year}" for city, year in observations[["unit_id", "year"]].to_numpy()]
    row: dict[str, object] = {"variable": name, "unit": unit, "observations": len(observations)}
    row |= {"first": int(observations["year"].min()), "last": int(observations["year"].max())}
    if unit in POINTS:
        gaps = predicted - values
        return row | _summary(gaps, np.abs(gaps), where)
    both = (predicted > 0) & (values > 0)
    logs = np.log(predicted[both] / values[both])
    found = _summary(logs, np.abs(logs), [w for w, kept in zip(where, both, strict=True) if kept])
    return row | {
        key: math.exp(value) if isinstance(value, float) else value for key, value in found.items()
    }


def _summary(signed: np.ndarray, size: np.ndarray, where: list[str]) -> dict[str, object]:
    if not len(size):
        return {"bias": math.nan, "mean": math.nan, "median": math.nan, "worst": math.nan, "at": ""}
    worst = int(size.argmax())
    return {
        "bias": float(signed.mean()),
        "mean": float(size.mean()),
        "median": float(np.median(size)),
        "worst": float(size[worst]),
        "at": where[worst],
    }


def _factors(name: str, errors: Mapping[str, float]) -> dict[str, object]:
    size = {unit: abs(error) for unit, error in errors.items()}
    worst = max(size, key=lambda unit: size[unit])
    return {
        "variable": name,
        "units": len(size),
        "median": math.exp(float(np.median(list(size.values())))),
        "worst": math.exp(size[worst]),
        "at": worst,
    }
