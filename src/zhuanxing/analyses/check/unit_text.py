"""Units of measurement as products of powers of named tokens, read from Vensim's unit texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from zhuanxing.errors import ZhuanxingError, nearest

_DIMENSIONLESS = frozenset({"dmnl", "dimensionless", "1"})
_TOKEN = re.compile(r"\s*(?:(?P<name>[A-Za-z]\w*)|(?P<number>-?\d+)|(?P<symbol>[*/^()]))")


class UnitTextError(ZhuanxingError):
    """A unit text that cannot be read, or that uses a token outside the agreed list."""


@dataclass(frozen=True)
class Unit:
    """A product of powers, e.g. yiCNY/Year; `powers` is sorted and holds no zero exponent."""

    powers: tuple[tuple[str, Fraction], ...] = ()

    @classmethod
    def of(cls, powers: Iterable[tuple[str, Fraction]]) -> Unit:
        """Collect repeated tokens and drop those that cancel."""
        total: dict[str, Fraction] = {}
        for token, exponent in powers:
            total[token] = total.get(token, Fraction(0)) + exponent
        return cls(tuple(sorted((t, e) for t, e in total.items() if e)))

    def __mul__(self, other: Unit) -> Unit:
        return Unit.of((*self.powers, *other.powers))

    def __truediv__(self, other: Unit) -> Unit:
        return self * other ** Fraction(-1)

    def __pow__(self, exponent: Fraction) -> Unit:
        return Unit.of((token, power * exponent) for token, power in self.powers)

    def __str__(self) -> str:
        if not self.powers:
            return "Dmnl"
        above = [_power_text(t, e) for t, e in self.powers if e > 0]
        below = [_power_text(t, -e) for t, e in self.powers if e < 0]
        text = "*".join(above) or "1"
        if not below:
            return text
        return f"{text}/{below[0]}" if len(below) == 1 else f"{text}/({'*'.join(below)})"


DMNL = Unit()
YEAR = Unit.of([("Year", Fraction(1))])


def _power_text(token: str, exponent: Fraction) -> str:
    return token if exponent == 1 else f"{token}^{exponent}"


def parse_unit(text: str, tokens: Iterable[str]) -> Unit:
    """Read a unit text such as `yiCNY/(wanperson*Year)`.

    `tokens` are the names allowed; `Dmnl` and `1` are always allowed.
    Raises UnitTextError on an empty text, an unknown token or a broken expression.
    """
    parser = _Parser(text, frozenset(tokens))
    unit = parser.product()
    if parser.current is not None:
        raise UnitTextError(f"unit '{text}' has '{parser.current}' where '*', '/' or '^' belongs")
    return unit


class _Parser:
    """Recursive descent over: product = power (('*' | '/') power)*, power = atom ('^' n)?"""

    def __init__(self, text: str, allowed: frozenset[str]) -> None:
        self.text = text
        self.allowed = allowed
        self._rest = self._split()
        self.current: str | None = None
        self._advance()

    def _split(self) -> Iterator[str]:
        position, end = 0, len(self.text.rstrip())
        while position < end:
            match = _TOKEN.match(self.text, position)
            if match is None:
                wrong = self.text[position:].strip()
                raise UnitTextError(f"unit '{self.text}' cannot be read from '{wrong}' on")
            position = match.end()
            yield match.group().strip()

    def _advance(self) -> str | None:
        before, self.current = self.current, next(self._rest, None)
        return before

    def product(self) -> Unit:
        unit = self._power()
        while self.current in ("*", "/"):
            operator = self._advance()
            other = self._power()
            unit = unit * other if operator == "*" else unit / other
        return unit

    def _power(self) -> Unit:
        unit = self._atom()
        if self.current != "^":
            return unit
        self._advance()
        exponent = self._advance()
        if exponent is None or not re.fullmatch(r"-?\d+", exponent):
            raise UnitTextError(f"unit '{self.text}' has '^{exponent}', expected an integer")
        return unit ** Fraction(int(exponent))

    def _atom(self) -> Unit:
        token = self._advance()
        if token == "(":
            unit = self.product()
            if self._advance() != ")":
                raise UnitTextError(f"unit '{self.text}' has an unclosed bracket")
            return unit
        if token is None or token in "*/^)":
            raise UnitTextError(f"unit '{self.text}' lacks a name where '{token or 'the end'}' is")
        if token.lower() in _DIMENSIONLESS:
            return DMNL
        if token not in self.allowed:
            close = nearest(token, self.allowed)
            raise UnitTextError(f"unit '{self.text}' uses '{token}', nearest known is '{close}'")
        return Unit.of([(token, Fraction(1))])
