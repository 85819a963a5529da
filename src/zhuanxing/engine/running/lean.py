"""Functions without what they need not compute, read off their jaxpr: JAX's list of operations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal, jaxpr_as_fun

from zhuanxing.engine.running.xla_options import settled

__all__ = ["BARRIER", "lean", "pruned", "variables"]

BARRIER = "optimization_barrier"
# What XLA computes once, however many kernels read it.
ONCE = frozenset((BARRIER, "reduce_sum", "dot_general", "concatenate", "exp", "log", "div"))
# Sums across more elements XLA does much slower where it computes these in the same loop.
LARGE = 10_000
# Sums of so many numbers over steps are worth a kernel of their own.
MANY = 4_000


def lean(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the same function of trees of arrays, `pruned`."""

    def called(*arguments: Any) -> Any:
        made, shape = jax.make_jaxpr(function, return_shape=True)(*arguments)
        found = pruned(made)(*jax.tree.leaves(arguments))
        return jax.tree.unflatten(jax.tree.structure(shape), found)

    return called


def pruned(made: ClosedJaxpr) -> Callable[..., list[Any]]:
    """Return the function of a jaxpr without what nobody reads, and with fewer barriers.

    Round what would not be computed twice without one, a barrier only makes two kernels of one.
    """
    jaxpr = made.jaxpr
    readers, equations = _readers(jaxpr), []
    bare: dict[Any, Any] = {}

    def named(values: Sequence[Any]) -> list[Any]:
        return [one if isinstance(one, Literal) else bare.get(one, one) for one in values]

    for equation in jaxpr.eqns:
        count = sum(readers[one] for one in equation.outvars)
        given = named(equation.invars)
        if equation.primitive.name == BARRIER and count == 1:
            bare |= zip(equation.outvars, given, strict=True)
        elif count and _sums_steps(equation):
            equations += _as_product(equation.replace(invars=given))
        elif count:
            equations.append(equation.replace(invars=given))
    left = jaxpr.replace(eqns=equations, outvars=named(jaxpr.outvars))
    function: Callable[..., list[Any]] = jaxpr_as_fun(ClosedJaxpr(left, made.consts))
    return function


def _readers(jaxpr: Jaxpr) -> Counter[Any]:
    """Return how often each value would be computed without a barrier round it."""
    readers: Counter[Any] = Counter(variables(jaxpr.outvars))
    for equation in reversed(jaxpr.eqns):
        count = sum(readers[one] for one in equation.outvars)
        if count and _sums_across(equation) and not _sums_steps(equation):
            count = 2
        elif equation.primitive.name in ONCE:
            count = min(count, 1)
        for one in variables(equation.invars):
            readers[one] += count
    return readers


def _sums_across(equation: Any) -> bool:
    """Tell whether it sums many elements along other axes than the last."""
    if equation.primitive.name != "reduce_sum":
        return False
    (given,) = equation.invars
    return given.aval.size > LARGE and given.aval.ndim - 1 not in equation.params["axes"]


def _sums_steps(equation: Any) -> bool:
    """Tell whether it sums arrays along the first axis, of which each is many numbers."""
    if equation.primitive.name != "reduce_sum" or equation.params["axes"] != (0,):
        return False
    (given,) = equation.invars
    return bool(given.aval.size > MANY and given.aval.shape[0] > 1)


def _as_product(equation: Any) -> list[Any]:
    """Return a sum along the first axis as a product of a vector of ones and a matrix.

    XLA adds the rows of a matrix on vectors, and does not put another sum or a product into the
    same loop, which would go through all with strides.
    """
    (given,), (total,) = equation.invars, equation.outvars
    count, *shape = given.aval.shape

    def product(array: Any) -> Any:
        # In the other shape it would be computed element by element.
        rows = settled(array).reshape(count, -1)
        return jax.lax.dot(jnp.ones(count, rows.dtype), rows).reshape(shape)

    made = jax.make_jaxpr(product)(given.aval).jaxpr
    names = {made.invars[0]: given, made.outvars[0]: total}
    return [
        one.replace(
            invars=[v if isinstance(v, Literal) else names.get(v, v) for v in one.invars],
            outvars=[names.get(v, v) for v in one.outvars],
        )
        for one in made.eqns
    ]


def variables(values: Sequence[Any]) -> set[Any]:
    """Return those values of a jaxpr that have a name."""
    return {one for one in values if not isinstance(one, Literal)}
