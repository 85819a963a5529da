"""Which payer or limit held the levers of a city back most, year by year."""

from __future__ import annotations

import numpy as np
import xarray as xr

__all__ = ["ADMINISTRATION", "BINDING", "NOTHING", "binding_limit"]

BINDING = "binding_limit"
ADMINISTRATION, NOTHING = "administration", "none"
# The part of the package that must be lost before a limit counts as one that binds.
FELT = 0.01


def binding_limit(paths: xr.Dataset) -> xr.DataArray:
    """Return the limit that costs the levers most [city, year].

    A payer costs the part of all money asked for that he does not give; administration costs the
    part of the schedule that officials cannot carry out. It is the element of the payers,
    `administration`, or `none` where less than a hundredth is lost. `paths` holds the outputs
    money_not_paid [city, funding_source, year], lever_spending_total, administrative_adequacy
    (percent) and administrative_load.
    """
    unpaid = paths["money_not_paid"]
    asked = paths["lever_spending_total"] + unpaid.sum("funding_source")
    lost = (unpaid / asked.where(asked > 0)).fillna(0.0).transpose("city", "year", ...)
    at_work = paths["administrative_load"].transpose("city", "year") > 0
    undone = (1 - paths["administrative_adequacy"].transpose("city", "year") / 100).where(
        at_work, 0
    )
    parts = np.concatenate([lost.values, undone.values[..., None]], axis=-1)
    names = np.array([*map(str, unpaid["funding_source"].values), ADMINISTRATION])
    found = np.where(parts.max(-1) < FELT, NOTHING, names[parts.argmax(-1)])
    coords = {dim: undone[dim].values for dim in ("city", "year")}
    attributes = {
        "long_name": "Payer or limit that held the levers back most",
        "long_name_zh": "对举措约束最大的资金来源或条件",
    }
    return xr.DataArray(found, coords, ("city", "year"), attrs=attributes)
