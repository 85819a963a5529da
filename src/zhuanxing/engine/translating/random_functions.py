"""Random functions: numbers drawn by a hash of seed, variable, step and element.

PySD draws from numpy's global state, so its numbers cannot be repeated; these are the same on
every machine, for every batch size, by numpy and by JAX. A model's `noise seed` chooses the stream.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from zhuanxing.engine.running.failures import TranslationError
from zhuanxing.engine.translating.distributions import TRUNCATED, lognormal, normal
from zhuanxing.engine.translating.nodes import (
    Array,
    Env,
    Node,
    Scope,
    align,
    number,
    valued,
)

__all__ = ["RANDOM", "SEED_NAME", "draw"]

SEED_NAME = "noise seed"


def _mix(word: Array) -> Array:
    """Return splitmix64's mixture of an unsigned 64-bit word."""
    word = word + np.uint64(0x9E3779B97F4A7C15)
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


def _uniform(env: Env, stream: int, cells: np.ndarray, seed: Array) -> Array:
    """Return numbers in (0, 1), one for every cell."""
    xp = env.xp
    with np.errstate(over="ignore"):
        word = _mix(xp.asarray(seed).astype(np.int64).astype(np.uint64) + np.uint64(stream))
        word = _mix(word ^ xp.asarray(env.step).astype(np.uint64))
        word = _mix(word ^ cells.astype(np.uint64))
    return ((word >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


def _scaled(env: Env, u: Array, low: Array, high: Array, seed: Array = 0.0) -> Array:
    return low + u * (high - low)


def _exponential(
    env: Env, u: Array, low: Array, high: Array, shift: Array, stretch: Array, seed: Array = 0.0
) -> Array:
    start = env.xp.maximum(low, shift)
    room = 1.0 - env.xp.exp(-(high - start) / stretch)
    return start - stretch * env.xp.log1p(-u * room)


RANDOM: dict[str, tuple[Callable[..., Array], int]] = {
    "random 0 1": (lambda env, u: u, 0),
    "random uniform": (_scaled, 2),
    "random normal": (normal, 4),
    "random exponential": (_exponential, 4),
    "truncated lognormal": (lognormal, 4),
    **{name: (kind.draw, kind.count + 2) for name, kind in TRUNCATED.items()},
}


def draw(name: str, scope: Scope, arguments: Sequence[Node], seeded: bool, count: int) -> Node:
    """Return the node of a random function, a number for every element of the left-hand side.

    `seeded` tells that the model defines a noise seed; `count` numbers the call in its variable.
    The last argument, if it is given, is the call's own seed.
    """
    function, least = RANDOM[name]
    if len(arguments) not in (least, least + 1) and not (name == "random 0 1"):
        raise TranslationError(f"{name.upper()} takes {least} arguments and a seed.")
    arguments = list(arguments) if least else []
    target = scope.order([scope.labels, *(argument.dims for argument in arguments)])
    sizes = scope.sizes(target)
    cells = np.arange(int(np.prod(sizes)), dtype=np.int64).reshape(sizes)
    stream = zlib.crc32(f"{scope.name} {count}".encode())
    own_seed = arguments[least] if len(arguments) > least else None

    def value(env: Env) -> Array:
        seed: Any = env.values[SEED_NAME] if seeded else np.float64(0.0)
        grid: Any = cells
        if np.ndim(seed):
            grid = cells[..., None]
        own = 0 if own_seed is None or own_seed.constant is None else int(own_seed.constant)
        u = _uniform(env, stream + 1000003 * own, grid, seed)
        shaped = align(
            scope,
            [(u, target), *((number(env.xp, a.value(env)), a.dims) for a in arguments)],
            target,
        )
        return function(env, *shaped)

    plain = valued(scope, arguments, target, value, chance=True)
    seed = frozenset((SEED_NAME,)) if seeded else frozenset()
    return replace(plain, needs=plain.needs | seed, needs_initial=plain.needs_initial | seed)
