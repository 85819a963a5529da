"""What units have at the start that their statistics tell: purse, power, land, air, knowledge.

Every quantity is a figure per unit of a driver, such as loans per output. A unit with figures of
its own has them brought to the start; one without has those of its nearest in structure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zhuanxing.data.initial.carrying import ESTIMATED, Value, figure_of
from zhuanxing.data.initial.lookup import Known
from zhuanxing.data.initial.neighbours import Neighbours

__all__ = ["QUANTITIES", "Quantities", "Quantity"]

# Drivers by name: output of the year at its own prices, 1e8 CNY; residents and urban residents,
# 1e4; one for what is compared as it stands.
OUTPUT, PEOPLE, URBAN, NOTHING = "output", "people", "urban people", "nothing"


@dataclass(frozen=True)
class Quantity:
    """How a statistic becomes an initial value of the model.

    `observed` names the statistic, `driver` what it is taken relative to and `offset` the year
    from the first of the model: 0 for what flows in it, -1 for a stock at its start. The trend
    that carries it further is at most `largest_step` a year. With `ratio` the value is the figure
    per output of its own year, else the figure times `factor`, in `unit`.
    """

    name: str
    observed: str
    driver: str
    unit: str
    offset: int = 0
    largest_step: float = 0.0
    factor: float = 1.0
    ratio: bool = False


QUANTITIES = (
    Quantity("initial_fiscal_revenue_share", "fiscal_revenue", OUTPUT, "Dmnl", ratio=True),
    Quantity("initial_fiscal_expenditure_share", "fiscal_expenditure", OUTPUT, "Dmnl", ratio=True),
    Quantity("initial_export_share", "exports", OUTPUT, "Dmnl", ratio=True),
    Quantity("initial_rd_intensity", "rd_expenditure", OUTPUT, "Dmnl", ratio=True),
    Quantity("initial_private_debt_ratio", "bank_loans", OUTPUT, "Year", -1, 0.1, ratio=True),
    Quantity("initial_platform_debt", "platform_debt", OUTPUT, "yiCNY", -1, 0.1),
    Quantity("initial_built_up_area", "built_up_area", URBAN, "km2", -1, 0.03),
    Quantity("initial_pollution", "pm25", NOTHING, "ug/m3", 0, 0.08),
    Quantity("initial_waste_utilisation", "solid_waste_utilization", NOTHING, "Dmnl", 0, 0.0, 0.01),
)  # fmt: skip


@dataclass(frozen=True)
class Quantities:
    """Figures of the units for a model that starts in the year `first`.

    `drivers[name][unit]` is a driver in that year, `nominal[unit]` output at its own prices by
    year, 1e8 CNY.
    """

    known: Known
    neighbours: Neighbours
    drivers: Mapping[str, Mapping[str, float]]
    nominal: Mapping[str, Mapping[int, float]]
    current: Sequence[str]
    first: int

    def all(self) -> dict[str, dict[str, Value]]:
        """Return the values of every quantity, by name and unit, with their origins."""
        return {quantity.name: self._of(quantity) for quantity in QUANTITIES}

    def _of(self, quantity: Quantity) -> dict[str, Value]:
        own = {unit: self._own(quantity, unit) for unit in self.drivers[PEOPLE]}
        relative = self._relative(quantity, own)
        values = {}
        for unit, found in own.items():
            if found is None:
                estimate = self._estimate(quantity, unit, relative)
                found = estimate * self._driver(quantity, unit), ESTIMATED
            values[unit] = found[0] * quantity.factor, found[1]
        return values

    def _estimate(self, quantity: Quantity, unit: str, relative: Mapping[str, float]) -> float:
        """Return the figure per driver of like units, or a typical one before any is known."""
        if relative:
            return self.neighbours.estimate(unit, relative)
        return self.known.typical(unit, quantity.name.removeprefix("initial_"))

    def left_out(self, quantity: Quantity) -> dict[str, float]:
        """Return by unit the logarithm of its estimate from the others over its own figure."""
        own = {unit: self._own(quantity, unit) for unit in self.drivers[PEOPLE]}
        return self.neighbours.left_out(self._relative(quantity, own))

    def _relative(self, quantity: Quantity, own: Mapping[str, Value | None]) -> dict[str, float]:
        return {
            unit: found[0] / self._driver(quantity, unit)
            for unit, found in own.items()
            if found is not None
        }

    def _own(self, quantity: Quantity, unit: str) -> Value | None:
        """Return the figure of the unit at the start, per output with `ratio`; None without any."""
        seen = self.known.seen(unit, quantity.observed, "", *self.current)
        if quantity.ratio:
            output, shift = self.nominal[unit], quantity.offset
            seen = {y: seen[y] / output[y - shift] for y in seen if y - shift in output}
        return figure_of(seen, self.first + quantity.offset, quantity.largest_step)

    def _driver(self, quantity: Quantity, unit: str) -> float:
        alone = quantity.ratio or quantity.driver == NOTHING
        return 1.0 if alone else self.drivers[quantity.driver][unit]
