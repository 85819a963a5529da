"""How XLA compiles a run, many runs and a gradient, and what it must not compute twice."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp

__all__ = ["CARD", "HASTY", "SLOPES", "THOROUGH", "elements_along", "known", "settled"]

# Splitting a sum over a few dozen cities takes longer than the sum. The barriers of `settled` stay
# where the pass that removes them is left out, and XLA's way to compile a small loop whole, which
# knows no barriers.
WITHOUT = ",".join(("tree_reduction_rewriter", "cse_barrier_expander", "small-while-loop-hoisting"))
# One run by itself and a gradient are compiled in a hurry: most of their time goes to starting
# small kernels. Level 0 would save a quarter more, for twice the run.
HASTY = {
    "xla_backend_optimization_level": 1,
    "xla_cpu_use_fusion_emitters": False,
    "xla_disable_hlo_passes": WITHOUT,
}
# Gradients have many small sums, for which XLA's library of ready-made sums takes twice as long.
SLOPES = {**HASTY, "xla_cpu_experimental_ynn_fusion_type": ""}
# Batches: XLA's library of ready-made sums keeps in memory what it sums; vectors go as wide as they
# come; fewer states are copied from step to step where their uses are looked at more closely, which
# for a gradient's thousands of values takes longer than all else.
THOROUGH = {
    "xla_cpu_experimental_ynn_fusion_type": "",
    "xla_disable_hlo_passes": WITHOUT,
    "xla_cpu_prefer_vector_width": 512,
    "xla_cpu_copy_insertion_use_region_analysis": True,
}
# On a card the loop over steps goes two steps at a time, from one set of states to another and
# back, so that none is copied: a twentieth of the time. What is read by several kernels is not
# gathered in one of hundreds of operations, whose registers spill: a twentieth again.
CARD = {
    "xla_gpu_enable_while_loop_double_buffering": True,
    "xla_disable_hlo_passes": "multi_output_fusion",
}


def known(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that this version of the compiler knows: they only save time."""
    return {name: value for name, value in options.items() if _is_known(name, value)}


@lru_cache(maxsize=32)
def _is_known(name: str, value: Any) -> bool:
    try:
        jax.jit(lambda: 0.0, compiler_options={name: value}).lower().compile()
    except Exception:  # versions of JAX raise errors of different kinds
        return False
    return True


def settled(value: Any) -> Any:
    """Return the value as it is; it and its cotangent are computed once, not in every reader.

    XLA fuses what it takes for cheap into all that read it. In the reverse pass nearly everything
    has many readers: twelve times the work of a forward step instead of four.
    """
    return jax.lax.optimization_barrier(value) if isinstance(value, jax.Array) else value


def elements_along(array: jax.Array, axis: int) -> list[jax.Array]:
    """Return the elements of an axis, which they lose.

    Taken apart at once, their cotangents are put together at once; one by one, each would be
    made an array of the whole, and all of them added.
    """
    # Along the first axis, elements are copied whole.
    first = settled(jnp.moveaxis(array, axis, 0))
    return [part[0] for part in jax.lax.split(first, (1,) * first.shape[0])]
