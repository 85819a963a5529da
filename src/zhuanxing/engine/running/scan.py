"""One model run as one function: initialise, then a scan over time steps.

A Plan holds everything that is fixed before a run is compiled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np

from zhuanxing.engine.running.adjoint import walk
from zhuanxing.engine.running.graph import Graph, variable
from zhuanxing.engine.running.integrators import combined
from zhuanxing.engine.running.xla_options import settled
from zhuanxing.engine.translating.nodes import Array, Env
from zhuanxing.engine.translating.states import Leaves

__all__ = [
    "AGGREGATES", "SOUND", "STATE", "Kind", "Plan", "simulate", "simulate_many", "states_at",
]  # fmt: skip

Kind = Literal["run", "batch", "past", "rest"]

# The key under which many runs say which of them are finite throughout.
SOUND = "runs:sound"
# Before the key and the leaf of a state that a run hands on, or begins with.
STATE = "state:"
AGGREGATES = ("path", "year_sum", "year_mean", "year_end")
NEEDS_LAST = ("path", "year_end")


@dataclass(frozen=True)
class Plan:
    """What is fixed before compiling: orders, states, lengths, clock and outputs.

    `settled` are the variables that are computed once, and not again in each of their readers;
    `given` are the inputs with an axis of `runs`, `batched` all that differs between runs for it;
    `moving`, where derivatives are `guarded`, is what depends on the inputs they are taken by.
    The run begins with the step `begin`, with states that are among the inputs unless that is the
    first; where it is `handed_on`, it ends before its last time and returns its states.
    """

    graph: Graph
    start_order: tuple[str, ...]
    once: tuple[str, ...]
    every_step: tuple[str, ...]
    for_states: tuple[str, ...]
    states: tuple[str, ...]
    lengths: Mapping[str, int]
    batched: frozenset[str]
    runs: int | None
    steps: int
    steps_per_year: int
    method: str
    outputs: tuple[tuple[str, str], ...]
    settled: frozenset[str]
    guarded: bool
    given: frozenset[str]
    moving: frozenset[str]
    begin: int = 0
    handed_on: bool = False

    @property
    def kind(self) -> Kind:
        """Say what it is: one run, a batch of them, a past that others have in common, the rest."""
        if self.handed_on:
            return "past"
        if self.begin:
            return "rest"
        return "run" if self.runs is None else "batch"

    @property
    def evaluations(self) -> int:
        """Number of times at which the equations are evaluated, those before `begin` too."""
        last = any(how in NEEDS_LAST for _, how in self.outputs) and not self.handed_on
        return self.steps + 1 if last else self.steps

    def before(self, how: str) -> int:
        """Return how many of the rows of an output are of times before the run begins.

        The end of a year is known when the next begins.
        """
        if how == "path" or not self.begin:
            return self.begin
        return self.begin // self.steps_per_year - (how == "year_end")


def simulate(plan: Plan, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """Run the model in JAX: a pure function of the inputs, with 'time:start', 'time:step' and
    'time:one'.

    Returns an array for every output, time or year first, runs last; where the run is handed on,
    also its states, and where it begins later, no rows from before.
    """
    return _Run(plan, inputs).outputs()


def simulate_many(plan: Plan, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """Run the model in JAX as `simulate`, for `plan.runs` runs: given and returned runs first.

    Under SOUND it tells which runs are finite. A card does both in passing; the process that feeds
    it would take as long as the runs.
    """
    last = {
        name: jnp.moveaxis(value, 0, -1) if name in plan.given else value
        for name, value in inputs.items()
    }
    found = simulate(plan, last)
    sound = jnp.ones(plan.runs, dtype=bool)
    for name, how in plan.outputs:
        key = f"{name}|{how}"
        value = jnp.moveaxis(found[key], -1, 0) if name in plan.batched else found[key][None]
        sound &= jnp.isfinite(value).reshape(len(value), -1).all(axis=1)
        found[key] = value
    return {**found, SOUND: sound}


def states_at(plan: Plan, inputs: Mapping[str, Array], steps: Sequence[int]) -> dict[str, Leaves]:
    """Return the states at the beginning of some time steps, [step, ...], purely as `simulate`."""
    return _Run(plan, inputs).states_at(steps)


class _Run:
    def __init__(self, plan: Plan, inputs: Mapping[str, Array]) -> None:
        self.plan = plan
        self.graph = plan.graph
        self.inputs = dict(inputs)
        self.start = inputs["time:start"]
        self.dt = inputs["time:step"]

    def env(self, step: Array, shift: Array = 0.0, initialising: bool = False) -> Env:
        time = self.start + (step + shift) * self.dt
        plan = self.plan
        return Env(
            jnp,
            time,
            step,
            self.dt,
            initialising,
            inputs=self.inputs,
            runs=plan.runs,
            one=self.inputs["time:one"],
            batched=plan.batched,
            guarded=plan.guarded,
        )

    def initial_states(self) -> dict[str, Leaves]:
        env = self.env(jnp.asarray(0), initialising=True)
        for name in self.plan.start_order:
            if name.startswith("@"):
                leaves = self.graph.states[name].start(env, self.plan.lengths[name])
                env.states[name] = {key: _floating(leaf) for key, leaf in leaves.items()}
            else:
                env.values[name] = self.value(env, name)
        return {key: env.states[key] for key in self.plan.states}

    def beginning(self) -> tuple[dict[str, Leaves], Mapping[str, Array]]:
        """Return the states to begin with, and the values that never change."""
        states = self.given_states() if self.plan.begin else self.initial_states()
        return states, self.evaluate(self.env(jnp.asarray(0)), {}, {}, self.plan.once).values

    def given_states(self) -> dict[str, Leaves]:
        """Return the states among the inputs, the same in all runs."""

        def shaped(key: str, leaf: str, like: Any) -> Array:
            given = self.inputs[f"{STATE}{key}:{leaf}"]
            if given.ndim < len(like.shape):
                given = given[..., None]
            return jnp.broadcast_to(given, like.shape)

        return {
            key: {leaf: shaped(key, leaf, like) for leaf, like in leaves.items()}
            for key, leaves in jax.eval_shape(self.initial_states).items()
        }

    def evaluate(
        self,
        env: Env,
        states: Mapping[str, Leaves],
        once: Mapping[str, Array],
        names: Sequence[str],
    ) -> Env:
        env.states = dict(states)
        env.values = dict(once)
        for name in names:
            env.values[name] = self.value(env, name)
        return env

    def value(self, env: Env, name: str) -> Array:
        found = variable(self.graph, env, name)
        return settled(found) if name in self.plan.settled else found

    def advance(
        self, env: Env, states: Mapping[str, Leaves], once: Mapping[str, Array]
    ) -> dict[str, Leaves]:
        def slopes_at(share: float, slopes: dict[str, Leaves]) -> dict[str, Leaves]:
            moved = dict(states)
            for key, rate in slopes.items():
                moved[key] = {n: states[key][n] + rate[n] * (share * self.dt) for n in rate}
            there = self.env(env.step, share)
            there.begun = env.values
            return self.rates(self.evaluate(there, moved, once, self.plan.for_states), moved)

        slopes = combined(self.plan.method, self.rates(env, states), slopes_at)
        moved = {}
        for key, leaves in states.items():
            slope = slopes.get(key, {})
            stepped = {**leaves, **{n: leaves[n] + slope[n] * self.dt for n in slope}}
            moved[key] = self.graph.states[key].advance(env, stepped)
        return moved

    def rates(self, env: Env, states: Mapping[str, Leaves]) -> dict[str, Leaves]:
        return {
            key: self.graph.states[key].rate(env, leaves)
            for key, leaves in states.items()
            if self.graph.states[key].continuous
        }

    def outputs(self) -> dict[str, Array]:
        return self.smooth_outputs() if self.plan.guarded else self.plain_outputs()

    def plain_outputs(self) -> dict[str, Array]:
        plan = self.plan
        states, once = self.beginning()
        years = plan.steps // plan.steps_per_year if plan.steps_per_year else 0
        totals = {
            f"{name}|{how}": jnp.zeros((years + 1, *self._shape(name)))
            for name, how in plan.outputs
            if how != "path"
        }

        def body(carry: Any, given: tuple[Array, dict[str, Array]]) -> Any:
            (states, totals), (step, rows) = carry, given
            env = self.evaluate(self.env(step), states, once, plan.every_step)
            paths, noted = {}, dict(totals)
            for name, how in plan.outputs:
                value = jnp.broadcast_to(env.values[name], self._shape(name))
                key = f"{name}|{how}"
                if how == "path":
                    paths[key] = value
                else:
                    noted[key] = self._note(totals[key], how, value, rows[how])
            return (self.advance(env, states, once), noted), paths

        given = (jnp.arange(plan.begin, plan.evaluations), self._rows(years))
        (states, totals), paths = jax.lax.scan(body, (states, totals), given)
        for name, how in plan.outputs:
            if how != "path":
                paths[f"{name}|{how}"] = totals[f"{name}|{how}"][plan.before(how) : years]
        return {**paths, **(_named(states) if plan.handed_on else {})}

    def smooth_outputs(self) -> dict[str, Array]:
        """Return the outputs in a form that is quickly differentiated: paths, put together after.

        What does not depend on the inputs that are moved has no derivative.
        """
        plan = self.plan
        states, once = self.beginning()
        names = dict.fromkeys(name for name, _ in plan.outputs)

        def step(states: Any, moving: Any, fixed: Any, place: Array) -> tuple[Any, Any]:
            inputs, once = ({**a, **b} for a, b in zip(moving, fixed, strict=True))
            run = _Run(plan, inputs)
            now = {
                key: leaves if key in plan.moving else jax.lax.stop_gradient(leaves)
                for key, leaves in states.items()
            }
            env = run.evaluate(run.env(place + plan.begin), now, once, plan.every_step)
            found = {name: jnp.broadcast_to(env.values[name], self._shape(name)) for name in names}
            return run.advance(env, now, once), found

        # A step reads no inputs but look-ups: the others are among what is computed once.
        read = plan.moving & self.graph.tables.keys(), plan.moving
        parts = [_divided(*pair) for pair in zip((self.inputs, once), read, strict=True)]
        moving, fixed = zip(*parts, strict=True)
        found = walk(step, states, moving, fixed, plan.evaluations - plan.begin)
        return {f"{name}|{how}": self._together(found[name], how) for name, how in plan.outputs}

    def _together(self, path: Array, how: str) -> Array:
        """Return a path [step, ...] as it is, or its values of whole years."""
        per_year, begin = self.plan.steps_per_year, self.plan.begin
        if how == "path":
            return path
        years = (self.plan.steps - begin) // per_year
        if how == "year_end":
            return path[0 if begin else per_year : years * per_year + 1 : per_year]
        steps = path[: years * per_year].reshape(years, per_year, *path.shape[1:])
        total = steps.sum(axis=1)
        return total * self.dt if how == "year_sum" else total / per_year

    def states_at(self, steps: Sequence[int]) -> dict[str, Leaves]:
        states, once = self.beginning()
        places = np.full(self.plan.evaluations, len(steps))
        places[list(steps)] = np.arange(len(steps))
        rows = jnp.asarray(places)
        kept = jax.tree.map(lambda leaf: jnp.zeros((len(steps) + 1, *jnp.shape(leaf))), states)

        def body(carry: Any, step: Array) -> Any:
            now, kept = carry
            kept = jax.tree.map(
                lambda all_, one: jax.lax.dynamic_update_index_in_dim(all_, one, rows[step], 0),
                kept,
                now,
            )
            env = self.evaluate(self.env(step), now, once, self.plan.for_states)
            return (self.advance(env, now, once), kept), None

        (_, kept), _ = jax.lax.scan(body, (states, kept), jnp.arange(self.plan.evaluations))
        found: dict[str, Leaves] = jax.tree.map(lambda rows: rows[:-1], kept)
        return found

    def _rows(self, years: int) -> dict[str, np.ndarray]:
        """Return by aggregate the row of every step: its year, or the year that ends with it.

        The last row takes what belongs to no whole year.
        """
        steps = np.arange(self.plan.begin, self.plan.evaluations)
        per_year = self.plan.steps_per_year or 1
        year = np.minimum(steps // per_year, years)
        ended = (steps > 0) & (steps % per_year == 0)
        return {
            "year_sum": year,
            "year_mean": year,
            "year_end": np.where(ended, np.minimum(steps // per_year - 1, years), years),
        }

    def _note(self, total: Array, how: str, value: Array, row: Array) -> Array:
        """Add a value to its row, or set it there."""
        if how == "year_end":
            return jax.lax.dynamic_update_index_in_dim(total, value, row, 0)
        share = value * self.dt if how == "year_sum" else value / self.plan.steps_per_year
        so_far = jax.lax.dynamic_index_in_dim(total, row, 0, keepdims=False)
        return jax.lax.dynamic_update_index_in_dim(total, so_far + share, row, 0)

    def _shape(self, name: str) -> tuple[int, ...]:
        sizes = tuple(self.graph.dimensions.size(label) for label in self.graph.nodes[name].dims)
        runs = (self.plan.runs,) if self.plan.runs and name in self.plan.batched else ()
        return (*sizes, *runs)


def _divided(
    values: Mapping[str, Array], moving: Set[str]
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return what depends on the inputs that are moved, and the rest."""
    one = {name: value for name, value in values.items() if name in moving}
    return one, {name: value for name, value in values.items() if name not in moving}


def _named(states: Mapping[str, Leaves]) -> dict[str, Array]:
    """Return states as inputs of a run that begins with them."""
    return {
        f"{STATE}{key}:{name}": leaf
        for key, leaves in states.items()
        for name, leaf in leaves.items()
    }


def _floating(leaf: Array) -> Array:
    return jnp.asarray(leaf, dtype=jnp.float64)
