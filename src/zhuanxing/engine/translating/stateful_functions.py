"""Functions that remember: each becomes a state of the model and a node that reads it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import numpy as np

from zhuanxing.engine.reading import syntax_tree
from zhuanxing.engine.translating import delays, samples, states
from zhuanxing.engine.translating.conveyors import ConveyorState, Zone
from zhuanxing.engine.translating.nodes import Array, Env, Node, lift
from zhuanxing.engine.translating.references import References

__all__ = ["STATES", "Remembering"]

# What keeps every value of a run is as long as the run.
WHOLE_RUN = {
    "begin": syntax_tree.Reference("initial time"),
    "end": syntax_tree.Reference("final time"),
}
STATES: dict[type, type[states.State]] = {
    syntax_tree.Initial: samples.HeldState,
    syntax_tree.Delay: delays.DelayState,
    syntax_tree.DelayN: delays.DelayNState,
    syntax_tree.DelayFixed: samples.DelayFixedState,
    syntax_tree.DelayInformation: samples.DelayInformationState,
    syntax_tree.DelayMaterial: samples.DelayMaterialState,
    syntax_tree.Depreciation: samples.DepreciationState,
    syntax_tree.History: samples.HistoryState,
    syntax_tree.Smooth: delays.SmoothState,
    syntax_tree.SmoothN: delays.SmoothState,
    syntax_tree.Trend: delays.TrendState,
    syntax_tree.Forecast: delays.ForecastState,
}


class Remembering(References):
    """Translates stocks, delays, smooths, trends, samples and initial values."""

    @abstractmethod
    def node(self, expression: Any) -> Node:
        """Return the node of an expression."""

    @abstractmethod
    def _bounded(self, domain: str) -> None:
        """Note what the inputs of this component must be: its value is NaN where they are not."""

    def _free_key(self) -> str:
        """Return the name of the next state of this component's variable."""
        key = f"@{self.scope.name}"
        while key in self.model.states:
            key += "'"
        return key

    def _state(self, make: Callable[[str], states.State]) -> Node:
        key = self._free_key()
        state = make(key)
        self.model.states[key] = state
        node_inputs = [state.inputs[name] for name in state.read_inputs]
        for name, node in state.inputs.items():
            extra = set(node.dims) - set(self.scope.labels)
            if extra:
                raise self.refuse(f"the {name} of a stock or delay runs over {sorted(extra)}.")
        return Node(
            self.scope.labels, lambda env: state.read(env, env.states[key]), needs=state.read_needs,
            needs_initial=state.read_needs_initial, clock=any(node.clock for node in node_inputs),
            chance=any(node.chance for node in node_inputs),
        )  # fmt: skip

    def _remembered(self, node: Any) -> Node:
        """Return the state of a function: the fields of the node are its inputs."""
        kind = STATES[type(node)]
        parts = {field.name: getattr(node, field.name) for field in fields(node)}
        if issubclass(kind, samples.HistoryState):
            parts |= WHOLE_RUN
        inputs = {name: self.node(part) for name, part in parts.items()}
        return self._state(lambda key: kind(key, self.scope, inputs))

    def _integ(self, node: syntax_tree.Integ) -> Node:
        inputs = {"flow": self.node(node.flow), "initial": self.node(node.initial)}
        return self._state(
            lambda key: states.StockState(
                key, self.scope, inputs, bool(node.non_negative), self.region
            )
        )

    def _conveyor(self, node: syntax_tree.Conveyor) -> Node:
        """Return the stock that lies on a conveyor."""
        listed = isinstance(node.initial, np.ndarray)
        parts = {
            "initial": 0.0 if listed else node.initial, "inflow": node.inflow,
            "transit": node.transit, "sample": node.sample, "arrest": node.arrest,
            "blocked": node.blocked,
        }  # fmt: skip
        for k, leak in enumerate(node.leaks):
            parts |= {f"leak {k}": leak.fraction, f"stop {k}": leak.blocked}
        inputs = {name: self.node(part) for name, part in parts.items()}
        if not node.fixed:
            inputs |= {name: self.node(part) for name, part in WHOLE_RUN.items()}
        if listed:
            inputs["listed"] = Node((), lambda env: node.initial, constant=node.initial)
        zones = [Zone(leak.start, leak.end) for leak in node.leaks]
        self._bounded("the transit time of a conveyor must not grow beyond the length of the run")
        return self._state(
            lambda key: ConveyorState(key, self.scope, inputs, zones, node.exponential)
        )

    def _conveyorflow(self, node: syntax_tree.ConveyorFlow) -> Node:
        """Return a flow that a conveyor makes."""
        key, states = f"@{node.stock}", self.model.states
        reads = [self.node(part) for part in node.reads]
        plain = lift(self.scope, lambda env, *_: 0.0, reads)

        def value(env: Env) -> Array:
            conveyor = states[key]
            assert isinstance(conveyor, ConveyorState)
            return conveyor.flow(env, env.states[key], node.place)

        return replace(
            plain, dims=self.scope.labels, value=value, needs=plain.needs | {key},
            needs_initial=plain.needs_initial | {key},
        )  # fmt: skip

    def _sampleiftrue(self, node: syntax_tree.SampleIfTrue) -> Node:
        """Return a sample; where it reads its own variable, it reads the sample before."""
        self.sampled = self._free_key()
        condition, entering = self.node(node.condition), self.node(node.input)
        self.sampled = None
        inputs = {"condition": condition, "input": entering, "initial": self.node(node.initial)}
        return self._state(lambda key: samples.SampleState(key, self.scope, inputs))
