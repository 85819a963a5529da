"""Look-up calls, look-ups written in place and time series: nodes that read a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from zhuanxing.engine.reading import syntax_tree
from zhuanxing.engine.translating.lookup_tables import Table, evaluate
from zhuanxing.engine.translating.nodes import Array, Env, Node, Scope, align, lift, number
from zhuanxing.engine.translating.stateful_functions import Remembering

__all__ = ["RULES", "Tabulated"]

# How functions read a table that is otherwise read by its own rule.
RULES = {
    "lookup": None,
    "lookup forward": "look_forward",
    "lookup backward": "hold_backward",
    "lookup extrapolate": "extrapolate",
    "lookup invert": "inverted",
    "lookup area": "area",
}


class Tabulated(Remembering):
    """Translates everything that interpolates."""

    def _lookup_by_rule(self, name: str, arguments: tuple[Any, ...]) -> Node:
        """Return LOOKUP FORWARD and its kin: a table, and where in it, by a rule of their own."""
        table, *places = arguments
        if not isinstance(table, syntax_tree.Reference) or table.name not in self.model.tables:
            raise self.refuse(f"{name.upper()} takes a look-up as its first argument.")
        *start, end = (self._read_table(table, place, RULES[name]) for place in places)
        if not start:
            return end
        return lift(self.scope, lambda env, to, since: to - since, [end, *start])

    def _read_table(self, reference: syntax_tree.Reference, at: Any, rule: str | None) -> Node:
        name = reference.name
        table = self.model.tables[name]
        table = table if rule is None else replace(table, rule=rule)
        indices, written = self._subscripts(name, table.labels, reference.subscripts)
        arrange = self._arrange(indices, written)
        dims = self.scope.order([written])
        argument = self.node(at)

        def points(xp: Any, array: Array) -> Array:
            return (
                xp.stack([arrange(xp, array[i]) for i in range(np.shape(array)[0])])
                if np.ndim(array) > 1
                else array
            )

        return self._interpolated(argument, name, table, points, dims)

    def _inlinelookup(self, expression: syntax_tree.InlineLookup) -> Node:
        lookup = expression.lookups
        table = Table((), np.array(lookup.x), np.array(lookup.y), lookup.type)
        argument = self.node(expression.argument)
        return self._interpolated(argument, None, table, lambda xp, array: array, ())

    def series(self, table: Table, points: Callable[[], Table]) -> Node:
        """Return the node of a time series: the table at the present time.

        `points` gives what the table was made of, with values that are missing; where
        `env.told` asks for something of them, that is the value.
        """
        now = Node((), lambda env: env.time, clock=True)
        found = self._interpolated(now, None, table, lambda xp, array: array, table.labels)
        given = cache(points)

        def value(env: Env) -> Array:
            if env.told is None:
                return found.value(env)
            whole = given()
            count = whole.x.shape[0]
            shaped = (
                _over(self.scope, part, whole.labels, found.dims, False, count)
                for part in (whole.x, whole.y)
            )
            return env.told(*shaped)

        return replace(found, value=value)

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
            target, value, needs=argument.needs | needs,
            needs_initial=argument.needs_initial | needs, clock=argument.clock,
            chance=argument.chance, switches=argument.switches,
        )  # fmt: skip


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
