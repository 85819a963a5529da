"""Initial output, its sectors and the people of each unit, and where each value comes from.

Levels are anchored in the year of the prices, whose accounts follow the last economic census, and
carried back by real growth: what was observed of the unit, else a period average of the unit, else
the province.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

from zhuanxing.data.initial.carrying import CARRIED, ESTIMATED, OBSERVED, Value, figure_of
from zhuanxing.data.initial.industry import Industry
from zhuanxing.data.initial.lookup import Known, Province
from zhuanxing.data.kinds import NATION
from zhuanxing.data.tables import Tables

__all__ = ["Economy", "Periods"]

BROAD = ("primary", "secondary", "tertiary")
LEAST_SHARE, LEAST_URBAN = 0.002, 0.05
# Years before and after the start over which growth of residents is read.
PACE_YEARS = 4


@dataclass(frozen=True)
class Periods:
    """Years and bases that the tables give: `first` of the model, `prices`, `last` known.

    `accounts` and `census` are the bases of today of output and of people, `older` the accounts
    before.
    """

    first: int
    prices: int
    last: int
    accounts: str
    census: str
    older: str

    @classmethod
    def of(cls, tables: Tables, last: int) -> Periods:
        """Return the periods of `tables` for a reader who knows the statistics to `last`."""
        now = tables.bases[tables.bases["current"] == 1].set_index("bases")["basis"]
        before = tables.bases[tables.bases["current"] == 0].set_index("bases")["basis"]
        current = now[~now.index.duplicated()]
        return cls(
            first=tables.first_year, prices=tables.price_year, last=last,
            accounts=str(current["accounts"]), census=str(current["census"]),
            older=str(before["accounts"]),
        )  # fmt: skip


@dataclass(frozen=True)
class Economy:
    """Economic history of the units.

    `price[city][sector][year]` is the value-added price of a sector in a city, 1 in the year of
    the prices.
    """

    known: Known
    province: Province
    province_of: dict[str, str]
    price: dict[str, dict[str, dict[int, float]]]
    when: Periods

    def growth(self, unit: str) -> dict[int, Value]:
        """Return real growth of output by year as a fraction, with its origin."""
        seen = {year: value / 100 for year, value in self.known.seen(unit, "gdp_growth").items()}
        where = self.province_of[unit]
        lag = self.known.own(unit, "growth_adjustment") or 0.0
        path: dict[int, Value] = {}
        for year in range(self.when.first + 1, max(self.when.last, self.when.prices) + 1):
            if year in seen:
                path[year] = (seen[year], OBSERVED)
            else:
                path[year] = (self.province.value(where, "gdp_growth", year) / 100 + lag, CARRIED)
        for first, last, mean in self.known.averages(unit, "gdp_growth_avg"):
            if first > self.when.first:
                path = _meet_average(
                    path, first, min(last, self.when.last), mean / 100, last - first + 1
                )
        return path

    def output_of_anchor(self, unit: str) -> Value:
        """Return output of 2020 at its own prices, 1e8 CNY."""
        seen = self.known.seen(unit, "gdp", self.when.accounts)
        if self.when.prices in seen:
            return seen[self.when.prices], OBSERVED
        near = {year: value for year, value in seen.items() if year >= self.when.prices - 1}
        if not near and self.known.own(unit, "gdp_2020") is None:
            # Only when later statistics are not yet known: a level before the revision.
            older = self.known.seen(unit, "gdp")
            near = {year: older[year] for year in sorted(older)[-1:] if year >= self.when.first}
        if not near:
            return self.known.own(unit, "gdp_2020") or self._output_by_heads(unit), ESTIMATED
        closest = min(abs(year - self.when.prices) for year in near)
        carried = [
            value * self._nominal_to_anchor(unit, year)
            for year, value in near.items()
            if abs(year - self.when.prices) == closest
        ]
        return math.exp(sum(map(math.log, carried)) / len(carried)), CARRIED

    def _output_by_heads(self, unit: str) -> float:
        """Return output of the year of the prices if a head makes as much as in the province.

        Only needed when later statistics are not yet known.
        """
        where, year = self.province_of[unit], self.when.prices
        heads = self.province.nearest_year(where, "population", year)
        return self.people(unit)[0] * self.province.value(where, "gdp", year) / heads

    def _nominal_to_anchor(self, unit: str, year: int) -> float:
        own = self.known.seen(unit, "nominal_gdp_growth")
        if year == self.when.prices - 1 and self.when.prices in own:
            return 1 + own[self.when.prices] / 100
        where = self.province_of[unit]
        value = self.province.value
        return value(where, "gdp", self.when.prices) / value(where, "gdp", year)

    def output(self, unit: str) -> Value:
        """Return real output of 2015 in prices of 2020, 1e8 CNY a year."""
        level, origin = self.output_of_anchor(unit)
        path = self.growth(unit)
        years = range(self.when.first + 1, self.when.prices + 1)
        factor = math.prod(1 + path[year][0] for year in years)
        if origin == OBSERVED and any(path[year][1] == CARRIED for year in years):
            origin = CARRIED
        return level / factor, origin

    def broad_shares(self, unit: str) -> tuple[dict[str, float], str]:
        """Return real shares of the first year of the three broad sectors; they sum to 1.

        The first shares on today's accounts are carried back by the growth of the sectors, of the
        unit where it is printed, else of the nation, and by the prices of the province. Older
        accounts do not count: what the economic census found wrong in them had moved wrongly.
        """
        revised, every = (self._share_years(unit, basis) for basis in (self.when.accounts, ""))
        first = self.when.first
        if not every:
            return self._typical_shares(unit), ESTIMATED
        start = min(revised or every)
        back = self._carried_back(unit, self._real_shares(unit, start), start, first)
        return back, OBSERVED if start == first else CARRIED

    def _real_shares(self, unit: str, year: int) -> dict[str, float]:
        """Return the printed shares of `year` at the prices that values are given in."""
        revised = year in self._share_years(unit, self.when.accounts)
        basis = self.when.accounts if revised else ""
        shares = _normal({b: self.known.seen(unit, f"{b}_share", basis)[year] for b in BROAD})
        nominal = shares if revised else self._on_revised_basis(unit, shares)
        return _normal({b: nominal[b] / self._broad_price(unit, b, year) for b in BROAD})

    def _carried_back(
        self, unit: str, real: dict[str, float], year: int, to: int
    ) -> dict[str, float]:
        """Return the shares of the year `to` from the `real` ones of `year`."""
        for when in range(to + 1, year + 1):
            real = _normal({b: real[b] / self._relative_growth(unit, b, when) for b in BROAD})
        return real

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
        older = self.known.seen(unit, "gdp", self.when.older)
        years = [year for year in older if year >= self.when.first]
        if not years:
            return 1.0
        year = max(years)
        return self.output_of_anchor(unit)[0] / (older[year] * self._nominal_to_anchor(unit, year))

    def _share_years(self, unit: str, basis: str) -> set[int]:
        """Return the years from the first for which all three shares were observed."""
        years = (set(self.known.seen(unit, f"{b}_share", basis)) for b in BROAD)
        return {
            year for year in set.intersection(*years) if self.when.first <= year <= self.when.last
        }

    def _broad_price(self, unit: str, broad: str, year: int) -> float:
        weights = self.sector_weights[unit][broad]
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
        shares = _normal({b: self.province.value(where, f"{b}_va", self.when.first) for b in BROAD})
        for broad in BROAD[:2]:
            shift = self.known.typical(unit, "sector_shift", broad)
            shares[broad] = max(LEAST_SHARE, shares[broad] + shift)
        shares[BROAD[2]] = 1 - shares[BROAD[0]] - shares[BROAD[1]]
        return shares

    @cached_property
    def sector_weights(self) -> dict[str, dict[str, dict[str, float]]]:
        """The share of each sector in its broad sector, {unit: {broad: {sector: share}}}."""
        return {
            unit: {**assumed, BROAD[1]: self.industry.weights(unit)}
            for unit, assumed in self._assumed_weights.items()
        }

    @cached_property
    def industry(self) -> Industry:
        """The split of the secondary sector."""
        assumed = {unit: weights[BROAD[1]] for unit, weights in self._assumed_weights.items()}
        return Industry(self.known, assumed)

    @cached_property
    def _assumed_weights(self) -> dict[str, dict[str, dict[str, float]]]:
        """The same as `sector_weights`, as archetypes.csv assumes it."""
        weights: dict[str, dict[str, dict[str, float]]] = {}
        for unit in self.province_of:
            groups = weights[unit] = {broad: {} for broad in BROAD}
            for subscript in self.known.subscripts(unit, "sector_weight"):
                broad, sector = subscript.split(";")
                groups[broad][sector] = self.known.typical(unit, "sector_weight", subscript)
        return {
            unit: {broad: _normal(group) for broad, group in groups.items()}
            for unit, groups in weights.items()
        }

    def people(self, unit: str) -> Value:
        """Return residents at the end of the year before the first, 1e4 persons.

        The basis is that of the last census: the figure of the year, else interpolated between
        the censuses and what was restated after them, else carried back from later figures.
        """
        seen = self.known.seen(unit, "population", self.when.census)
        start = self.when.first - 1
        yearly = self._population_growth(unit)
        if seen and min(seen) <= start <= max(seen):
            return _known(figure_of(seen, start))
        if seen:
            year = min(seen, key=lambda other: abs(other - start))
            return seen[year] / yearly ** (year - start), CARRIED
        typical = self.known.own(unit, "population_2020")
        if typical is None:
            typical = self._people_by_output(unit)
        return typical / yearly ** (self.when.prices - start), ESTIMATED

    def people_growth(self, unit: str) -> Value:
        """Return the yearly growth of residents around the start, as a logarithm.

        The median slope (Theil and Sen) through the figures on the basis of today that lie within
        PACE_YEARS of the start: one leap of a count does not make a trend. Else that of the
        province.
        """
        seen = self.known.seen(unit, "population", self.when.census)
        start, people = self.when.first - 1, self.people(unit)[0]
        near = {y: seen[y] for y in seen if abs(y - start) <= PACE_YEARS} | {start: people}
        if len(near) < 2:
            return math.log(self._population_growth(unit)), ESTIMATED
        years = sorted(near)
        slopes = [
            math.log(near[late] / near[early]) / (late - early)
            for early, late in combinations(years, 2)
        ]
        return float(np.median(slopes)), CARRIED

    def _people_by_output(self, unit: str) -> float:
        """Return residents of 2020 if the unit makes as much a head as its province.

        Only needed when later censuses and statistics are not yet known.
        """
        where = self.province_of[unit]
        heads = self.province.nearest_year(where, "population", self.when.prices)
        return (
            heads
            * self.output_of_anchor(unit)[0]
            / self.province.value(where, "gdp", self.when.prices)
        )

    def _population_growth(self, unit: str) -> float:
        own = self.known.own(unit, "population_growth")
        if own is not None:
            return 1 + own
        where = self.province_of[unit]
        return self.province.yearly_growth(where, "population")

    def urban_share(self, unit: str) -> Value:
        """Return the urban share of residents at the end of the year before the first.

        The figure of the year, else interpolated between figures before and after it, else the
        nearest figure carried with the province.
        """
        start = self.when.first - 1
        seen = {year: value / 100 for year, value in self.known.seen(unit, "urbanization").items()}
        if min(seen, default=start) < start < max(seen, default=start) or start in seen:
            share, origin = _known(figure_of(seen, start))
            return min(1.0, share), origin
        where = self.province_of[unit]
        first, last = self.province.span(where, "urbanization")
        level = self.province.value(where, "urbanization", first)
        step = (self.province.value(where, "urbanization", last) - level) / (last - first)
        own = self.known.own(unit, "urbanization")
        for basis in (self.when.census, ""):
            near = {
                y: v for y, v in seen.items() if y in self.known.seen(unit, "urbanization", basis)
            }
            if near:
                year = min(near, key=lambda other: abs(other - start))
                return float(np.clip(near[year] - step * (year - start), LEAST_URBAN, 1.0)), CARRIED
        if own is None:
            own = level - step * (first - start) + self.known.typical(unit, "urbanization_shift")
        return float(np.clip(own, LEAST_URBAN, 1.0)), ESTIMATED

    def nominal(self, unit: str) -> dict[int, float]:
        """Return output at its own prices by year from the first, 1e8 CNY, on today's accounts.

        Printed where it is; in the first year real output of the sectors at their prices; between
        the two by interpolation, after the last by none.
        """
        shares, _ = self.broad_shares(unit)
        real, _ = self.output(unit)
        first = self.when.first
        value = sum(
            real * shares[broad] * weight * self.price[unit][sector][first]
            for broad, weights in self.sector_weights[unit].items()
            for sector, weight in weights.items()
        )
        seen = {first: value, **self.known.seen(unit, "gdp", self.when.accounts)}
        if self.when.prices not in seen:
            seen[self.when.prices] = self.output_of_anchor(unit)[0]
        return {year: _known(figure_of(seen, year))[0] for year in range(first, max(seen) + 1)}


def _known(found: Value | None) -> Value:
    assert found is not None, "a figure of an empty series"
    return found


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
