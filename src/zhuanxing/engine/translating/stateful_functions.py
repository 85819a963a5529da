"""Functions that remember: each becomes a state of the model and a node that reads it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from zhuanxing.engine.reading import syntax_tree
from zhuanxing.engine.translating import delays, samples, states
from zhuanxing.engine.translating.nodes import Node
from zhuanxing.engine.translating.references import References

__all__ = ["Remembering"]

# What keeps every value of a run is as long as the run.
WHOLE_RUN = {
    "begin": syntax_tree.Reference("initial time"),
    "end": syntax_tree.Reference("final time"),
}


class Remembering(References):
    """Translates stocks, delays, smooths, trends, samples and initial values."""

    @abstractmethod
    def node(self, expression: Any) -> Node:
        """Return the node of an expression."""

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
            self.scope.labels,
            lambda env: state.read(env, env.states[key]),
            needs=state.read_needs,
            needs_initial=state.read_needs_initial,
            clock=any(node.clock for node in node_inputs),
            chance=any(node.chance for node in node_inputs),
        )

    def _kept(self, kind: type[states.State], **expressions: Any) -> Node:
        inputs = {name: self.node(expression) for name, expression in expressions.items()}
        return self._state(lambda key: kind(key, self.scope, inputs))

    def _integ(self, node: syntax_tree.Integ) -> Node:
        inputs = {"flow": self.node(node.flow), "initial": self.node(node.initial)}
        return self._state(
            lambda key: states.StockState(
                key, self.scope, inputs, bool(node.non_negative), self.region
            )
        )

    def _initial(self, node: syntax_tree.Initial) -> Node:
        return self._kept(samples.HeldState, initial=node.initial)

    def _delay(self, node: syntax_tree.Delay) -> Node:
        return self._kept(
            delays.DelayState,
            input=node.input,
            time=node.delay_time,
            initial=node.initial,
            order=node.order,
        )

    def _delayn(self, node: syntax_tree.DelayN) -> Node:
        return self._kept(
            delays.DelayNState,
            input=node.input,
            time=node.delay_time,
            initial=node.initial,
            order=node.order,
        )

    def _delayfixed(self, node: syntax_tree.DelayFixed) -> Node:
        return self._kept(
            samples.DelayFixedState, input=node.input, time=node.delay_time, initial=node.initial
        )

    def _delaymaterial(self, node: syntax_tree.DelayMaterial) -> Node:
        return self._kept(
            samples.DelayMaterialState,
            input=node.input,
            time=node.delay_time,
            initial=node.initial,
            missing=node.missing,
            **WHOLE_RUN,
        )

    def _history(self, node: syntax_tree.History) -> Node:
        return self._kept(samples.HistoryState, input=node.input, moment=node.moment, **WHOLE_RUN)

    def _smooth(self, node: syntax_tree.Smooth | syntax_tree.SmoothN) -> Node:
        return self._kept(
            delays.SmoothState,
            input=node.input,
            time=node.smooth_time,
            initial=node.initial,
            order=node.order,
        )

    _smoothn = _smooth

    def _trend(self, node: syntax_tree.Trend) -> Node:
        return self._kept(
            delays.TrendState, input=node.input, time=node.average_time, trend=node.initial_trend
        )

    def _forecast(self, node: syntax_tree.Forecast) -> Node:
        return self._kept(
            delays.ForecastState,
            input=node.input,
            time=node.average_time,
            trend=node.initial_trend,
            horizon=node.horizon,
        )

    def _sampleiftrue(self, node: syntax_tree.SampleIfTrue) -> Node:
        """Return a sample; where it reads its own variable, it reads the sample before."""
        self.sampled = self._free_key()
        condition, entering = self.node(node.condition), self.node(node.input)
        self.sampled = None
        inputs = {"condition": condition, "input": entering, "initial": self.node(node.initial)}
        return self._state(lambda key: samples.SampleState(key, self.scope, inputs))
