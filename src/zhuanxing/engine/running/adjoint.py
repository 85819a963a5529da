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

from zhuanxing.engine.running.cutting import Cut
from zhuanxing.engine.running.lean import lean
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


class _Steps:
    """The local derivatives of steps, apart in what is the same for all and what is not."""

    def __init__(self, step: Step, first: Tree, moving: Tree, fixed: Tree) -> None:
        def pullback(now: Tree, place: Any) -> Callable[[Tree], Tree]:
            return jax.vjp(lambda states, by: step(states, by, fixed, place), now, moving)[1]

        made, shape = jax.make_jaxpr(pullback, return_shape=True)(first, 0)
        self._tree = jax.tree.structure(shape)
        self._moving = moving
        self._cut = Cut(made)
        self._same = self._cut.same(*jax.tree.leaves(first), 0)

    def kept(self, now: Tree, place: Any) -> list[Any]:
        """Return what to keep of a step, of which its derivatives are quickly made."""
        return self._cut.kept(*jax.tree.leaves(now), place)

    def local(self, now: Tree, place: Any, kept: Sequence[Any]) -> list[Any]:
        """Return what the derivatives of a step have of their own."""
        return self._cut.results((*jax.tree.leaves(now), place), kept, self._same)

    def pull(self, local: Sequence[Any], slopes: Tree) -> tuple[Tree, Tree]:
        """Return slopes by states and constants from those by the states after and the outputs."""
        leaves = self._cut.all(local, self._same)
        found: tuple[Tree, Tree] = jax.tree.unflatten(self._tree, leaves)(slopes)
        return found

    def shares(self, local: Sequence[Any], slopes: Tree) -> Tree:
        """Return what a block of steps adds to the slopes by constants.

        That is the reverse of how a change of constants moves all steps of the block: slopes are
        added over steps as soon as they are of what all steps have in common.
        """
        like = jax.tree.map(lambda one: jax.ShapeDtypeStruct(one.shape[1:], one.dtype), slopes)

        def push(one: Sequence[Any], by: Tree) -> Tree:
            (found,) = jax.linear_transpose(lambda given: self.pull(one, given)[1], like)(by)
            return found

        # Steps of which all have the same derivatives have none of their own to count them by.
        size = jax.tree.leaves(slopes)[0].shape[0]

        def pushed(by: Tree) -> Tree:
            return jax.vmap(lambda one: push(one, by), axis_size=size)(local)

        (found,) = jax.linear_transpose(pushed, self._moving)(slopes)
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

    def back(after: Any, one: tuple[Any, ...]) -> tuple[Any, Any]:
        def pulled(now: Any, place: Any, local: Any, after: Any, slope: Tree) -> Tree:
            return steps.pull(steps.local(tree(now), place, local), (tree(after), slope))[0]

        *given, slope = one
        return _packed(lean(pulled)(*given, after, slope)), after

    def shares(now: Any, places: Any, local: Any, after: Any, slope: Tree) -> Tree:
        local = jax.vmap(lambda *one: steps.local(tree(one[0]), *one[1:]))(now, places, local)
        return steps.shares(local, (jax.vmap(tree)(after), slope))

    def block(sofar: tuple[Any, Tree], given: tuple[Any, Tree]) -> tuple[tuple[Any, Tree], None]:
        after, total = sofar
        here, outside = given
        now = kept[here]
        local = jax.vmap(lambda now, place: steps.kept(tree(now), place))(now, here)
        before, afters = jax.lax.scan(back, after, (now, here, local, outside), reverse=True)
        added = lean(shares)(now, here, local, afters, outside)
        return (before, jax.tree.map(jnp.add, total, added)), None

    start = (jnp.zeros_like(kept[0]), jax.tree.map(jnp.zeros_like, moving))
    (before, total), _ = jax.lax.scan(
        block, start, (places, jax.tree.map(filled, slopes)), reverse=True
    )
    return tree(before), total, None
