"""Who needs whom in a model, and its start in numpy, where only what is read is computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from zhuanxing.engine.running.dependency_order import dependents, evaluation_order
from zhuanxing.engine.translating.model_builder import Built
from zhuanxing.engine.translating.nodes import Array, Env, Node, number
from zhuanxing.engine.translating.states import Leaves, State

__all__ = ["Graph", "LazyValues", "start_numpy", "variable"]


class Graph:
    """Who needs whom, in a step and at the start, given which variables are overridden."""

    def __init__(self, built: Built, overridden: frozenset[str]) -> None:
        self.nodes = built.nodes
        self.states: Mapping[str, State] = built.model.states
        self.tables = built.model.tables
        self.dimensions = built.model.dimensions
        self.replaced = frozenset(name for name in overridden if not self.is_stock(name))

    def is_stock(self, name: str) -> bool:
        """Tell whether the variable is a stock: its override is its initial value."""
        state = self.states.get(f"@{name}")
        started = state is not None and state.overridable
        return started and self.nodes[name].needs >= {f"@{name}"}

    def in_step(self, name: str) -> frozenset[str]:
        """Return what a variable reads in a step; a state is given."""
        if name.startswith("@") or name in self.tables or name in self.replaced:
            return frozenset()
        return self.nodes[name].needs

    def at_start(self, name: str) -> frozenset[str]:
        """Return what a variable or state reads when the model initialises."""
        if name.startswith("@"):
            return self.states[name].needs_initial
        if name in self.tables or name in self.replaced:
            return frozenset()
        return self.nodes[name].needs_initial

    def ever(self, name: str) -> frozenset[str]:
        """Return what a variable or state reads at any moment."""
        if name.startswith("@"):
            return self.states[name].needs | self.states[name].needs_initial
        return self.in_step(name) | self.at_start(name)

    def varying(self, names: Sequence[str]) -> set[str]:
        """Return the names whose value changes from step to step."""
        sources = {
            name
            for name in names
            if name.startswith("@")
            or (
                name in self.nodes
                and name not in self.replaced
                and (self.nodes[name].clock or self.nodes[name].chance)
            )
        }
        return dependents(sources, names, self.in_step)


def variable(graph: Graph, env: Env, name: str) -> Array:
    """Return a variable's value: its override, or its node's."""
    if name in graph.replaced or (name in env.inputs and not graph.is_stock(name)):
        return env.inputs[name]
    return number(env.xp, graph.nodes[name].value(env))


class LazyValues(dict[str, Any]):
    """Variables computed by numpy when they are first read."""

    def __init__(self, graph: Graph, env: Env) -> None:
        super().__init__()
        self._graph = graph
        self._env = env

    def __missing__(self, name: str) -> Array:
        """Compute a variable after all that it needs: a long chain is no deep recursion."""
        for found in evaluation_order([name], self._missing):
            if found.startswith("@"):
                self._env.states[found]  # computed now, where the model initialises
            elif found in self._graph.nodes:
                self[found] = variable(self._graph, self._env, found)
        return self[name]

    def _missing(self, name: str) -> list[str]:
        graph, env = self._graph, self._env
        needs = (graph.at_start if env.initialising else graph.in_step)(name)
        return [need for need in needs if need not in self and need not in env.states]


class _LazyStates(dict[str, Any]):
    """Initial states computed by numpy when they are first read; lengths are noted."""

    def __init__(self, graph: Graph, env: Env, time_step: float, lengths: dict[str, int]) -> None:
        super().__init__()
        self._graph = graph
        self._env = env
        self._time_step = time_step
        self._lengths = lengths

    def __missing__(self, key: str) -> Leaves:
        state = self._graph.states[key]
        self._lengths[key] = state.length(self._nominal, self._time_step)
        leaves = state.start(self._env, self._lengths[key])
        self[key] = leaves
        return leaves

    def _nominal(self, node: Node) -> np.ndarray:
        return np.asarray(node.value(self._env))


def start_numpy(
    graph: Graph,
    inputs: Mapping[str, Array],
    clock: tuple[float, float],
    runs: int | None,
    batched: frozenset[str],
) -> tuple[Env, dict[str, int]]:
    """Return a numpy environment at the initial time, computed as it is read, and the lengths.

    `clock` is (initial time, time step).
    """
    lengths: dict[str, int] = {}
    env = Env(
        np, np.float64(clock[0]), 0, np.float64(clock[1]), initialising=True, inputs=dict(inputs),
        runs=runs, batched=batched,
    )  # fmt: skip
    env.values = LazyValues(graph, env)
    env.states = _LazyStates(graph, env, clock[1], lengths)
    return env, lengths
