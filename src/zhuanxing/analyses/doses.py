"""Doses of the levers in one city: how much, at what price, who pays, what a dose does."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from zhuanxing.config import Language
from zhuanxing.results.annual import PATH
from zhuanxing.results.names import element_label

if TYPE_CHECKING:
    from zhuanxing.model import Model

__all__ = ["dose_table", "full_doses"]

FULL = "full dose"
# Effects in these units are per dose; all others are those of a full dose or of a rule in force.
PER_DOSE = "dose"
# What is in force at once has one effect, that of its full coverage.
STATES = ("rule", "title")


def full_doses(model: Model) -> np.ndarray:
    """Return the doses [city, lever] of intensity one: of works in the years of a plan."""
    return np.asarray(model.program.run({}, {FULL: PATH})[FULL][0])


def dose_table(model: Model, city: str, scenario: str, language: Language) -> pd.DataFrame:
    """Return a row a lever that acts in `city`, with its dose, price, payers and effect.

    Columns: lever, name_zh, name_en, unit_zh, unit_en, kind, full (dose of intensity one, of works
    in the years of a plan), delivered (by the end of the run of `scenario`), cost (1e8 CNY a dose,
    of rules and titles a year), low, high, paid_by (in `language`), spent (1e8 CNY in the run),
    effect (of a dose at first), later (of a dose after a full one), unit, known (yes, part, no, or
    empty: dose by size of the city).
    """
    tables = model.tables
    run = model.run(scenario, city=[city]).sel(city=city)
    full = full_doses(model)[model.elements("city").index(city)]
    last = run.isel(year=-1)
    rows = [
        _row(row, float(dose), run, last)
        | {"paid_by": _payers(row["funding_shares"], run, language)}
        for row, dose in zip(tables.levers.to_dict("records"), full, strict=True)
        if dose > 0
    ]
    places = tables.lever_places[tables.lever_places["unit_id"] == city]
    known = places.groupby("lever")["known"].agg(lambda marks: ", ".join(dict.fromkeys(marks)))
    table = pd.DataFrame(rows)
    return table.assign(known=table["lever"].map(known).fillna(""))


def _row(
    row: Mapping[Hashable, Any], full: float, run: xr.Dataset, last: xr.Dataset
) -> dict[str, object]:
    lever, effect, unit = row["lever"], float(row["effect"]), str(row["effect_unit"])
    if unit and PER_DOSE not in unit and row["dose_kind"] not in STATES:
        effect, unit = effect / full, f"{unit}/dose"
    return {
        "lever": lever,
        "name_zh": row["name_zh"],
        "name_en": row["name_en"],
        "unit_zh": row["dose_zh"],
        "unit_en": row["dose_en"],
        "kind": row["dose_kind"],
        "full": full,
        "delivered": float(last["lever_dose"].sel(lever=lever)),
        "cost": float(row["dose_cost"]),
        "low": float(row["dose_cost_low"]),
        "high": float(row["dose_cost_high"]),
        "spent": float(run["lever_spending_by_lever"].sel(lever=lever).sum()),
        "effect": effect,
        "later": effect / (1 + float(row["saturation"])),
        "unit": unit,
    }


def _payers(shares: str, run: xr.Dataset, language: Language) -> str:
    parts = [part.split(":") for part in shares.split(";") if part]
    unpaid = run["money_not_paid"]
    return ", ".join(
        f"{element_label(unpaid, 'funding_source', payer, language)} {float(share):.0%}"
        for payer, share in parts
    )
