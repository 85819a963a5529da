"""Samples, fixed delays, histories and initial values: states that are replaced at every step."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from zhuanxing.engine.translating.nodes import Array, Env, number
from zhuanxing.engine.translating.states import Leaves, Nominal, State
from zhuanxing.errors import ZhuanxingError

__all__ = [
    "DelayFixedState", "DelayInformationState", "DelayMaterialState", "DepreciationState",
    "HeldState", "HistoryState", "SampleState",
]  # fmt: skip

# So near a whole number of steps a time is that number.
WHOLE = 1e-6


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
    title: ClassVar[str] = "DELAY FIXED"

    def length(self, nominal: Nominal, time_step: float) -> int:
        times = nominal(self.inputs["time"])
        if np.min(times) < 0:
            raise ZhuanxingError(
                f"variable '{self.scope.name}': the time of its {self.title} is {np.min(times):g}, "
                "expected 0 or more."
            )
        delay = self.finite("delay time", float(np.max(times)))
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


class DepreciationState(DelayFixedState):
    """DEPRECIATE STRAIGHTLINE: an equal part of each step's investment in every step of its life.

    From the step of the investment on, as in Vensim's output of SDEverywhere's model `depreciate`;
    NaN where more than that output would be needed to know what Vensim does.
    """

    read_inputs: ClassVar[tuple[str, ...]] = ("input", "time", "fiscal", "initial")
    title: ClassVar[str] = "DEPRECIATE STRAIGHTLINE"

    def start(self, env: Env, length: int) -> Leaves:
        nothing = 0.0 * self.get(env, "initial")
        return {"level": env.xp.broadcast_to(nothing[None], (length, *np.shape(nothing)))}

    def read(self, env: Env, leaves: Leaves) -> Array:
        xp, ring = env.xp, leaves["level"]
        life = self.get(env, "time")
        steps = xp.round(life / env.time_step)
        size = np.shape(ring)[0]
        age = (env.step - np.arange(size) - 1) % size + 1
        age = age.reshape((-1,) + (1,) * (np.ndim(ring) - 1))
        invested = xp.where(age < steps, ring, 0.0).sum(axis=0) + self.get(env, "input")
        known = (steps >= 1) & (abs(life / env.time_step - steps) < WHOLE)
        known &= abs(self.get(env, "fiscal") / env.time_step - 1.0) < WHOLE
        known &= self.get(env, "initial") == 0
        return xp.where(known, invested / xp.where(known, steps, 1.0), np.nan)


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


class _ScheduledState(HistoryState):
    """What enters is put where it arrives, after the delay time that holds when it enters."""

    step_inputs: ClassVar[tuple[str, ...]] = ("input", "time")

    def steps(self, env: Env) -> Array:
        return env.xp.round(env.xp.maximum(self.get(env, "time") / env.time_step, 1.0) + 1e-6)

    def rows(self, array: Array) -> np.ndarray:
        """Return the numbers of steps along the first axis of an array."""
        return np.arange(np.shape(array)[0]).reshape((-1,) + (1,) * (np.ndim(array) - 1))


class DelayInformationState(_ScheduledState):
    """DELAY INFORMATION(input, delay time, initial): holds until something newer arrives.

    What a newer input has overtaken is lost (Vensim's manual).
    """

    read_inputs: ClassVar[tuple[str, ...]] = ()
    start_inputs: ClassVar[tuple[str, ...]] = ("initial", "begin", "end")

    def start(self, env: Env, length: int) -> Leaves:
        first = self.get(env, "initial")
        return {"level": env.xp.broadcast_to(first[None], (length, *np.shape(first)))}

    def read(self, env: Env, leaves: Leaves) -> Array:
        return leaves["level"][env.step]

    def advance(self, env: Env, leaves: Leaves) -> Leaves:
        level = leaves["level"]
        arrived = self.rows(level) >= env.step + self.steps(env)
        return {"level": env.xp.where(arrived, self.get(env, "input"), level)}


class DelayMaterialState(_ScheduledState):
    """DELAY MATERIAL(input, delay time, initial, missing): what enters leaves after its delay.

    What arrives in the same step adds up; where nothing arrives the value is `missing`.
    """

    read_inputs: ClassVar[tuple[str, ...]] = ("missing",)
    start_inputs: ClassVar[tuple[str, ...]] = ("initial", "time", "begin", "end")

    def start(self, env: Env, length: int) -> Leaves:
        first = self.get(env, "initial")
        early = 1.0 * (np.arange(length).reshape((-1,) + (1,) * np.ndim(first)) < self.steps(env))
        return {"level": early * first, "arrived": early}

    def read(self, env: Env, leaves: Leaves) -> Array:
        there = leaves["arrived"][env.step] > 0
        return env.xp.where(there, leaves["level"][env.step], self.get(env, "missing"))

    def advance(self, env: Env, leaves: Leaves) -> Leaves:
        level = leaves["level"]
        here = 1.0 * (self.rows(level) == env.step + self.steps(env))
        arrived = env.xp.maximum(leaves["arrived"], here)
        return {"level": level + here * self.get(env, "input"), "arrived": arrived}


class HeldState(State):
    """INITIAL(expression): the first value, for ever."""

    continuous: ClassVar[bool] = False

    def start(self, env: Env, length: int) -> Leaves:
        return {"level": self.get(env, "initial")}

    def advance(self, env: Env, leaves: Leaves) -> Leaves:
        return leaves
