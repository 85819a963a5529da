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
    "DelayMaterialState",
    "DelayNState",
    "DelayState",
    "ForecastState",
    "HeldState",
    "HistoryState",
    "SampleState",
    "SmoothState",
    "State",
    "StockState",
    "TrendState",
]

# More than memory holds: a mistake in a delay time or an order.
MOST_STAGES = 1_000_000

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

    def countable(self, what: str, value: float) -> int:
        """Return how many values a state holds; raise ZhuanxingError if memory cannot hold them."""
        if value > MOST_STAGES:
            raise ZhuanxingError(
                f"variable '{self.scope.name}': the {what} of its delay or smooth asks for "
                f"{value:,.0f} stages, expected at most {MOST_STAGES:,}."
            )
        return int(value)

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
    """A chain of stages whose number is fixed at the start, an element's being its own.

    As in Vensim DELAY1, DELAY3 and smooths keep their order where a stage is shorter than the time
    step, and DELAY N lowers it (PySD lowers all delays).
    """

    def length(self, nominal: Nominal, time_step: float) -> int:
        asked = float(np.max(nominal(self.inputs["order"])))
        return self.countable("order", max(self.finite("order", asked), 1.0))

    def started(self, env: Env, leaves: Leaves) -> Leaves:
        """Return the leaves at the start, with the order of each element where they may differ."""
        orders = self.orders(env)
        return leaves if np.ndim(orders) == 0 else {**leaves, "order": orders}

    def orders(self, env: Env) -> Array:
        """Return the number of stages of every element, or the one of all."""
        node = self.inputs["order"]
        asked = env.xp.maximum(env.xp.trunc(node.value(env)), 1.0)
        return asked if np.ndim(asked) == 0 else self.whole(env, asked, node.dims)

    def changes(self, leaves: Leaves, slope: Array, **others: Array) -> Leaves:
        """Return the rates of all leaves; `slope` is that of stages filled at a rate of 1."""
        if "order" not in leaves:
            return {"level": slope * float(np.shape(leaves["level"])[0]), **others}
        order = leaves["order"]
        return {"level": slope * order, "order": 0.0 * order, **others}

    def last(self, env: Env, leaves: Leaves, stages: Array) -> Array:
        """Return the last stage of every element."""
        if "order" not in leaves:
            return stages[-1]
        place = leaves["order"].astype(int) - 1
        return env.xp.take_along_axis(stages, place[None], axis=0)[0]

    def _stages(self, env: Env, array: Array, length: int) -> Array:
        return env.xp.broadcast_to(array[None], (length, *np.shape(array)))


def _most(xp: Any, time: Array, time_step: Array) -> Any:
    """Return how many stages of a delay are at least a time step long."""
    return xp.floor(time / time_step + 1e-9)


class DelayState(_Staged):
    """DELAY1, DELAY3: stages hold material, and each empties at the present delay time."""

    step_inputs: ClassVar[tuple[str, ...]] = ("input", "time")
    read_inputs: ClassVar[tuple[str, ...]] = ("time",)
    start_inputs: ClassVar[tuple[str, ...]] = ("initial", "time")

    def start(self, env: Env, length: int) -> Leaves:
        filled = self.get(env, "initial") * self.get(env, "time")
        return self.started(env, {"level": self._stages(env, filled, length)})

    def read(self, env: Env, leaves: Leaves) -> Array:
        return divide(env, self.last(env, leaves, leaves["level"]), self.get(env, "time"))

    def rate(self, env: Env, leaves: Leaves) -> Leaves:
        out = divide(env, leaves["level"], self.get(env, "time")[None])
        into = env.xp.concatenate([self.get(env, "input")[None], out[:-1]])
        return self.changes(leaves, into - out)


class DelayNState(_Staged):
    """DELAY N: stages hold material and the delay time with which they were filled."""

    step_inputs: ClassVar[tuple[str, ...]] = ("input", "time")
    start_inputs: ClassVar[tuple[str, ...]] = ("initial", "time", "order")

    def length(self, nominal: Nominal, time_step: float) -> int:
        longest = float(np.max(nominal(self.inputs["time"])))
        most = max(_most(np, longest, time_step), 1.0)
        return int(min(super().length(nominal, time_step), most))

    def orders(self, env: Env) -> Array:
        """Return orders at which no stage is shorter than the time step, as in Vensim's output."""
        asked = super().orders(env)
        if np.ndim(asked) == 0 and np.ndim(self.inputs["time"].value(env)) == 0:
            return asked
        most = _most(env.xp, self.get(env, "time"), env.time_step)
        return env.xp.maximum(env.xp.minimum(asked, most), 1.0)

    def start(self, env: Env, length: int) -> Leaves:
        times = self.get(env, "time")
        filled = self.get(env, "initial") * times
        stages = {
            "level": self._stages(env, filled, length),
            "times": self._stages(env, times, length),
        }
        return self.started(env, stages)

    def read(self, env: Env, leaves: Leaves) -> Array:
        return divide(env, self.last(env, leaves, leaves["level"]), leaves["times"][0])

    def rate(self, env: Env, leaves: Leaves) -> Leaves:
        times = self._rolled(env, leaves)
        out = divide(env, leaves["level"], times)
        into = env.xp.concatenate([self.get(env, "input")[None], out[:-1]])
        # The times are not a quantity that flows: their "rate" moves them on within one step.
        moved = (times - leaves["times"]) / env.time_step
        return self.changes(leaves, into - out, times=moved)

    def _rolled(self, env: Env, leaves: Leaves) -> Array:
        return env.xp.concatenate([self.get(env, "time")[None], leaves["times"][:-1]])


class SmoothState(_Staged):
    """SMOOTH, SMOOTH3, SMOOTH N: each stage follows the one before it."""

    step_inputs: ClassVar[tuple[str, ...]] = ("input", "time")

    def start(self, env: Env, length: int) -> Leaves:
        stages = self._stages(env, self.get(env, "initial"), length)
        return self.started(env, {"level": stages})

    def read(self, env: Env, leaves: Leaves) -> Array:
        return self.last(env, leaves, leaves["level"])

    def rate(self, env: Env, leaves: Leaves) -> Leaves:
        level = leaves["level"]
        targets = env.xp.concatenate([self.get(env, "input")[None], level[:-1]])
        return self.changes(leaves, divide(env, targets - level, self.get(env, "time")[None]))


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
    """DELAY FIXED(input, delay time, initial): a ring of values, one a step.

    The ring is as long as the longest delay; each element leaves it after its own.
    """

    continuous: ClassVar[bool] = False
    step_inputs: ClassVar[tuple[str, ...]] = ("input",)
    start_inputs: ClassVar[tuple[str, ...]] = ("initial", "time")

    def length(self, nominal: Nominal, time_step: float) -> int:
        delay = self.finite("delay time", float(np.max(nominal(self.inputs["time"]))))
        return self.countable("delay time", round(max(delay / time_step, 1.0) + 1e-6))

    def start(self, env: Env, length: int) -> Leaves:
        first = self.get(env, "initial")
        ring = env.xp.broadcast_to(first[None], (length, *np.shape(first)))
        node = self.inputs["time"]
        delay = number(env.xp, node.value(env))
        if np.ndim(delay) == 0:
            return {"level": ring}
        steps = env.xp.round(env.xp.maximum(delay / env.time_step, 1.0) + 1e-6)
        return {"level": ring, "steps": self.whole(env, steps, node.dims)}

    def read(self, env: Env, leaves: Leaves) -> Array:
        ring = leaves["level"]
        size = np.shape(ring)[0]
        if "steps" not in leaves:
            return ring[env.step % size]
        place = (env.step - leaves["steps"].astype(int)) % size
        return env.xp.take_along_axis(ring, place[None], axis=0)[0]

    def advance(self, env: Env, leaves: Leaves) -> Leaves:
        ring = leaves["level"]
        here = env.step % np.shape(ring)[0]
        return {**leaves, "level": placed(env, ring, here, self.get(env, "input"))}


def placed(env: Env, rows: Array, place: Array, row: Array) -> Array:
    """Return the rows with one of them replaced."""
    if env.xp is np:
        rows = rows.copy()
        rows[place] = row
        return rows
    return rows.at[place].set(row)


class HistoryState(State):
    """HISTORY(input, time): every value of the run, kept for the whole of it."""

    continuous: ClassVar[bool] = False
    step_inputs: ClassVar[tuple[str, ...]] = ("input",)
    read_inputs: ClassVar[tuple[str, ...]] = ("input", "moment")
    start_inputs: ClassVar[tuple[str, ...]] = ("input", "begin", "end")

    def length(self, nominal: Nominal, time_step: float) -> int:
        begin, end = (float(np.max(nominal(self.inputs[name]))) for name in ("begin", "end"))
        return self.countable("whole run", round((end - begin) / time_step) + 2)

    def start(self, env: Env, length: int) -> Leaves:
        first = self.get(env, "input")
        return {"level": env.xp.broadcast_to(first[None], (length, *np.shape(first)))}

    def read(self, env: Env, leaves: Leaves) -> Array:
        """Return the value at a past time, the first one for times before, 0 for the future."""
        steps = env.step - (env.time - self.get(env, "moment")) / env.time_step
        place = env.xp.clip(env.xp.round(steps), 0, env.step).astype(int)
        known = env.xp.take_along_axis(leaves["level"], place[None], axis=0)[0]
        known = env.xp.where(place == env.step, self.get(env, "input"), known)
        return env.xp.where(steps > env.step + 0.5, 0.0, known)

    def advance(self, env: Env, leaves: Leaves) -> Leaves:
        return {"level": placed(env, leaves["level"], env.step, self.get(env, "input"))}


class DelayMaterialState(HistoryState):
    """DELAY MATERIAL(input, delay time, initial, missing): what enters leaves after its delay.

    What arrives in the same step adds up; where nothing arrives the value is `missing`.
    """

    step_inputs: ClassVar[tuple[str, ...]] = ("input", "time")
    read_inputs: ClassVar[tuple[str, ...]] = ("missing",)
    start_inputs: ClassVar[tuple[str, ...]] = ("initial", "time", "begin", "end")

    def start(self, env: Env, length: int) -> Leaves:
        rows = np.arange(length).reshape((-1,) + (1,) * np.ndim(self.get(env, "initial")))
        early = 1.0 * (rows < self._steps(env))
        return {"level": early * self.get(env, "initial"), "arrived": early}

    def read(self, env: Env, leaves: Leaves) -> Array:
        there = leaves["arrived"][env.step] > 0
        return env.xp.where(there, leaves["level"][env.step], self.get(env, "missing"))

    def advance(self, env: Env, leaves: Leaves) -> Leaves:
        level = leaves["level"]
        rows = np.arange(np.shape(level)[0]).reshape((-1,) + (1,) * (np.ndim(level) - 1))
        here = 1.0 * (rows == env.step + self._steps(env))
        arrived = env.xp.maximum(leaves["arrived"], here)
        return {"level": level + here * self.get(env, "input"), "arrived": arrived}

    def _steps(self, env: Env) -> Array:
        return env.xp.round(env.xp.maximum(self.get(env, "time") / env.time_step, 1.0) + 1e-6)


class HeldState(State):
    """INITIAL(expression): the first value, for ever."""

    continuous: ClassVar[bool] = False

    def start(self, env: Env, length: int) -> Leaves:
        return {"level": self.get(env, "initial")}

    def advance(self, env: Env, leaves: Leaves) -> Leaves:
        return leaves
