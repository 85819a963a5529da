"""The natural logarithm in operations that a processor does on whole vectors.

XLA has no such logarithm for processors in double precision: it calls the C library for each
number, and nothing that it fuses with the call is done on vectors either. The method is that of
FreeBSD's `e_log.c` (Sun Microsystems, 1993), right to less than one unit in the last place: x is
2^k m with m from sqrt(1/2) to sqrt(2), and log m is a series in (m-1)/(m+1).
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float64, UInt64

from zhuanxing.engine.running.xla_options import settled

__all__ = ["compiled_logarithm"]

Doubles = Float64[jax.Array, "*shape"]

# The logarithm of 2 in two parts: the first times a whole number k is exact.
LOG_2_HIGH = 6.93147180369123816490e-01
LOG_2_LOW = 1.90821492927058770002e-10
# The series of log m divided by (m-1)/(m+1), less its first term, in even powers of that quotient.
SERIES = (
    6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01,
    2.222219843214978396e-01, 1.818357216161805012e-01, 1.531383769920937332e-01,
    1.479819860511658591e-01,
)  # fmt: skip
# A double is a sign, 11 bits of exponent more than 1023, and 52 bits of mantissa.
MANTISSA_BITS = np.uint64(52)
BIAS = np.uint64(1023)
ONE = np.float64(1.0).view(np.uint64)
ROOT_OF_HALF = np.sqrt(0.5).view(np.uint64)
# The bits of 2^52, whose mantissa is zero: a small whole number put there is 2^52 more than itself.
WHOLE = np.float64(2.0**52)


@jax.jit
def compiled_logarithm(x: Doubles) -> Doubles:
    """Return log x: minus infinity of zero, NaN of what is negative."""
    found: jax.Array = settled(jax.lax.platform_dependent(x, cpu=_logarithm, default=jnp.log))
    return found


def _logarithm(x: Doubles) -> Doubles:
    bits = jax.lax.bitcast_convert_type(x, jnp.uint64)
    exponent = (bits + (ONE - ROOT_OF_HALF)) >> MANTISSA_BITS
    mantissa = _double(bits - ((exponent - BIAS) << MANTISSA_BITS))
    power = _double(exponent | WHOLE.view(np.uint64)) - (WHOLE + float(BIAS))
    above = mantissa - 1.0
    quotient = above / (2.0 + above)
    square = quotient * quotient
    series = square * SERIES[-1]
    for term in reversed(SERIES[:-1]):
        series = square * (series + term)
    half = 0.5 * above * above
    low = quotient * (half + series) + power * LOG_2_LOW
    value = power * LOG_2_HIGH - ((half - low) - above)
    value = jnp.where(x < jnp.inf, value, x)
    return jnp.where(x > 0, value, jnp.where(x == 0, -jnp.inf, jnp.nan))


def _double(bits: UInt64[jax.Array, "*shape"]) -> Doubles:
    return jax.lax.bitcast_convert_type(bits, jnp.float64)
