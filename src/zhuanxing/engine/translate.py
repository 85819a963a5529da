"""Expressions of one component to typed nodes: references, arithmetic, logic, calls, states."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from zhuanxing.engine import chance, states, syntax, vectors
from zhuanxing.engine.allocation import allocate_available, allocate_by_priority
from zhuanxing.engine.dimensions import Dimensions, Index, bare
from zhuanxing.engine.failures import TranslationError
from zhuanxing.engine.functions import (
    CLOCKED,
    COMPARISONS,
    ELEMENTWISE,
    OPERATORS,
    divide_exactly,
)
from zhuanxing.engine.nodes import Array, Env, Node, Scope, align, lift, literal, number
from zhuanxing.engine.tables import Table, evaluate
from zhuanxing.errors import nearest

__all__ = ["Model", "Translator", "pick"]


@dataclass
class Model:
    """What references resolve against: ranges, the labels of every variable, tables, states."""

    dimensions: Dimensions
    labels: Mapping[str, tuple[str, ...]]
    tables: Mapping[str, Table]
    states: dict[str, states.State] = field(default_factory=dict)


def pick(xp: Any, array: Array, indices: list[Index | None]) -> Array:
    """Return the part of an array at one index an axis (None takes the whole axis)."""
    for axis in reversed(range(len(indices))):
        index = indices[axis]
        if index is None:
            continue
        if isinstance(index, np.ndarray):
            array = xp.take(array, index, axis=axis)
        else:
            array = array[(slice(None),) * axis + (index,)]
    return array


class Translator:
    """Translates the expression of one component, which stands in `scope`."""

    def __init__(
        self, model: Model, scope: Scope, where: str, region: Callable[[Any, Array], Array]
    ) -> None:
        self.model = model
        self.scope = scope
        self.where = where
        self.region = region
        self.draws = 0

    def refuse(self, reason: str) -> TranslationError:
        """Return the error that names the variable, the file and the line."""
        return TranslationError(f"variable '{self.scope.name}' ({self.where}): {reason}")

    def node(self, expression: Any) -> Node:
        """Return the node of an expression. Raises TranslationError if there is none."""
        if isinstance(expression, float):
            return literal(expression)
        if isinstance(expression, np.ndarray):
            return self._array(expression)
        method = getattr(self, f"_{type(expression).__name__.lower()}", None)
        if method is None:
            raise self.refuse(f"{type(expression).__name__} has no place inside an expression.")
        return method(expression)

    def _array(self, array: np.ndarray) -> Node:
        sizes = self.scope.sizes(self.scope.labels)
        if array.size != int(np.prod(sizes)):
            raise self.refuse(f"{array.size} numbers given, {int(np.prod(sizes))} expected.")
        value = array.astype(np.float64).reshape(sizes)
        return Node(self.scope.labels, lambda env: value, constant=value)

    # -- references ---------------------------------------------------------------------------

    def _reference(self, reference: syntax.Reference) -> Node:
        name = reference.name
        if name in self.model.labels:
            return self._variable(reference)
        if name == "time":
            return Node((), lambda env: env.time, clock=True)
        if name in self.model.tables:
            raise self.refuse(f"look-up '{name}' is used without an argument.")
        dimensions = self.model.dimensions
        if dimensions.is_range(name):
            places = dimensions.positions_in_main(name) + 1.0
            label = self._label(name, ())
            return Node((label,), lambda env: places, constant=places)
        if dimensions.is_element(name):
            return literal(dimensions.position(name) + 1.0)
        raise self.refuse(f"'{name}' is not defined, {self._hint(name)}")

    def _hint(self, name: str) -> str:
        return f"did you mean '{nearest(name, [*self.model.labels, *self.model.tables])}'?"

    def _variable(self, reference: syntax.Reference) -> Node:
        name = reference.name
        indices, written = self._subscripts(name, self.model.labels[name], reference.subscripts)
        select = self._arrange(indices, written)
        return Node(
            self.scope.order([written]),
            lambda env: select(env.xp, env.values[name]),
            needs=frozenset((name,)),
            needs_initial=frozenset((name,)),
            written=written,
        )

    def _subscripts(
        self, name: str, axes: tuple[str, ...], subscripts: tuple[str, ...] | None
    ) -> tuple[list[Index | None], tuple[str, ...]]:
        """Return an index for every axis of a variable, and the labels that stay, as written."""
        if subscripts is None:
            return [None] * len(axes), tuple(self._label(axis, ()) for axis in axes)
        if len(subscripts) != len(axes):
            raise self.refuse(
                f"'{name}' has {len(axes)} subscripts, {len(subscripts)} are written."
            )
        indices: list[Index | None] = []
        written: list[str] = []
        for subscript, axis in zip(subscripts, axes, strict=True):
            self.model.dimensions.require(subscript, f"'{self.scope.name}' ({self.where})")
            try:
                indices.append(self.model.dimensions.index(subscript, axis))
            except TranslationError as failure:
                raise self.refuse(f"in '{name}', {failure}") from None
            if not self.model.dimensions.is_element(subscript):
                written.append(self._label(subscript, subscripts))
        return indices, tuple(written)

    def _label(self, name: str, beside: tuple[str, ...]) -> str:
        """Return the label of a range: itself, or the left-hand range to which it is mapped."""
        if name.endswith("!") or name in self.scope.labels:
            return name
        return self.model.dimensions.maps_to(name, self.scope.labels, beside) or name

    def _arrange(
        self, indices: list[Index | None], written: tuple[str, ...]
    ) -> Callable[[Any, Array], Array]:
        """Return the function that indexes an array and puts its axes in this equation's order."""
        ordered = self.scope.order([written])
        unique = tuple(dict.fromkeys(written))
        axes = [unique.index(label) for label in ordered]
        in_order = axes == list(range(len(axes)))

        def arrange(xp: Any, array: Array) -> Array:
            array = pick(xp, array, indices)
            if len(unique) < len(written):
                array = _diagonal(xp, array, written)
            if in_order:
                return array
            rest = [len(axes)] if np.ndim(array) > len(axes) else []
            return xp.transpose(array, [*axes, *rest])

        return arrange

    # -- arithmetic and logic -----------------------------------------------------------------

    def _arithmetic(self, expression: syntax.Arithmetic) -> Node:
        operators = expression.operators
        if operators == ("negative",):
            return self._apply(lambda env, a: -a, [self.node(expression.arguments[0])])
        if operators[0] == "^":
            return self._powers([*expression.arguments])
        total = self.node(expression.arguments[0])
        for operator, argument in zip(operators, expression.arguments[1:], strict=True):
            total = self._operate(operator, total, self.node(argument))
        return total

    def _operate(self, operator: str, left: Node, right: Node) -> Node:
        if operator == "/":
            right = self._guarded(right)
            if left.clock:  # what follows Time is compared with whole numbers
                return self._apply(divide_exactly, [left, right])
        return self._apply(OPERATORS[operator], [left, right])

    def _powers(self, arguments: list[Any]) -> Node:
        """Return a^b^c, from the right; a minus before a written number is outside the power."""
        base, *rest = arguments
        if not rest:
            return self.node(base)
        exponent = self._powers(rest)
        if isinstance(base, float) and base < 0:
            positive = self._apply(OPERATORS["^"], [literal(-base), exponent])
            return self._apply(lambda env, a: -a, [positive])
        return self._apply(OPERATORS["^"], [self._guarded(self.node(base)), exponent])

    def _logic(self, expression: syntax.Logic) -> Node:
        operators = tuple(
            {"and": ":AND:", "or": ":OR:", "not": ":NOT:"}.get(name.strip(":").lower(), name)
            for name in expression.operators
        )
        if operators == (":NOT:",):
            return lift(self.scope, lambda env, a: a == 0, [self.node(expression.arguments[0])])
        total = self.node(expression.arguments[0])
        # :AND: binds more tightly than :OR:, as in the text that PySD evaluates.
        groups: list[Node] = []
        for operator, argument in zip(operators, expression.arguments[1:], strict=True):
            if operator == ":OR:":
                groups.append(total)
                total = self.node(argument)
            else:
                total = lift(self.scope, COMPARISONS[operator], [total, self.node(argument)])
        for group in reversed(groups):
            total = lift(self.scope, COMPARISONS[":OR:"], [group, total])
        return total

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

    # -- calls --------------------------------------------------------------------------------

    def _call(self, call: syntax.Call) -> Node:
        name = call.function.name
        if name in self.model.tables:
            return self._lookup_call(call)
        if name in ELEMENTWISE or name in CLOCKED:
            arguments = [self.node(argument) for argument in call.arguments]
            if name in ("ln", "sqrt", "log", "power"):
                arguments[0] = self._guarded(arguments[0])
            function = ELEMENTWISE.get(name) or CLOCKED[name]
            try:
                return self._apply(function, arguments, clock=name in CLOCKED)
            except TypeError as failure:
                raise self.refuse(f"{name.upper()} {failure}.") from failure
        special = {
            "if then else": self._choice,
            "active initial": self._active_initial,
            "elmcount": self._elmcount,
            "get time value": self._time_value,
            "pi": lambda _: literal(np.pi),
        }.get(name)
        if special is not None:
            return special(call.arguments)
        if name in chance.RANDOM:
            return self._random(name, call.arguments)
        if name in vectors.FUNCTIONS:
            arguments = [self.node(argument) for argument in call.arguments]
            try:
                return vectors.FUNCTIONS[name](self.scope, arguments)
            except TranslationError as failure:
                raise self.refuse(str(failure)) from None
        raise self.refuse(f"function {name.upper()} is not one that the engine knows.")

    def _random(self, name: str, arguments: tuple[Any, ...]) -> Node:
        self.draws += 1
        seeded = chance.SEED_NAME in self.model.labels
        nodes = [self.node(argument) for argument in arguments]
        try:
            return chance.draw(name, self.scope, nodes, seeded, self.draws)
        except TranslationError as failure:
            raise self.refuse(str(failure)) from None

    def _allocateavailable(self, node: syntax.AllocateAvailable) -> Node:
        profile = node.pp
        if not isinstance(profile, syntax.Reference) or profile.name not in self.model.labels:
            raise self.refuse("ALLOCATE AVAILABLE takes a variable as its priority profile.")
        # Written with the first part of the profile; all parts are read.
        parts = self.model.labels[profile.name][-1]
        whole = syntax.Reference(profile.name, (*(profile.subscripts or ())[:-1], parts))
        request, avail = self.node(node.request), self.node(node.avail)
        return allocate_available(self.scope, request, self.node(whole), avail)

    def _allocatebypriority(self, node: syntax.AllocateByPriority) -> Node:
        parts = (node.request, node.priority, node.width, node.supply)
        return allocate_by_priority(self.scope, *(self.node(part) for part in parts))

    def _time_value(self, arguments: tuple[Any, ...]) -> Node:
        relative, offset, measure = (self.node(argument) for argument in arguments)
        if relative.constant != 0 or measure.constant != 0:
            raise self.refuse("GET TIME VALUE works only relative to Time and in its units.")
        return self._apply(lambda env, shift: env.time + shift, [offset], clock=True)

    def _choice(self, arguments: tuple[Any, ...]) -> Node:
        condition, yes, no = (self.node(argument) for argument in arguments)
        if condition.constant is not None and condition.dims == ():
            return yes if condition.constant != 0 else no
        taken = self._branch(yes, condition, wanted=True)
        other = self._branch(no, condition, wanted=False)

        def choose(env: Env, test: Array, first: Array, second: Array) -> Array:
            xp = env.xp
            test = test if getattr(test, "dtype", None) == bool else test != 0
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
            return env.xp.broadcast_to(array, shape + np.shape(array)[len(shape):])

        return Node(
            target,
            value,
            needs=running.needs,
            needs_initial=starting.needs_initial,
            clock=running.clock or starting.clock,
            chance=running.chance or starting.chance,
            switches=True,
        )

    def _elmcount(self, arguments: tuple[Any, ...]) -> Node:
        name = arguments[0].name if isinstance(arguments[0], syntax.Reference) else ""
        if bare(name) not in self.model.dimensions.elements:
            raise self.refuse("ELMCOUNT takes the name of a subscript range.")
        return literal(float(self.model.dimensions.size(name)))

    # -- tables -------------------------------------------------------------------------------

    def _lookup_call(self, call: syntax.Call) -> Node:
        name = call.function.name
        table = self.model.tables[name]
        indices, written = self._subscripts(name, table.labels, call.function.subscripts)
        arrange = self._arrange(indices, written)
        dims = self.scope.order([written])
        argument = self.node(call.arguments[0])

        def points(xp: Any, array: Array) -> Array:
            return xp.stack([arrange(xp, array[i]) for i in range(np.shape(array)[0])]) \
                if np.ndim(array) > 1 else array

        return self._interpolated(argument, name, table, points, dims)

    def _inlinelookup(self, expression: syntax.InlineLookup) -> Node:
        lookup = expression.lookups
        table = Table((), np.array(lookup.x), np.array(lookup.y), lookup.type)
        argument = self.node(expression.argument)
        return self._interpolated(argument, None, table, lambda xp, array: array, ())

    def series(self, table: Table) -> Node:
        """Return the node of a time series: the table at the present time."""
        now = Node((), lambda env: env.time, clock=True)
        return self._interpolated(now, None, table, lambda xp, array: array, table.labels)

    def _interpolated(
        self,
        argument: Node,
        name: str | None,
        table: Table,
        points: Callable[[Any, Array], Array],
        dims: tuple[str, ...],
    ) -> Node:
        """Return the table at the argument, over the labels of both."""
        scope = self.scope
        target = scope.order([dims, argument.dims])
        count = table.x.shape[0]
        fixed_x = points(np, table.x)
        fixed_y = points(np, table.y)

        def value(env: Env) -> Array:
            given = env.inputs.get(name) if name is not None else None
            xs = fixed_x
            ys = fixed_y if given is None else points(env.xp, given)
            at = number(env.xp, argument.value(env))
            batched = np.ndim(at) > len(argument.dims) or np.ndim(ys) > 1 + len(dims)
            (at,) = align(scope, [(at, argument.dims)], target)
            if batched and np.ndim(at) == len(target) and target:
                at = at[..., None]
            x = _over(scope, xs, dims, target, batched, count)
            y = _over(scope, ys, dims, target, batched, count)
            return evaluate(env.xp, at, x, y, table.rule)

        needs = frozenset((name,)) if name is not None else frozenset()
        return Node(
            target,
            value,
            needs=argument.needs | needs,
            needs_initial=argument.needs_initial | needs,
            clock=argument.clock,
            chance=argument.chance,
            switches=argument.switches,
        )

    # -- states -------------------------------------------------------------------------------

    def _state(self, make: Callable[[str], states.State]) -> Node:
        key = f"@{self.scope.name}"
        while key in self.model.states:
            key += "'"
        state = make(key)
        self.model.states[key] = state
        node_inputs = [state.inputs[name] for name in state.read_inputs]
        for name, node in state.inputs.items():
            extra = set(node.dims) - set(self.scope.labels)
            if extra:
                raise self.refuse(f"the {name} of a stock or delay runs over {sorted(extra)}.")
        return Node(
            self.scope.labels,
            lambda env: state.read(env, env.states[key]),
            needs=state.read_needs,
            needs_initial=state.read_needs_initial,
            clock=any(node.clock for node in node_inputs),
            chance=any(node.chance for node in node_inputs),
        )

    def _kept(self, kind: type[states.State], **expressions: Any) -> Node:
        inputs = {name: self.node(expression) for name, expression in expressions.items()}
        return self._state(lambda key: kind(key, self.scope, inputs))

    def _integ(self, node: syntax.Integ) -> Node:
        inputs = {"flow": self.node(node.flow), "initial": self.node(node.initial)}
        return self._state(
            lambda key: states.StockState(
                key, self.scope, inputs, bool(node.non_negative), self.region
            )
        )

    def _initial(self, node: syntax.Initial) -> Node:
        return self._kept(states.HeldState, initial=node.initial)

    def _delay(self, node: syntax.Delay) -> Node:
        return self._kept(
            states.DelayState,
            input=node.input,
            time=node.delay_time,
            initial=node.initial,
            order=node.order,
        )

    def _delayn(self, node: syntax.DelayN) -> Node:
        return self._kept(
            states.DelayNState,
            input=node.input,
            time=node.delay_time,
            initial=node.initial,
            order=node.order,
        )

    def _delayfixed(self, node: syntax.DelayFixed) -> Node:
        return self._kept(
            states.DelayFixedState, input=node.input, time=node.delay_time, initial=node.initial
        )

    def _smooth(self, node: syntax.Smooth | syntax.SmoothN) -> Node:
        return self._kept(
            states.SmoothState,
            input=node.input,
            time=node.smooth_time,
            initial=node.initial,
            order=node.order,
        )

    _smoothn = _smooth

    def _trend(self, node: syntax.Trend) -> Node:
        return self._kept(
            states.TrendState, input=node.input, time=node.average_time, trend=node.initial_trend
        )

    def _forecast(self, node: syntax.Forecast) -> Node:
        return self._kept(
            states.ForecastState,
            input=node.input,
            time=node.average_time,
            trend=node.initial_trend,
            horizon=node.horizon,
        )

    def _sampleiftrue(self, node: syntax.SampleIfTrue) -> Node:
        return self._kept(
            states.SampleState, condition=node.condition, input=node.input, initial=node.initial
        )

    def _game(self, node: syntax.Game) -> Node:
        return self.node(node.expression)


def _over(
    scope: Scope,
    array: Array,
    dims: tuple[str, ...],
    target: tuple[str, ...],
    batched: bool,
    count: int,
) -> Array:
    """Return points with axes (points, *target[, runs]), of length one where they do not vary."""
    sizes = tuple(
        scope.dimensions.size(label) if label in dims and np.ndim(array) > 1 else 1
        for label in target
    )
    own_runs = np.ndim(array) > 1 + len(dims)
    runs = (np.shape(array)[-1],) if own_runs else (1,) if batched else ()
    return array.reshape((count, *sizes, *runs))


def _diagonal(xp: Any, array: Array, written: tuple[str, ...]) -> Array:
    """Return the array with every repeated label taken along its diagonal."""
    labels = list(written)
    for label in dict.fromkeys(written):
        while labels.count(label) > 1:
            first = labels.index(label)
            second = labels.index(label, first + 1)
            size = array.shape[first]
            moved = xp.moveaxis(array, (first, second), (0, 1))
            kept = moved[np.arange(size), np.arange(size)]
            del labels[second]
            array = xp.moveaxis(kept, 0, first)
    return array
