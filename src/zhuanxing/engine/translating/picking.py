"""Elements picked out of an array at places that are known before a run."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Int

from zhuanxing.engine.translating.nodes import Array

__all__ = ["picked"]


def picked(xp: Any, array: Array, places: Int[np.ndarray, " picked"], axis: int) -> Array:
    """Return the elements at `places` of an axis.

    JAX's own derivative adds slopes to places one by one, which XLA does in a loop that starts
    several kernels an element; this one picks the slopes that belong to each place, and adds them.
    """
    if xp is np:
        return np.take(array, places, axis=axis)

    def taken(whole: Array) -> Array:
        return jnp.take(whole, places, axis=axis, mode="clip")

    def given_back(_: None, slopes: Array) -> tuple[Array]:
        count = np.shape(array)[axis]
        nothing = jnp.zeros_like(jax.lax.slice_in_dim(slopes, 0, 1, axis=axis))
        padded = jnp.concatenate([slopes, nothing], axis=axis)
        read = jnp.take(padded, _readers(places, count).ravel(), axis=axis, mode="clip")
        shape = (*slopes.shape[:axis], -1, count, *slopes.shape[axis + 1 :])
        return (read.reshape(shape).sum(axis=axis),)

    smooth = jax.custom_vjp(taken)
    smooth.defvjp(lambda whole: (taken(whole), None), given_back)
    return smooth(array)


def _readers(places: np.ndarray, count: int) -> Int[np.ndarray, "most count"]:
    """Return where in `places` each of `count` places stands, in rows; the length for nowhere."""
    counts = np.bincount(places, minlength=count)
    order = np.argsort(places, kind="stable")
    rank = np.arange(len(places)) - np.repeat(np.cumsum(counts) - counts, counts)
    found = np.full((max(counts.max(initial=0), 1), count), len(places))
    found[rank, places[order]] = order
    return found
