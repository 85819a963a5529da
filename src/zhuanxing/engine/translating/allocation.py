"""ALLOCATE AVAILABLE and ALLOCATE BY PRIORITY: shares of a supply that is too small.

Both find the one level at which the shares add up to the supply: by priority exactly, from the
corners of a broken line; by profile with a fixed number of bisections and a last Newton step,
through which derivatives pass (PySD minimises a square instead, to about eight digits).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jaxtyping import Bool, Float

from zhuanxing.engine.translating.nodes import (
    Array,
    Env,
    Node,
    Scope,
    align,
    number,
    special,
    valued,
)

__all__ = ["allocate_available", "allocate_by_priority"]

Targets = Float[Any, "target ..."]

BISECTIONS = 90
# Beyond these multiples of the width a profile is flat to a float's last digit (PySD's limits).
REACH = 37.0
# This much more in a profile's type asks for whole units.
WHOLE = 10
# So near a whole number an amount is that number.
ROUNDING = 1e-6


def allocate_by_priority(
    scope: Scope, request: Node, priority: Node, width: Node, supply: Node
) -> Node:
    """Return supply by target; targets are the last subscript of the request."""
    last = (request.written or request.dims)[-1]
    inputs = [request, priority, width, supply]
    joint = scope.order([node.dims for node in inputs])
    axis = joint.index(last)

    def value(env: Env) -> Array:
        wanted, order, span, available = _first(env, scope, inputs, joint, axis)
        return env.xp.moveaxis(_by_priority(env.xp, wanted, order, span[0], available[0]), 0, axis)

    return valued(scope, inputs, joint, value)


def _by_priority(
    xp: Any, wanted: Targets, priority: Targets, width: Array, supply: Array
) -> Targets:
    """Return shares along the first axis. A target starts when the one before has gone so far."""
    outside = (wanted < 0).any(axis=0) | (width <= 0) | (supply < 0)
    width = xp.where(width > 0, width, 1.0)
    rank = xp.where(wanted > 0, priority, -np.inf)
    order = xp.argsort(-rank, axis=0)
    sorted_request = xp.take_along_axis(wanted, order, axis=0)
    sorted_priority = xp.take_along_axis(priority, order, axis=0)
    gap = xp.minimum((sorted_priority[:-1] - sorted_priority[1:]) / width, 1.0)
    gap = xp.where(sorted_request[1:] > 0, gap, 1.0)
    start = (
        xp.concatenate([xp.zeros_like(gap[:1]), xp.cumsum(gap, axis=0)])
        if gap.shape[0]
        else xp.zeros_like(sorted_request)
    )
    corners = xp.sort(xp.concatenate([start, start + 1.0]), axis=0)
    given = (sorted_request * xp.clip(corners[:, None] - start, 0.0, 1.0)).sum(axis=1)
    total = sorted_request.sum(axis=0)
    target = xp.minimum(supply, total)
    low_given, high_given = given[:-1], given[1:]
    inside = (target >= low_given) & (target < high_given)
    step = xp.where(high_given > low_given, high_given - low_given, 1.0)
    level = corners[:-1] + (target - low_given) / step * (corners[1:] - corners[:-1])
    at = xp.where(inside, level, 0.0).sum(axis=0)
    shares = sorted_request * xp.clip(at - start, 0.0, 1.0)
    shares = xp.where(supply >= total, sorted_request, shares)
    shares = xp.where(outside, np.nan, shares)
    return xp.take_along_axis(shares, xp.argsort(order, axis=0), axis=0)


def allocate_available(scope: Scope, request: Node, profile: Node, supply: Node) -> Node:
    """Return supply by target; a profile's last subscript holds type, priority, width, extra."""
    last = (request.written or request.dims)[-1]
    parts = profile.written[-1]
    inputs = [request, profile, supply]
    joint = scope.order([node.dims for node in inputs])
    kept = tuple(label for label in joint if label != parts)
    axis, part_axis = joint.index(last), joint.index(parts)

    def value(env: Env) -> Array:
        arrays = [(number(env.xp, node.value(env)), node.dims) for node in inputs]
        wanted, profiles, available = align(scope, arrays, joint)
        rows = env.xp.moveaxis(profiles, part_axis, 0)
        wanted = env.xp.take(wanted, 0, axis=part_axis) if np.ndim(wanted) else wanted
        available = env.xp.take(available, 0, axis=part_axis) if np.ndim(available) else available
        place = axis - (part_axis < axis)
        moved = [_to_front(env, array, place) for array in (wanted, rows[0], rows[1], rows[2])]
        supply_ = _to_front(env, available, place)
        wanted, kind, priority, width = env.xp.broadcast_arrays(*moved)
        shares = _available(env, wanted, kind, priority, width, supply_[0])
        return env.xp.moveaxis(shares, 0, place)

    return valued(scope, inputs, kept, value)


def _to_front(env: Env, array: Array, axis: int) -> Array:
    return env.xp.moveaxis(array, axis, 0) if np.ndim(array) else env.xp.reshape(array, (1,))


def _available(
    env: Env, wanted: Targets, kind: Targets, priority: Targets, width: Targets, supply: Array
) -> Targets:
    xp = env.xp
    whole = kind >= WHOLE
    kind = kind - xp.where(whole, float(WHOLE), 0.0)
    asked = wanted > 0
    short = (supply > 0) & (supply < wanted.sum(axis=0))
    shaped = ((width > 0) & _known(kind) | ~asked).all(axis=0)
    outside = (wanted < 0).any(axis=0) | (supply < 0) | (short & ~shaped)
    width = xp.where(width > 0, width, 1.0)
    low = xp.where(asked, priority - REACH * width, np.inf).min(axis=0)
    high = xp.where(asked, priority + REACH * width, -np.inf).max(axis=0)
    none = ~asked.any(axis=0)
    low, high = xp.where(none, 0.0, low), xp.where(none, 1.0, high)

    def halve(limits: tuple[Array, Array]) -> tuple[Array, Array]:
        low, high = limits
        middle = 0.5 * (low + high)
        enough = _shares(env, wanted, kind, priority, width, middle).sum(axis=0) > supply
        return xp.where(enough, middle, low), xp.where(enough, high, middle)

    low, high = _repeat(xp, halve, xp.broadcast_arrays(low, high, supply)[:2])
    level = 0.5 * (low + high)
    if xp is not np:
        level = _newton(env, wanted, kind, priority, width, supply, jax.lax.stop_gradient(level))
    shares = _shares(env, wanted, kind, priority, width, level)
    shares = xp.where(supply >= wanted.sum(axis=0), wanted, shares)
    shares = xp.where(supply == 0, 0.0, shares)
    return xp.where(outside, np.nan, xp.where(whole, _in_units(xp, shares, wanted, whole), shares))


def _in_units(xp: Any, shares: Targets, wanted: Targets, whole: Bool[Any, "target ..."]) -> Targets:
    """Return shares in whole units where `whole`: the largest remainders are rounded up.

    Vensim's manual says that 10 more in a profile's type makes an allocation whole, not how it
    rounds; the sum stays, and no target gets a unit more than it asks for.
    """
    near = xp.round(shares)
    shares = xp.where(xp.abs(shares - near) < ROUNDING, near, shares)
    least = xp.floor(shares)
    may_rise = whole & (shares > least) & (least + 1.0 <= wanted)
    units = xp.where(whole, shares - least, 0.0).sum(axis=0)
    remainder = xp.where(may_rise, shares - least, -1.0)
    first = xp.cumsum(xp.ones_like(remainder), axis=0)  # of equal ones
    place = xp.argsort(xp.lexsort((first, -remainder), axis=0), axis=0)
    return least + xp.where(may_rise & (place < xp.floor(units + ROUNDING)), 1.0, 0.0)


def _known(kind: Array) -> Array:
    """Tell which profiles have a shape here: neither fixed quantities nor constant elasticities.

    As in PySD, the others are refused only where the supply is short and they are asked for.
    """
    return (kind == 1) | (kind == 2) | (kind == 3) | (kind == 4)


def _repeat(xp: Any, function: Callable[[Any], Any], start: Any) -> Any:
    if xp is np:
        for _ in range(BISECTIONS):
            start = function(start)
        return start
    start = tuple(jax.lax.stop_gradient(part) for part in start)
    return jax.lax.fori_loop(0, BISECTIONS, lambda _, pair: function(pair), start)


def _newton(
    env: Env, wanted: Array, kind: Array, priority: Array, width: Array, supply: Array, level: Array
) -> Array:
    """Return the level unchanged in value, with the derivative of the implicit function."""

    def total(at: Array) -> Array:
        return _shares(env, wanted, kind, priority, width, at).sum(axis=0)

    slope = jax.lax.stop_gradient(jax.jvp(total, (level,), (jax.numpy.ones_like(level),))[1])
    gap = total(level) - supply
    gap = gap - jax.lax.stop_gradient(gap)
    return level - jax.numpy.where(slope == 0, 0.0, gap / jax.numpy.where(slope == 0, 1.0, slope))


def _shares(
    env: Env, wanted: Array, kind: Array, priority: Array, width: Array, level: Array
) -> Array:
    """Return what each target gets at a level, by the shape of its profile."""
    xp = env.xp
    away = (level - priority) / width
    rectangle = xp.clip(0.5 - away, 0.0, 1.0)
    near = xp.clip(away, -0.5, 0.5)
    triangle = xp.where(near < 0, 1.0 - 2.0 * (near + 0.5) ** 2, 2.0 * (0.5 - near) ** 2)
    normal = 0.5 * special(xp, "erfc")(away / np.sqrt(2.0))
    tail = 0.5 * xp.exp(-xp.abs(away))
    exponential = xp.where(away < 0, 1.0 - tail, tail)
    share = xp.where(kind == 3, normal, xp.where(kind == 4, exponential, 0.0))
    share = xp.where(kind == 1, rectangle, xp.where(kind == 2, triangle, share))
    return wanted * share


def _first(
    env: Env, scope: Scope, inputs: list[Node], joint: tuple[str, ...], axis: int
) -> list[Array]:
    arrays = [(number(env.xp, node.value(env)), node.dims) for node in inputs]
    full = env.xp.broadcast_arrays(*align(scope, arrays, joint))
    return [env.xp.moveaxis(array, axis, 0) for array in full]
