"""Debt at the start, and how fast platforms of a unit borrow.

Local government debt was counted for the first time at the end of 2014 and printed by city from
2018. The first figure of a unit is brought to a year of the nation by its own trend, then to the
start in step with the nation. General and special debt split as in the first year that has both.
Debt of platforms is printed at the start.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from zhuanxing.data.initial.carrying import CARRIED, ESTIMATED, OBSERVED, Value, figure_of
from zhuanxing.data.initial.lookup import Known, Province
from zhuanxing.data.initial.neighbours import Neighbours
from zhuanxing.data.kinds import NATION
from zhuanxing.data.reading import DataError

__all__ = ["debt_by_kind", "debt_per_output", "platform_ambition"]

DEBT, SPECIAL, PLATFORMS = "government_debt", "government_debt_special", "platform_debt"
# Statutory debt grew by up to this a year, as a logarithm, in most units.
LARGEST_STEP = 0.2
# The range of how fast platforms of a unit borrow relative to those of the median one.
SLOWEST, FASTEST = 0.1, 2.2


def debt_per_output(
    known: Known, province: Province, units: Sequence[str], output: Mapping[str, float], start: int
) -> dict[str, float]:
    """Return statutory debt at the end of the year `start` over the output of the next year.

    Only units with figures of their own are in the result. `output` at its own prices, 1e8 CNY.
    """
    _, last = province.span(NATION, DEBT)
    nation = {year: province.nearest_year(NATION, DEBT, year) for year in (start, last)}
    found = {}
    for unit in units:
        seen = known.seen(unit, DEBT)
        figure = figure_of(seen, last, LARGEST_STEP)
        if figure is not None:
            found[unit] = figure[0] * nation[start] / nation[last] / output[unit]
    return found


def debt_by_kind(
    known: Known,
    neighbours: Neighbours,
    per_output: Mapping[str, float],
    output: Mapping[str, float],
) -> dict[str, tuple[Value, Value]]:
    """Return general and special statutory debt of every unit at the start, 1e8 CNY.

    Raises DataError where it is known of no unit.
    """
    if not per_output:
        raise DataError(f"observations.csv has no {DEBT} of any unit")
    shares = {unit: _special_share(known, unit) for unit in output}
    usual = float(np.median([share for share in shares.values() if not math.isnan(share)]))
    debts = {}
    for unit, produced in output.items():
        origin = CARRIED if unit in per_output else ESTIMATED
        ratio = per_output[unit] if unit in per_output else neighbours.estimate(unit, per_output)
        share = usual if math.isnan(shares[unit]) else shares[unit]
        debts[unit] = ((ratio * produced * (1 - share), origin), (ratio * produced * share, origin))
    return debts


def platform_ambition(known: Known, units: Sequence[str], start: int) -> dict[str, Value]:
    """Return how fast platforms of every unit borrow relative to those of the median unit.

    From the growth of their debt since the end of the year `start`; one where it is not known.
    """
    growth = {}
    for unit in units:
        seen = known.seen(unit, PLATFORMS)
        last = max(seen, default=start)
        if last > start and seen.get(start, 0.0) > 0:
            growth[unit] = math.log(seen[last] / seen[start]) / (last - start)
    usual = float(np.median(list(growth.values()))) if growth else 0.0
    if usual <= 0:
        return {unit: (1.0, ESTIMATED) for unit in units}
    return {
        unit: (float(np.clip(growth[unit] / usual, SLOWEST, FASTEST)), OBSERVED)
        if unit in growth
        else (1.0, ESTIMATED)
        for unit in units
    }


def _special_share(known: Known, unit: str) -> float:
    """Return special debt as a part of all in the first year that has both, else nan."""
    debt, special = known.seen(unit, DEBT), known.seen(unit, SPECIAL)
    both = sorted(set(debt) & set(special))
    return special[both[0]] / debt[both[0]] if both else math.nan
