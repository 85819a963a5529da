"""The loop over time steps, with a reverse pass of its own (the discrete adjoint method).

A step of one run is some thousand small operations, and starting one takes longer than what it
does. Backwards only one thing must go step by step: how the slopes by the states after a step give
those by the states before it. All else is done for a block of steps at once, as if they were runs:
computing the steps again from the states that were kept, their local derivatives, and what each
step adds to the slopes by the constants. (Griewank and Walther 2008, Evaluating Derivatives, 2nd
edition, SIAM, chapters 3 and 12, on the reverse mode and on what to keep for it.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from zhuanxing.engine.running.lean import dependent, lean, pruned
from zhuanxing.engine.running.xla_options import settled

__all__ = ["walk"]

# About so many steps are gone through backwards at once: more take more memory and gain nothing.
BLOCKS = range(12, 21)

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
        return after, (found, _packed(now))

    _, (found, kept) = jax.lax.scan(body, states, jnp.arange(count))
    return found, (states, kept, moving, fixed)


def _packed(states: Tree) -> Any:
    """Return states as one vector: to keep or hand on a hundred takes a kernel for each."""
    return ravel_pytree(jax.tree.map(settled, states))[0]


def _summed(shares: Any) -> Any:
    """Return the sum over steps; where it goes across a matrix, nothing else is done meanwhile."""
    return (settled(shares) if shares.ndim > 2 else shares).sum(axis=0)


class _Steps:
    """The local derivatives of steps, apart in what is the same for all and what is not."""

    def __init__(self, step: Step, first: Tree, moving: Tree, fixed: Tree) -> None:
        def pullback(now: Tree, place: Any) -> Callable[[Tree], Tree]:
            return jax.vjp(lambda states, by: step(states, by, fixed, place), now, moving)[1]

        made, shape = jax.make_jaxpr(pullback, return_shape=True)(first, 0)
        self._kept = pruned(made)
        self._tree = jax.tree.structure(shape)
        self._moves = dependent(made.jaxpr)
        self._same = self._taken(first, 0, False)

    def _taken(self, now: Tree, place: Any, moves: bool) -> list[Any]:
        found = self._kept(*jax.tree.leaves(now), place)
        return [one for one, moved in zip(found, self._moves, strict=True) if moved is moves]

    def local(self, now: Tree, place: Any) -> list[Any]:
        """Return what the derivatives of a step have of their own."""
        return self._taken(now, place, True)

    def pull(self, local: Sequence[Any], slopes: Tree) -> tuple[Tree, Tree]:
        """Return slopes by states and constants from those by the states after and the outputs."""
        own, same = iter(local), iter(self._same)
        leaves = [next(own if moved else same) for moved in self._moves]
        found: tuple[Tree, Tree] = jax.tree.unflatten(self._tree, leaves)(slopes)
        return found


def _backward(step: Step, count: int, saved: Tree, slopes: Tree) -> tuple[Tree, Tree, None]:
    """Return the slopes by the initial states and by the moving constants."""
    size = min(count, min(BLOCKS, key=lambda size: -count % size))
    blocks = -(-count // size)
    # The last block is filled up with steps whose outputs have no slopes.
    places = jnp.minimum(jnp.arange(blocks * size), count - 1).reshape(blocks, size)

    def filled(one: Any) -> Any:
        whole = jnp.zeros((blocks * size, *one.shape[1:]), one.dtype).at[:count].set(one)
        return whole.reshape(blocks, size, *one.shape[1:])

    states, kept, moving, fixed = saved
    steps = _Steps(step, states, moving, fixed)
    tree = ravel_pytree(states)[1]

    def back(after: Any, one: tuple[Any, Tree]) -> tuple[Any, Any]:
        local, slope = one
        before = lean(lambda *given: steps.pull(*given)[0])(local, (tree(after), slope))
        return _packed(before), after

    def shares(local: Any, after: Any, slope: Tree) -> Tree:
        return steps.pull(local, (tree(after), slope))[1]

    def block(sofar: tuple[Any, Tree], given: tuple[Any, Tree]) -> tuple[tuple[Any, Tree], None]:
        after, total = sofar
        here, outside = given
        local = jax.vmap(lambda now, place: steps.local(tree(now), place))(kept[here], here)
        before, afters = jax.lax.scan(back, after, (local, outside), reverse=True)
        added = lean(jax.vmap(shares))(local, afters, outside)
        return (before, jax.tree.map(lambda a, b: a + _summed(b), total, added)), None

    start = (jnp.zeros_like(kept[0]), jax.tree.map(jnp.zeros_like, moving))
    (before, total), _ = jax.lax.scan(
        block, start, (places, jax.tree.map(filled, slopes)), reverse=True
    )
    return tree(before), total, None
