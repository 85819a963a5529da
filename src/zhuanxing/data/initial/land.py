"""Initial land of a unit by use, summing to its area.

Towns and villages follow from people, industrial land from secondary output, damaged and barren
land and farmland from shares of the area; what is left is forest, grass and water.
"""

from __future__ import annotations

from zhuanxing.data.initial.lookup import Known
from zhuanxing.data.tables import DataError

__all__ = ["initial_land"]

LEAST_ECOLOGICAL_SHARE = 0.02


def initial_land(
    known: Known, unit: str, area: float, people: float, secondary: float, solar_base: float
) -> dict[str, float]:
    """Return km2 by land use; the sum is `area`.

    `people` in 1e4 persons, `secondary` value added in 1e8 CNY a year, `solar_base` in MW.
    Raises DataError where the parts do not leave room in the area.
    """

    def typical(name: str, subscript: str = "") -> float:
        return known.typical(unit, name, subscript)

    occupied = secondary / typical("industrial_land_output")
    badly = typical("inefficient_land_share")
    land = {
        "farmland": area * typical("land_share", "farmland"),
        "residential": people * typical("land_per_person", "residential"),
        "service": people * typical("land_per_person", "service"),
        "industrial_efficient": occupied * (1 - badly),
        "industrial_inefficient": occupied * badly,
        "mixed_use": occupied * typical("mixed_use_land_share"),
        "idle": occupied * typical("idle_land_share"),
        "mining_damaged": area * typical("land_share", "mining_damaged"),
        "barren": area * typical("land_share", "barren"),
        "energy_base": solar_base * typical("solar_land"),
    }
    rest = area - sum(land.values())
    if rest < LEAST_ECOLOGICAL_SHARE * area:
        raise DataError(
            f"archetypes.csv: the land of '{unit}' other than ecological takes "
            f"{area - rest:.0f} of {area:.0f} km2, expected to leave at least "
            f"{LEAST_ECOLOGICAL_SHARE:.0%} of the area"
        )
    return {**land, "ecological": rest}
