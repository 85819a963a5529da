"""How the secondary sector of a unit splits, from where its people work.

Value added by industry is printed for few cities. Employment in urban units by industry is for
most, and where both are known the share of construction in secondary value added is its share in
employment, within a tenth. That of mining in industry differs more, for a mine of a young coalfield
makes several times what one of an old does per worker; it is averaged with what is assumed of the
kind of city. What is left of industry splits as assumed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from zhuanxing.data.initial.lookup import Known

__all__ = ["Industry"]

CONSTRUCTION, MINING = "construction", "mining"
WORKERS = "urban_unit_employment_"
# The largest share of construction in secondary value added that is known of a unit. Where more
# people work in it, firms that build elsewhere are registered there, and the share is the mean, of
# logarithms, of this and what is assumed.
MOST_CONSTRUCTION = 0.25
LEAST = 0.002


@dataclass(frozen=True)
class Industry:
    """Shares of sectors within the secondary, from `known` and the `assumed` ones by unit.

    `assumed[unit][sector]` sums to one.
    """

    known: Known
    assumed: Mapping[str, Mapping[str, float]]

    def weights(self, unit: str) -> dict[str, float]:
        """Return the share of every sector of the secondary; they sum to one."""
        assumed = self.assumed[unit]
        construction = self.construction(unit)
        industry = 1 - assumed[CONSTRUCTION]
        mining = self.mining(unit) * (1 - construction)
        rest = (1 - construction - mining) / (industry - assumed[MINING])
        scaled = {sector: share * rest for sector, share in assumed.items()}
        return {**scaled, CONSTRUCTION: construction, MINING: mining}

    def construction(self, unit: str, without: str = "") -> float:
        """Return the share of construction in secondary value added.

        `without` is a unit that is left out of what is known, to try the rule on it.
        """
        found = self.known_construction()
        if unit in found and unit != without:
            return found[unit]
        workers = self._workers(unit, CONSTRUCTION, "secondary")
        if workers is None:
            return self.assumed[unit][CONSTRUCTION]
        pairs = {
            other: (share, self._workers(other, CONSTRUCTION, "secondary"))
            for other, share in found.items()
            if other != without
        }
        ratios = [math.log(share / of) for share, of in pairs.values() if of is not None]
        factor = math.exp(float(np.mean(ratios))) if ratios else 1.0
        share = workers * factor
        if share <= MOST_CONSTRUCTION:
            return share
        return math.sqrt(MOST_CONSTRUCTION * self.assumed[unit][CONSTRUCTION])

    def mining(self, unit: str, without: str = "") -> float:
        """Return the share of mining in industrial value added; `without` as for construction."""
        assumed = self.assumed[unit][MINING] / (1 - self.assumed[unit][CONSTRUCTION])
        found = self.known_mining()
        if unit in found and unit != without:
            return assumed
        workers = self._workers(unit, MINING, MINING, "manufacturing", "utilities")
        if workers is None:
            return assumed
        shift = [
            _odds(share) - _odds(of)
            for other, share in found.items()
            if other != without
            and (of := self._workers(other, MINING, MINING, "manufacturing", "utilities"))
        ]
        by_workers = _odds(workers) + (float(np.mean(shift)) if shift else 0.0)
        return 1 / (1 + math.exp(-0.5 * (by_workers + _odds(assumed))))

    def known_construction(self) -> dict[str, float]:
        """Return the share of construction where value added of industry and sector are printed."""
        found = {}
        for unit in self.assumed:
            secondary = self.known.seen(unit, "secondary_va")
            industry = self.known.seen(unit, "industry_va")
            shares = [
                1 - industry[year] / secondary[year] for year in industry if year in secondary
            ]
            if shares:
                found[unit] = float(np.mean(shares))
        return found

    def known_mining(self) -> dict[str, float]:
        """Return the share of mining in industry where it, or what it leaves, is printed."""
        found = {}
        for unit in self.assumed:
            for variable, part in (
                ("oil_gas_share_of_industry", False),
                ("coal_industry_share", False),
                ("non_coal_industry_share", True),
                ("manufacturing_share_of_industry", True),
            ):
                seen = self.known.seen(unit, variable)
                if seen and unit not in found:
                    share = seen[min(seen)] / 100
                    found[unit] = 1 - share if part else share
        return found

    def left_out(self) -> dict[str, dict[str, float]]:
        """Return the rule's share over the known one, as a logarithm, each unit left out."""
        construction = {
            unit: math.log(self.construction(unit, unit) / share)
            for unit, share in self.known_construction().items()
        }
        mining = {
            unit: math.log(self.mining(unit, unit) / share)
            for unit, share in self.known_mining().items()
        }
        return {CONSTRUCTION: construction, MINING: mining}

    def _workers(self, unit: str, part: str, *whole: str) -> float | None:
        """Return the median share of a sector in the employment of several, over the years."""
        of = [self.known.seen(unit, WORKERS + sector) for sector in whole]
        seen = self.known.seen(unit, WORKERS + part)
        shares = [
            seen[year] / sum(sector[year] for sector in of)
            for year in seen
            if all(year in sector for sector in of)
        ]
        return max(LEAST, float(np.median(shares))) if shares else None


def _odds(share: float) -> float:
    share = min(1 - LEAST, max(LEAST, share))
    return math.log(share / (1 - share))
