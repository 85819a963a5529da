"""Initial output, its sectors and the people of each unit, and where each value comes from.

Levels are anchored in 2020, whose accounts follow the 2018 census, and carried back by real
growth: what was observed of the unit, else a period average of the unit, else the province.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from zhuanxing.data.initial.lookup import Known, Province

__all__ = ["ARCHETYPE", "CARRIED", "OBSERVED", "Economy", "Value"]

OBSERVED, CARRIED, ARCHETYPE = "observed", "carried", "archetype"
BASE, ANCHOR, LAST = 2015, 2020, 2022
OLDER = "pre_2018_census"
REVISED, CENSUS = "post_2018_census", "post_2020_population_census"
BROAD = ("primary", "secondary", "tertiary")
NATION = "China"
LEAST_SHARE = 0.002

Value = tuple[float, str]


@dataclass(frozen=True)
class Economy:
    """Economic history of the units.

    `price[city][sector][year]` is the value-added price of a sector in a city, 1 in 2020; `last`
    is the last year whose statistics are known.
    """

    known: Known
    province: Province
    province_of: dict[str, str]
    price: dict[str, dict[str, dict[int, float]]]
    last: int = LAST

    def growth(self, unit: str) -> dict[int, Value]:
        """Return real growth of output by year as a fraction, with its origin."""
        seen = {year: value / 100 for year, value in self.known.seen(unit, "gdp_growth").items()}
        where = self.province_of[unit]
        lag = self.known.own(unit, "growth_adjustment") or 0.0
        path: dict[int, Value] = {}
        for year in range(BASE + 1, self.last + 1):
            if year in seen:
                path[year] = (seen[year], OBSERVED)
            else:
                path[year] = (
                    self.province.value(where, "gdp_growth", year) / 100 + lag,
                    CARRIED,
                )
        for first, last, mean in self.known.averages(unit, "gdp_growth_avg"):
            if first > BASE:
                path = _meet_average(
                    path, first, min(last, self.last), mean / 100, last - first + 1
                )
        return path

    def output_of_anchor(self, unit: str) -> Value:
        """Return output of 2020 at its own prices, 1e8 CNY."""
        seen = self.known.seen(unit, "gdp", REVISED)
        if ANCHOR in seen:
            return seen[ANCHOR], OBSERVED
        near = {year: value for year, value in seen.items() if year >= ANCHOR - 1}
        if not near and self.known.own(unit, "gdp_2020") is None:
            # Only when later statistics are not yet known: a level before the revision.
            older = self.known.seen(unit, "gdp")
            near = {year: older[year] for year in sorted(older)[-1:] if year >= BASE}
        if not near:
            return self.known.typical(unit, "gdp_2020"), ARCHETYPE
        closest = min(abs(year - ANCHOR) for year in near)
        carried = [
            value * self._nominal_to_anchor(unit, year)
            for year, value in near.items()
            if abs(year - ANCHOR) == closest
        ]
        return math.exp(sum(map(math.log, carried)) / len(carried)), CARRIED

    def _nominal_to_anchor(self, unit: str, year: int) -> float:
        own = self.known.seen(unit, "nominal_gdp_growth")
        if year == ANCHOR - 1 and ANCHOR in own:
            return 1 + own[ANCHOR] / 100
        where = self.province_of[unit]
        value = self.province.value
        return value(where, "gdp", ANCHOR) / value(where, "gdp", year)

    def output(self, unit: str) -> Value:
        """Return real output of 2015 in prices of 2020, 1e8 CNY a year."""
        level, origin = self.output_of_anchor(unit)
        path = self.growth(unit)
        years = range(BASE + 1, ANCHOR + 1)
        factor = math.prod(1 + path[year][0] for year in years)
        if origin == OBSERVED and any(path[year][1] == CARRIED for year in years):
            origin = CARRIED
        return level / factor, origin

    def broad_shares(self, unit: str) -> tuple[dict[str, float], str]:
        """Return real shares of 2015 of the three broad sectors; they sum to 1."""
        chosen = self._share_year(unit)
        if chosen is None:
            return self._typical_shares(unit), ARCHETYPE
        year, nominal = chosen
        real = {b: nominal[b] / self._broad_price(unit, b, year) for b in BROAD}
        real = _normal(real)
        for when in range(BASE + 1, year + 1):
            real = _normal({b: real[b] / self._relative_growth(unit, b, when) for b in BROAD})
        return real, OBSERVED if BASE in self._share_years(unit, REVISED) else CARRIED

    def _share_year(self, unit: str) -> tuple[int, dict[str, float]] | None:
        """Return the first year with shares, on the revised basis if there is one, and they."""
        common = self._share_years(unit, "")
        if not common:
            return None
        revised = self._share_years(unit, REVISED)
        year = min(revised or common)
        shares = _normal({b: self.known.seen(unit, f"{b}_share")[year] for b in BROAD})
        return year, shares if year in revised else self._on_revised_basis(unit, shares)

    def _on_revised_basis(self, unit: str, shares: dict[str, float]) -> dict[str, float]:
        """Return shares of the accounts before the 2018 census as the census would have them.

        A census that cuts output cuts industry, one that adds finds services: that sector is
        scaled as output was.
        """
        revision = self._revision(unit)
        touched = BROAD[1] if revision < 1 else BROAD[2]
        return _normal({b: shares[b] * (revision if b == touched else 1.0) for b in BROAD})

    def _revision(self, unit: str) -> float:
        """Return output on the revised basis over that on the older, 1 if one is not known."""
        older = self.known.seen(unit, "gdp", OLDER)
        years = [year for year in older if year >= BASE]
        if not years:
            return 1.0
        year = max(years)
        return self.output_of_anchor(unit)[0] / (older[year] * self._nominal_to_anchor(unit, year))

    def _share_years(self, unit: str, basis: str) -> set[int]:
        """Return the years from 2015 to 2022 for which all three shares were observed."""
        years = (set(self.known.seen(unit, f"{b}_share", basis)) for b in BROAD)
        return {year for year in set.intersection(*years) if BASE <= year <= LAST}

    def _broad_price(self, unit: str, broad: str, year: int) -> float:
        weights = self.sector_weights(unit)[broad]
        return sum(w * self.price[unit][sector][year] for sector, w in weights.items())

    def _relative_growth(self, unit: str, broad: str, year: int) -> float:
        own = self.known.seen(unit, f"{broad}_growth")
        total = self.known.seen(unit, "gdp_growth")
        if year in own and year in total:
            return (1 + own[year] / 100) / (1 + total[year] / 100)
        nation = self.province.value(NATION, f"{broad}_growth", year)
        return (1 + nation / 100) / (1 + self.province.value(NATION, "gdp_growth", year) / 100)

    def _typical_shares(self, unit: str) -> dict[str, float]:
        if self.known.own(unit, "three_sector_share", BROAD[0]) is not None:
            return _normal({b: self.known.typical(unit, "three_sector_share", b) for b in BROAD})
        where = self.province_of[unit]
        shares = _normal({b: self.province.value(where, f"{b}_va", BASE) for b in BROAD})
        for broad in BROAD[:2]:
            shift = self.known.typical(unit, "sector_shift", broad)
            shares[broad] = max(LEAST_SHARE, shares[broad] + shift)
        shares[BROAD[2]] = 1 - shares[BROAD[0]] - shares[BROAD[1]]
        return shares

    def sector_weights(self, unit: str) -> dict[str, dict[str, float]]:
        """Return the share of each sector in its broad sector, {broad: {sector: share}}."""
        groups: dict[str, dict[str, float]] = {b: {} for b in BROAD}
        for subscript in self.known.subscripts(unit, "sector_weight"):
            broad, sector = subscript.split(";")
            groups[broad][sector] = self.known.typical(unit, "sector_weight", subscript)
        return {broad: _normal(group) for broad, group in groups.items()}

    def people(self, unit: str) -> Value:
        """Return residents at the end of 2014, 1e4 persons, on the basis of the 2020 census."""
        seen = self.known.seen(unit, "population", CENSUS)
        if ANCHOR in seen and 2010 in seen:
            yearly = (seen[ANCHOR] / seen[2010]) ** (1 / (ANCHOR - 2010))
            return seen[ANCHOR] / yearly ** (ANCHOR - BASE + 1), OBSERVED
        later = {year: value for year, value in seen.items() if year >= ANCHOR}
        yearly = self._population_growth(unit)
        if later:
            year = min(later)
            return later[year] / yearly ** (year - BASE + 1), CARRIED
        typical = self.known.own(unit, "population_2020")
        if typical is None:
            typical = self._people_by_output(unit)
        return typical / yearly ** (ANCHOR - BASE + 1), ARCHETYPE

    def _people_by_output(self, unit: str) -> float:
        """Return residents of 2020 if the unit makes as much a head as its province.

        Only needed when later censuses and statistics are not yet known.
        """
        where = self.province_of[unit]
        heads = self.province.nearest_year(where, "population", ANCHOR)
        return heads * self.output_of_anchor(unit)[0] / self.province.value(where, "gdp", ANCHOR)

    def _population_growth(self, unit: str) -> float:
        own = self.known.own(unit, "population_growth")
        if own is not None:
            return 1 + own
        where = self.province_of[unit]
        return self.province.yearly_growth(where, "population", (BASE, BASE + 4))

    def urban_share(self, unit: str) -> Value:
        """Return the urban share of residents at the end of 2014."""
        own = self.known.own(unit, "urbanization")
        if own is not None:
            return own, ARCHETYPE
        where = self.province_of[unit]
        first, last = (
            self.province.value(where, "urbanization", year) for year in (BASE, BASE + 4)
        )
        step = (last - first) / 4
        for basis in (CENSUS, ""):
            seen = self.known.seen(unit, "urbanization", basis)
            if seen:
                year = min(seen, key=lambda other: abs(other - BASE))
                value = seen[year] / 100 - step * (year - BASE + 1)
                return float(np.clip(value, 0.05, 1.0)), CARRIED
        shift = self.known.typical(unit, "urbanization_shift")
        return float(np.clip(first - step + shift, 0.05, 1.0)), ARCHETYPE


def _normal(parts: dict[str, float]) -> dict[str, float]:
    total = sum(parts.values())
    return {name: value / total for name, value in parts.items()}


def _meet_average(
    path: dict[int, Value], first: int, last: int, mean: float, length: int
) -> dict[int, Value]:
    """Shift growth of unobserved years so that the years `first` to `last` have the mean."""
    years = range(first, last + 1)
    free = [year for year in years if path[year][1] == CARRIED]
    if not free or len(years) != length:
        return path
    wanted = length * math.log1p(mean)
    gap = wanted - sum(math.log1p(path[year][0]) for year in years)
    shifted = {
        year: (math.expm1(math.log1p(path[year][0]) + gap / len(free)), OBSERVED) for year in free
    }
    return {**path, **shifted}
