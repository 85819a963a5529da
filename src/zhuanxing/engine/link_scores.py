"""Link scores: what part of a variable's change over a step each of its causes brings about."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from zhuanxing.engine.running.graph import Graph, start_numpy
from zhuanxing.engine.running.numpy_stepper import moment
from zhuanxing.engine.translating.nodes import Array, Env, Node, number
from zhuanxing.engine.translating.states import State

if TYPE_CHECKING:
    from zhuanxing.engine.program import Program

__all__ = ["link_scores"]

# A change smaller than this part of the value is rounding.
STILL = 1e-12
CITY = "city"


def link_scores(
    program: Program, overrides: Mapping[str, ArrayLike], city: str
) -> tuple[np.ndarray, list[dict[str, dict[str, float]]], frozenset[str]]:
    """Return times, at each the scores [target][cause] of every link, and the states.

    Scores are those of a step in the middle of each year. What is by sector, land use and so on is
    one variable, whose change is the sum of the sizes of its elements' changes in `city`. A state,
    named "@...", takes the score of its rate of change.
    """
    inputs = program.given.gather(overrides)
    start, step, count = program.given.clock(inputs)
    graph = Graph(program.built, frozenset(inputs))
    steps = round(1.0 / step)
    place = program.dims[CITY].index(city.replace("_", " ")) if CITY in program.dims else 0
    middles = range(steps // 2, count - 1, steps)
    pairs = [at for middle in middles for at in (middle, middle + 1)]
    states = program.states_at(overrides, pairs)
    env, _ = start_numpy(graph, inputs, (start, step), None, frozenset())

    def at(row: int) -> Env:
        time = start + step * pairs[row]
        now = {key: {n: leaf[row] for n, leaf in leaves.items()} for key, leaves in states.items()}
        return moment(graph, env, time, pairs[row], now)

    with np.errstate(all="ignore"):
        scores = [
            _scores(graph, at(row), at(row + 1), place, set(inputs))
            for row in range(0, len(pairs), 2)
        ]
    times = np.floor(start + step * np.array(middles))
    return times, scores, frozenset(graph.states)


def _scores(
    graph: Graph, before: Env, after: Env, place: int, given: set[str]
) -> dict[str, dict[str, float]]:
    moved = {
        name: after.values[name] - before.values[name] for name in graph.nodes if name not in given
    }
    changed = {n for n, change in moved.items() if _moves(change, before.values[n])}
    pushes = {name: _of_city(graph, name, moved[name], place) for name in changed}
    for key in graph.states:
        change = _sum(after.states[key]) - _sum(before.states[key])
        pushes[key] = _of_city(graph, key, change, place)
    mixed = moment(graph, before, float(before.time), before.step, before.states)
    mixed.values.update(before.values)

    def links(name: str, needs: frozenset[str], value: Callable[[Env], Array]) -> dict[str, float]:
        start = value(before)
        whole = np.abs(_of_city(graph, name, value(after) - start, place)).sum()
        parts = {}
        for cause in needs & pushes.keys():
            with _later(mixed, after, cause):
                part = _of_city(graph, name, value(mixed) - start, place)
            if whole > 0 and part.any():
                size = np.abs(part).sum() / whole
                parts[cause] = float(size * (_sign(part) * _sign(pushes[cause]) or 1.0))
        return parts

    found = {}
    for name in changed:
        found[name] = links(name, graph.nodes[name].needs, partial(_value, graph.nodes[name]))
    for key, state in graph.states.items():
        if state.continuous:
            found[key] = links(key, state.needs, partial(_rate, key, state))
    return found


def _value(node: Node, env: Env) -> Array:
    return number(np, node.value(env))


def _rate(key: str, state: State, env: Env) -> np.ndarray:
    return _sum(state.rate(env, env.states[key]))


@contextmanager
def _later(env: Env, after: Env, cause: str) -> Iterator[None]:
    """Let one cause be as it is later."""
    here, there = (
        (env.states, after.states) if cause.startswith("@") else (env.values, after.values)
    )
    kept, here[cause] = here[cause], there[cause]
    yield
    here[cause] = kept


def _moves(change: np.ndarray, start: np.ndarray) -> bool:
    return bool((np.abs(change) > STILL * np.abs(start)).any())


def _sign(array: np.ndarray) -> float:
    """Return the sign of the element that moves most: shifts between elements add up to zero."""
    return float(np.sign(array[np.abs(array).argmax()]))


def _of_city(graph: Graph, name: str, array: Any, place: int) -> np.ndarray:
    """Return the elements of the city, or all where none are its own."""
    array = np.asarray(array, dtype=float)
    labels = graph.nodes[name].dims if name in graph.nodes else ()
    size = graph.dimensions.size(CITY)
    if CITY in labels and array.ndim == len(labels):
        axis: int | None = labels.index(CITY)
    else:
        axis = next((i for i, length in enumerate(array.shape) if length == size), None)
    return np.ravel(array if axis is None else np.take(array, place, axis))


def _sum(leaves: Mapping[str, Any]) -> np.ndarray:
    return np.asarray(sum(np.asarray(leaf, dtype=float) for leaf in leaves.values()))
