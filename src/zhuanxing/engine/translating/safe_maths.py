"""Arithmetic whose derivatives stay finite where the function has none.

Values are those of numpy. A derivative is zero where it does not exist (division by zero, the
logarithm of a number that is not positive), so that a branch not taken adds nothing to a gradient
instead of NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from zhuanxing.engine.translating.nodes import Array, Env
from zhuanxing.engine.translating.vector_logarithm import compiled_logarithm

__all__ = [
    "SMALL", "divide", "exponential", "larger", "logarithm", "power", "smaller", "square_root",
    "zero_divide",
]  # fmt: skip

Function = Callable[[Array], Array]

# Vensim takes a denominator smaller than this for zero in XIDZ and ZIDZ.
SMALL = 1e-6
# Written exponents for which multiplications are exact to a few digits and beat a logarithm.
WHOLE = range(2, 33)


def _finite(array: Array) -> Array:
    return jnp.where(jnp.isfinite(array), array, 0.0)


# Where so many quotients share a divisor, one reciprocal and multiplications are cheaper.
SHARING = 4


def _quotient(above: Array, below: Array) -> Array:
    if np.size(above) >= SHARING * np.size(below):
        return above * (1.0 / below)
    return above / below


@jax.custom_jvp
def _divide(above: Array, below: Array) -> Array:
    return _quotient(above, below)


@_divide.defjvp
def _divide_jvp(primals: Any, tangents: Any) -> Any:
    above, below = primals
    inverse = jnp.where(below == 0, 0.0, 1.0 / jnp.where(below == 0, 1.0, below))
    value = _quotient(above, below)
    slope = tangents[0] * inverse - _finite(value) * inverse * tangents[1]
    return value, jnp.broadcast_to(slope, jnp.shape(value))


def _with_slope(logarithm: Function) -> Function:
    """Return a logarithm whose derivative is zero where it has none.

    Derivatives are computed for many steps at once, where vectors are quicker than calls.
    """
    smooth = jax.custom_jvp(logarithm)

    @smooth.defjvp
    def _jvp(primals: Any, tangents: Any) -> Any:
        (x,) = primals
        slope = jnp.where(x > 0, 1.0 / jnp.where(x > 0, x, 1.0), 0.0)
        return compiled_logarithm(x), slope * tangents[0]

    return smooth


# On the few numbers of one run a call for each takes no longer, and compiles into one operation.
_logarithm, _vector_logarithm = _with_slope(jnp.log), _with_slope(compiled_logarithm)


@jax.custom_jvp
def _square_root(x: Array) -> Array:
    return jnp.sqrt(x)


@_square_root.defjvp
def _square_root_jvp(primals: Any, tangents: Any) -> Any:
    (x,) = primals
    root = jnp.sqrt(x)
    return root, jnp.where(x > 0, 0.5 / jnp.where(x > 0, root, 1.0), 0.0) * tangents[0]


@jax.custom_jvp
def _exponential(x: Array) -> Array:
    return jnp.exp(x)


@_exponential.defjvp
def _exponential_jvp(primals: Any, tangents: Any) -> Any:
    value = jnp.exp(primals[0])
    return value, _finite(value) * tangents[0]


@jax.custom_jvp
def _power(base: Array, exponent: Array) -> Array:
    return jnp.power(base, exponent)


@_power.defjvp
def _power_jvp(primals: Any, tangents: Any) -> Any:
    base, exponent = primals
    value = jnp.power(base, exponent)
    by_base = _finite(exponent * jnp.power(base, exponent - 1.0))
    logarithm = jnp.log(jnp.where(base > 0, base, 1.0))
    by_exponent = _finite(value) * jnp.where(base > 0, logarithm, 0.0)
    slope = by_base * tangents[0] + by_exponent * tangents[1]
    return value, jnp.broadcast_to(slope, jnp.shape(value))


@jax.custom_jvp
def _larger(a: Array, b: Array) -> Array:
    return jnp.maximum(a, b)


@jax.custom_jvp
def _smaller(a: Array, b: Array) -> Array:
    return jnp.minimum(a, b)


def _chosen(first: Array, second: Array, tangents: Any) -> Array:
    """Return the slope of what is chosen of two: a half of each where they are equal.

    JAX's own finds the share of each apart, and by a division.
    """
    share = jnp.where(first, 1.0, jnp.where(second, 0.0, 0.5))
    return tangents[1] + share * (tangents[0] - tangents[1])


@_larger.defjvp
def _larger_jvp(primals: Any, tangents: Any) -> Any:
    a, b = primals
    return jnp.maximum(a, b), _chosen(a > b, a < b, tangents)


@_smaller.defjvp
def _smaller_jvp(primals: Any, tangents: Any) -> Any:
    a, b = primals
    return jnp.minimum(a, b), _chosen(a < b, a > b, tangents)


def larger(env: Env, a: Array, b: Array) -> Array:
    """Return the larger of two."""
    return np.maximum(a, b) if env.xp is np else _larger(jnp.asarray(a), jnp.asarray(b))


def smaller(env: Env, a: Array, b: Array) -> Array:
    """Return the smaller of two."""
    return np.minimum(a, b) if env.xp is np else _smaller(jnp.asarray(a), jnp.asarray(b))


def divide(env: Env, above: Array, below: Array) -> Array:
    """Return above / below; infinite or NaN where numpy has it so."""
    if env.xp is np:
        return np.true_divide(above, below)
    if isinstance(below, np.generic) and below != 0:
        return above / below
    return _divide(jnp.asarray(above), jnp.asarray(below))


def logarithm(env: Env, x: Array) -> Array:
    """Return the natural logarithm."""
    if env.xp is np:
        return np.log(x)
    return (_logarithm if env.runs is None else _vector_logarithm)(jnp.asarray(x))


def square_root(env: Env, x: Array) -> Array:
    """Return the square root."""
    return np.sqrt(x) if env.xp is np else _square_root(jnp.asarray(x))


def exponential(env: Env, x: Array) -> Array:
    """Return e to the power x."""
    return np.exp(x) if env.xp is np else _exponential(jnp.asarray(x))


def power(env: Env, base: Array, exponent: Array) -> Array:
    """Return base to the power of exponent; small whole powers and 0.5 without logarithms."""
    if isinstance(exponent, np.generic):
        if exponent in WHOLE:
            return _whole_power(base, int(exponent))
        if exponent == 0.5:
            return square_root(env, base)
    if env.xp is np:
        return np.power(base, exponent)
    return _power(jnp.asarray(base), jnp.asarray(exponent))


def _whole_power(base: Array, exponent: int) -> Array:
    """Return a whole power by squaring: four multiplications for the sixteenth."""
    half = base if exponent < 4 else _whole_power(base, exponent // 2)
    if exponent == 1:
        return base
    square = half * half
    return square * base if exponent % 2 else square


def zero_divide(env: Env, above: Array, below: Array, otherwise: Array) -> Array:
    """Return above / below, or `otherwise` where below is zero to Vensim."""
    tiny = env.xp.abs(below) < SMALL
    return env.xp.where(tiny, otherwise, above / env.xp.where(tiny, 1.0, below))
