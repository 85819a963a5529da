"""The unit of an expression, inferred bottom-up over its syntax tree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from zhuanxing.analyses.check.unit_text import DMNL, YEAR, Unit
from zhuanxing.engine.reading import syntax_tree

_HALF = Fraction(1, 2)


@dataclass(frozen=True)
class Quantity:
    """Unit of a sub-expression; `number`: made of literals alone, `value` if it is one."""

    unit: Unit
    number: bool = False
    value: float | None = None


NUMBER = Quantity(DMNL, number=True)


class Inference:
    """Infers units within one equation and collects what is inconsistent in `problems`.

    `units` maps the key (lower case, single spaces) of every variable to its unit;
    `lookups` are the keys that are called with an argument;
    `ranges` the keys of subscript ranges and their elements.
    """

    def __init__(
        self, units: Mapping[str, Unit], lookups: frozenset[str], ranges: frozenset[str]
    ) -> None:
        self.units = units
        self.lookups = lookups
        self.ranges = ranges
        self.problems: list[str] = []

    def equation(self, node: Any, declared: Unit) -> None:
        """Check one right-hand side against the unit declared on the left."""
        if isinstance(node, syntax_tree.Integ):
            self._expect(node.flow, declared / YEAR, "rate of the stock")
            self._expect(node.initial, declared, "initial value of the stock")
            return
        found = self.infer(node)
        if not found.number and found.unit != declared:
            self.problems.append(f"is {found.unit}, declared {declared}")

    def infer(self, node: Any) -> Quantity:
        """Unit of `node`; on an inconsistency the first operand's unit, to find further ones."""
        if isinstance(node, (int, float, np.number)):
            return Quantity(DMNL, True, float(node))
        if isinstance(node, np.ndarray):
            return NUMBER
        rule = _NODES.get(type(node))
        if rule is None:
            self.problems.append(f"uses {type(node).__name__}, whose unit has no rule")
            return NUMBER
        return rule(self, node)

    def _expect(self, node: Any, unit: Unit, what: str) -> None:
        found = self.infer(node)
        if not found.number and found.unit != unit:
            self.problems.append(f"{what} is {found.unit}, needs {unit}")

    def _same(self, nodes: Sequence[Any], what: str) -> Quantity:
        """All equal, where a literal fits any unit."""
        found = [self.infer(node) for node in nodes]
        measured = [q for q in found if not q.number]
        if not measured:
            return NUMBER
        for other in measured[1:]:
            if other.unit != measured[0].unit:
                self.problems.append(f"{what} of {measured[0].unit} and {other.unit}")
        return measured[0]

    # arithmetic and logic

    def _arithmetic(self, node: syntax_tree.Arithmetic) -> Quantity:
        operator = node.operators[0]
        if operator == "negative":
            inner = self.infer(node.arguments[0])
            return Quantity(inner.unit, inner.number, None if inner.value is None else -inner.value)
        if operator in ("+", "-"):
            return self._sum(node.arguments)
        if operator == "^":
            return self._power(node.arguments[0], node.arguments[1:])
        return self._product(node.operators, node.arguments)

    def _sum(self, nodes: Sequence[Any]) -> Quantity:
        """Only the literal 0 fits any unit here: adding 1 to a unit is an error."""
        found = [q for q in (self.infer(node) for node in nodes) if q.value != 0.0]
        if not found:
            return NUMBER
        for other in found[1:]:
            if other.unit != found[0].unit:
                self.problems.append(f"sum of {found[0].unit} and {other.unit}")
        return Quantity(found[0].unit, all(q.number for q in found))

    def _product(self, operators: Sequence[str], nodes: Sequence[Any]) -> Quantity:
        found = [self.infer(node) for node in nodes]
        unit = found[0].unit
        for operator, other in zip(operators, found[1:], strict=True):
            unit = unit * other.unit if operator == "*" else unit / other.unit
        return Quantity(unit, all(q.number for q in found))

    def _power(self, base: Any, exponents: Sequence[Any]) -> Quantity:
        found = self.infer(base)
        for node in exponents:
            exponent = self.infer(node)
            if exponent.unit != DMNL:
                self.problems.append(f"exponent is {exponent.unit}, needs Dmnl")
            if found.unit == DMNL:
                found = Quantity(DMNL, found.number and exponent.number)
            elif exponent.value is not None and exponent.value.is_integer():
                found = Quantity(found.unit ** Fraction(int(exponent.value)))
            else:
                self.problems.append(f"power of {found.unit} with an exponent not a whole number")
        return found

    def _logic(self, node: syntax_tree.Logic) -> Quantity:
        if node.operators[0] in (":NOT:", ":AND:", ":OR:"):
            for argument in node.arguments:
                self._expect(argument, DMNL, "condition")
        else:
            self._same(node.arguments, "comparison")
        return Quantity(DMNL)

    # references and calls

    def _reference(self, node: syntax_tree.Reference) -> Quantity:
        if node.name == "time":
            return Quantity(YEAR)
        if node.name in self.ranges:
            return NUMBER
        if node.name not in self.units:
            self.problems.append(f"refers to '{node.name}', which has no readable unit")
            return NUMBER
        return Quantity(self.units[node.name])

    def _call(self, node: syntax_tree.Call) -> Quantity:
        name = node.function.name
        if name in self.lookups:
            self._table_argument(node.arguments[0])
            return self._reference(node.function)
        rule = _CALLS.get(name)
        if rule is None:
            self.problems.append(f"calls '{name}', whose unit has no rule")
            return NUMBER
        return rule(self, name, node.arguments)

    def _table_argument(self, node: Any) -> None:
        found = self.infer(node)
        if found.unit not in (DMNL, YEAR):
            self.problems.append(f"look-up argument is {found.unit}, needs Dmnl or Year")

    def _inline_lookup(self, node: syntax_tree.InlineLookup) -> Quantity:
        self._table_argument(node.argument)
        return NUMBER

    def _keep(self, name: str, nodes: Sequence[Any]) -> Quantity:
        return self._same(nodes, name.upper())

    def _pure(self, name: str, nodes: Sequence[Any]) -> Quantity:
        for node in nodes:
            self._expect(node, DMNL, f"argument of {name.upper()}")
        return Quantity(DMNL)

    def _if_then_else(self, name: str, nodes: Sequence[Any]) -> Quantity:
        self._expect(nodes[0], DMNL, "condition")
        return self._same(nodes[1:], "branches")

    def _sqrt(self, name: str, nodes: Sequence[Any]) -> Quantity:
        found = self.infer(nodes[0])
        return Quantity(found.unit**_HALF, found.number)

    def _safe_ratio(self, name: str, nodes: Sequence[Any]) -> Quantity:
        ratio = self._product(["/"], nodes[:2])
        if len(nodes) > 2:
            self._expect(nodes[2], ratio.unit, "fallback of XIDZ")
        return ratio

    def _step(self, name: str, nodes: Sequence[Any]) -> Quantity:
        self._expect(nodes[1], YEAR, "time of STEP")
        return self.infer(nodes[0])

    def _ramp(self, name: str, nodes: Sequence[Any]) -> Quantity:
        for node in nodes[1:]:
            self._expect(node, YEAR, "time of RAMP")
        return Quantity(self.infer(nodes[0]).unit * YEAR)

    def _pulse(self, name: str, nodes: Sequence[Any]) -> Quantity:
        for node in nodes:
            self._expect(node, YEAR, f"argument of {name.upper()}")
        return Quantity(DMNL)

    def _count(self, name: str, nodes: Sequence[Any]) -> Quantity:
        return NUMBER

    # structures with memory

    def _delay(self, node: Any) -> Quantity:
        self._expect(node.time, YEAR, "delay time")
        return self._same([node.input, node.initial], "delayed input and its initial value")

    def _sample(self, node: syntax_tree.SampleIfTrue) -> Quantity:
        self._expect(node.condition, DMNL, "condition")
        return self._same([node.input, node.initial], "sampled input and its initial value")

    def _trend(self, node: syntax_tree.Trend) -> Quantity:
        self.infer(node.input)
        self._expect(node.time, YEAR, "averaging time")
        return Quantity(DMNL / YEAR)

    def _forecast(self, node: syntax_tree.Forecast) -> Quantity:
        self._expect(node.time, YEAR, "averaging time")
        self._expect(node.horizon, YEAR, "forecast horizon")
        return self.infer(node.input)

    def _integ(self, node: syntax_tree.Integ) -> Quantity:
        self.problems.append("uses INTEG inside an expression")
        return self.infer(node.initial)

    def _allocate(self, node: Any) -> Quantity:
        return self._same([node.request, node.supply], "request and supply")


_NODES: dict[type, Callable[[Inference, Any], Quantity]] = {
    syntax_tree.Arithmetic: Inference._arithmetic,
    syntax_tree.Logic: Inference._logic,
    syntax_tree.Reference: Inference._reference,
    syntax_tree.Call: Inference._call,
    syntax_tree.InlineLookup: Inference._inline_lookup,
    syntax_tree.Initial: lambda self, node: self.infer(node.initial),
    syntax_tree.Game: lambda self, node: self.infer(node.expression),
    syntax_tree.Integ: Inference._integ,
    syntax_tree.Delay: Inference._delay,
    syntax_tree.DelayN: Inference._delay,
    syntax_tree.DelayFixed: Inference._delay,
    syntax_tree.Depreciation: Inference._delay,
    syntax_tree.Smooth: Inference._delay,
    syntax_tree.SmoothN: Inference._delay,
    syntax_tree.Trend: Inference._trend,
    syntax_tree.Forecast: Inference._forecast,
    syntax_tree.SampleIfTrue: Inference._sample,
    syntax_tree.AllocateAvailable: Inference._allocate,
    syntax_tree.AllocateByPriority: Inference._allocate,
}

_CallRule = Callable[[Inference, str, Sequence[Any]], Quantity]
_CALLS: dict[str, _CallRule] = {
    **dict.fromkeys(
        ("min", "max", "abs", "integer", "modulo", "quantum", "active initial"), Inference._keep
    ),
    **dict.fromkeys(("sum", "vmin", "vmax"), Inference._keep),
    **dict.fromkeys(("exp", "ln", "log", "sin", "cos", "tan", "tanh", "prod"), Inference._pure),
    "if then else": Inference._if_then_else,
    "sqrt": Inference._sqrt,
    "power": lambda self, name, nodes: self._power(nodes[0], nodes[1:]),
    "zidz": Inference._safe_ratio,
    "xidz": Inference._safe_ratio,
    "step": Inference._step,
    "ramp": Inference._ramp,
    "pulse": Inference._pulse,
    "pulse train": Inference._pulse,
    "elmcount": Inference._count,
}
