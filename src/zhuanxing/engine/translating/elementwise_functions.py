"""Vensim's and XMILE's functions of numbers, element by element.

Each takes the environment and arrays aligned to one set of labels. Names are those of the
abstract model, with spaces for underscores; thresholds are PySD's, which are Vensim's.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import numpy as np

from zhuanxing.engine.translating.nodes import Array, Env, number, special
from zhuanxing.engine.translating.safe_maths import (
    SMALL,
    divide,
    exponential,
    larger,
    logarithm,
    power,
    smaller,
    square_root,
    zero_divide,
)

__all__ = ["CLOCKED", "COMPARISONS", "ELEMENTWISE", "OPERATORS", "divide_exactly"]

Function = Callable[..., Array]


def _quantum(env: Env, x: Array, unit: Array) -> Array:
    coarse = unit < SMALL
    safe = env.xp.where(coarse, 1.0, unit)
    return env.xp.where(coarse, x, safe * env.xp.trunc(_quotient(env, x, safe)))


def _quotient(env: Env, x: Array, unit: Array) -> Array:
    """Return x / unit, truly divided, without a derivative: only whole parts are taken of it."""
    if env.xp is np:
        return x / unit
    return jax.lax.stop_gradient(x) / jax.lax.stop_gradient(unit * env.one)


def _modulo(env: Env, x: Array, unit: Array) -> Array:
    return x - _quantum(env, x, unit)


def _floored_modulo(env: Env, x: Array, unit: Array) -> Array:
    """MOD of XMILE: the rest has the sign of the divisor (XMILE 1.0, 3.3.1)."""
    safe = env.xp.where(unit == 0, 1.0, unit)
    rest = x - safe * env.xp.floor(_quotient(env, x, safe))
    return env.xp.where(unit == 0, x, rest)


def _log(env: Env, x: Array, base: Array) -> Array:
    return divide(env, logarithm(env, x), logarithm(env, base))


def _step(env: Env, height: Array, start: Array) -> Array:
    return height * number(env.xp, env.time + env.time_step / 2 > start)


def _ramp(env: Env, slope: Array, start: Array, finish: Array | None = None) -> Array:
    reached = env.time if finish is None else env.xp.minimum(finish, env.time)
    return number(env.xp, env.time + SMALL > start) * slope * (reached - start)


def _middle(env: Env) -> Array:
    """Return the middle of the step at hand, which decides what is on in it (Vensim's manual).

    A pulse that starts in the middle of a step is on from the next one, as long as any other.
    """
    return env.time + env.time_step / 2


def _pulse(env: Env, start: Array, width: Array) -> Array:
    """PULSE(start, width): on from start for as long, and for one step at least."""
    middle = _middle(env)
    on = (middle > start) & (middle <= start + env.xp.maximum(width, env.time_step))
    return number(env.xp, on)


def _pulse_train(env: Env, start: Array, interval: Array, width: Array, end: Array) -> Array:
    """PULSE TRAIN: pulses of a width at an interval, none of them after the end."""
    single = interval <= 0
    period = env.xp.where(single, 1.0, interval)
    middle = _middle(env)
    into = period - _remainder(env, start - middle, period)
    repeated = (
        (middle > start)
        & (env.time < end + env.time_step / 2)
        & (into <= env.xp.maximum(width, env.time_step))
    )
    return env.xp.where(single, _pulse(env, start, width), number(env.xp, repeated))


def _xmile_pulse(env: Env, start: Array, magnitude: Array) -> Array:
    """PULSE of XMILE: the amount `magnitude` within one step."""
    return _pulse(env, start, env.time_step) * magnitude / env.time_step


def _xmile_pulse_train(env: Env, start: Array, interval: Array, magnitude: Array) -> Array:
    on = _pulse_train(env, start, interval, env.time_step, np.float64(np.inf))
    return on * magnitude / env.time_step


def _remainder(env: Env, x: Array, unit: Array) -> Array:
    return x - unit * env.xp.floor(x / unit)


def _round(env: Env, x: Array) -> Array:
    """ROUND of XMILE: halves away from zero."""
    return env.xp.sign(x) * env.xp.floor(env.xp.abs(x) + 0.5)


def _whole_factorial(env: Env, n: Array) -> Array:
    """Return n! by the gamma function; what has none is NaN."""
    xp = env.xp
    found = xp.round(xp.exp(special(xp, "gammaln")(n + 1.0)))
    return xp.where((n >= 0) & (n == xp.floor(n)), found, np.nan)


def _permutations(env: Env, n: Array, r: Array) -> Array:
    """Return how many ordered choices of r among n there are."""
    xp = env.xp
    gammaln = special(xp, "gammaln")
    possible = (r >= 0) & (r <= n)
    left = xp.where(possible, n - r, 0.0)
    found = xp.round(xp.exp(gammaln(n + 1.0) - gammaln(left + 1.0)))
    return xp.where(possible, found, xp.where(n >= 0, 0.0, np.nan))


def _combinations(env: Env, n: Array, r: Array) -> Array:
    """Return how many choices of r among n there are."""
    return env.xp.round(_permutations(env, n, r) / _whole_factorial(env, r))


def _normal_share(
    env: Env, low: Array, high: Array, mean: Array = 0.0, deviation: Array = 1.0
) -> Array:
    """Return the share of a normal distribution between two values."""
    ndtr = special(env.xp, "ndtr")
    return ndtr((high - mean) / deviation) - ndtr((low - mean) / deviation)


def _normal_quantile(env: Env, share: Array, mean: Array = 0.0, deviation: Array = 1.0) -> Array:
    return mean + deviation * special(env.xp, "ndtri")(share)


def _safe_quotient(env: Env, above: Array, below: Array, otherwise: Array = 0.0) -> Array:
    """SAFEDIV of Stella: a quotient, or something else where it divides by 0 exactly."""
    none = below == 0
    return env.xp.where(none, otherwise, divide(env, above, env.xp.where(none, 1.0, below)))


def _unary(name: str) -> Function:
    return lambda env, x: getattr(env.xp, name)(x)


ELEMENTWISE: dict[str, Function] = {
    "abs": _unary("abs"),
    "power": power,
    "min": smaller,
    "max": larger,
    "exp": exponential,
    "sin": _unary("sin"),
    "cos": _unary("cos"),
    "tan": _unary("tan"),
    "arcsin": _unary("arcsin"),
    "arccos": _unary("arccos"),
    "arctan": _unary("arctan"),
    "sinh": _unary("sinh"),
    "cosh": _unary("cosh"),
    "tanh": _unary("tanh"),
    "sqrt": square_root,
    "ln": logarithm,
    "log": _log,
    "integer": _unary("trunc"),
    "floor": _unary("floor"),
    "round": _round,
    "sign": _unary("sign"),
    "safe quotient": _safe_quotient,
    "factorial": _whole_factorial,
    "permutations": _permutations,
    "combinations": _combinations,
    "normal share": _normal_share,
    "normal quantile": _normal_quantile,
    "gamma ln": lambda env, x: special(env.xp, "gammaln")(x),
    "modulo": _modulo,
    "floored modulo": _floored_modulo,
    "quantum": _quantum,
    "xidz": zero_divide,
    "zidz": lambda env, above, below: zero_divide(env, above, below, 0.0),
    "game": lambda env, x: x,
}

# Functions that read Time.
CLOCKED: dict[str, Function] = {
    "step": _step,
    "ramp": _ramp,
    "xramp": _ramp,
    "pulse": _pulse,
    "xpulse": _xmile_pulse,
    "pulse train": _pulse_train,
    "xpulse train": _xmile_pulse_train,
}


def divide_exactly(env: Env, above: Array, below: Array) -> Array:
    """Return above / below by a division, also where below is a written number."""
    return divide(env, above, below * env.one)


OPERATORS: dict[str, Function] = {
    "+": lambda env, a, b: a + b,
    "-": lambda env, a, b: a - b,
    "*": lambda env, a, b: a * b,
    "/": divide,
    "^": power,
}

COMPARISONS: dict[str, Function] = {
    "=": lambda env, a, b: a == b,
    "<>": lambda env, a, b: a != b,
    ">=": lambda env, a, b: a >= b,
    ">": lambda env, a, b: a > b,
    "<=": lambda env, a, b: a <= b,
    "<": lambda env, a, b: a < b,
    ":AND:": lambda env, a, b: (a != 0) & (b != 0),
    ":OR:": lambda env, a, b: (a != 0) | (b != 0),
}
