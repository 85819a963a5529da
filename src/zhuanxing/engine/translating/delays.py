"""Delays, smooths and trends: states whose stages are integrated."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from zhuanxing.engine.translating.nodes import Array, Env
from zhuanxing.engine.translating.safe_maths import divide, zero_divide
from zhuanxing.engine.translating.states import Leaves, Nominal, State

__all__ = ["DelayNState", "DelayState", "ForecastState", "SmoothState", "TrendState"]


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
        times = env.xp.concatenate([self.get(env, "time")[None], leaves["times"][:-1]])
        out = divide(env, leaves["level"], times)
        into = env.xp.concatenate([self.get(env, "input")[None], out[:-1]])
        # The times are not a quantity that flows: their "rate" moves them on within one step.
        moved = (times - leaves["times"]) / env.time_step
        return self.changes(leaves, into - out, times=moved)


class SmoothState(_Staged):
    """SMOOTH, SMOOTH3, SMOOTH N: each stage follows the one before it."""

    step_inputs: ClassVar[tuple[str, ...]] = ("input", "time")
    start_inputs: ClassVar[tuple[str, ...]] = ("initial", "order")

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
