"""Runs stepped in numpy: to find where one failed, and where compiling it is not worth while.

Where FINAL TIME or TIME STEP change during a run, the number of its steps is known when it has
ended, so that nothing can be compiled for it; of a large model that takes few steps compiling
takes longer than the run. Numpy evaluates the equations time by time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from zhuanxing.engine.running.graph import Graph, LazyValues, start_numpy
from zhuanxing.engine.running.inputs import FINAL_TIME, TIME_STEP
from zhuanxing.engine.running.integrators import combined
from zhuanxing.engine.translating.model_builder import Built
from zhuanxing.engine.translating.nodes import Array, Env
from zhuanxing.engine.translating.states import Leaves
from zhuanxing.errors import ZhuanxingError

__all__ = ["moment", "run_stepped", "walk"]

# A run that moves its own clock may never end.
MOST_STEPS = 1_000_000
# A step is taken if it ends before FINAL TIME, but for this part of it.
ROUNDING = 1e-5

Slopes = dict[str, Leaves]


def walk(
    graph: Graph, env: Env, states: Sequence[str], times: np.ndarray, visit: Callable[[Env], bool]
) -> None:
    """Step a numpy environment through `times` by Euler's rule until `visit` returns True."""
    current = {key: env.states[key] for key in states}
    for step, time in enumerate(times):
        now = moment(graph, env, time, step, current)
        if visit(now):
            return
        current = _advanced(graph, "euler", now)


def run_stepped(
    built: Built, method: str, inputs: Mapping[str, np.ndarray], outputs: Sequence[tuple[str, str]]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the times (T+1,) of a run and the paths (T+1, *dims) of outputs, by key.

    `inputs` are those of a run, with 'time:start'. Raises ZhuanxingError if the run does not end,
    or if an output is asked for as anything but a path: steps do not fit into years.
    """
    for name, how in outputs:
        if how != "path":
            raise ZhuanxingError(
                f"output '{name}' asks for '{how}', but FINAL TIME or TIME STEP change during the "
                "run: ask for its 'path'."
            )
    names = [name for name, _ in outputs]
    graph = Graph(built, frozenset(inputs))
    sizes = {
        name: tuple(graph.dimensions.size(label) for label in graph.nodes[name].dims)
        for name in names
    }
    times: list[float] = []
    paths: dict[str, list[Array]] = {name: [] for name in names}
    with np.errstate(all="ignore"):
        env = _start(graph, inputs)
        states = {key: env.states[key] for key in graph.states}
        begin, begun = float(env.time), 0  # where the present time step was first taken
        while True:
            time = begin + (len(times) - begun) * float(env.time_step)
            env = moment(graph, env, time, len(times), states)
            step = np.float64(_clock_value(env, TIME_STEP))
            if step != env.time_step:
                begin, begun, env.time_step = time, len(times), step
            times.append(time)
            for name in names:
                paths[name].append(np.broadcast_to(env.values[name], sizes[name]))
            if time + (1.0 - ROUNDING) * env.time_step > _clock_value(env, FINAL_TIME):
                break
            if len(times) > MOST_STEPS:
                raise ZhuanxingError(
                    f"the run has not ended after {MOST_STEPS:,} steps, at time {time:g}: "
                    "FINAL TIME must come nearer as Time goes on."
                )
            states = _advanced(graph, method, env)
    return np.array(times), {name: np.stack(path) for name, path in paths.items()}


def _start(graph: Graph, inputs: Mapping[str, np.ndarray]) -> Env:
    """Return the environment at the initial time, with the time step that the model has there."""
    start = float(inputs["time:start"])
    provisional, _ = start_numpy(graph, inputs, (start, 1.0), None, frozenset())
    first = _clock_value(provisional, TIME_STEP)
    return start_numpy(graph, inputs, (start, first), None, frozenset())[0]


def _clock_value(env: Env, name: str) -> float:
    """Return FINAL TIME or TIME STEP at a moment of a run."""
    value = np.asarray(env.values[name], dtype=np.float64)
    if value.size != 1 or not np.isfinite(value).all():
        raise ZhuanxingError(
            f"{name.upper()} is {value.tolist()} at time {float(env.time):g}, expected one number."
        )
    number = float(value.ravel()[0])
    if name == TIME_STEP and number <= 0:
        raise ZhuanxingError(
            f"TIME STEP is {number:g} at time {float(env.time):g}, expected more than 0."
        )
    return number


def moment(graph: Graph, env: Env, time: float, step: int, states: Mapping[str, Leaves]) -> Env:
    """Return the environment of a run at another time, whose values are computed as read."""
    now = Env(
        np, np.float64(time), step, env.time_step, False, inputs=env.inputs, runs=env.runs,
        batched=env.batched,
    )  # fmt: skip
    now.states = dict(states)
    now.values = LazyValues(graph, now)
    return now


def _advanced(graph: Graph, method: str, now: Env) -> dict[str, Leaves]:
    """Return all states one time step later."""
    moved = _moved(now, _slopes(graph, method, now), 1.0)
    return {key: graph.states[key].advance(now, leaves) for key, leaves in moved.items()}


def _slopes(graph: Graph, method: str, now: Env) -> Slopes:
    """Return the change of continuous states per unit of time, by the model's method."""

    def ahead(share: float, slopes: Slopes) -> Slopes:
        time = float(now.time + share * now.time_step)
        there = moment(graph, now, time, now.step, _moved(now, slopes, share))
        there.begun = now.values
        return _rates(graph, there)

    return combined(method, _rates(graph, now), ahead)


def _rates(graph: Graph, now: Env) -> Slopes:
    return {
        key: graph.states[key].rate(now, leaves)
        for key, leaves in now.states.items()
        if graph.states[key].continuous
    }


def _moved(now: Env, slopes: Slopes, share: float) -> dict[str, Leaves]:
    """Return the states after a share of a time step along `slopes`; discrete ones stay."""
    moved = dict(now.states)
    for key, rates in slopes.items():
        leaves = now.states[key]
        moved[key] = {
            name: leaves[name] + rate * (share * now.time_step) for name, rate in rates.items()
        }
    return moved
