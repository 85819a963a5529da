"""Functions without what they need not compute, read off their jaxpr: JAX's list of operations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import jax
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal, jaxpr_as_fun

__all__ = ["dependent", "lean", "pruned"]

BARRIER = "optimization_barrier"
# What XLA computes once, however many kernels read it.
ONCE = frozenset((BARRIER, "reduce_sum", "dot_general", "concatenate", "exp", "log", "div"))
# Sums across more elements XLA does much slower where it computes these in the same loop.
LARGE = 10_000


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
        elif count:
            equations.append(equation.replace(invars=given))
    left = jaxpr.replace(eqns=equations, outvars=named(jaxpr.outvars))
    function: Callable[..., list[Any]] = jaxpr_as_fun(ClosedJaxpr(left, made.consts))
    return function


def dependent(jaxpr: Jaxpr) -> list[bool]:
    """Return which results depend on the arguments."""
    found = set(jaxpr.invars)
    for equation in jaxpr.eqns:
        if not found.isdisjoint(_read(equation)):
            found.update(equation.outvars)
    return [not isinstance(one, Literal) and one in found for one in jaxpr.outvars]


def _readers(jaxpr: Jaxpr) -> Counter[Any]:
    """Return how often each value would be computed without a barrier round it."""
    readers: Counter[Any] = Counter(one for one in jaxpr.outvars if not isinstance(one, Literal))
    for equation in reversed(jaxpr.eqns):
        count = sum(readers[one] for one in equation.outvars)
        if count and _sums_across(equation):
            count = 2
        elif equation.primitive.name in ONCE:
            count = min(count, 1)
        for one in _read(equation):
            readers[one] += count
    return readers


def _sums_across(equation: Any) -> bool:
    """Tell whether it sums many elements along other axes than the last."""
    if equation.primitive.name != "reduce_sum":
        return False
    (given,) = equation.invars
    return given.aval.size > LARGE and given.aval.ndim - 1 not in equation.params["axes"]


def _read(equation: Any) -> set[Any]:
    return {one for one in equation.invars if not isinstance(one, Literal)}
