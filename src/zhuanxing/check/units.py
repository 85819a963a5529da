"""Dimensional analysis: the unit of every equation against the unit that it declares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pysd.translators.structures.abstract_model import (
    AbstractElement,
    AbstractLookup,
    AbstractModel,
    AbstractSection,
)

from zhuanxing.check.dimension import Inference
from zhuanxing.check.unit_text import YEAR, Unit, UnitTextError, parse_unit

_CONTROLS = ("time_step", "initial_time", "final_time", "saveper")


@dataclass(frozen=True)
class UnitProblem:
    """One inconsistency: the variable, and what is wrong with its unit."""

    variable: str
    message: str


def safe_name(name: str) -> str:
    """Name as references in the syntax tree spell it: lower case, underscores."""
    return name.strip().strip('"').lower().replace(" ", "_")


def unit_problems(model: AbstractModel, tokens: Iterable[str]) -> list[UnitProblem]:
    """Every inconsistency of units in ``model``, in the order of its equations.

    ``tokens`` are the unit names allowed. A variable without a unit, without a comment or with
    an unreadable unit is a problem as well.
    """
    section = model.sections[0]
    allowed = frozenset(tokens)
    problems: list[UnitProblem] = []
    units = _declared_units(section, allowed, problems)
    lookups = frozenset(safe_name(e.name) for e in section.elements if _is_lookup(e))
    ranges = _range_names(section)
    for element in section.elements:
        if not element.documentation.strip():
            problems.append(UnitProblem(element.name, "has no comment"))
        problems += _element_problems(element, units, lookups, ranges)
    return problems


def _declared_units(
    section: AbstractSection, tokens: frozenset[str], problems: list[UnitProblem]
) -> dict[str, Unit]:
    units: dict[str, Unit] = dict.fromkeys(_CONTROLS, YEAR)
    for element in section.elements:
        if not element.units.strip():
            problems.append(UnitProblem(element.name, "has no unit"))
            continue
        try:
            units[safe_name(element.name)] = parse_unit(element.units, tokens)
        except UnitTextError as error:
            problems.append(UnitProblem(element.name, str(error)))
    return units


def _is_lookup(element: AbstractElement) -> bool:
    return any(isinstance(component, AbstractLookup) for component in element.components)


def _range_names(section: AbstractSection) -> frozenset[str]:
    names: set[str] = set()
    for subscript_range in section.subscripts:
        names.add(safe_name(subscript_range.name))
        if isinstance(subscript_range.subscripts, list):
            names.update(safe_name(element) for element in subscript_range.subscripts)
    return frozenset(names)


def _element_problems(
    element: AbstractElement,
    units: Mapping[str, Unit],
    lookups: frozenset[str],
    ranges: frozenset[str],
) -> list[UnitProblem]:
    declared = units.get(safe_name(element.name))
    if declared is None:
        return []
    messages: dict[str, None] = {}
    for component in element.components:
        if isinstance(component, AbstractLookup):
            continue
        inference = Inference(units, lookups, ranges)
        inference.equation(component.ast, declared)
        messages.update(dict.fromkeys(inference.problems))
    return [UnitProblem(element.name, message) for message in messages]
