"""Functions over a whole range: sums, extremes, selections, sorting, matrix inversion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Num

from zhuanxing.engine.reading.expression_parser import MISSING
from zhuanxing.engine.reading.syntax_tree import NEARLY
from zhuanxing.engine.running.failures import TranslationError
from zhuanxing.engine.running.xla_options import settled
from zhuanxing.engine.translating.lookup_tables import evaluate
from zhuanxing.engine.translating.nodes import (
    Array,
    Env,
    Node,
    Scope,
    align,
    lift,
    number,
    valued,
)
from zhuanxing.engine.translating.sum_products import contract

__all__ = ["COUNTS", "FUNCTIONS", "element_at", "element_map"]

Vector = Num[Any, "size ..."]


def _summed(labels: Sequence[str]) -> tuple[int, ...]:
    return tuple(axis for axis, label in enumerate(labels) if label.endswith("!"))


def _reduce(method: str) -> Callable[[Scope, Sequence[Node]], Node]:
    """Return the translation of a reduction over the marked ranges."""

    def build(scope: Scope, arguments: Sequence[Node]) -> Node:
        (argument,) = arguments
        axes = _summed(argument.dims)
        left = tuple(label for i, label in enumerate(argument.dims) if i not in axes)

        def value(env: Env) -> Array:
            if method == "sum" and len(axes) == 1 and argument.factors:
                total = contract(scope, argument.factors, argument.dims[axes[0]], left, env)
                if total is not None:
                    return total
            array = number(env.xp, argument.value(env))
            found = getattr(env.xp, method)(array, axis=axes) if axes else array
            # In a fused loop it would be added up for every element that reads it, one by one.
            varies = env.runs is not None and np.ndim(array) > len(argument.dims)
            return settled(found) if varies else found

        return replace(argument, dims=left, value=value, written=(), factors=(), constant=None)

    return build


def _vector_select(scope: Scope, arguments: Sequence[Node]) -> Node:
    """VECTOR SELECT(selection, expression, missing value, numerical action, error action).

    Where the error action asks for an error, and where an action is none, the value is NaN.
    """
    selection, expression, missing, action, error = arguments
    for title, node, most in (("numerical", action, 10), ("error", error, 3)):
        if node.constant is not None and int(node.constant) not in range(most + 1):
            raise TranslationError(
                f"its {title} action is {int(node.constant)}, expected 0 to {most}."
            )
    joint = scope.order([selection.dims, expression.dims])
    axes = _summed(joint)
    left = tuple(label for label in joint if not label.endswith("!"))

    def value(env: Env) -> Array:
        xp = env.xp
        chosen, amount = align(
            scope,
            [(number(xp, node.value(env)), node.dims) for node in (selection, expression)],
            joint,
        )
        chosen, amount = xp.broadcast_arrays(chosen, amount)
        out = _chosen(xp, chosen, amount, axes, action, action.value(env))
        count = (chosen != 0).sum(axis=axes)
        other, out_ = align(scope, [(missing.value(env), missing.dims), (out, left)], left)
        found = xp.where(count == 0, other, out_)
        code = error.value(env)
        empty, several = (count == 0) & (code % 2 == 1), (count > 1) & (code >= 2)
        wrong = empty | several | (code < 0) | (code > 3)
        return xp.where(wrong, np.nan, found)

    return valued(scope, arguments, left, value)


def _chosen(
    xp: Any, chosen: Array, amount: Array, axes: tuple[int, ...], action: Node, code: Array
) -> Array:
    """Return the result of the action, which may be known only while the model runs."""
    if action.constant is not None:
        return _select(xp, chosen, amount, axes, int(action.constant))
    out = np.nan
    for other in range(11):
        out = xp.where(code == other, _select(xp, chosen, amount, axes, other), out)
    return out


def _select(xp: Any, chosen: Array, amount: Array, axes: tuple[int, ...], code: int) -> Array:
    mask = chosen != 0
    if code == 5:
        weighted = xp.where(mask, xp.power(amount, chosen), 1.0)
    elif code < 5:
        weighted = chosen * amount
    else:
        weighted = amount
    if code in (0, 6):
        return xp.where(mask, weighted, 0.0).sum(axis=axes)
    if code in (1, 5, 7):
        return xp.where(mask, weighted, 1.0).prod(axis=axes)
    if code in (2, 8):
        return xp.where(mask, weighted, np.inf).min(axis=axes)
    if code in (3, 9):
        return xp.where(mask, weighted, -np.inf).max(axis=axes)
    count = xp.maximum(mask.sum(axis=axes), 1)
    return xp.where(mask, weighted, 0.0).sum(axis=axes) / count


def _along_last(
    function: Callable[[Env, Array, Array], Array],
) -> Callable[[Scope, Sequence[Node]], Node]:
    """Return the translation of a function along the last subscript of its first argument."""

    def build(scope: Scope, arguments: Sequence[Node]) -> Node:
        vector, other = arguments
        if not vector.dims:
            raise TranslationError("the first of its arguments must be an array, not one number.")
        target = scope.order([vector.dims, other.dims])
        last = (vector.written or vector.dims)[-1]
        axis = target.index(last)

        def value(env: Env) -> Array:
            first, second = align(
                scope, [(number(env.xp, node.value(env)), node.dims) for node in arguments], target
            )
            shape = np.broadcast_shapes(np.shape(first), np.shape(second))
            moved = env.xp.moveaxis(env.xp.broadcast_to(first, shape), axis, 0)
            if np.ndim(second):
                second = env.xp.moveaxis(env.xp.broadcast_to(second, shape), axis, 0)
            return env.xp.moveaxis(function(env, moved, second), 0, axis)

        return valued(scope, arguments, target, value)

    return build


def _sort_order(env: Env, vector: Vector, direction: Array) -> Vector:
    ascending = env.xp.argsort(vector, axis=0)
    return env.xp.where(direction > 0, ascending, ascending[::-1]).astype(np.float64)


def _rank(env: Env, vector: Vector, direction: Array) -> Vector:
    order = env.xp.argsort(vector, axis=0)
    rank = env.xp.argsort(order, axis=0).astype(np.float64) + 1.0
    return env.xp.where(direction > 0, rank, np.shape(vector)[0] + 1.0 - rank)


def _reorder(env: Env, vector: Vector, places: Vector) -> Vector:
    return env.xp.take_along_axis(vector, places.astype(int), axis=0)


def element_map(scope: Scope, whole: Node, start: Node, offset: Node, axis: str) -> Node:
    """Return the element of `whole` along `axis` that lies `offset` places after `start`.

    Beyond the ends the value is missing.
    """
    place = lift(
        scope, lambda env, first, moved: env.xp.round(first + number(env.xp, moved)),
        [start, offset],
    )  # fmt: skip
    return element_at(scope, whole, place, axis, MISSING)


def vector_lookup(scope: Scope, whole: Node, numbers: Sequence[Node], axis: str, rule: str) -> Node:
    """Return an array along `axis` as a table, read by a rule; `numbers` are x, least and most."""
    kept = tuple(label for label in whole.dims if label != axis)
    target = scope.order([kept, *(node.dims for node in numbers)])
    joint = scope.order([target, (axis,)])
    size = scope.dimensions.size(axis)

    def value(env: Env) -> Array:
        xp = env.xp
        nodes = [whole, *numbers]
        arrays = [(number(xp, node.value(env)), node.dims) for node in nodes]
        full = xp.broadcast_arrays(*align(scope, arrays, joint))
        y, at, low, high = (xp.moveaxis(array, joint.index(axis), 0) for array in full)
        places = np.arange(size).reshape((-1,) + (1,) * (np.ndim(y) - 1)) / max(size - 1, 1)
        return evaluate(xp, at[0], low + places * (high - low), y, rule)

    return valued(scope, [whole, *numbers], target, value)


def element_at(scope: Scope, whole: Node, place: Node, axis: str, outside: float) -> Node:
    """Return the element of `whole` along `axis` at a whole place from 0, or what is `outside`."""
    kept = tuple(label for label in whole.dims if label != axis)
    target = scope.order([kept, place.dims])
    joint = scope.order([target, (axis,)])
    size = scope.dimensions.size(axis)

    def value(env: Env) -> Array:
        xp = env.xp
        arrays = [(number(xp, node.value(env)), node.dims) for node in (whole, place)]
        full, here = xp.broadcast_arrays(*align(scope, arrays, joint))
        rows = xp.moveaxis(full, joint.index(axis), 0)
        here = xp.moveaxis(here, joint.index(axis), 0)[:1]
        inside = (here >= 0) & (here < size)
        kept_place = xp.clip(xp.where(inside, here, 0), 0, size - 1).astype(int)
        return xp.where(inside, xp.take_along_axis(rows, kept_place, axis=0), outside)[0]

    return valued(scope, [whole, place], target, value)


def _rank_place(scope: Scope, arguments: Sequence[Node]) -> Node:
    """RANK(array, rank[, other]) of XMILE: the place, from 1, of what has a rank in rising order.

    Equal values are in the order of the other array, else in their own; a rank that there is not
    has the place 0.
    """
    array, rank, *others = arguments
    written = [label for label in array.written or array.dims if label.endswith("!")]
    kept = tuple(label for label in array.dims if label not in written)
    target = scope.order([kept, rank.dims])
    joint = (*target, *written)
    count = int(np.prod([scope.dimensions.size(label) for label in written]))
    if any({*other.dims} - {*joint} for other in others) or not written:
        raise TranslationError(
            "its first argument must be a whole array, and its third one of the same dimensions."
        )

    def value(env: Env) -> Array:
        xp = env.xp
        *keys, asked = _joined(env, scope, [array, *others, rank], joint, len(target))
        order = xp.lexsort(tuple(reversed(keys)), axis=0) + 1.0
        place = xp.floor(asked[:1] + NEARLY) - 1.0
        inside = (place >= 0) & (place < count)
        safe = xp.clip(xp.where(inside, place, 0), 0, count - 1).astype(int)
        return xp.where(inside, xp.take_along_axis(order, safe, axis=0), 0.0)[0]

    return valued(scope, arguments, target, value)


def _joined(
    env: Env, scope: Scope, nodes: Sequence[Node], joint: tuple[str, ...], first: int
) -> list[Array]:
    """Return arrays of one shape, with the labels from the `first` on joined to a leading axis."""
    ordered = []
    for node in nodes:
        axes = [node.dims.index(label) for label in joint if label in node.dims]
        array = number(env.xp, node.value(env))
        last = [len(axes)] if np.ndim(array) > len(axes) else []
        labels = tuple(node.dims[axis] for axis in axes)
        ordered.append((env.xp.transpose(array, [*axes, *last]), labels))
    aligned = align(scope, ordered, joint)
    sizes = scope.sizes(joint)
    runs = np.broadcast_shapes(*(np.shape(array)[len(joint) :] for array in aligned))
    shape = (*sizes[:first], -1, *runs)
    return [
        env.xp.moveaxis(env.xp.broadcast_to(array, sizes + runs).reshape(shape), first, 0)
        for array in aligned
    ]


def _invert(scope: Scope, arguments: Sequence[Node]) -> Node:
    matrix = arguments[0]
    if len(matrix.dims) < 2:
        raise TranslationError("the first of its arguments must be an array of two subscripts.")
    written = matrix.written or matrix.dims
    axes = (matrix.dims.index(written[-2]), matrix.dims.index(written[-1]))

    def value(env: Env) -> Array:
        moved = env.xp.moveaxis(matrix.value(env), axes, (-2, -1))
        return env.xp.moveaxis(env.xp.linalg.inv(moved), (-2, -1), axes)

    return replace(matrix, value=value, constant=None)


FUNCTIONS: dict[str, Callable[[Scope, Sequence[Node]], Node]] = {
    "sum": _reduce("sum"),
    "prod": _reduce("prod"),
    "vmin": _reduce("min"),
    "vmax": _reduce("max"),
    "stddev": _reduce("std"),
    "rank": _rank_place,
    "vector select": _vector_select,
    "vector sort order": _along_last(_sort_order),
    "vector rank": _along_last(_rank),
    "vector reorder": _along_last(_reorder),
    "invert matrix": _invert,
}

# Numbers of arguments, least and most, of the functions that take more than one.
COUNTS: dict[str, tuple[int, ...]] = {
    "rank": (2, 3),
    "vector select": (5,),
    "vector sort order": (2,),
    "vector rank": (2,),
    "vector reorder": (2,),
    "invert matrix": (1, 2),
}
