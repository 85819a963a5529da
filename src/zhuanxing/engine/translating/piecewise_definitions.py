"""A variable out of the pieces that define it: subranges, single elements and exceptions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zhuanxing.engine.reading.syntax_tree import Element
from zhuanxing.engine.running.failures import TranslationError
from zhuanxing.engine.running.xla_options import settled
from zhuanxing.engine.translating.element_by_element import Parts
from zhuanxing.engine.translating.nodes import Array, Env, Node, Scope, align, number
from zhuanxing.engine.translating.picking import picked
from zhuanxing.engine.translating.subscripts import Dimensions, Index

__all__ = ["Piece", "assemble", "covered", "joined"]


@dataclass(frozen=True)
class Piece:
    """One definition: its scope, left-hand subscripts, exceptions and expression."""

    scope: Scope
    subscripts: tuple[str, ...]
    excepts: tuple[tuple[str, ...], ...]
    node: Node


def assemble(pieces: Sequence[Piece], axes: tuple[str, ...], dimensions: Dimensions) -> Node:
    """Return the node of the whole variable, with an axis for every range of `axes`.

    Elements that no piece defines are NaN. Raises TranslationError for an element that two
    pieces define.
    """
    sizes = tuple(dimensions.size(axis) for axis in axes)
    first = pieces[0]
    whole = all(_index(dimensions, axes, first.subscripts)[i] is None for i in range(len(axes)))
    combine: Any
    if len(pieces) == 1 and whole and not first.excepts:

        def combine(env: Env) -> Array:
            return _spread(env, first)
    else:
        combine = _gather(pieces, axes, sizes, dimensions)
    nodes = [piece.node for piece in pieces]
    return Node(
        axes, combine, needs=frozenset().union(*(node.needs for node in nodes)),
        needs_initial=frozenset().union(*(node.needs_initial for node in nodes)),
        clock=any(node.clock for node in nodes), chance=any(node.chance for node in nodes),
        switches=any(node.switches for node in nodes),
        operations=sum(node.operations for node in nodes),
    )  # fmt: skip


def covered(element: Element, axes: tuple[str, ...], dimensions: Dimensions) -> np.ndarray:
    """Return which elements of a variable its pieces define: (*axes)."""
    sizes = tuple(dimensions.size(axis) for axis in axes)
    grid = np.arange(int(np.prod(sizes))).reshape(sizes)
    found = np.zeros(grid.size, dtype=bool)
    for part in element.components:
        region = _region(grid, _index(dimensions, axes, part.subscripts)).ravel()
        for group in part.excepts:
            region = np.setdiff1d(region, _excluded(grid, dimensions, axes, group))
        found[region] = True
    return found.reshape(sizes)


def joined(parts: Parts, axes: tuple[str, ...], dimensions: Dimensions) -> Node:
    """Return the node of a variable whose parts along some axes are variables of their own."""
    sizes = tuple(dimensions.size(axes[i]) for i in parts.places)
    rank = len(axes) - len(sizes)

    def combine(env: Env) -> Array:
        xp = env.xp
        values = [env.values[name] for name in parts.names]
        if any(np.ndim(value) > rank for value in values):
            values = [v if np.ndim(v) > rank else xp.asarray(v)[..., None] for v in values]
        stacked = xp.stack(xp.broadcast_arrays(*values))
        shaped = stacked.reshape(sizes + np.shape(stacked)[1:])
        return xp.moveaxis(shaped, range(len(sizes)), parts.places)

    needs = frozenset(parts.names)
    return Node(axes, combine, needs=needs, needs_initial=needs)


def _index(
    dimensions: Dimensions, axes: tuple[str, ...], subscripts: tuple[str, ...]
) -> list[Index | None]:
    return [dimensions.index(name, axis) for name, axis in zip(subscripts, axes, strict=True)]


def _spread(env: Env, piece: Piece) -> Array:
    """Return the piece's value over all ranges on its left-hand side."""
    scope, node = piece.scope, piece.node
    array = number(env.xp, node.value(env))
    (full,) = align(scope, [(array, node.dims)], scope.labels)
    shape = scope.sizes(scope.labels)
    if np.ndim(array) > len(node.dims):
        shape += (np.shape(array)[-1],)
        if not node.dims and scope.labels:
            full = full.reshape((1,) * len(scope.labels) + np.shape(array))
    return full if np.shape(full) == shape else env.xp.broadcast_to(full, shape)


def _gather(
    pieces: Sequence[Piece], axes: tuple[str, ...], sizes: tuple[int, ...], dimensions: Dimensions
) -> Any:
    """Return the function that joins flat pieces and puts every element in its place."""
    total = int(np.prod(sizes))
    grid = np.arange(total).reshape(sizes)
    source = np.full(total, -1)
    offset = 0
    for piece in pieces:
        region = _region(grid, _index(dimensions, axes, piece.subscripts))
        excluded = [_excluded(grid, dimensions, axes, group) for group in piece.excepts]
        kept = ~np.isin(region.ravel(), np.concatenate(excluded)) if excluded else slice(None)
        defined = region.ravel()[kept]
        _require_free(source, defined, axes, sizes, dimensions)
        source[defined] = (offset + np.arange(region.size))[kept]
        offset += region.size
    holes = bool((source < 0).any())
    source[source < 0] = offset
    in_order = np.array_equal(source, np.arange(total)) and not holes and offset == total

    def combine(env: Env) -> Array:
        xp = env.xp
        parts = [_spread(env, piece) for piece in pieces]
        batched = [
            np.ndim(part) > len(piece.scope.labels)
            for part, piece in zip(parts, pieces, strict=True)
        ]
        flat = []
        for part, has_runs in zip(parts, batched, strict=True):
            column = (
                xp.reshape(part, (-1, np.shape(part)[-1]))
                if has_runs
                else xp.reshape(part, (-1, 1))
            )
            if any(batched):
                column = xp.broadcast_to(column, (column.shape[0], env.runs))
            flat.append(column)
        if holes:
            flat.append(xp.full((1, flat[0].shape[1]), np.nan))
        joined = xp.concatenate(flat)
        placed = joined if in_order else picked(xp, joined, source, 0)
        if any(batched):
            # What XLA fuses with picked elements it does not do on vectors: up to six times slower.
            placed = settled(placed)
        return placed.reshape(sizes + ((env.runs,) if any(batched) else ()))

    return combine


def _require_free(
    source: np.ndarray,
    defined: np.ndarray,
    axes: tuple[str, ...],
    sizes: tuple[int, ...],
    dimensions: Dimensions,
) -> None:
    """Raise TranslationError if an element that a piece defines is defined already.

    A range that names an element more than once defines it so often.
    """
    again = np.ones(defined.size, dtype=bool)
    again[np.unique(defined, return_index=True)[1]] = False
    doubled = defined[again | (source[defined] >= 0)]
    if doubled.size:
        cell = np.unravel_index(int(doubled[0]), sizes)
        names = (dimensions.elements[axis][i] for axis, i in zip(axes, cell, strict=True))
        raise TranslationError(
            f"its element [{','.join(names)}] is defined twice, keep one definition."
        )


def _excluded(
    grid: np.ndarray, dimensions: Dimensions, axes: tuple[str, ...], group: tuple[str, ...]
) -> np.ndarray:
    """Return the flat places of an exception, as far as it lies within the variable's ranges."""
    for axis, (name, home) in enumerate(zip(group, axes, strict=True)):
        members = dimensions.elements[home]
        places = [members.index(name) for name in dimensions.members(name) if name in members]
        grid = np.take(grid, places, axis=axis)
    return grid.ravel()


def _region(grid: np.ndarray, indices: list[Index | None]) -> np.ndarray:
    """Return the flat places of a region: axes of single elements have length one."""
    for axis, index in enumerate(indices):
        if isinstance(index, int):
            grid = np.take(grid, [index], axis=axis)
        elif index is not None:
            places = np.arange(grid.shape[axis])[index]
            grid = np.take(grid, places, axis=axis)
    return grid
