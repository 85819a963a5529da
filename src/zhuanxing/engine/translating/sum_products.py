"""Sums of products in a batch, where one factor is the same for all runs: matrix products.

Written out, SUM(spending[city,lever!] * share[lever!,source]) makes a product for every city,
lever, source and run before it adds; as a matrix product that array never exists.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import jax
import numpy as np

from zhuanxing.engine.running.xla_options import settled
from zhuanxing.engine.translating.nodes import Array, Env, Node, Scope, align, number

__all__ = ["contract"]

# So many terms XLA adds in one loop on vectors. On processors that is 2.5 times as fast as a matrix
# product of two small matrices for every city.
FEW = 8
RUNS = "runs"

Labelled = tuple[Array, tuple[str, ...]]


def contract(
    scope: Scope, factors: Sequence[Node], summed: str, left: tuple[str, ...], env: Env
) -> Array | None:
    """Return the sum of the factors' product over one label, or None where it gains nothing.

    It gains where the product has more labels than either what varies between the runs or what
    does not, and where what does not vary weighs the last label.
    """
    if env.runs is None:
        return None
    varying: list[Labelled] = []
    fixed: list[Labelled] = []
    for node in factors:
        array = number(env.xp, node.value(env))
        group = varying if np.ndim(array) > len(node.dims) else fixed
        group.append((array, node.dims))
    if not varying or not fixed:
        return None
    many, many_dims = _product(scope, varying)
    one, one_dims = _product(scope, fixed)
    if summed not in many_dims or summed not in one_dims:
        return None
    several = scope.dimensions.size(summed) > FEW
    # Weights of the last label alone: XLA adds runs one by one, this adds them on vectors.
    weighted = several and one_dims == (summed,) and many_dims[-1] == summed
    if set(one_dims) <= set(many_dims) and not weighted:
        return None

    def terms(array: Array, constant: Array) -> Array:
        return _term_by_term(scope, env, (array, many_dims), (constant, one_dims), summed, left)

    def matrices(array: Array, constant: Array) -> Array:
        return _matrix_product(scope, env, (array, many_dims), (constant, one_dims), left)

    if not several or env.xp is np:
        return terms(many, one)
    added = [label for label in one_dims if label not in many_dims]
    if np.prod(scope.sizes(added)) > FEW:
        return matrices(many, one)
    total: Array = jax.lax.platform_dependent(many, one, cpu=terms, default=matrices)
    return total


def _product(scope: Scope, arrays: Sequence[Labelled]) -> Labelled:
    labels = scope.order([dims for _, dims in arrays])
    return reduce(lambda a, b: a * b, align(scope, arrays, labels)), labels


def _term_by_term(
    scope: Scope, env: Env, many: Labelled, one: Labelled, summed: str, left: tuple[str, ...]
) -> Array:
    """Return the sum of products of elements, a few of them in each loop."""

    def element(array: Array, dims: tuple[str, ...], place: int) -> Labelled:
        taken = array[(slice(None),) * dims.index(summed) + (place,)]
        return taken, tuple(label for label in dims if label != summed)

    count = scope.dimensions.size(summed)
    if count > FEW:  # else it were computed again in each loop
        many = settled(many[0]), many[1]
    total: Array = 0.0
    for place in range(count):
        if place and place % FEW == 0:
            total = settled(total)
        first, second = align(scope, [element(*many, place), element(*one, place)], left)
        total = total + first * second
    return total


def _matrix_product(
    scope: Scope, env: Env, many: Labelled, one: Labelled, left: tuple[str, ...]
) -> Array:
    """Return one small matrix product for each place of the labels that both keep."""
    array, dims = many
    constant, labels = one
    shared = [label for label in dims if label in left and label not in labels]
    constant = env.xp.broadcast_to(constant, (*scope.sizes(shared), *np.shape(constant)))
    letters = {label: i for i, label in enumerate([*dims, *labels, RUNS])}
    return env.xp.einsum(
        array,
        [letters[label] for label in (*dims, RUNS)],
        constant,
        [letters[label] for label in (*shared, *labels)],
        [letters[label] for label in (*left, RUNS)],
    )
