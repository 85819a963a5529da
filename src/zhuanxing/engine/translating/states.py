"""What a model remembers from step to step: stocks, delays, smooths, samples, initial values.

Each state is a dict of arrays. A continuous state has a rate and is integrated by the model's
method; a discrete one is replaced at every step. Formulas follow PySD's stateful objects, which
follow Vensim's documentation.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np

from zhuanxing.engine.translating.nodes import Array, Env, Node, Scope, align, number
from zhuanxing.engine.translating.safe_maths import divide, zero_divide
from zhuanxing.errors import ZhuanxingError

__all__ = [
    "DelayFixedState",
    "DelayNState",
    "DelayState",
    "ForecastState",
    "HeldState",
    "SampleState",
    "SmoothState",
    "State",
    "StockState",
    "TrendState",
]

Leaves = dict[str, Array]
Nominal = Callable[[Node], np.ndarray]


class State(ABC):
    """A state of one variable, or of one piece of it: axes are the labels of its scope."""

    continuous: ClassVar[bool] = True
    # Inputs read to initialise, to advance, and to tell the value.
    start_inputs: ClassVar[tuple[str, ...]] = ("initial",)
    step_inputs: ClassVar[tuple[str, ...]] = ()
    read_inputs: ClassVar[tuple[str, ...]] = ()

    def __init__(self, key: str, scope: Scope, inputs: Mapping[str, Node]) -> None:
        self.key = key
        self.scope = scope
        self.inputs = dict(inputs)

    @property
    def read_needs(self) -> frozenset[str]:
        """Names read to tell the value in a step, the state itself among them."""
        return frozenset((self.key,)).union(*(self.inputs[n].needs for n in self.read_inputs))

    @property
    def read_needs_initial(self) -> frozenset[str]:
        """Names read to tell the value while the model initialises."""
        reads = (self.inputs[name].needs_initial for name in self.read_inputs)
        return frozenset((self.key,)).union(*reads)

    @property
    def needs(self) -> frozenset[str]:
        """Names read to advance the state."""
        return frozenset().union(*(self.inputs[name].needs for name in self.step_inputs))

    @property
    def needs_initial(self) -> frozenset[str]:
        """Names read to initialise the state."""
        return frozenset().union(*(self.inputs[name].needs_initial for name in self.start_inputs))

    @abstractmethod
    def start(self, env: Env, length: int) -> Leaves:
        """Return the state at the initial time."""

    def length(self, nominal: Nominal, time_step: float) -> int:
        """Return the number of stages, fixed when the run is compiled."""
        return 1

    def finite(self, what: str, value: float) -> float:
        """Return a number that fixes the length of a state; raise ZhuanxingError if it is none."""
        if not np.isfinite(value):
            raise ZhuanxingError(
                f"variable '{self.scope.name}': the {what} of its delay or smooth is {value} at "
                "the initial time, expected a finite number."
            )
        return value

    def read(self, env: Env, leaves: Leaves) -> Array:
        """Return the value that equations see."""
        return leaves["level"]

    def rate(self, env: Env, leaves: Leaves) -> Leaves:
        """Return the change of a continuous state per unit of time."""
        raise NotImplementedError

    def settle(self, env: Env, leaves: Leaves) -> Leaves:
        """Return the leaves after integration, corrected where the state is bounded."""
        return leaves

    def advance(self, env: Env, leaves: Leaves) -> Leaves:
        """Return a discrete state at the next step."""
        raise NotImplementedError

    def get(self, env: Env, name: str) -> Array:
        """Return an input with an axis for every label of the state."""
        node = self.inputs[name]
        return self.whole(env, number(env.xp, node.value(env)), node.dims)

    def whole(self, env: Env, array: Array, dims: tuple[str, ...]) -> Array:
        """Return the array with every label of the state, and the runs if the state has them."""
        shape = self.scope.sizes(self.scope.labels)
        (full,) = align(self.scope, [(array, dims)], self.scope.labels)
        if self.key in env.batched and env.runs is not None:
            full = full if np.ndim(array) > len(dims) or np.ndim(full) == 0 else full[..., None]
            shape += (env.runs,)
        return env.xp.broadcast_to(full, shape)


class StockState(State):
    """INTEG(flow, initial); `region` is where this piece lies in the variable."""

    step_inputs: ClassVar[tuple[str, ...]] = ("flow",)

    def __init__(
        self,
        key: str,
        scope: Scope,
        inputs: Mapping[str, Node],
        non_negative: bool,
        region: Callable[[Any, Array], Array],
    ) -> None:
        super().__init__(key, scope, inputs)
        self.non_negative = non_negative
        self.region = region

    def start(self, env: Env, length: int) -> Leaves:
        given = env.inputs.get(self.scope.name)
        if given is not None:
            return {"level": self.whole(env, self.region(env.xp, given), self.scope.labels)}
        return {"level": self.get(env, "initial")}

    def rate(self, env: Env, leaves: Leaves) -> Leaves:
        return {"level": self.get(env, "flow")}

    def settle(self, env: Env, leaves: Leaves) -> Leaves:
        return {"level": env.xp.maximum(leaves["level"], 0.0)} if self.non_negative else leaves


class _Staged(State):
    """A chain of stages whose number is fixed at the start."""

    time_input = "time"

    def length(self, nominal: Nominal, time_step: float) -> int:
        wanted = self._stages_asked(nominal)
        shortest = float(np.min(nominal(self.inputs[self.time_input])))
        # PySD lowers the order where a stage would be shorter than the time step.
        while wanted > 1 and wanted * time_step > shortest:
            wanted -= 1
        return wanted

    def _stages_asked(self, nominal: Nominal) -> int:
        return max(int(self.finite("order", float(np.max(nominal(self.inputs["order"]))))), 1)

    def _stages(self, env: Env, array: Array, length: int) -> Array:
        return env.xp.broadcast_to(array[None], (length, *np.shape(array)))


class DelayState(_Staged):
    """DELAY1, DELAY3: stages hold material, and each empties at the present delay time."""

    step_inputs: ClassVar[tuple[str, ...]] = ("input", "time")
    read_inputs: ClassVar[tuple[str, ...]] = ("time",)
    start_inputs: ClassVar[tuple[str, ...]] = ("initial", "time")

    def start(self, env: Env, length: int) -> Leaves:
        filled = self.get(env, "initial") * self.get(env, "time")
        return {"level": self._stages(env, filled, length)}

    def read(self, env: Env, leaves: Leaves) -> Array:
        return divide(env, leaves["level"][-1], self.get(env, "time"))

    def rate(self, env: Env, leaves: Leaves) -> Leaves:
        order = np.shape(leaves["level"])[0]
        out = divide(env, leaves["level"], self.get(env, "time")[None])
        into = env.xp.concatenate([self.get(env, "input")[None], out[:-1]])
        return {"level": (into - out) * float(order)}


class DelayNState(_Staged):
    """DELAY N: stages hold material and the delay time with which they were filled."""

    step_inputs: ClassVar[tuple[str, ...]] = ("input", "time")
    start_inputs: ClassVar[tuple[str, ...]] = ("initial", "time", "order")

    def start(self, env: Env, length: int) -> Leaves:
        times = self.get(env, "time")
        filled = self.get(env, "initial") * times
        return {
            "level": self._stages(env, filled, length),
            "times": self._stages(env, times, length),
        }

    def read(self, env: Env, leaves: Leaves) -> Array:
        return divide(env, leaves["level"][-1], leaves["times"][0])

    def rate(self, env: Env, leaves: Leaves) -> Leaves:
        order = np.shape(leaves["level"])[0]
        times = self._rolled(env, leaves)
        out = divide(env, leaves["level"], times)
        into = env.xp.concatenate([self.get(env, "input")[None], out[:-1]])
        # The times are no quantity that flows: their "rate" moves them on within one step.
        moved = (times - leaves["times"]) / env.time_step
        return {"level": (into - out) * float(order), "times": moved}

    def _rolled(self, env: Env, leaves: Leaves) -> Array:
        return env.xp.concatenate([self.get(env, "time")[None], leaves["times"][:-1]])


class SmoothState(_Staged):
    """SMOOTH, SMOOTH3, SMOOTH N: each stage follows the one before it."""

    step_inputs: ClassVar[tuple[str, ...]] = ("input", "time")

    def length(self, nominal: Nominal, time_step: float) -> int:
        return self._stages_asked(nominal)

    def start(self, env: Env, length: int) -> Leaves:
        return {"level": self._stages(env, self.get(env, "initial"), length)}

    def read(self, env: Env, leaves: Leaves) -> Array:
        return leaves["level"][-1]

    def rate(self, env: Env, leaves: Leaves) -> Leaves:
        level = leaves["level"]
        order = np.shape(level)[0]
        targets = env.xp.concatenate([self.get(env, "input")[None], level[:-1]])
        gap = (targets - level) * float(order)
        return {"level": divide(env, gap, self.get(env, "time")[None])}


class TrendState(State):
    """TREND(input, average time, initial trend)."""

    step_inputs: ClassVar[tuple[str, ...]] = ("input", "time")
    read_inputs: ClassVar[tuple[str, ...]] = ("input", "time")
    start_inputs: ClassVar[tuple[str, ...]] = ("input", "time", "trend")

    def start(self, env: Env, length: int) -> Leaves:
        share = 1.0 + self.get(env, "trend") * self.get(env, "time")
        return {"level": divide(env, self.get(env, "input"), share)}

    def read(self, env: Env, leaves: Leaves) -> Array:
        level = leaves["level"]
        gap = self.get(env, "input") - level
        return zero_divide(env, gap, self.get(env, "time") * env.xp.abs(level), 0.0)

    def rate(self, env: Env, leaves: Leaves) -> Leaves:
        gap = self.get(env, "input") - leaves["level"]
        return {"level": divide(env, gap, self.get(env, "time"))}


class ForecastState(TrendState):
    """FORECAST(input, average time, horizon, initial trend)."""

    read_inputs: ClassVar[tuple[str, ...]] = ("input", "time", "horizon")

    def start(self, env: Env, length: int) -> Leaves:
        return {"level": divide(env, self.get(env, "input"), 1.0 + self.get(env, "trend"))}

    def read(self, env: Env, leaves: Leaves) -> Array:
        level, now = leaves["level"], self.get(env, "input")
        slope = zero_divide(env, now - level, self.get(env, "time") * level, 0.0)
        return now * (1.0 + slope * self.get(env, "horizon"))


class SampleState(State):
    """SAMPLE IF TRUE(condition, input, initial): the sample shows in the same step."""

    continuous: ClassVar[bool] = False
    step_inputs: ClassVar[tuple[str, ...]] = ("condition", "input")
    read_inputs: ClassVar[tuple[str, ...]] = ("condition", "input")

    def start(self, env: Env, length: int) -> Leaves:
        return {"level": self.get(env, "initial")}

    def read(self, env: Env, leaves: Leaves) -> Array:
        taken = self.get(env, "condition") != 0
        return env.xp.where(taken, self.get(env, "input"), leaves["level"])

    def advance(self, env: Env, leaves: Leaves) -> Leaves:
        return {"level": self.read(env, leaves)}


class DelayFixedState(State):
    """DELAY FIXED(input, delay time, initial): a ring of values, one a step."""

    continuous: ClassVar[bool] = False
    step_inputs: ClassVar[tuple[str, ...]] = ("input",)
    start_inputs: ClassVar[tuple[str, ...]] = ("initial", "time")

    def length(self, nominal: Nominal, time_step: float) -> int:
        delay = self.finite("delay time", float(np.max(nominal(self.inputs["time"]))))
        return round(max(delay / time_step, 1.0) + 1e-6)

    def start(self, env: Env, length: int) -> Leaves:
        first = self.get(env, "initial")
        return {"level": env.xp.broadcast_to(first[None], (length, *np.shape(first)))}

    def read(self, env: Env, leaves: Leaves) -> Array:
        return leaves["level"][env.step % np.shape(leaves["level"])[0]]

    def advance(self, env: Env, leaves: Leaves) -> Leaves:
        ring = leaves["level"]
        here = env.step % np.shape(ring)[0]
        entering = self.get(env, "input")
        if env.xp is np:
            ring = ring.copy()
            ring[here] = entering
            return {"level": ring}
        return {"level": ring.at[here].set(entering)}


class HeldState(State):
    """INITIAL(expression): the first value, for ever."""

    continuous: ClassVar[bool] = False

    def start(self, env: Env, length: int) -> Leaves:
        return {"level": self.get(env, "initial")}

    def advance(self, env: Env, leaves: Leaves) -> Leaves:
        return leaves
