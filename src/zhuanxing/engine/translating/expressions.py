"""Expressions of one component to typed nodes: arithmetic, logic and calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from functools import cache, partial, reduce
from inspect import Parameter, signature
from typing import Any

import numpy as np

from zhuanxing.engine.reading import syntax_tree
from zhuanxing.engine.running.domains import Domain
from zhuanxing.engine.running.failures import TranslationError
from zhuanxing.engine.translating import array_functions, random_functions
from zhuanxing.engine.translating.allocation import allocate_available, allocate_by_priority
from zhuanxing.engine.translating.clock_functions import MEASURES
from zhuanxing.engine.translating.data_summaries import SUMMARIES, summary
from zhuanxing.engine.translating.elementwise_functions import (
    CLOCKED,
    COMPARISONS,
    ELEMENTWISE,
    OPERATORS,
    divide_exactly,
)
from zhuanxing.engine.translating.lookups import RULES, Tabulated
from zhuanxing.engine.translating.nodes import (
    Array,
    Env,
    Node,
    align,
    lift,
    literal,
    number,
    valued,
)
from zhuanxing.engine.translating.stateful_functions import STATES
from zhuanxing.engine.translating.subscripts import bare
from zhuanxing.errors import nearest

__all__ = ["Translator"]

# Two names are alike from this ratio of difflib on.
ALIKE = 0.6
# Modes of VECTOR LOOKUP.
VECTOR_RULES: dict[float, str] = {
    0: "interpolate", 1: "area", 2: "hold_backward", 3: "extrapolate", 4: "look_forward",
    5: "inverted",
}  # fmt: skip
LOOKED_UP = (
    "VECTOR LOOKUP takes a mode of 0 to 5; slopes, and areas and inverses beyond the ends "
    "(6 to 9), are not known"
)
SELECTION = (
    "its VECTOR SELECT takes a numerical action of 0 to 10, and a selection that is not empty "
    "(error actions 1 and 3) and selects no more than one element (2 and 3)"
)


class Translator(Tabulated):
    """Translates the expression of one component, which stands in `scope`."""

    draws = 0

    def node(self, expression: Any) -> Node:
        """Return the node of an expression. Raises TranslationError if there is none."""
        if isinstance(expression, float):
            return literal(expression)
        if isinstance(expression, np.ndarray):
            return self._array(expression)
        method = getattr(self, f"_{type(expression).__name__.lower()}", None)
        if method is None and type(expression) in STATES:
            return self._remembered(expression)
        if method is None:
            raise self.refuse(f"{type(expression).__name__} has no place inside an expression.")
        found: Node = method(expression)
        return found

    def _array(self, array: np.ndarray) -> Node:
        sizes = self.scope.sizes(self.scope.labels)
        if array.size != int(np.prod(sizes)):
            raise self.refuse(f"{array.size} numbers given, {int(np.prod(sizes))} expected.")
        value = array.astype(np.float64).reshape(sizes)
        return Node(self.scope.labels, lambda env: value, constant=value)

    # -- arithmetic and logic -----------------------------------------------------------------

    def _arithmetic(self, expression: syntax_tree.Arithmetic) -> Node:
        operators = expression.operators
        if operators == ("negative",):
            return self._apply(lambda env, a: -a, [self.node(expression.arguments[0])])
        if operators[0] == "^":
            return self._powers([*expression.arguments])
        arguments = [self.node(argument) for argument in expression.arguments]
        if "/" not in operators:
            return self._in_order(operators, arguments)
        total = arguments[0]
        for operator, argument in zip(operators, arguments[1:], strict=True):
            total = self._operate(operator, total, argument)
        return total

    def _in_order(self, operators: Sequence[str], arguments: list[Node]) -> Node:
        """Return a sum or product as one node, however long: Python nests a few hundred calls."""

        def combined(env: Env, total: Array, *others: Array) -> Array:
            for operator, other in zip(operators, others, strict=True):
                total = OPERATORS[operator](env, total, other)
            return total

        node = self._apply(combined, arguments)
        node = replace(node, operations=node.operations + len(operators) - 1)
        if "*" not in operators:
            return node
        return replace(node, factors=tuple(f for a in arguments for f in a.factors or (a,)))

    def _operate(self, operator: str, left: Node, right: Node) -> Node:
        if operator == "/":
            right = self._guarded(right)
            if left.clock:  # what follows Time is compared with whole numbers
                return self._apply(divide_exactly, [left, right])
        node = self._apply(OPERATORS[operator], [left, right])
        if operator == "*":
            return replace(node, factors=(*(left.factors or [left]), *(right.factors or [right])))
        return node

    def _powers(self, arguments: list[Any]) -> Node:
        """Return a^b^c, from the right."""
        base, *rest = arguments
        if not rest:
            return self.node(base)
        exponent = self._powers(rest)
        return self._apply(OPERATORS["^"], [self._guarded(self.node(base)), exponent])

    def _logic(self, expression: syntax_tree.Logic) -> Node:
        operators = tuple(
            {"and": ":AND:", "or": ":OR:", "not": ":NOT:"}.get(name.strip(":").lower(), name)
            for name in expression.operators
        )
        if operators == (":NOT:",):
            return lift(self.scope, lambda env, a: a == 0, [self.node(expression.arguments[0])])
        arguments = [self.node(argument) for argument in expression.arguments]
        if {":AND:", ":OR:"} >= set(operators):
            return self._either(operators, arguments)
        total = arguments[0]
        for operator, argument in zip(operators, arguments[1:], strict=True):
            total = lift(self.scope, COMPARISONS[operator], [total, argument])
        return total

    def _either(self, operators: Sequence[str], arguments: list[Node]) -> Node:
        """Return conditions joined by :AND:, which binds more tightly, and :OR:."""
        groups = [[arguments[0]]]
        for operator, argument in zip(operators, arguments[1:], strict=True):
            if operator == ":OR:":
                groups.append([argument])
            else:
                groups[-1].append(argument)

        def joined(operator: str, parts: list[Node]) -> Node:
            function = COMPARISONS[operator]
            found: Callable[..., Array] = lambda env, *arrays: reduce(  # noqa: E731
                partial(function, env), arrays
            )
            return parts[0] if len(parts) == 1 else lift(self.scope, found, parts)

        return joined(":OR:", [joined(":AND:", group) for group in groups])

    def _apply(self, function: Callable[..., Array], arguments: list[Node], **kind: bool) -> Node:
        """Return the element-by-element function of numbers (truth values count as 0 and 1)."""

        def numeric(env: Env, *arrays: Array) -> Array:
            return function(env, *(number(env.xp, array) for array in arrays))

        return lift(self.scope, numeric, arguments, **kind)

    def _guarded(self, node: Node) -> Node:
        """Return the node with 1 in its place where the branch around it is not taken."""
        if node.constant is not None:
            return node
        scope, dims = self.scope, node.dims

        def value(env: Env) -> Array:
            array = node.value(env)
            if not env.guarded:
                return array
            for labels, condition in env.guards:
                if set(labels) <= set(dims):
                    kept, shaped = align(scope, [(condition, labels), (array, dims)], dims)
                    array = env.xp.where(kept, shaped, 1.0)
            return array

        return replace(node, value=value)

    def _game(self, node: syntax_tree.Game) -> Node:
        return self.node(node.expression)

    def _stepstart(self, node: syntax_tree.StepStart) -> Node:
        now = self.node(node.variable)

        def value(env: Env) -> Array:
            begun = env if env.begun is None else replace(env, values=env.begun, columns={})
            return now.value(begun)

        return replace(now, value=value)

    # -- calls --------------------------------------------------------------------------------

    def _call(self, call: syntax_tree.Call) -> Node:
        name = call.function.name
        if name in self.model.tables:
            self._count(call, 1)
            return self._read_table(call.function, call.arguments[0], None)
        if name in ELEMENTWISE or name in CLOCKED:
            return self._elementwise(call)
        if name in random_functions.RANDOM:
            return self._random(name, call.arguments)
        if name in RULES:
            self._count(call, 3 if name == "lookup area" else 2)
            return self._lookup_by_rule(name, call.arguments)
        if name in array_functions.FUNCTIONS:
            self._count(call, *array_functions.COUNTS.get(name, (1,)))
            arguments = [self.node(argument) for argument in call.arguments]
            if name == "vector select" and arguments[4].constant != 0:
                self._bounded(SELECTION)
            try:
                return array_functions.FUNCTIONS[name](self.scope, arguments)
            except TranslationError as failure:
                raise self.refuse(f"{name.upper()}: {failure}") from None
        if name in SUMMARIES:
            self._count(call, 1 + SUMMARIES[name][1])
            return self._data_summary(call)
        special: dict[str, tuple[Callable[[tuple[Any, ...]], Node], int]] = {
            "if then else": (self._choice, 3),
            "active initial": (self._active_initial, 2),
            "elmcount": (self._elmcount, 1),
            "get data at time": (self._data_at_time, 2),
            "get time value": (self._time_value, 3),
            "vector elm map": (self._element_map, 2),
            "vector lookup": (self._vector_lookup, 5),
            "pi": (lambda _: literal(np.pi), 0),
        }
        if name not in special:
            raise self.refuse(self._unknown(name, special))
        translate, count = special[name]
        if name != "pi":  # XMILE writes it with brackets and without
            self._count(call, count)
        return translate(call.arguments)

    def _elementwise(self, call: syntax_tree.Call) -> Node:
        name = call.function.name
        function = ELEMENTWISE.get(name) or CLOCKED[name]
        self._count(call, *_arity(function))
        arguments = [self.node(argument) for argument in call.arguments]
        if name in ("ln", "sqrt", "log", "power"):
            arguments[0] = self._guarded(arguments[0])
        return self._apply(function, arguments, clock=name in CLOCKED)

    def _count(self, call: syntax_tree.Call, least: int, most: int = 0) -> None:
        """Raise TranslationError unless a call has so many arguments."""
        given = len(call.arguments)
        if not least <= given <= max(least, most):
            expected = f"{least} to {most}" if most > least else str(least)
            raise self.refuse(
                f"{call.function.name.upper()} takes {expected} "
                f"{'argument' if expected == '1' else 'arguments'}, {given} given."
            )

    def _unknown(self, name: str, special: Iterable[str]) -> str:
        """Return the sentence for a function that there is none of, with one spelt like it."""
        known = [
            *ELEMENTWISE,
            *CLOCKED,
            *random_functions.RANDOM,
            *array_functions.FUNCTIONS,
            *RULES,
            *SUMMARIES,
            *special,
        ]
        # Calls that only the readers of files make have no name of Vensim's or XMILE's.
        spelt = [other for other in known if not other.startswith("truncated ")]
        close = nearest(name, [*spelt, *self.model.tables])
        alike = SequenceMatcher(None, name, close).ratio() > ALIKE
        hint = f"did you mean {close.upper()}?" if alike else "write the equation without it."
        return f"function {name.upper()} is not one that the engine knows, {hint}"

    def _random(self, name: str, arguments: tuple[Any, ...]) -> Node:
        self.draws += 1
        seeded = random_functions.SEED_NAME in self.model.labels
        nodes = [self.node(argument) for argument in arguments]
        try:
            return random_functions.draw(name, self.scope, nodes, seeded, self.draws)
        except TranslationError as failure:
            raise self.refuse(str(failure)) from None

    def _allocateavailable(self, node: syntax_tree.AllocateAvailable) -> Node:
        profile = node.priority
        if not isinstance(profile, syntax_tree.Reference) or profile.name not in self.model.labels:
            raise self.refuse("ALLOCATE AVAILABLE takes a variable as its priority profile.")
        # Written with the first part of the profile; all parts are read.
        parts = self.model.labels[profile.name][-1]
        whole = syntax_tree.Reference(profile.name, (*(profile.subscripts or ())[:-1], parts))
        request, supply = self.node(node.request), self.node(node.supply)
        self._bounded(
            "ALLOCATE AVAILABLE takes priority profiles of type 1 (rectangular), 2 (triangular), "
            "3 (normal) and 4 (exponential), widths above 0, and requests and a supply that are "
            "not negative"
        )
        return allocate_available(self.scope, request, self.node(whole), supply)

    def _allocatebypriority(self, node: syntax_tree.AllocateByPriority) -> Node:
        parts = (node.request, node.priority, node.width, node.supply)
        self._bounded(
            "ALLOCATE BY PRIORITY takes a width above 0, and requests and a supply that are not "
            "negative"
        )
        return allocate_by_priority(self.scope, *(self.node(part) for part in parts))

    def _depreciation(self, node: syntax_tree.Depreciation) -> Node:
        self._bounded(
            "DEPRECIATE STRAIGHTLINE takes a depreciation time that is a whole number of time "
            "steps, a fiscal year as long as TIME STEP and an initial depreciation of 0 (what "
            "Vensim does with others is not published)"
        )
        return self._remembered(node)

    def _bounded(self, domain: str) -> None:
        """Note what the inputs of this component must be: its value is NaN where they are not."""
        domains = self.model.domains.setdefault(self.scope.name, [])
        domains.append(
            Domain(self.region, f"variable '{self.scope.name}' ({self.where}): {domain}")
        )

    def _time_value(self, arguments: tuple[Any, ...]) -> Node:
        """Return GET TIME VALUE: Time with an offset, or a measure of the computer's clock."""
        relative, offset, measure = (self.node(argument) for argument in arguments)
        if relative.constant == 0 and measure.constant == 0:
            return self._apply(lambda env, shift: env.time + shift, [offset], clock=True)
        if relative.constant == 1 and measure.constant == 0:
            start = self._reference(syntax_tree.Reference("initial time"))
            return self._apply(lambda env, begin, shift: begin + shift, [start, offset])
        if relative.constant != 2 or measure.constant not in range(1, len(MEASURES) + 1):
            raise self.refuse(
                "GET TIME VALUE(0 or 1, offset, 0) and GET TIME VALUE(2, offset, 1 to 10) are "
                "known, with written numbers; calendar dates of the model's time are not."
            )
        place = int(measure.constant) - 1
        self.model.reads_computer_time = True
        return Node((), lambda env: env.inputs["time:now"][place], clock=True)

    def _data_at_time(self, arguments: tuple[Any, ...]) -> Node:
        """Return GET DATA AT TIME: a data variable as it is at a time, by its own rule."""
        at = self.node(arguments[1])

        def then(env: Env) -> Env:
            return replace(env, time=at.value(env))

        return self._read_data("get data at time", arguments[0], [at], then)

    def _data_summary(self, call: syntax_tree.Call) -> Node:
        """Return what a GET DATA function tells of the points of a data variable."""
        name = call.function.name
        numbers = [self.node(argument) for argument in call.arguments[1:]]

        def then(env: Env) -> Env:
            given = [number(env.xp, node.value(env)) for node in numbers]
            return replace(env, told=lambda x, y: summary(name, env.xp, x, y, *given))

        return self._read_data(name, call.arguments[0], numbers, then)

    def _read_data(
        self, name: str, reference: Any, numbers: list[Node], then: Callable[[Env], Env]
    ) -> Node:
        """Return a data variable as it is in the environment that `then` makes of the present."""
        series = self.model.series.get(getattr(reference, "name", ""))
        if series is None or series.needs:
            raise self.refuse(
                f"{name.upper()} takes a data variable, with data or numbers for all its "
                "elements, as its first argument."
            )
        if any(node.dims for node in numbers):
            raise self.refuse(f"{name.upper()} takes a time that is the same for all elements.")
        read = self._variable(reference)

        def value(env: Env) -> Array:
            there = then(env)
            there.values = {reference.name: series.value(there)}
            return read.value(replace(there, columns={}))

        found = valued(self.scope, numbers, read.dims, value)
        return replace(found, written=read.written)

    def _choice(self, arguments: tuple[Any, ...]) -> Node:
        condition, yes, no = (self.node(argument) for argument in arguments)
        if condition.constant is not None and condition.dims == ():
            return yes if condition.constant != 0 else no
        taken = self._branch(yes, condition, wanted=True)
        other = self._branch(no, condition, wanted=False)

        def choose(env: Env, test: Array, first: Array, second: Array) -> Array:
            xp = env.xp
            test = test if test.dtype == np.bool_ else test != 0
            return xp.where(test, number(xp, first), number(xp, second))

        return lift(self.scope, choose, [condition, taken, other])

    def _branch(self, branch: Node, condition: Node, wanted: bool) -> Node:
        """Return the branch evaluated under the guard that it is taken."""

        def value(env: Env) -> Array:
            if not env.guarded:
                return branch.value(env)
            test = condition.value(env) != 0
            env.guards.append((condition.dims, test if wanted else ~test))
            try:
                return branch.value(env)
            finally:
                env.guards.pop()

        return branch if branch.constant is not None else replace(branch, value=value)

    def _active_initial(self, arguments: tuple[Any, ...]) -> Node:
        running, starting = (self.node(argument) for argument in arguments)
        target = self.scope.order([running.dims, starting.dims])

        def value(env: Env) -> Array:
            node = starting if env.initialising else running
            (array,) = align(self.scope, [(number(env.xp, node.value(env)), node.dims)], target)
            shape = self.scope.sizes(target)
            return env.xp.broadcast_to(array, shape + np.shape(array)[len(shape) :])

        return Node(
            target, value, needs=running.needs, needs_initial=starting.needs_initial,
            clock=running.clock or starting.clock, chance=running.chance or starting.chance,
            switches=True,
        )  # fmt: skip

    def _element_map(self, arguments: tuple[Any, ...]) -> Node:
        """Return VECTOR ELM MAP: the element so many places after the one that is written."""
        written, whole, home = self._along("VECTOR ELM MAP", arguments[0])
        start = self._reference(syntax_tree.Reference(written))
        counted = self.model.dimensions.positions_within(written, bare(home))
        start = replace(start, value=lambda env: counted, constant=counted)
        return array_functions.element_map(self.scope, whole, start, self.node(arguments[1]), home)

    def _vector_lookup(self, arguments: tuple[Any, ...]) -> Node:
        """Return VECTOR LOOKUP: an array as a table, at equal distances from least x to most."""
        _, whole, home = self._along("VECTOR LOOKUP", arguments[0])
        *numbers, mode = (self.node(argument) for argument in arguments[1:])
        if mode.constant is not None and mode.constant not in VECTOR_RULES:
            raise self.refuse(LOOKED_UP + ".")
        if mode.dims:
            raise self.refuse("VECTOR LOOKUP takes a mode that is the same for all elements.")
        if mode.constant is None:
            self._bounded(LOOKED_UP)
        rules = {
            code: array_functions.vector_lookup(self.scope, whole, numbers, home, rule)
            for code, rule in VECTOR_RULES.items()
            if mode.constant in (None, code)
        }

        def chosen(env: Env, asked: Array, *found: Array) -> Array:
            out: Array = np.nan
            for code, array in zip(rules, found, strict=True):
                out = env.xp.where(asked == code, array, out)
            return out

        return self._apply(chosen, [mode, *rules.values()])

    def _along(self, name: str, source: Any) -> tuple[str, Node, str]:
        """Return the subscript that is counted from, and the array over all of its range.

        The third value is the label of that range in the array.
        """
        axes = self.model.labels.get(getattr(source, "name", ""), ())
        if not axes or not source.subscripts or len(source.subscripts) != len(axes):
            raise self.refuse(f"{name} takes an element of an array as its first argument.")
        place = self._moved_subscript(source.subscripts)
        home = f"{axes[place]}!"
        everything = (*source.subscripts[:place], home, *source.subscripts[place + 1 :])
        whole = self._variable(replace(source, subscripts=everything))
        return source.subscripts[place], whole, home

    def _picked(self, node: syntax_tree.Picked) -> Node:
        """Return an array at places that are computed, counted from 1."""
        found = self._variable(node.variable)
        for label, expression in zip(node.labels, node.places, strict=True):
            place = self._apply(
                lambda env, x: env.xp.floor(x + syntax_tree.NEARLY) - 1.0, [self.node(expression)]
            )
            found = array_functions.element_at(self.scope, found, place, label, node.outside)
        return found

    def _moved_subscript(self, subscripts: tuple[str, ...]) -> int:
        """Return which subscript is counted from: the last that is an element, or the last."""
        elements = [i for i, s in enumerate(subscripts) if self.model.dimensions.is_element(s)]
        return elements[-1] if elements else len(subscripts) - 1

    def _elmcount(self, arguments: tuple[Any, ...]) -> Node:
        name = arguments[0].name if isinstance(arguments[0], syntax_tree.Reference) else ""
        if bare(name) not in self.model.dimensions.elements:
            raise self.refuse("ELMCOUNT takes the name of a subscript range.")
        return literal(float(self.model.dimensions.size(name)))


@cache
def _arity(function: Callable[..., Array]) -> tuple[int, int]:
    """Return how many arguments a function of arrays takes, least and most."""
    parameters = [*signature(function).parameters.values()][1:]  # without the environment
    needed = sum(parameter.default is Parameter.empty for parameter in parameters)
    return needed, len(parameters)
