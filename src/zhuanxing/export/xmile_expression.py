"""Expressions in XMILE's words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from zhuanxing.engine.reading import syntax_tree
from zhuanxing.engine.translating.subscripts import Dimensions
from zhuanxing.errors import ZhuanxingError

__all__ = ["Printer", "identifier", "number"]

CLOCK = {"time": "TIME", "time step": "DT", "initial time": "STARTTIME", "final time": "STOPTIME"}
SAME = [
    "abs", "arccos", "arcsin", "arctan", "cos", "exp", "ln", "max", "min", "sin", "sqrt", "step",
    "sum", "tan",
]  # fmt: skip
FUNCTIONS = {
    **{name: name.upper() for name in SAME},
    "gamma ln": "GAMMALN", "prod": "PROD", "vmax": "MAX", "vmin": "MIN",
}  # fmt: skip
# Functions that remember, whose arguments are the fields of the node in order.
REMEMBERING: dict[type, str] = {
    syntax_tree.Initial: "INIT",
    syntax_tree.Delay: "DELAY",
    syntax_tree.DelayN: "DELAYN",
    syntax_tree.DelayFixed: "DELAY",
    syntax_tree.Smooth: "SMTH",
    syntax_tree.SmoothN: "SMTHN",
    syntax_tree.Trend: "TREND",
    syntax_tree.Forecast: "FORCST",
}


def _pulse(start: str, width: str) -> str:
    return f"(STEP(1, {start}) - STEP(1, {start} + MAX({width}, DT)))"


def _pulse_train(start: str, interval: str, width: str, end: str) -> str:
    middle = "(TIME + DT/2)"
    return (
        f"(IF {middle} > {start} AND TIME < ({end} + DT/2) AND "
        f"(({middle} - {start}) MOD {interval}) < MAX({width}, DT) THEN 1 ELSE 0)"
    )


def _safe_quotient(above: str, below: str, otherwise: str = "0") -> str:
    # Vensim takes what is smaller than a millionth for zero.
    small = f"ABS({below}) < 0.000001"
    return f"(IF {small} THEN {otherwise} ELSE {above}/(IF {small} THEN 1 ELSE {below}))"


def _exponential(low: str, high: str, shift: str, stretch: str, seed: str = "0") -> str:
    return f"({shift} + EXPRND({stretch}, {seed}, {low} - {shift}, {high} - {shift}))"


# Functions that XMILE has under no one name, from arguments in brackets.
WRITTEN_OUT: dict[str, Callable[..., str]] = {
    "cosh": lambda x: f"((EXP({x}) + EXP(-{x}))/2)",
    "floor": lambda x: f"INT{x}",
    "integer": lambda x: f"(IF {x} < 0 THEN -INT(-{x}) ELSE INT{x})",
    "log": lambda x, base: f"(LN{x}/LN{base})",
    # XMILE's MOD has the sign of the divisor.
    "modulo": lambda x, base: f"(IF {x} < 0 THEN -(ABS{x} MOD ABS{base}) ELSE {x} MOD ABS{base})",
    "pulse": _pulse,
    "pulse train": _pulse_train,
    "quantum": lambda x, unit: (
        f"(IF {unit} < 1e-6 THEN {x} ELSE IF {x} < 0 THEN -{unit}*INT(-{x}/{unit}) "
        f"ELSE {unit}*INT({x}/{unit}))"
    ),
    "ramp": lambda slope, start, end: f"(RAMP({slope}, {start}) - RAMP({slope}, {end}))",
    "random 0 1": lambda *_: "RANDOM(0, 1)",
    "random exponential": _exponential,
    "random normal": lambda low, high, mean, deviation, seed="0": (
        f"NORMAL({mean}, {deviation}, {seed}, {low}, {high})"
    ),
    "random uniform": lambda low, high, seed="0": f"RANDOM({low}, {high}, {seed})",
    "sinh": lambda x: f"((EXP({x}) - EXP(-{x}))/2)",
    "tanh": lambda x: f"(1 - 2/(EXP(2*{x}) + 1))",
    "xidz": _safe_quotient,
    "xramp": lambda slope, start: f"RAMP({slope}, {start})",
    "zidz": _safe_quotient,
}
# What our own XMILE does not hold, as a modeller calls it.
NAMES: dict[type, str] = {
    syntax_tree.Conveyor: "a conveyor",
    syntax_tree.ConveyorFlow: "a flow of a conveyor",
    syntax_tree.Picked: "a subscript that is computed",
    syntax_tree.StepStart: "a stock that limits its outflows",
}
LOGIC = {":and:": "AND", ":or:": "OR"}
# How tightly operators bind; an operand that binds less stands in brackets.
SUM, PRODUCT, POWER, LEAF = 1, 2, 3, 4
BINDING = {"+": SUM, "-": SUM, "negative": SUM, "*": PRODUCT, "/": PRODUCT, "^": POWER}


def identifier(name: str) -> str:
    """Return a name as an XMILE identifier, in quotes if it holds more than letters and digits."""
    joined = name.replace(" ", "_")
    return joined if re.fullmatch(r"[^\W\d]\w*", joined) else f'"{joined}"'


def number(value: float) -> str:
    """Return a number with all its digits."""
    text = repr(float(value))
    return text.removesuffix(".0")


@dataclass(frozen=True)
class Printer:
    """Prints the expressions of one equation.

    `tables` are the keys of look-ups; `bound` gives the element that stands for a range where an
    equation is written out element by element; `own` are the ranges of its left-hand side.
    """

    key: str
    dimensions: Dimensions
    tables: frozenset[str]
    bound: Mapping[str, str]
    own: tuple[str, ...] = ()

    def text(self, node: Any) -> str:
        """Return an expression. Raises ZhuanxingError for what XMILE has no word for."""
        if isinstance(node, float):
            return number(node)
        if isinstance(node, syntax_tree.Reference):
            return self._reference(node)
        if isinstance(node, syntax_tree.Arithmetic):
            return self._arithmetic(node)
        if isinstance(node, syntax_tree.Logic):
            return self._logic(node)
        if isinstance(node, syntax_tree.Call):
            return self._call(node)
        if type(node) in REMEMBERING:
            return self._remembering(node)
        if isinstance(node, syntax_tree.Game):
            return self.text(node.expression)
        raise self._refuse(NAMES.get(type(node), f"the node {type(node).__name__}"))

    def _remembering(self, node: Any) -> str:
        """Return INIT, a delay, a smooth, a trend or a forecast."""
        name = REMEMBERING[type(node)]
        parts = [field.name for field in fields(node) if field.name != "order"]
        order = getattr(node, "order", None)
        if name in ("DELAY", "SMTH") and isinstance(node, syntax_tree.Delay | syntax_tree.Smooth):
            name = f"{name}{order:g}" if order in (1.0, 3.0) else f"{name}N"
        arguments = [self.text(getattr(node, part)) for part in parts]
        if name.endswith("N") and order is not None:
            arguments.insert(2, self.text(order))
        return f"{name}({', '.join(arguments)})"

    def _refuse(self, what: str) -> ZhuanxingError:
        return ZhuanxingError(
            f"variable '{self.key}': {what} cannot be written as XMILE; use other functions"
        )

    def _reference(self, node: syntax_tree.Reference) -> str:
        if node.name in CLOCK:
            return CLOCK[node.name]
        if not node.subscripts:
            return self._number_of(node.name) or identifier(node.name)
        return f"{identifier(node.name)}[{', '.join(map(self._subscript, node.subscripts))}]"

    def _number_of(self, name: str) -> str:
        """Return the number that a range or an element stands for, empty for a variable.

        XMILE counts the elements of a dimension in it, Vensim in the range that holds them all.
        """
        element = self.bound.get(name, name)
        if self.dimensions.is_element(element):
            return number(self.dimensions.position(element) + 1)
        if not self.dimensions.is_range(name):
            return ""
        places = self.dimensions.positions_in_main(name)
        before = int(places[0])
        if any(places != range(before, before + len(places))):
            raise self._refuse(f"the range '{name}' as a number")
        return f"({identifier(name)} + {before})" if before else identifier(name)

    def _subscript(self, name: str) -> str:
        if self.dimensions.is_range(name) and name not in (*self.own, *self.bound):
            raise self._refuse(f"the mapping of the range '{name}'")
        if name.endswith("!"):
            label = name.removesuffix("!")
            part = label in self.dimensions.elements and self._is_part(label)
            return f"*:{identifier(label)}" if part else "*"
        return identifier(self.bound.get(name, name))

    def _is_part(self, label: str) -> bool:
        """Return whether a range holds only some of the elements of another."""
        members = {*self.dimensions.elements[label]}
        return any(members < {*others} for others in self.dimensions.elements.values())

    def _arithmetic(self, node: syntax_tree.Arithmetic) -> str:
        if node.operators == ("negative",):
            return f"-{self._within(node.arguments[0], LEAF)}"
        binding = BINDING[node.operators[0]]
        base, *rest = node.arguments
        # Powers are read from either side by different tools, so both sides get brackets.
        parts = [self._within(base, LEAF if binding == POWER else binding)]
        for operator, argument in zip(node.operators, rest, strict=True):
            sign = operator if operator == "^" else f" {operator} "
            parts.append(f"{sign}{self._within(argument, binding + 1)}")
        return "".join(parts)

    def _within(self, node: Any, least: int) -> str:
        text = self.text(node)
        loose = isinstance(node, syntax_tree.Arithmetic) and BINDING[node.operators[0]] < least
        loose = loose or isinstance(node, syntax_tree.Logic) or text.startswith("-")
        return f"({text})" if loose else text

    def _logic(self, node: syntax_tree.Logic) -> str:
        operators = [LOGIC.get(name.lower(), name) for name in node.operators]
        arguments = [self._within(argument, SUM) for argument in node.arguments]
        if len(arguments) == 1:
            return f"NOT {arguments[0]}"
        parts = [arguments[0]]
        for operator, argument in zip(operators, arguments[1:], strict=True):
            parts += [operator, argument]
        return " ".join(parts)

    def _call(self, node: syntax_tree.Call) -> str:
        name = node.function.name
        if name == "elmcount":
            return str(len(self.dimensions.elements[node.arguments[0].name]))
        arguments = [self.text(argument) for argument in node.arguments]
        if name in self.tables:
            return f"LOOKUP({self._reference(node.function)}, {arguments[0]})"
        if name == "if then else":
            condition, yes, no = arguments
            return f"(IF {condition} THEN {yes} ELSE {no})"
        if name == "power":
            return f"({'^'.join(self._within(part, LEAF) for part in node.arguments)})"
        if name in WRITTEN_OUT:
            return WRITTEN_OUT[name](*(f"({part})" for part in arguments))
        if name not in FUNCTIONS:
            raise self._refuse(f"the function '{name.upper()}'")
        return f"{FUNCTIONS[name]}({', '.join(arguments)})"
