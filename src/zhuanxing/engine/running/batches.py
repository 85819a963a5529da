"""Many runs in blocks of one fixed size, so that neither bits nor memory depend on their number.

Runs go through the device in blocks whatever the chunk size: the instructions that compute a run,
and hence its bits, depend on the device and the block size alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from zhuanxing.engine.running.dependency_order import evaluation_order
from zhuanxing.engine.running.devices import Device
from zhuanxing.engine.running.failures import within_memory
from zhuanxing.engine.running.graph import Graph, start_numpy
from zhuanxing.engine.running.inputs import Inputs
from zhuanxing.engine.running.numpy_stepper import walk
from zhuanxing.engine.running.run_plan import keyed
from zhuanxing.engine.running.scan import SOUND, STATE, Plan
from zhuanxing.engine.translating.model_builder import Built
from zhuanxing.engine.translating.nodes import Env

__all__ = ["Batch", "Failure", "Past", "Runs"]


@dataclass(frozen=True)
class Failure:
    """A run that left the domain of the equations: the first variable and year that did."""

    run: int
    variable: str
    year: float


@dataclass(frozen=True)
class Past:
    """What many runs have in common: their first `steps`, and the states after these.

    `states` are inputs of a run that begins there, `rows` the values of its outputs from before.
    """

    steps: int
    states: Mapping[str, np.ndarray]
    rows: Mapping[str, np.ndarray]

    @classmethod
    def of(cls, found: Mapping[str, Any], rest: Plan) -> Past:
        """Return what was found before a plan begins."""
        states = {name: np.asarray(one) for name, one in found.items() if name.startswith(STATE)}
        rows = {
            name: np.asarray(found[f"{name}|{how}"])[: rest.before(how)]
            for name, how in rest.outputs
        }
        return cls(rest.begin, states, rows)


class Runs(dict[str, np.ndarray]):
    """Outputs by name with a leading run axis, and the runs that failed."""

    failures: list[Failure]


class Batch:
    """The inputs of many runs, and the compiled function of one block of them."""

    def __init__(
        self,
        built: Built,
        given: Inputs,
        inputs: Mapping[str, np.ndarray],
        batched: frozenset[str],
        function: Callable[[Mapping[str, np.ndarray]], dict[str, Any]],
        outputs: Mapping[str, str],
        device: Device,
        after: Past | None,
    ) -> None:
        self._device = device
        self._before = {} if after is None else after.rows
        self._built = built
        self._given = given
        self._inputs = inputs
        self._batched = batched
        self._function = function
        same = {name: value for name, value in inputs.items() if name not in batched}
        self._same = device.place({**same, **(after.states if after else {})})
        self._outputs = keyed(outputs)
        self.count = next(inputs[name].shape[-1] for name in batched)

    def chunks(self, chunk: int) -> Iterator[Runs]:
        """Yield chunks of outputs."""
        held: dict[str, np.ndarray] = {}
        done = 0
        for start, block in self._blocks():
            held = {
                name: np.concatenate([held[name], array]) if len(held.get(name, ())) else array
                for name, array in block.items()
            }
            available = min(start + self._device.block, self.count)
            while done < available and (done + chunk <= available or available == self.count):
                size = min(chunk, self.count - done)
                taken = {name: array[:size] for name, array in held.items()}
                held = {name: array[size:] for name, array in held.items()}
                yield self._checked(taken, done)
                done += size

    def _blocks(self) -> Iterator[tuple[int, dict[str, np.ndarray]]]:
        """Yield the first run of every block, and its outputs.

        A card computes the next block while the outputs of the one before are taken from it.
        """
        ahead: deque[tuple[int, dict[str, Any]]] = deque()
        waiting = 1 if self._device.kind == "gpu" else 0
        with within_memory(self._device.too_small):
            for start in range(0, self.count, self._device.block):
                ahead.append((start, self._launched(start)))
                if len(ahead) > waiting:
                    first, found = ahead.popleft()
                    yield first, self._fetched(first, found)
            for first, found in ahead:
                yield first, self._fetched(first, found)

    def _launched(self, start: int) -> dict[str, Any]:
        """Start one block and return its outputs on the device; the last run fills up the block."""
        lanes = np.arange(start, start + self._device.block)
        whole = lanes[-1] < self.count
        chosen = slice(start, lanes[-1] + 1) if whole else np.minimum(lanes, self.count - 1)
        given = {
            name: np.ascontiguousarray(np.moveaxis(self._inputs[name], -1, 0)[chosen])
            for name in self._batched
        }
        return self._function({**self._same, **given})

    def _fetched(self, start: int, found: dict[str, Any]) -> dict[str, np.ndarray]:
        """Return a block's outputs and which runs are sound, without the runs that fill it up."""
        kept = min(self._device.block, self.count - start)
        result = {}
        keys = {name: f"{name}|{how}" for name, how in self._outputs.items()}
        for name, key in {**keys, SOUND: SOUND}.items():
            array = np.asarray(found[key])
            result[name] = np.broadcast_to(array, (self._device.block, *array.shape[1:]))[:kept]
        for name, rows in self._before.items():
            before = np.broadcast_to(rows, (kept, *rows.shape))
            result[name] = np.concatenate([before, result[name]], axis=1)
        return result

    def _checked(self, found: dict[str, np.ndarray], first: int) -> Runs:
        """Return a chunk with failed runs made NaN throughout and their failures named."""
        broken = np.flatnonzero(~found.pop(SOUND))
        runs = Runs(found)
        runs.failures = [self._failure(first + int(lane)) for lane in broken]
        for name, array in found.items():
            # What a device returns cannot be written to.
            runs[name] = array.copy()
            runs[name][broken] = np.nan
        return runs

    def _failure(self, run: int) -> Failure:
        """Return which variable was first not finite, and when, by stepping the run in numpy."""
        inputs = {
            name: value[..., run] if name in self._batched else value
            for name, value in self._inputs.items()
        }
        start, step, count = self._given.clock(inputs)
        graph = Graph(self._built, frozenset(inputs))
        order = [
            name
            for name in evaluation_order(graph.nodes, graph.in_step)
            if name in graph.nodes and name not in inputs
        ]
        env, _ = start_numpy(graph, inputs, (start, step), None, frozenset())
        found: list[Failure] = []

        def visit(now: Env) -> bool:
            broken = (name for name in order if not np.isfinite(now.values[name]).all())
            found.extend(Failure(run, name, float(now.time)) for name in [next(broken, "")] if name)
            return bool(found)

        with np.errstate(all="ignore"):
            walk(graph, env, list(graph.states), start + step * np.arange(count + 1), visit)
        return found[0] if found else Failure(run, "an input", start)
