"""Expressions of Vensim and XMILE, from text to the syntax tree: one parser for both languages.

A language says how its words look and what its functions are (`Language`); precedence is the same:
powers, signs, products, sums, larger and smaller, equal and unequal, NOT (in XMILE beside the
signs), AND, OR.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isinf
from typing import Any

import numpy as np

from zhuanxing.engine.reading import syntax_tree
from zhuanxing.engine.running.failures import key_of

__all__ = [
    "MISSING", "NUMBER", "Arguments", "Language", "Misread", "Parser", "numbers_in", "qualified",
]  # fmt: skip

# Vensim's :NA:, which is a finite number: comparisons with it hold or not like any other.
MISSING = -(2.0**109)
# No text can be split into these in two ways: to try all would take for ever.
NUMBER = r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_SIGNED = rf"\s*(?:[+-]\s*)?{NUMBER}"
_ARRAY = re.compile(rf"{_SIGNED}(?:\s*[,;]{_SIGNED})*\s*(?:;\s*)?")
_POINT = re.compile(
    rf"\(\s*(?P<x>[+-]?\s*{NUMBER})\s*,\s*(?P<y>[+-]?\s*{NUMBER})\s*\)\s*,?", re.ASCII
)
_FLAT = re.compile(rf"{_SIGNED}(?:\s*,{_SIGNED})*\s*")
# A subscript that is a name, a number, a star, a dimension's place or a slice.
_NAME = r'(?:"[^"]*"|[^\W\d]\w*)(?:\.(?:"[^"]*"|[^\W\d]\w*))*'
_DOTTED = re.compile(_NAME)
_PLAIN = re.compile(rf"\*|\*\s*:\s*{_NAME}|@\d+|(?:{_NAME}|\d+)(?:\s*:\s*(?:{_NAME}|\d+))?")
SHOWN = 40
TURNED = "'"

Arguments = tuple[Any, ...]


class Misread(Exception):
    """A text that is not an expression: a reason without full stop, and the offset in the text."""

    def __init__(self, reason: str, at: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.at = at


@dataclass(frozen=True)
class Language:
    """How one language writes expressions.

    `token` matches a word at a place of the text: groups name, number and operator. `words` are
    operators spelt with letters. `call` makes the node of a function applied to arguments, and
    raises ValueError with a reason. `tabled` are the functions whose second argument is a table.
    With `computed`, subscripts may be expressions, ' turns an array, and arguments may be left out.
    """

    token: re.Pattern[str]
    words: Mapping[str, str]
    call: Callable[[syntax_tree.Reference, Arguments], Any]
    tabled: frozenset[str] = frozenset()
    tight_not: bool = False
    computed: bool = False


def _finite(word: str, at: int = 0) -> float:
    """Return the number that is written; what a double cannot hold is Misread."""
    value = float("".join(word.split()))  # a line may end between sign and digits
    if isinf(value):
        raise Misread(f"the number {word[:SHOWN]} is larger than can be computed with", at)
    return value


def numbers_in(text: str, at: int = 0) -> Any:
    """Return a list of numbers as a float or an array; rows end in semicolons.

    Raises Misread where rows differ in length.
    """
    rows = [row for row in text.strip().split(";") if row.strip()]
    table = [[_finite(cell, at) for cell in row.split(",")] for row in rows]
    if len({len(row) for row in table}) > 1:
        lengths = ", ".join(str(len(row)) for row in table)
        raise Misread(f"the rows of its numbers have different lengths ({lengths})", at)
    array = np.squeeze(np.array(table))
    return float(array) if array.ndim == 0 and ";" not in text and "," not in text else array


def qualified(text: str) -> str:
    """Return the key of a name with the names of modules in front of it, each quoted or not."""
    parts = re.findall(r'"(?:[^"\\]|\\.)*"|[^."]+', text)
    start = "." if text.lstrip().startswith(".") else ""
    return start + ".".join(key_of(part) for part in parts)


class Parser:
    """Reads one expression: `text` from `start` to `end`."""

    def __init__(self, language: Language, text: str, start: int = 0, end: int | None = None):
        self.language = language
        self.text = text
        self.end = len(text) if end is None else end
        self.at = start
        self._next()

    # -- words --------------------------------------------------------------------------------

    def _next(self) -> None:
        """Move on to the next word; at the end of the text its kind is 'end'."""
        self.begin = self._skip(self.at)
        self.kind, self.word = "end", ""
        if self.begin >= self.end:
            return
        found = self.language.token.match(self.text, self.begin, self.end)
        if found is None:
            raise self.misread(self.begin)
        self.kind, self.word = str(found.lastgroup), found[0].strip()
        self.at = found.end()
        if self.kind == "name" and self.word.lower() in self.language.words:
            self.kind, self.word = "operator", self.language.words[self.word.lower()]
        elif self.kind == "operator":
            self.word = self.language.words.get(self.word.lower(), self.word)

    def _skip(self, at: int) -> int:
        while at < self.end and (self.text[at].isspace() or self.text[at] == "\\"):
            at += 1
        return at

    def misread(self, at: int | None = None) -> Misread:
        """Return the failure at a place: what stands there is not understood."""
        place = self.begin if at is None else at
        rest = " ".join(self.text[place : self.end].split())[:SHOWN]
        if not rest:
            return Misread(
                "its equation ends too early, add the bracket or operand that is missing", place
            )
        return Misread(f"its equation is not understood at '{rest}'", place)

    def _is(self, *words: str) -> bool:
        return self.kind == "operator" and self.word in words

    def _expect(self, word: str) -> None:
        if not self._is(word):
            raise self.misread()
        self._next()

    # -- expressions --------------------------------------------------------------------------

    def whole(self) -> Any:
        """Return the node of the whole text: an expression, or a list of numbers."""
        body = self.text[self.begin : self.end]
        if _ARRAY.fullmatch(body) and ("," in body or ";" in body):
            return numbers_in(body, self.begin)
        start = self.begin
        try:
            node = self.expression()
        except RecursionError:
            raise Misread("its brackets are nested deeper than can be read", start) from None
        if self.kind != "end":
            raise self.misread()
        return node

    def expression(self) -> Any:
        """Return the node of an expression that starts at the present word."""
        return self._condition() if self._is("IF") else self._either()

    def _condition(self) -> Any:
        self._next()
        parts = [self.expression()]
        for word in ("THEN", "ELSE"):
            self._expect(word)
            parts.append(self.expression())
        return syntax_tree.Call(syntax_tree.Reference("if then else"), tuple(parts))

    def _joined(self, kind: type, part: Callable[[], Any], *operators: str) -> Any:
        """Return operands of one precedence joined, or the one operand alone."""
        arguments, found = [part()], []
        while self._is(*operators):
            found.append(self.word)
            self._next()
            arguments.append(part())
        return kind(tuple(found), tuple(arguments)) if found else arguments[0]

    def _either(self) -> Any:
        return self._joined(syntax_tree.Logic, self._both, ":OR:")

    def _both(self) -> Any:
        return self._joined(syntax_tree.Logic, self._negation, ":AND:")

    def _negation(self) -> Any:
        if self._is(":NOT:") and not self.language.tight_not:
            self._next()
            return syntax_tree.Logic((":NOT:",), (self._negation(),))
        return self._comparison()

    def _comparison(self) -> Any:
        return self._compared(("=", "<>"), self._relation)

    def _relation(self) -> Any:
        return self._compared(("<=", "<", ">=", ">"), self._sum)

    def _compared(self, operators: tuple[str, ...], part: Callable[[], Any]) -> Any:
        """Return two operands compared, from the left; `a = b < c` compares a with a truth."""
        node = part()
        while self._is(*operators):
            operator = self.word
            self._next()
            node = syntax_tree.Logic((operator,), (node, part()))
        return node

    def _sum(self) -> Any:
        return self._joined(syntax_tree.Arithmetic, self._product, "+", "-")

    def _product(self) -> Any:
        node = self._joined(syntax_tree.Arithmetic, self._signed, "*", "/")
        while self._is("MOD", "//"):
            function = {"MOD": "floored modulo", "//": "safe quotient"}[self.word]
            self._next()
            node = syntax_tree.Call(syntax_tree.Reference(function), (node, self._signed()))
            while self._is("*", "/"):
                operator = self.word
                self._next()
                node = syntax_tree.Arithmetic((operator,), (node, self._signed()))
        return node

    def _signed(self) -> Any:
        if self._is("+"):
            self._next()
            return self._signed()
        if self._is("-"):
            self._next()
            node = self._signed()
            return (
                -node if isinstance(node, float) else syntax_tree.Arithmetic(("negative",), (node,))
            )
        if self._is(":NOT:") and self.language.tight_not:
            self._next()
            return syntax_tree.Logic((":NOT:",), (self._signed(),))
        return self._power()

    def _power(self) -> Any:
        base = self._operand()
        if not self._is("^"):
            return base
        self._next()
        return syntax_tree.Arithmetic(("^",), (base, self._signed()))

    def _operand(self) -> Any:
        if self.kind == "number":
            value = _finite(self.word, self.begin)
            self._next()
            return value
        if self._is(":NA:"):
            self._next()
            return MISSING
        if self._is("("):
            self._next()
            node = self.expression()
            self._expect(")")
            return node
        # XMILE's MOD stands between two numbers, but some write it as a function.
        if self.kind != "name" and not self._is("MOD"):
            raise self.misread()
        return self._named()

    # -- names, subscripts, calls -------------------------------------------------------------

    def _named(self) -> Any:
        begin, word = self.begin, self.word
        turned = self.language.computed and word.endswith("'")
        self._next()
        key = qualified if self.language.computed else key_of
        reference = self._variable(key(word.rstrip("'") if turned else word))
        if turned or self._is(TURNED):
            if self._is(TURNED):
                self._next()
            return syntax_tree.Transposed(reference)
        if not self._is("("):
            return reference
        arguments = (
            self._table_call() if reference.name in self.language.tabled else self._arguments()
        )
        try:
            return self.language.call(reference, arguments)
        except ValueError as failure:
            written = " ".join(self.text[begin : self._closed].split())[:SHOWN]
            raise Misread(f"{written} {failure}", begin) from None

    def _variable(self, name: str) -> Any:
        """Return a name with what follows it in square brackets."""
        if not self._is("["):
            return syntax_tree.Reference(name)
        opening = self.begin
        subscripts = self._subscripts()
        if not self.language.computed or all(isinstance(part, str) for part in subscripts):
            return syntax_tree.Reference(name, subscripts)
        if self._is("(", TURNED):
            raise self.misread(opening)
        return syntax_tree.Subscripted(name, subscripts)

    def _subscripts(self) -> tuple[Any, ...]:
        """Return the subscripts as keys, with the mark of a summed range kept at its end."""
        opening = self.begin
        closing = _closing(self.text, opening, self.end)
        if closing < 0:
            raise Misread("a bracket [ is not closed", opening)
        inside = self.text[opening + 1 : closing]
        if self.language.computed:
            listed = tuple(self._place(*span) for span in _spans(self.text, opening, closing))
        else:
            listed = tuple(_subscript(part) for part in _split(inside))
        if "" in listed:
            raise self.misread(opening)
        self.at = closing + 1
        self._next()
        return listed

    def _place(self, start: int, end: int) -> Any:
        """Return one subscript: a plain one as a key, any other as an expression."""
        part = self.text[start:end].strip()
        if not part or _PLAIN.fullmatch(part):
            return qualified(part) if _DOTTED.fullmatch(part) else key_of(part)
        return Parser(self.language, self.text, start, end).whole()

    def _arguments(self) -> Arguments:
        self._next()
        arguments: list[Any] = []
        while not self._is(")"):
            if self._is(",") and self.language.computed:
                arguments.append(syntax_tree.Reference("nan"))
            elif self.kind == "string":
                arguments.append(self.word[1:-1])
                self._next()
            else:
                arguments.append(self.expression())
            if self._is(",", ":"):
                self._next()
                if self._is(")") and not self.language.computed:
                    raise self.misread()
                if self._is(")"):
                    arguments.append(syntax_tree.Reference("nan"))
            elif not self._is(")"):
                raise self.misread()
        self._closed = self.at
        self._next()
        return tuple(arguments)

    def _table_call(self) -> Arguments:
        self._next()
        argument = self.expression()
        if not self._is(",") or not self.text.startswith("(", self._skip(self.at)):
            raise self.misread()
        opening = self._skip(self.at)
        table, self.at = self.table(opening)
        self._next()
        self._closed = self.at
        self._expect(")")
        return argument, table

    def table(self, opening: int) -> tuple[syntax_tree.Lookup, int]:
        """Return the table whose bracket opens at a place, and the place after its end."""
        closing = _closing(self.text, opening, self.end)
        if closing < 0:
            raise Misread("the bracket of its table is not closed", opening)
        body = self.text[opening + 1 : closing]
        # The limits of the axes in brackets are for drawing.
        rest = re.sub(r"^\s*\[[^\]]*\]\s*,?", "", body)
        points = _points(rest) or _halves(rest)
        if (_POINT.sub("", rest).strip() and _halves(rest) is None) or not points:
            shown = " ".join(rest.split())[:SHOWN]
            raise Misread(f"its table is not understood at '{shown}'", opening)
        points = sorted(points, key=lambda point: point[0])
        table = syntax_tree.Lookup(
            x=tuple(x for x, _ in points), y=tuple(y for _, y in points), type="interpolate"
        )
        return table, closing + 1


def _points(text: str) -> list[tuple[float, float]]:
    return [(_finite(found["x"]), _finite(found["y"])) for found in _POINT.finditer(text)]


def _halves(text: str) -> list[tuple[float, float]] | None:
    """Return the points of an old table: all x, then all y, without brackets."""
    if not _FLAT.fullmatch(text):
        return None
    numbers = [_finite(part) for part in text.split(",")]
    half = len(numbers) // 2
    return list(zip(numbers[:half], numbers[half:], strict=True)) if len(numbers) % 2 == 0 else None


def _closing(text: str, opening: int, end: int) -> int:
    """Return where the bracket at `opening` closes, or -1; quoted names may hold brackets."""
    depth, at = 0, opening
    while at < end:
        letter = text[at]
        if letter == '"':
            at = text.find('"', at + 1)
            if at < 0:
                return -1
        elif letter in "([":
            depth += 1
        elif letter in ")]":
            depth -= 1
            if depth == 0:
                return at
        at += 1
    return -1


def _spans(text: str, opening: int, closing: int) -> list[tuple[int, int]]:
    """Return the spans between the commas of a bracket that stand outside quotes and brackets."""
    spans: list[tuple[int, int]] = []
    depth, quoted, start = 0, False, opening + 1
    for at in range(opening + 1, closing):
        letter = text[at]
        if letter == '"':
            quoted = not quoted
        elif not quoted and letter in "([":
            depth += 1
        elif not quoted and letter in ")]":
            depth -= 1
        elif letter == "," and not quoted and depth == 0:
            spans.append((start, at))
            start = at + 1
    return [*spans, (start, closing)]


def _split(text: str) -> list[str]:
    """Return the parts between commas that stand outside quotes."""
    return [part.strip() for part in re.findall(r'(?:"[^"]*"|[^,"])+', text)] or [""]


def _subscript(part: str) -> str:
    return key_of(part[:-1]) + "!" if part.endswith("!") else key_of(part)
