"""The parsed model as plain values, the same for both languages.

Expressions are trees of the dataclasses below over float, numpy array and str leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from operator import add, mul, sub, truediv
from typing import Any

__all__ = [
    "CLOCK", "CONTROLS", "MOST_ELEMENTS", "NEARLY", "AllocateAvailable", "AllocateByPriority",
    "Arithmetic", "Call", "Component", "Conveyor", "ConveyorFlow", "DataFile", "Delay",
    "DelayFixed", "DelayInformation", "DelayMaterial", "DelayN", "Depreciation", "Element",
    "Forecast", "Game", "GetConstants", "GetData", "GetLookups", "History", "Initial",
    "InlineLookup", "Integ", "Leak", "Logic", "Lookup", "ParsedModel", "Picked", "Range",
    "Reference", "SampleIfTrue", "Section", "Smooth", "SmoothN", "StepStart", "Subscripted",
    "Transposed", "Trend", "children", "folded", "nodes", "references", "rewrite",
    "with_expressions",
]  # fmt: skip

# More elements of a dimension than memory holds variables of: a slip of the pen.
MOST_ELEMENTS = 1_000_000
# A computed subscript that lies so little below a whole number means that number.
NEARLY = 1e-6
# What controls a run; the engine reads it, and equations may.
CLOCK = "time"
CONTROLS = ("initial time", "final time", "time step", "saveper")

Expression = Any


@dataclass(frozen=True)
class Arithmetic:
    """Operands joined by operators of one precedence, or one negated operand."""

    operators: tuple[str, ...]
    arguments: tuple[Expression, ...]


@dataclass(frozen=True)
class Logic:
    """Operands joined by comparisons, :AND:, :OR:, or one operand of :NOT:."""

    operators: tuple[str, ...]
    arguments: tuple[Expression, ...]


@dataclass(frozen=True)
class Reference:
    """A variable by its key, with subscripts as written (None where there are none)."""

    name: str
    subscripts: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Call:
    """A function, macro or look-up applied to arguments."""

    function: Reference
    arguments: tuple[Expression, ...]


@dataclass(frozen=True)
class Subscripted:
    """A variable with subscripts some of which are expressions, before its ranges are known."""

    name: str
    parts: tuple[Expression, ...]


@dataclass(frozen=True)
class Transposed:
    """An array with its dimensions in the opposite order, before its ranges are known."""

    variable: Reference


@dataclass(frozen=True)
class Picked:
    """An array at places that are computed, counted from 1, along labels; or what is `outside`."""

    variable: Reference
    labels: tuple[str, ...]
    places: tuple[Expression, ...]
    outside: float = 0.0


@dataclass(frozen=True)
class Game:
    """A value that a player may change; here it is the value."""

    expression: Expression


@dataclass(frozen=True)
class AllocateAvailable:
    """ALLOCATE AVAILABLE(request, priority profile, supply)."""

    request: Expression
    priority: Expression
    supply: Expression


@dataclass(frozen=True)
class AllocateByPriority:
    """ALLOCATE BY PRIORITY(request, priority, size, width, supply)."""

    request: Expression
    priority: Expression
    size: Expression
    width: Expression
    supply: Expression


@dataclass(frozen=True)
class Initial:
    """The value of an expression at the start."""

    initial: Expression


@dataclass(frozen=True)
class Integ:
    """A stock."""

    flow: Expression
    initial: Expression
    non_negative: bool = False


@dataclass(frozen=True)
class Leak:
    """A leakage of a conveyor: its fraction, its zone, and whether what it leads to stands still.

    The zone is from `start` to `end`, fractions of the length from where things enter.
    """

    fraction: Expression
    start: float
    end: float
    blocked: Expression


@dataclass(frozen=True)
class Conveyor:
    """A stock on a belt: see zhuanxing.engine.translating.conveyors.

    `initial` is a number or a list of what lies on it; `fixed` tells that the transit time is the
    same in the whole of a run.
    """

    initial: Expression
    inflow: Expression
    transit: Expression
    sample: Expression
    arrest: Expression
    blocked: Expression
    leaks: tuple[Leak, ...]
    exponential: bool
    fixed: bool


@dataclass(frozen=True)
class ConveyorFlow:
    """A flow that a conveyor makes: off its end (0) or a leakage, from 1.

    `reads` is what the conveyor reads to make it.
    """

    stock: str
    place: int
    reads: tuple[Expression, ...]


@dataclass(frozen=True)
class Staged:
    """A delay or smooth in stages."""

    input: Expression
    time: Expression
    initial: Expression
    order: Expression


@dataclass(frozen=True)
class Delay(Staged):
    """DELAY1, DELAY3 and their initialised forms."""


@dataclass(frozen=True)
class DelayN(Staged):
    """DELAY N, whose stages remember the delay time with which they were filled."""


@dataclass(frozen=True)
class DelayInformation:
    """DELAY INFORMATION(input, delay time, initial): the most recent input that has arrived."""

    input: Expression
    time: Expression
    initial: Expression


@dataclass(frozen=True)
class DelayMaterial:
    """DELAY MATERIAL(input, delay time, initial, missing): every inflow leaves after its delay."""

    input: Expression
    time: Expression
    initial: Expression
    missing: Expression


@dataclass(frozen=True)
class History:
    """HISTORY(input, time): what the input was at a time that has passed."""

    input: Expression
    moment: Expression


@dataclass(frozen=True)
class DelayFixed:
    """DELAY FIXED, a pipeline."""

    input: Expression
    time: Expression
    initial: Expression


@dataclass(frozen=True)
class Depreciation:
    """DEPRECIATE STRAIGHTLINE(stream, depreciation time, fiscal year, initial)."""

    input: Expression
    time: Expression
    fiscal: Expression
    initial: Expression


@dataclass(frozen=True)
class Smooth(Staged):
    """SMOOTH, SMOOTH3 and their initialised forms."""


@dataclass(frozen=True)
class SmoothN(Staged):
    """SMOOTH N."""


@dataclass(frozen=True)
class Trend:
    """TREND(input, average time, initial trend)."""

    input: Expression
    time: Expression
    trend: Expression


@dataclass(frozen=True)
class Forecast:
    """FORECAST(input, average time, horizon, initial trend)."""

    input: Expression
    time: Expression
    horizon: Expression
    trend: Expression


@dataclass(frozen=True)
class SampleIfTrue:
    """SAMPLE IF TRUE(condition, input, initial)."""

    condition: Expression
    input: Expression
    initial: Expression


@dataclass(frozen=True)
class StepStart:
    """A variable as it is when a time step begins, also where a method looks ahead within it."""

    variable: Reference


@dataclass(frozen=True)
class Lookup:
    """A table; `type` is interpolate, extrapolate, hold_backward or look_forward."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    type: str


@dataclass(frozen=True)
class InlineLookup:
    """WITH LOOKUP(argument, table)."""

    argument: Expression
    lookups: Lookup


@dataclass(frozen=True)
class DataFile:
    """A data variable whose values the model file does not give."""


@dataclass(frozen=True)
class GetLookups:
    """GET XLS/DIRECT LOOKUPS."""

    file: str
    tab: str
    x_row_or_col: str
    cell: str


@dataclass(frozen=True)
class GetData:
    """GET XLS/DIRECT DATA."""

    file: str
    tab: str
    time_row_or_col: str
    cell: str


@dataclass(frozen=True)
class GetConstants:
    """GET XLS/DIRECT CONSTANTS."""

    file: str
    tab: str
    cell: str


@dataclass(frozen=True)
class Component:
    """One piece of a variable: left-hand subscripts, exceptions, kind and expression.

    `role` is auxiliary, constant, lookup or data; `keyword` is the data rule.
    """

    subscripts: tuple[str, ...]
    excepts: tuple[tuple[str, ...], ...]
    expression: Expression
    role: str
    keyword: str | None = None


@dataclass(frozen=True)
class Element:
    """A variable: all its pieces, units, comment, and the range that its units field declares.

    `axes` are its ranges where the file names them (XMILE does); `line` is that of its definition,
    `equation` what stands there, a line for each piece, and `file` the file that it stands in where
    that is another than the model's own.
    """

    name: str
    components: tuple[Component, ...]
    units: str = ""
    documentation: str = ""
    limits: tuple[float | None, float | None] = (None, None)
    axes: tuple[str, ...] | None = None
    line: int = 0
    equation: str = ""
    file: str = ""


@dataclass(frozen=True)
class Range:
    """A subscript range: its elements, and the ranges it is mapped to.

    `images` gives, for a range it is mapped to out of order, the image of every element; `line`
    is that of its definition. The elements of a range that is `counted_alone` have the numbers of
    their places in it, else those in the range that holds them all.
    """

    name: str
    elements: tuple[str, ...]
    mapping: tuple[str, ...] = ()
    copied: bool = False
    images: tuple[tuple[str, tuple[str, ...]], ...] = ()
    line: int = 0
    counted_alone: bool = False


@dataclass(frozen=True)
class Section:
    """The main model, or one macro with its parameters, and results beside its own."""

    name: str
    params: tuple[str, ...]
    ranges: tuple[Range, ...]
    elements: tuple[Element, ...]
    outputs: tuple[str, ...] = ()


@dataclass(frozen=True)
class ParsedModel:
    """The main section, then one section a macro; `method` is euler or rk4."""

    sections: tuple[Section, ...]
    method: str = "euler"


def rewrite(
    node: Expression,
    change: Callable[[Expression], Expression],
    leave: Callable[[Expression], bool] = lambda node: False,
) -> Expression:
    """Return the tree with `change` applied to every node, children first.

    What `leave` is true of stays as it is, with all that is in it.
    """
    if isinstance(node, tuple):
        return tuple(rewrite(child, change, leave) for child in node)
    if is_dataclass(node) and not isinstance(node, type) and not leave(node):
        children = {
            field.name: rewrite(getattr(node, field.name), change, leave)
            for field in fields(node)
            if not isinstance(getattr(node, field.name), str)
        }
        return change(replace(node, **children))
    return node


def folded(node: Expression) -> Expression:
    """Return a sum or product of written numbers as a number, anything else as it is."""
    if not isinstance(node, Arithmetic) or not all(isinstance(a, float) for a in node.arguments):
        return node
    total, *others = node.arguments
    if node.operators == ("negative",):
        return -total
    for operator, other in zip(node.operators, others, strict=True):
        if operator == "^" or (operator == "/" and other == 0):
            return node
        total = _OPERATORS[operator](total, other)
    return float(total)


_OPERATORS: dict[str, Callable[[float, float], float]] = {
    "+": add, "-": sub, "*": mul, "/": truediv,
}  # fmt: skip


def with_expressions(element: Element, change: Callable[[Component], Expression]) -> Element:
    """Return a variable whose pieces have other expressions."""
    parts = (replace(part, expression=change(part)) for part in element.components)
    return replace(element, components=tuple(parts))


def nodes(tree: Expression | Element) -> Iterator[Any]:
    """Yield every node of a tree, or of an equation, children first."""
    for child in children(tree):
        yield from nodes(child)
    if is_dataclass(tree):
        yield tree


def children(tree: Expression | Element) -> tuple[Any, ...]:
    """Return what a node consists of, or the members of a tuple; nothing of a number or text."""
    if isinstance(tree, tuple):
        return tree
    if is_dataclass(tree) and not isinstance(tree, type):
        return tuple(getattr(tree, field.name) for field in fields(tree))
    return ()


def references(element: Element) -> tuple[str, ...]:
    """Return the names that an equation reads, each once, in the order of its text."""
    names = (node.name for node in nodes(element) if isinstance(node, Reference))
    return tuple(dict.fromkeys(names))
