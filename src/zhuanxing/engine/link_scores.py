"""Link scores: what part of a variable's change over a step each of its causes brings about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from zhuanxing.engine.running.numpy_stepper import walk
from zhuanxing.engine.running.scan import Graph, start_numpy
from zhuanxing.engine.translating.nodes import Env, number

if TYPE_CHECKING:
    from zhuanxing.engine.program import Program

__all__ = ["link_scores"]

# A change smaller than this part of the value is rounding.
STILL = 1e-12
CITY = "city"
Values = dict[str, np.ndarray]


def link_scores(
    program: Program, overrides: Mapping[str, ArrayLike], city: str
) -> tuple[np.ndarray, list[dict[str, dict[str, float]]], frozenset[str]]:
    """Return times, at each the scores [target][cause] of every link, and the states.

    Scores are those of a step in the middle of each year, of the elements of `city` summed over
    their other dimensions. A state, named "@...", takes the score of its rate of change.
    """
    inputs = program.given.gather(overrides, None, None)
    start, step, count = program.given.clock(inputs)
    graph = Graph(program.built, frozenset(inputs))
    steps = round(1.0 / step)
    place = program.dims[CITY].index(city.replace("_", " ")) if CITY in program.dims else 0
    wanted = set(range(steps // 2, count, steps))
    seen: list[Env] = []
    scores, times = [], []

    def visit(now: Env) -> bool:
        if now.step - 1 in wanted and seen:
            scores.append(_scores(graph, seen[-1], now, place, set(inputs)))
            times.append(float(seen[-1].time))
        seen[:] = [now] if now.step in wanted else []
        return False

    env, _ = start_numpy(graph, inputs, (start, step), None, frozenset())
    with np.errstate(all="ignore"):
        walk(graph, env, list(graph.states), start + step * np.arange(count + 1), visit)
        states = frozenset(graph.states)
    return np.floor(np.array(times)), scores, states


def _scores(
    graph: Graph, before: Env, after: Env, place: int, given: set[str]
) -> dict[str, dict[str, float]]:
    found = {}
    changed = {
        name: _moved(graph, before, after, name) for name in graph.nodes if name not in given
    }
    for name, node in graph.nodes.items():
        if name in given or not changed[name]:
            continue
        causes = [need for need in node.needs if need.startswith("@") or changed.get(need)]
        whole = _own(graph, name, after.values[name] - before.values[name], place)
        found[name] = _parts(
            graph, before, after, causes, place, lambda env, n=node: number(np, n.value(env)),
            before.values[name], whole, name,
        )  # fmt: skip
    for key, state in graph.states.items():
        if not state.continuous:
            continue
        rate = lambda env, k=key, s=state: _sum(s.rate(env, env.states[k]))  # noqa: E731
        one, other = rate(before), rate(after)
        causes = [need for need in state.needs if need.startswith("@") or changed.get(need)]
        whole = _own(graph, key, other - one, place)
        found[key] = _parts(graph, before, after, causes, place, rate, one, whole, key)
    return found


def _parts(
    graph: Graph, before: Env, after: Env, causes: list[str], place: int, value: Any,
    start: np.ndarray, whole: float, name: str,
) -> dict[str, float]:  # fmt: skip
    """Return by cause its score: the part of the change that it brings alone, with its sign."""
    parts = {}
    for cause in causes:
        moved = _own(graph, name, value(_with(before, after, cause)) - start, place)
        push = _own_cause(graph, before, after, cause, place)
        if abs(whole) > 0 and moved != 0:
            parts[cause] = abs(moved / whole) * (np.sign(moved) * np.sign(push) or 1.0)
    return parts


def _with(before: Env, after: Env, cause: str) -> Env:
    """Return the earlier moment with one cause as it is later."""
    env = Env(np, before.time, before.step, before.time_step, False, inputs=before.inputs)
    env.states = dict(before.states)
    env.values = dict(before.values)
    if cause.startswith("@"):
        env.states[cause] = after.states[cause]
    else:
        env.values[cause] = after.values[cause]
    return env


def _moved(graph: Graph, before: Env, after: Env, name: str) -> bool:
    one, other = before.values[name], after.values[name]
    return bool((np.abs(other - one) > STILL * np.abs(one)).any())


def _own(graph: Graph, name: str, array: Any, place: int) -> float:
    """Return the sum of an array over all but the city."""
    labels = graph.nodes[name].dims if name in graph.nodes else ()
    return _at(np.asarray(array, dtype=float), labels, place, graph)


def _own_cause(graph: Graph, before: Env, after: Env, cause: str, place: int) -> float:
    if cause.startswith("@"):
        change = _sum(after.states[cause]) - _sum(before.states[cause])
        return _at(change, (), place, graph)
    return _own(graph, cause, after.values[cause] - before.values[cause], place)


def _at(array: np.ndarray, labels: tuple[str, ...], place: int, graph: Graph) -> float:
    if CITY in labels and array.ndim == len(labels):
        return float(np.take(array, place, labels.index(CITY)).sum())
    size = graph.dimensions.size(CITY)
    axis = next((i for i, length in enumerate(array.shape) if length == size), None)
    return float((array if axis is None else np.take(array, place, axis)).sum())


def _sum(leaves: Mapping[str, Any]) -> np.ndarray:
    return np.asarray(sum(np.asarray(leaf, dtype=float) for leaf in leaves.values()))
