"""Expressions in XMILE's words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from zhuanxing.engine.reading import syntax_tree
from zhuanxing.engine.translating.subscripts import Dimensions
from zhuanxing.errors import ZhuanxingError

__all__ = ["Printer", "identifier", "number"]

CLOCK = {
    "time": "TIME",
    "time step": "DT",
    "initial time": "STARTTIME",
    "final time": "STOPTIME",
}
FUNCTIONS = {
    "abs": "ABS",
    "arccos": "ARCCOS",
    "arcsin": "ARCSIN",
    "arctan": "ARCTAN",
    "cos": "COS",
    "exp": "EXP",
    "integer": "INT",
    "ln": "LN",
    "max": "MAX",
    "min": "MIN",
    "sin": "SIN",
    "sqrt": "SQRT",
    "tan": "TAN",
    # Over a range:
    "sum": "SUM",
    "vmax": "MAX",
    "vmin": "MIN",
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
    equation is written out element by element.
    """

    key: str
    dimensions: Dimensions
    tables: frozenset[str]
    bound: Mapping[str, str]

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
        if isinstance(node, syntax_tree.Initial):
            return f"INIT({self.text(node.initial)})"
        raise self._refuse(type(node).__name__)

    def _refuse(self, what: str) -> ZhuanxingError:
        return ZhuanxingError(
            f"variable '{self.key}': {what} cannot be written as XMILE; use other functions"
        )

    def _reference(self, node: syntax_tree.Reference) -> str:
        if node.name in CLOCK:
            return CLOCK[node.name]
        if not node.subscripts:
            return identifier(node.name)
        return f"{identifier(node.name)}[{', '.join(map(self._subscript, node.subscripts))}]"

    def _subscript(self, name: str) -> str:
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
        if binding == POWER and isinstance(base, float) and base < 0:
            # Vensim's -2^2 is -(2^2), but its parser takes the sign for a part of the number.
            return f"-({self._arithmetic(replace(node, arguments=(-base, *rest)))})"
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
        if name == "modulo":
            return f"({' MOD '.join(self._within(part, LEAF) for part in node.arguments)})"
        if name == "power":
            return f"({'^'.join(self._within(part, LEAF) for part in node.arguments)})"
        if name not in FUNCTIONS:
            raise self._refuse(f"the function '{name.upper()}'")
        return f"{FUNCTIONS[name]}({', '.join(arguments)})"
