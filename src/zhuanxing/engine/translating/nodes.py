"""Typed nodes: an expression as a pure function of the values it reads.

An array's axes are the node's labels in order; a batch of runs is one further axis, the last,
that an array has only if it differs between runs. What does not depend on a batched input is
so evaluated once for the whole batch, without any analysis.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

import jax
import numpy as np

from zhuanxing.engine.running.xla_options import elements_along
from zhuanxing.engine.translating.subscripts import Dimensions

__all__ = [
    "Array", "Env", "Node", "Scope", "align", "lift", "literal", "number", "special", "valued",
]  # fmt: skip

Array = Any


@dataclass
class Env:
    """What an expression may read: the namespace, the clock, values, states and inputs.

    `one` is 1.0, unknown to the compiler: XLA replaces division by a constant by multiplication
    with its reciprocal, which can miss a whole number, unless the constant is hidden.
    `batched` names the states that differ between the `runs` of a batch.
    `guards` holds, where `guarded`, the conditions under which the expression being evaluated
    matters, innermost last, as (labels, condition): a division in a branch not taken must not
    make a NaN gradient.
    `begun` holds, where a method looks ahead within a step, the values when it began.
    `told` is, where not the value of data variables is asked for, what to tell of their points.
    `columns` holds, where `guarded`, variables taken apart along an axis, for all that read single
    elements of it.
    """

    xp: Any
    time: Array
    step: Array
    time_step: Array
    initialising: bool
    values: dict[str, Array] = field(default_factory=dict)
    states: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, Array] = field(default_factory=dict)
    guards: list[tuple[tuple[str, ...], Array]] = field(default_factory=list)
    runs: int | None = None
    one: Array = 1.0
    batched: frozenset[str] = frozenset()
    guarded: bool = False
    begun: dict[str, Array] | None = None
    told: Callable[[Array, Array], Array] | None = None
    columns: dict[tuple[str, int], list[Array]] = field(default_factory=dict)

    def element(self, name: str, axis: int, index: int) -> Array:
        """Return a variable at one element of an axis, which is dropped."""
        array = self.values[name]
        if not (self.guarded and isinstance(array, jax.Array)):
            return array[(slice(None),) * axis + (index,)]
        key = (name, axis)
        if key not in self.columns:
            self.columns[key] = elements_along(array, axis)
        return self.columns[key][index]


@dataclass(frozen=True)
class Node:
    """An expression: its labels, how to evaluate it, and the names it reads.

    `needs` are read in a step, `needs_initial` when the model initialises; a state is named
    with a leading '@'. `clock` tells that Time is read, `chance` that a random number is drawn,
    `switches` that the value differs between initialisation and run (ACTIVE INITIAL).
    `factors` are the nodes whose product this one is, `operations` how many it takes to evaluate.
    """

    dims: tuple[str, ...]
    value: Callable[[Env], Array]
    needs: frozenset[str] = frozenset()
    needs_initial: frozenset[str] = frozenset()
    clock: bool = False
    chance: bool = False
    switches: bool = False
    constant: Any = None
    written: tuple[str, ...] = ()
    factors: tuple[Node, ...] = ()
    operations: int = 0


@dataclass(frozen=True)
class Scope:
    """Where an expression stands: the variable, and the ranges on its left-hand side."""

    name: str
    labels: tuple[str, ...]
    dimensions: Dimensions

    def order(self, groups: Sequence[Sequence[str]]) -> tuple[str, ...]:
        """Return the union of labels in the one order of this equation: left-hand side first."""
        found = {label for group in groups for label in group}
        own = [label for label in self.labels if label in found]
        return (*own, *sorted(found.difference(own)))

    def sizes(self, labels: Sequence[str]) -> tuple[int, ...]:
        """Return the number of elements of each label."""
        return tuple(self.dimensions.size(label) for label in labels)


def number(xp: Any, array: Array) -> Array:
    """Return a truth value as 0.0 or 1.0, any other array unchanged."""
    if isinstance(array, bool) or getattr(array, "dtype", None) == np.bool_:
        return xp.asarray(array).astype(np.float64)
    return array


def special(xp: Any, name: str) -> Any:
    """Return a special function of SciPy, or of JAX; few models need one."""
    return getattr(import_module("scipy.special" if xp is np else "jax.scipy.special"), name)


def align(
    scope: Scope, arrays: Sequence[tuple[Array, tuple[str, ...]]], target: tuple[str, ...]
) -> list[Array]:
    """Return the arrays with axes of length one where a label of `target` is missing.

    Labels must stand in the order of `target`. The batch axis stays last.
    """
    batched = any(np.ndim(array) > len(dims) for array, dims in arrays)
    return [_stretch(scope, array, dims, target, batched) for array, dims in arrays]


def _stretch(
    scope: Scope, array: Array, dims: tuple[str, ...], target: tuple[str, ...], batched: bool
) -> Array:
    rank = np.ndim(array)
    if rank == 0 or (dims == target and (rank > len(dims) or not batched)):
        return array
    shape = tuple(scope.dimensions.size(label) if label in dims else 1 for label in target)
    if rank > len(dims):
        shape += (np.shape(array)[-1],)
    elif batched:
        shape += (1,)
    return array.reshape(shape)


def literal(value: float) -> Node:
    """Return a number written in an equation."""
    constant = np.float64(value)
    return Node((), lambda env: constant, constant=constant)


def lift(
    scope: Scope,
    function: Callable[..., Array],
    arguments: Sequence[Node],
    *,
    clock: bool = False,
    chance: bool = False,
) -> Node:
    """Return the node that applies `function(env, *arrays)` element by element.

    Arrays arrive aligned to the union of the labels.
    """
    target = scope.order([argument.dims for argument in arguments])
    dims = [argument.dims for argument in arguments]

    def value(env: Env) -> Array:
        arrays = [argument.value(env) for argument in arguments]
        return function(env, *align(scope, list(zip(arrays, dims, strict=True)), target))

    return Node(
        target,
        value,
        needs=frozenset().union(*(argument.needs for argument in arguments)),
        needs_initial=frozenset().union(*(argument.needs_initial for argument in arguments)),
        clock=clock or any(argument.clock for argument in arguments),
        chance=chance or any(argument.chance for argument in arguments),
        switches=any(argument.switches for argument in arguments),
        operations=1 + sum(argument.operations for argument in arguments),
    )


def valued(
    scope: Scope, arguments: Sequence[Node], dims: tuple[str, ...], value: Callable[[Env], Array],
    *, chance: bool = False,
) -> Node:  # fmt: skip
    """Return the node of a function that finds its own labels, and reads what its arguments do."""
    plain = lift(scope, lambda env, *_: 0.0, arguments, chance=chance)
    return replace(plain, dims=dims, value=value)
