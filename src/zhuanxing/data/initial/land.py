"""Initial land of a unit by use, summing to its area.

Farmland is surveyed where a survey of the city was found, else a share of the area. Homes and works
follow from townspeople, villagers and secondary output at what the nation takes for each, moved
half of the way to what the city districts show; damaged and barren land are shares of the area.
What is left is forest, grass and water.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from statistics import median

from zhuanxing.data.initial.carrying import CARRIED, ESTIMATED, Value, figure_of
from zhuanxing.data.initial.lookup import Known
from zhuanxing.data.initial.neighbours import Neighbours
from zhuanxing.data.initial.quantities import PEOPLE, URBAN
from zhuanxing.data.tables import DataError

__all__ = ["LandUse"]

LEAST_ECOLOGICAL_SHARE = 0.02
# Forest is part of ecological land; statistics of forest may count more.
MOST_FOREST = 0.95
# Districts that use less than this part of the power of a city say little of the rest of it.
LEAST_PART = 0.25
LARGEST_STEP = 0.03
# What districts show moves a use at most so far from the typical: works also stand outside of what
# is counted as construction land, as steel works at a port do.
LARGEST_FACTOR = 1.5
HOMES, WORKS = "homes", "works"


@dataclass(frozen=True)
class LandUse:
    """Land of the units at the start of the year `first`.

    `drivers` hold residents and townspeople by unit, 1e4; `secondary` value added, 1e8 CNY a year;
    `area` km2.
    """

    known: Known
    neighbours: Neighbours
    drivers: Mapping[str, Mapping[str, float]]
    secondary: Mapping[str, float]
    area: Mapping[str, float]
    first: int

    def of(self, unit: str, solar_base: float) -> dict[str, Value]:
        """Return km2 by land use with origins; the sum is the area. `solar_base` in MW.

        Raises DataError where the parts do not leave room in the area.
        """
        area, people = self.area[unit], self.drivers[PEOPLE][unit]
        works, from_districts = self._works(unit)
        badly = self._typical(unit, "inefficient_land_share")
        land = {
            "farmland": self._farmland(unit),
            "residential": self._homes(unit),
            "service": (people * self._typical(unit, "land_per_person", "service"), ESTIMATED),
            "industrial_efficient": (works * (1 - badly), from_districts),
            "industrial_inefficient": (works * badly, from_districts),
            "mixed_use": (works * self._typical(unit, "mixed_use_land_share"), ESTIMATED),
            "idle": (works * self._typical(unit, "idle_land_share"), ESTIMATED),
            "mining_damaged": self._share_of(unit, "mining_damaged"),
            "barren": self._share_of(unit, "barren"),
            "energy_base": (solar_base * self._typical(unit, "solar_land"), ESTIMATED),
        }
        rest = area - sum(size for size, _ in land.values())
        if rest < LEAST_ECOLOGICAL_SHARE * area:
            raise DataError(
                f"archetypes.csv: the land of '{unit}' other than ecological takes "
                f"{area - rest:.0f} of {area:.0f} km2, expected to leave at least "
                f"{LEAST_ECOLOGICAL_SHARE:.0%} of the area"
            )
        return {**land, "ecological": (rest, ESTIMATED)}

    def forest(self, unit: str, ecological: float) -> Value:
        """Return forest as a share of the area, of which ecological land has `ecological` km2."""
        most = MOST_FOREST * ecological / self.area[unit]
        surveyed = self.known.seen(unit, "forest_land")
        cover = {year: km2 / self.area[unit] for year, km2 in surveyed.items()}
        printed = self.known.seen(unit, "forest_cover")
        cover |= {year: percent / 100 for year, percent in printed.items()}
        if cover:
            return min(cover[min(cover, key=lambda year: abs(year - self.first))], most), CARRIED
        return min(self._typical(unit, "forest_share"), most), ESTIMATED

    def left_out(self) -> dict[str, dict[str, float]]:
        """Return what units like it say of a unit over its own, as a logarithm, by use."""
        return {use: self.neighbours.left_out(own) for use, own in self._relative.items() if own}

    def _farmland(self, unit: str) -> Value:
        surveyed = figure_of(self.known.seen(unit, "farmland_area"), self.first)
        return surveyed or self._share_of(unit, "farmland")

    def _homes(self, unit: str) -> Value:
        factor, origin = self._factor(HOMES, unit)
        towns = factor * self._of_towns(unit)
        people, urban = self.drivers[PEOPLE][unit], self.drivers[URBAN][unit]
        return towns + (people - urban) * self._typical(unit, "land_per_person", "village"), origin

    def _works(self, unit: str) -> Value:
        factor, origin = self._factor(WORKS, unit)
        return factor * self._of_output(unit), origin

    def _of_towns(self, unit: str) -> float:
        return self.drivers[URBAN][unit] * self._typical(unit, "land_per_person", "town")

    def _of_output(self, unit: str) -> float:
        """Return land of works by what they make, or what every town has if that is more."""
        least = self.drivers[URBAN][unit] * self._typical(unit, "land_per_person", "works")
        return max(least, self.secondary[unit] / self._typical(unit, "industrial_land_output"))

    def _factor(self, use: str, unit: str) -> Value:
        """Return how much more land a use takes than the typical, half of what districts show.

        That they show more or less in all units alike is what they count, and is left out.
        """
        known = self._relative[use]
        if not known:
            return 1.0, ESTIMATED
        mean = sum(math.log(ratio) for ratio in known.values()) / len(known)
        ratio = known[unit] if unit in known else self.neighbours.estimate(unit, known)
        most = math.log(LARGEST_FACTOR)
        moved = max(-most, min(most, 0.5 * (math.log(ratio) - mean)))
        return math.exp(moved), CARRIED if unit in known else ESTIMATED

    @cached_property
    def _relative(self) -> dict[str, dict[str, float]]:
        """Land of a use over the typical, by use and unit, where districts tell it."""
        found: dict[str, dict[str, float]] = {HOMES: {}, WORKS: {}}
        for unit in self.drivers[PEOPLE]:
            homes = self._at_start(unit, "urban_residential_land")
            built = self._at_start(unit, "urban_construction_land")
            parts = self._parts(unit)
            if homes and built and parts:
                found[HOMES][unit] = homes / parts[HOMES] / self._of_towns(unit)
                works = (built - homes) * self._works_in_parcels(unit)
                found[WORKS][unit] = works / parts[WORKS] / self._of_output(unit)
        return {use: {u: x for u, x in of.items() if 0 < x < math.inf} for use, of in found.items()}

    def _at_start(self, unit: str, statistic: str) -> float:
        found = figure_of(self.known.seen(unit, statistic), self.first - 1, LARGEST_STEP)
        return found[0] if found else 0.0

    def _works_in_parcels(self, unit: str) -> float:
        """Return the part of works in mapped parcels of the city other than homes."""
        homes = self.known.seen(unit, "urban_parcels_residential_share")
        works = self.known.seen(unit, "urban_parcels_industrial_share")
        shares = [works[year] / (100 - homes[year]) for year in works if year in homes]
        return shares[0] if shares else 0.0

    def _parts(self, unit: str) -> dict[str, float]:
        """Return the part of the city districts in power: of industry, and of all else for homes.

        Infinite where it is too small to tell, empty where it is not known.
        """
        seen = self.known.seen
        whole = seen(unit, "electricity_consumption")
        of_works = seen(unit, "industrial_electricity")
        inner = seen(unit, "electricity_consumption_urban_districts")
        inner_works = seen(unit, "industrial_electricity_urban_districts")
        rest = [whole[year] - of_works[year] for year in whole if year in of_works]
        inner_rest = [inner[year] - inner_works[year] for year in inner if year in inner_works]
        if not (rest and inner_rest):
            return {}
        works = median(inner_works.values()) / median(of_works.values())
        homes = median(inner_rest) / median(rest)
        parts = {HOMES: homes, WORKS: works}
        return {use: min(1.0, x) if x >= LEAST_PART else math.inf for use, x in parts.items()}

    def _share_of(self, unit: str, use: str) -> Value:
        return self.area[unit] * self._typical(unit, "land_share", use), ESTIMATED

    def _typical(self, unit: str, name: str, subscript: str = "") -> float:
        return self.known.typical(unit, name, subscript)
