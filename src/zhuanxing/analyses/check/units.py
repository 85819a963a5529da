"""Dimensional analysis: the unit of every equation against the unit that it declares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from zhuanxing.analyses.check.dimension import Inference
from zhuanxing.analyses.check.unit_text import YEAR, Unit, UnitTextError, parse_unit
from zhuanxing.engine.reading.syntax_tree import CONTROLS, Element, ParsedModel, Section
from zhuanxing.engine.running.failures import key_of

NO_COMMENT = "has no comment"


@dataclass(frozen=True)
class UnitProblem:
    """One inconsistency: the variable, and what is wrong with its unit."""

    variable: str
    message: str


def unit_problems(model: ParsedModel, tokens: Iterable[str]) -> list[UnitProblem]:
    """Every inconsistency of units in `model`, in the order of its equations.

    `tokens` are the unit names allowed. A variable without a unit, without a comment or with
    an unreadable unit is a problem as well.
    """
    section = model.sections[0]
    allowed = frozenset(tokens)
    problems: list[UnitProblem] = []
    units = _declared_units(section, allowed, problems)
    lookups = frozenset(
        key_of(e.name)
        for e in section.elements
        if any(part.role == "lookup" for part in e.components)
    )
    ranges = _range_names(section)
    for element in section.elements:
        if not element.documentation.strip():
            problems.append(UnitProblem(element.name, NO_COMMENT))
        problems += _element_problems(element, units, lookups, ranges)
    return problems


def _declared_units(
    section: Section, tokens: frozenset[str], problems: list[UnitProblem]
) -> dict[str, Unit]:
    units: dict[str, Unit] = dict.fromkeys(CONTROLS, YEAR)
    for element in section.elements:
        if not element.units.strip():
            problems.append(UnitProblem(element.name, "has no unit"))
            continue
        try:
            units[key_of(element.name)] = parse_unit(element.units, tokens)
        except UnitTextError as error:
            problems.append(UnitProblem(element.name, str(error)))
    return units


def _range_names(section: Section) -> frozenset[str]:
    names: set[str] = set()
    for item in section.ranges:
        names.update((item.name, *item.elements))
    return frozenset(names)


def _element_problems(
    element: Element, units: Mapping[str, Unit], lookups: frozenset[str], ranges: frozenset[str]
) -> list[UnitProblem]:
    declared = units.get(key_of(element.name))
    if declared is None:
        return []
    messages: dict[str, None] = {}
    for component in element.components:
        if component.role == "lookup":
            continue
        inference = Inference(units, lookups, ranges)
        inference.equation(component.expression, declared)
        messages.update(dict.fromkeys(inference.problems))
    return [UnitProblem(element.name, message) for message in messages]
