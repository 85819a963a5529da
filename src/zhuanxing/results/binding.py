"""Which payer or limit held the levers of a city back most, year by year."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import numpy as np
import xarray as xr

from zhuanxing.config import Language
from zhuanxing.results.names import element_label
from zhuanxing.results.words import word

__all__ = ["ADMINISTRATION", "BINDING", "NOTHING", "binding_limit", "bound_years", "limit_label"]

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


def bound_years(paths: xr.Dataset, language: Language) -> Iterator[tuple[int, int, str, int]]:
    """Yield first year, last year, limit in words and number of cities that it bound in the last.

    Of years in which several limits bind it is the one that binds in most cities.
    """
    limits = paths[BINDING].transpose("year", "city")
    most = []
    for year, column in zip(limits["year"].values, limits.values, strict=True):
        found, counts = np.unique(column[column != NOTHING], return_counts=True)
        if len(found):
            most.append((int(year), str(found[counts.argmax()]), int(counts.max())))
    for limit, years in groupby(most, key=lambda one: one[1]):
        first, *rest = years
        last = [first, *rest][-1]
        yield first[0], last[0], limit_label(paths, limit, language), last[2]


def limit_label(paths: xr.Dataset, limit: str, language: Language) -> str:
    """Return the name of what may hold levers back: a payer, administration, nothing."""
    if limit in (ADMINISTRATION, NOTHING):
        return word(f"limit_{limit}", language)
    return element_label(paths["money_not_paid"], "funding_source", limit, language)
