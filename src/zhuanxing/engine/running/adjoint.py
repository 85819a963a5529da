"""The loop over time steps, with a reverse pass of its own (the discrete adjoint method).

A step of one run is some thousand small operations, and starting one takes longer than what it
does. Backwards only one thing must go step by step: how the slopes by the states after a step give
those by the states before it. All else is done for a block of steps at once, as if they were runs:
computing the steps again from the states that were kept, their local derivatives, and what each
step adds to the slopes by the constants. (Griewank and Walther 2008, Evaluating Derivatives, 2nd
edition, SIAM, chapters 3 and 12, on the reverse mode and on what to keep for it.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

__all__ = ["walk"]

# So many steps are gone through backwards at once: more take more memory and gain nothing.
BLOCK = 16

Tree = Any
# States, constants to differentiate by, others, and the number of the step, to states and outputs.
Step = Callable[[Tree, Tree, Tree, Any], tuple[Tree, Tree]]


def walk(step: Step, states: Tree, moving: Tree, fixed: Tree, count: int) -> Tree:
    """Return the outputs of `count` steps from `states` on, step first.

    Differentiable in reverse by `states` and `moving`; there is no derivative by `fixed`.
    """
    walked: Any = jax.custom_vjp(lambda *given: _forward(step, count, *given)[0])
    walked.defvjp(
        lambda *given: _forward(step, count, *given),
        lambda kept, slopes: _backward(step, count, kept, slopes),
    )
    return walked(states, moving, fixed)


def _forward(step: Step, count: int, states: Tree, moving: Tree, fixed: Tree) -> tuple[Tree, Tree]:
    """Return the outputs, and what the reverse pass needs: the states of every step, constants."""

    def body(now: Tree, place: Any) -> tuple[Tree, Tree]:
        after, found = step(now, moving, fixed, place)
        return after, (found, now)

    _, (found, kept) = jax.lax.scan(body, states, jnp.arange(count))
    return found, (kept, moving, fixed)


def _backward(step: Step, count: int, saved: Tree, slopes: Tree) -> tuple[Tree, Tree, None]:
    """Return the slopes by the initial states and by the moving constants."""
    kept, moving, fixed = saved
    blocks = -(-count // BLOCK)
    size = -(-count // blocks)
    # The last block is filled up with steps whose outputs have no slopes.
    places = jnp.minimum(jnp.arange(blocks * size), count - 1).reshape(blocks, size)

    def filled(one: Any) -> Any:
        whole = jnp.zeros((blocks * size, *one.shape[1:]), one.dtype).at[:count].set(one)
        return whole.reshape(blocks, size, *one.shape[1:])

    def pullback(now: Tree, place: Any) -> Callable[[Tree], Tree]:
        def local(states: Tree, constants: Tree) -> Tree:
            return step(states, constants, fixed, place)

        return jax.vjp(local, now, moving)[1]

    def back(after: Tree, one: tuple[Any, Tree]) -> tuple[Tree, Tree]:
        pull, slope = one
        return pull((after, slope))[0], after

    def block(sofar: tuple[Tree, Tree], given: tuple[Any, Tree]) -> tuple[tuple[Tree, Tree], None]:
        after, total = sofar
        here, outside = given
        pulls = jax.vmap(pullback)(jax.tree.map(lambda one: one[here], kept), here)
        before, afters = jax.lax.scan(back, after, (pulls, outside), reverse=True)
        shares = jax.vmap(lambda pull, *slopes: pull(slopes)[1])(pulls, afters, outside)
        return (before, jax.tree.map(lambda a, b: a + b.sum(axis=0), total, shares)), None

    none = jax.tree.map(lambda one: jnp.zeros(one.shape[1:], one.dtype), kept)
    start = (none, jax.tree.map(jnp.zeros_like, moving))
    (before, total), _ = jax.lax.scan(
        block, start, (places, jax.tree.map(filled, slopes)), reverse=True
    )
    return before, total, None
