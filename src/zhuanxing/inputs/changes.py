"""What is set of a scenario by hand: levers, assumptions and budgets, each checked once.

A file of scenarios/, the command line, a script and the page set them in the same words.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from annotated_types import Ge
from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    ValidationInfo,
    with_config,
)
from typing_extensions import TypedDict

from zhuanxing.config import Assumption, City, Group, Lever, Payer, Several, Share, checked
from zhuanxing.config.fields import between, refused
from zhuanxing.data.kinds import LEVER_YEARS
from zhuanxing.errors import OutsideRange, alike, unknown

__all__ = [
    "Assumptions", "Budget", "Changes", "Groups", "LeverSetting", "Levers",
]  # fmt: skip

BUDGET_SHARE, PAYER_CEILING = "budget share", "payer ceiling"


CalendarYear = Annotated[float, between(*LEVER_YEARS)]


@with_config(ConfigDict(extra="forbid", strict=True))
class LeverSetting(TypedDict, total=False):
    """What is set of a lever: its intensity (share of its full extent, 0 to 1), the calendar year
    in which it starts, and that before which it ends. What is left out stays what it is otherwise.
    """

    intensity: Share
    start: CalendarYear
    end: CalendarYear


def _setting(value: Any) -> dict[str, Any]:
    """Take what is no mapping for an intensity; null sets nothing."""
    given = value if isinstance(value, Mapping) else {"intensity": value}
    return {key: each for key, each in given.items() if each is not None}


def _elements(
    values: Mapping[str, float | Mapping[str, float]], info: ValidationInfo
) -> Mapping[str, float | Mapping[str, float]]:
    """Refuse elements that the rows of an assumption do not name; warn of what leaves its range."""
    if info.context is None:
        return values
    for name, value in values.items():
        known = info.context.assumptions[name.replace("_", " ")]
        for element, number in value.items() if isinstance(value, Mapping) else [("", value)]:
            if element and element not in known:
                near = alike(element, known)
                raise refused(unknown("element", element, near, "", known=tuple(known)))
            _warn_outside(f"{name}[{element}]" if element else name, number, known, element)
    return values


def _warn_outside(
    place: str, number: float, ranges: Mapping[str, tuple[str, str]], element: str
) -> None:
    chosen = [ranges[element]] if element in ranges else ranges.values()
    low, high = min(float(ends[0]) for ends in chosen), max(float(ends[1]) for ends in chosen)
    if not low <= number <= high:
        warnings.warn(
            OutsideRange(
                "the assumption '{place}' is {number:g}, outside its range of {low:g} to {high:g} "
                "in assumptions.csv",
                place=place.replace("_", " "), number=number, low=low, high=high,
            ),
            stacklevel=2,
        )  # fmt: skip


Setting = Annotated[LeverSetting, BeforeValidator(_setting)]
Levers = Mapping[Lever, Setting]
Groups = Mapping[Group, Setting]
# The value of all elements, or of single ones.
Assumptions = Annotated[
    Mapping[Assumption, FiniteFloat | Mapping[str, FiniteFloat]], AfterValidator(_elements)
]
# 1e8 CNY a year.
Money = Annotated[FiniteFloat, Ge(0)]
# The part that every public payer keeps, or the most that single ones give a city in a year.
Budget = Share | Mapping[Payer, Money | Mapping[City, Money]]


@checked
class Changes:
    """What a run has otherwise than the file of its scenario."""

    city: Annotated[Several[City], Field(min_length=1)] | None = None
    """Cities to keep in the result, and where `levers` act; null is all. All are simulated.
    结果保留的城市，也是 levers 作用的城市，null 为全部。"""
    levers: Levers = Field(default_factory=dict)
    """levers.<lever>.intensity=0.8 and levers.<lever>.start=2023 change the scenario.
    levers.<举措>.intensity=0.8、levers.<举措>.start=2023 改变情景中的举措。"""
    assumptions: Assumptions = Field(default_factory=dict)
    """assumptions.<name>=1.5 or assumptions.<name>.<element>=1.5 replaces an assumption.
    assumptions.<名称>=1.5 改变假设。"""
    scale: Share = 1.0
    """scale=0.5 halves the strength of every lever, in the cities of `city`.
    scale=0.5 全部举措力度减半。"""
    budget: Budget | None = None
    """budget=0.5 halves the public money for levers; budget.local=200 is the most, in 1e8 CNY,
    that a payer gives a city in a year, budget.local.baotou=20 in one city.
    budget=0.5 举措公共资金减半；budget.local=200 为某资金来源每市每年上限（亿元）。"""

    def constants(self, cities: Iterable[str]) -> dict[str, float | Mapping[str, float]]:
        """Return the constants of the model that assumptions and budget replace, in `cities`."""
        named = {name.replace("_", " "): value for name, value in self.assumptions.items()}
        if self.budget is None:
            return named
        if not isinstance(self.budget, Mapping):
            return {**named, BUDGET_SHARE: self.budget}
        everywhere = tuple(cities)
        ceilings = {
            f"{city};{payer}": float(ceiling)
            for payer, value in self.budget.items()
            for city, ceiling in (
                value if isinstance(value, Mapping) else dict.fromkeys(everywhere, value)
            ).items()
        }
        return {**named, PAYER_CEILING: ceilings} if ceilings else named
