"""Sums of products in a batch, where one factor is the same for all runs: matrix products.

Written out, SUM(spending[city,lever!] * share[lever!,source]) makes a product for every city,
lever, source and run before it adds; as a matrix product that array never exists.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np

from zhuanxing.engine.translating.nodes import Array, Env, Node, Scope, align, number

__all__ = ["contract"]

# So few terms are added one by one, which XLA fuses with what surrounds them.
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
    # Weights of the last label alone: XLA adds runs by runs, a matrix product on vectors.
    weighted = several and one_dims == (summed,) and many_dims[-1] == summed
    if set(one_dims) <= set(many_dims) and not weighted:
        return None
    if several:
        return _matrix_product(scope, env, (many, many_dims), (one, one_dims), left)
    return _term_by_term(scope, env, (many, many_dims), (one, one_dims), summed, left)


def _product(scope: Scope, arrays: Sequence[Labelled]) -> Labelled:
    labels = scope.order([dims for _, dims in arrays])
    return reduce(lambda a, b: a * b, align(scope, arrays, labels)), labels


def _term_by_term(
    scope: Scope, env: Env, many: Labelled, one: Labelled, summed: str, left: tuple[str, ...]
) -> Array:
    def terms(array: Array, dims: tuple[str, ...], place: int) -> Labelled:
        taken = env.xp.take(array, place, axis=dims.index(summed))
        return taken, tuple(label for label in dims if label != summed)

    total: Array = 0.0
    for place in range(scope.dimensions.size(summed)):
        first, second = align(scope, [terms(*many, place), terms(*one, place)], left)
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
