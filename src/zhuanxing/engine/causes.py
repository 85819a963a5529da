"""Who reads whom in a model, and runs in which chosen variables keep to the path of another run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from zhuanxing.engine.running.dependency_order import reachable
from zhuanxing.engine.running.devices import CPU
from zhuanxing.engine.running.graph import Graph
from zhuanxing.engine.running.run_plan import inputs_read, keyed, make_plan
from zhuanxing.engine.running.scan import simulate
from zhuanxing.engine.running.xla_options import THOROUGH
from zhuanxing.engine.translating.nodes import Array, Env, Node

if TYPE_CHECKING:
    from zhuanxing.engine.program import Past, Program

__all__ = ["FrozenRuns", "causes", "stocks"]

MASK = "frozen:mask"


def causes(program: Program) -> dict[str, frozenset[str]]:
    """Return by variable what it reads in a step; a stock reads what its rates read."""
    graph = Graph(program.built, frozenset())

    def through_states(name: str) -> frozenset[str]:
        return graph.states[name].needs if name.startswith("@") else frozenset()

    return {
        name: frozenset(reachable(node.needs, through_states) & graph.nodes.keys())
        for name, node in graph.nodes.items()
    }


def stocks(program: Program) -> frozenset[str]:
    """Return the variables that are stocks."""
    graph = Graph(program.built, frozenset())
    return frozenset(name for name in graph.nodes if graph.is_stock(name))


class FrozenRuns:
    """Runs side by side, the first of which lends its path to variables frozen in the others.

    `names` are the variables that may be frozen, `outputs` what is asked, as for `Program.run`.
    Where runs begin later, `begin` is the number of steps before; see `Program.past`.
    """

    def __init__(
        self,
        program: Program,
        overrides: Mapping[str, ArrayLike],
        names: Sequence[str],
        outputs: Mapping[str, str],
        begin: int = 0,
    ) -> None:
        nodes = dict(program.built.nodes)
        for place, name in enumerate(names):
            nodes[name] = _freezable(nodes[name], place)
        self.names = tuple(names)
        self._program, self._given = program, program.given
        self._outputs = keyed(outputs)
        inputs = self._gathered(overrides)
        batched = frozenset(n for n, value in inputs.items() if self._given.has_runs(n, value))
        whole = make_plan(
            replace(program.built, nodes=nodes), self._given, program.method, inputs, outputs,
            batched=batched, runs=CPU.block,
        )  # fmt: skip
        self._plan = replace(whole, begin=begin)
        self._found: Callable[..., Any] | None = None

    def run(
        self, overrides: Mapping[str, ArrayLike], mask: np.ndarray, after: Past | None = None
    ) -> dict[str, np.ndarray]:
        """Return the outputs, runs first, of runs in which the variables of `mask` are frozen.

        `overrides` have runs first; `mask` [run, name] is true where a run takes the variable's
        value from the first run, in which nothing may be frozen. `after` is what all have in
        common; rows from then are not returned.
        """
        states = {} if after is None else after.states
        found: dict[str, list[np.ndarray]] = {name: [] for name in self._outputs}
        runs, room = len(mask), CPU.block - 1
        for first in range(1, max(runs, 2), room):
            lanes = np.r_[0, np.minimum(np.arange(first, first + room), runs - 1)]
            chosen = {
                name: np.asarray(value)[lanes] if np.ndim(value) > len(self._given.shape(name))
                else value
                for name, value in overrides.items()
            }  # fmt: skip
            raw = self._function({**self._gathered(chosen), **states}, mask[lanes].T)
            kept = slice(0 if first == 1 else 1, 1 + min(room, runs - first))
            for name, how in self._outputs.items():
                array = np.moveaxis(np.asarray(raw[f"{name}|{how}"]), -1, 0)
                found[name].append(array[kept])
        return {name: np.concatenate(parts) for name, parts in found.items()}

    def _function(self, inputs: Mapping[str, Any], mask: np.ndarray) -> dict[str, Any]:
        plan = self._plan
        chosen = {name: inputs[name] for name in inputs_read(plan, inputs)}
        if self._found is None:
            question = (
                "frozen runs", self.names, plan.outputs, plan.steps, plan.begin,
                sorted(plan.lengths.items()),
            )  # fmt: skip
            self._found = self._program.compiled(
                question,
                lambda given, mask: simulate(plan, {**given, MASK: mask}),
                (chosen, mask),
                THOROUGH,
            )
        found: dict[str, Any] = self._found(chosen, mask)
        return found

    def _gathered(self, overrides: Mapping[str, ArrayLike]) -> dict[str, Any]:
        return self._given.gather(overrides, runs=True)


def _freezable(node: Node, place: int) -> Node:
    """Return a node that, in the runs where its mask is set, has the value of the first run."""

    def value(env: Env) -> Array:
        array = node.value(env)
        mask = None if env.initialising else env.inputs.get(MASK)
        if mask is None or np.ndim(array) <= len(node.dims):
            return array
        return env.xp.where(mask[place], array[..., :1], array)

    return replace(node, value=value)
