"""A compiled model: what it holds, and how to run it once, many times, or for a gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike

from zhuanxing.engine.reading.syntax_tree import Element
from zhuanxing.engine.running.batches import Batch, Failure, Past, Runs
from zhuanxing.engine.running.compiled_runs import CompiledRuns
from zhuanxing.engine.running.dependency_order import CycleError, evaluation_order
from zhuanxing.engine.running.devices import CPU, Device, DeviceName, choose_device
from zhuanxing.engine.running.domains import refuse_outside
from zhuanxing.engine.running.executable_cache import jitted
from zhuanxing.engine.running.failures import TranslationError, key_of, located, within_memory
from zhuanxing.engine.running.graph import Graph
from zhuanxing.engine.running.inputs import Inputs
from zhuanxing.engine.running.numpy_stepper import run_stepped
from zhuanxing.engine.running.run_plan import asked, inputs_read, keyed, make_plan
from zhuanxing.engine.running.scan import simulate, states_at
from zhuanxing.engine.running.soundness import first_unsound
from zhuanxing.engine.running.xla_options import HASTY, SLOPES
from zhuanxing.engine.translating.model_builder import Built
from zhuanxing.engine.translating.states import Leaves
from zhuanxing.engine.translating.variables import Variable, describe
from zhuanxing.errors import ZhuanxingError

__all__ = ["Failure", "Past", "Program", "Runs", "Variable"]

# Before the name of an output whose rows are from before a run begins.
PAST = "past:"

# See `Program.is_sooner_stepped`.
MANY_VARIABLES = 1000
FEW_STEPS = 300

T = TypeVar("T")
Objective = Callable[[dict[str, jax.Array]], jax.Array]
Array = jax.Array | np.ndarray
Traced = Callable[[Mapping[str, Array], Mapping[str, Array]], dict[str, jax.Array]]
ValueAndGradient = Callable[[Mapping[str, ArrayLike]], tuple[jax.Array, dict[str, jax.Array]]]


class Program:
    """One model, ready to run. Arrays have the dimensions of their variable, in its order.

    For analyses of its structure: `built` holds nodes and states, `given` the model's own inputs
    and how overrides take their place, `method` is the integration method.
    """

    def __init__(self, built: Built, method: str, text: str, origin: str, data: str) -> None:
        self.built = built
        self.method = method
        self._origin = origin
        self._device: DeviceName = "cpu"
        self._compiled = CompiledRuns(text, origin, (method, data))
        self._check_cycles()
        self.given = Inputs(built, origin)
        self.dims: dict[str, tuple[str, ...]] = dict(built.model.dimensions.elements)
        self.variables: dict[str, Variable] = describe(built)

    def _check_cycles(self) -> None:
        graph = Graph(self.built, frozenset())
        for goals, needs, cure in (
            ([*graph.nodes], graph.in_step, "put a stock or a delay between them"),
            ([*graph.states, *graph.nodes], graph.at_start, "start one of them with a number"),
        ):
            try:
                evaluation_order(goals, needs)
            except CycleError as failure:
                where = self.where(failure.names[0].split("[")[0])
                raise TranslationError(f"{where}: {failure}; {cure}.") from None

    def _order(self) -> list[str]:
        """Return all variables, each after those that it reads in the same step."""
        graph = Graph(self.built, frozenset())
        return evaluation_order([*graph.nodes], graph.in_step)

    def with_values(self, values: Mapping[str, ArrayLike]) -> Program:
        """Return the same compiled model with other numbers; nothing is compiled again.

        `values` holds constants [*dims] and ordinates of look-ups [points, *dims] by name. Raises
        ZhuanxingError for an unknown name or a wrong shape.
        """
        other = copy(self)
        other.given = self.given.with_values(values)
        return other

    def on(self, device: DeviceName) -> Program:
        """Return the same compiled model with another device for its batches: auto, cpu or gpu.

        Raises ZhuanxingError for a card that is not there.
        """
        choose_device(device)
        other = copy(self)
        other._device = device
        return other

    @property
    def elements(self) -> Mapping[str, Element]:
        """The syntax of every variable by its key."""
        return self.built.elements

    def where(self, name: str) -> str:
        """Return 'file:line' of a variable's definition."""
        file, line = self.built.places.get(key_of(name), ("", 0))
        return located(file or self._origin, line)

    def constants(self) -> dict[str, np.ndarray]:
        """Return the values that may be overridden, by name, with the variable's dimensions."""
        constants = self.given.constants
        return {n: value.copy() for n, value in constants.items() if n in self.variables}

    def lookups(self) -> dict[str, np.ndarray]:
        """Return the ordinates of the look-ups, which may be overridden: (points, *dims)."""
        return {name: self.given.lookup(name) for name in self.built.model.tables}

    def moves_its_clock(self, overrides: Mapping[str, ArrayLike]) -> bool:
        """Tell whether FINAL TIME or TIME STEP change during a run: it has no batches then."""
        return self.given.moves_its_clock(self.given.gather(overrides))

    def times(self, overrides: Mapping[str, ArrayLike] | None = None) -> np.ndarray:
        """Return the times of a 'path' output: (T+1,)."""
        inputs = self.given.gather(overrides or {})
        if self.given.moves_its_clock(inputs):
            return run_stepped(self.built, self.method, inputs, ())[0]
        start, step, count = self.given.clock(inputs)
        return start + step * np.arange(count + 1)

    def run(
        self,
        overrides: Mapping[str, ArrayLike],
        outputs: Mapping[str, str],
        stepped: bool = False,
    ) -> dict[str, np.ndarray]:
        """Return the outputs of one run, of paths alone if it is `stepped` by NumPy.

        `overrides` gives constants (FINAL TIME and TIME STEP among them), auxiliaries, look-up
        ordinates or (for a stock) initial values. `outputs` maps a variable to 'path' (every step
        and the last time: (T+1, *dims)), 'year_sum', 'year_mean' or 'year_end' ((years, *dims)).
        Raises ZhuanxingError for an unknown name, shape or aggregate, and for an allocation of
        something that cannot be allocated.
        """
        inputs = self.given.gather(overrides)
        with within_memory(f"{self._origin}: the paths of a run do not fit into this memory"):
            found = self._paths(inputs, outputs, stepped)
        refuse_outside(
            self.built.model.domains,
            found,
            lambda: self.times(overrides),
            self._order,
        )
        return found

    def is_sooner_stepped(self, overrides: Mapping[str, ArrayLike]) -> bool:
        """Tell whether one run takes longer to compile than to step: many variables, few steps.

        Compiling takes some 16 milliseconds a variable, stepping it by NumPy 50 microseconds a
        step; what is compiled of smaller models is on disk the next time.
        """
        inputs = self.given.gather(overrides)
        if self.given.moves_its_clock(inputs):
            return True
        return len(self.built.nodes) >= MANY_VARIABLES and self.given.clock(inputs)[2] <= FEW_STEPS

    def _paths(
        self, inputs: dict[str, np.ndarray], outputs: Mapping[str, str], stepped: bool
    ) -> dict[str, np.ndarray]:
        """Return the outputs of one run of gathered inputs, by key."""
        if stepped or self.given.moves_its_clock(inputs):
            pairs = asked(self.built, self.given, outputs)
            return run_stepped(self.built, self.method, inputs, pairs)[1]
        raw = self._function(inputs, outputs, frozenset(), None)(inputs)
        return {name: np.asarray(raw[f"{name}|{how}"]) for name, how in keyed(outputs).items()}

    def states_at(
        self, overrides: Mapping[str, ArrayLike], steps: Sequence[int]
    ) -> dict[str, Leaves]:
        """Return every state of a run at the beginning of time steps, by key: [step, ...]."""
        inputs = self.given.gather(overrides)
        everything = dict.fromkeys(self.variables.keys() - self.built.model.tables, "path")
        plan = make_plan(self.built, self.given, self.method, inputs, everything)
        chosen = {name: inputs[name] for name in inputs_read(plan, inputs)}
        question = ("states", tuple(steps), plan.steps, tuple(chosen))
        function = self.compiled(
            question, lambda given: states_at(plan, given, steps), (chosen,), HASTY
        )
        found: dict[str, Leaves] = jax.tree.map(np.asarray, function(chosen))
        return found

    def past(
        self, overrides: Mapping[str, ArrayLike], outputs: Mapping[str, str], until: int
    ) -> Past:
        """Return what runs have in common that differ from one with `overrides` from a year on.

        They may begin `until` the start of that year; see `run_many`. Errors as for `run`.
        """
        inputs = self.given.gather(overrides)
        start, step, _ = self.given.clock(inputs)
        steps = round((until - start) / step)
        plan = make_plan(self.built, self.given, self.method, inputs, outputs)
        rest, shared = replace(plan, begin=steps), replace(plan, steps=steps, handed_on=True)
        return Past.of(self._compiled.run(shared, sorted(inputs), frozenset(), CPU)(inputs), rest)

    def unsound(self, paths: Mapping[str, np.ndarray]) -> tuple[str, int, float] | None:
        """Return the first value of a run that is not finite: variable, row of its path, value.

        `paths` are 'path' outputs of all variables. What is meant to be infinite is left out.
        """
        return first_unsound(self.built, _by_key(paths))

    def run_many(
        self,
        overrides: Mapping[str, ArrayLike],
        outputs: Mapping[str, str],
        chunk: int = 64,
        *,
        device: DeviceName | Device | None = None,
        after: Past | None = None,
    ) -> Runs:
        """Return the outputs of many runs, run axis first; overrides may have it as first axis.

        A run whose outputs are not finite is all NaN and listed in `failures`. `device` is auto,
        cpu or gpu (see `choose_device`), by default that of the program. `after` is what `past`
        gave for the same outputs, with overrides that differ only in what acts later.
        """
        parts = list(self.chunks(overrides, outputs, chunk, device=device, after=after))
        if len(parts) == 1:
            return parts[0]
        whole = Runs({name: np.concatenate([part[name] for part in parts]) for name in parts[0]})
        whole.failures = [failure for part in parts for failure in part.failures]
        return whole

    def chunks(
        self,
        overrides: Mapping[str, ArrayLike],
        outputs: Mapping[str, str],
        chunk: int = 64,
        *,
        device: DeviceName | Device | None = None,
        after: Past | None = None,
    ) -> Iterator[Runs]:
        """Yield chunks of outputs; memory does not grow with the runs."""
        inputs = self.given.gather(overrides, runs=True)
        batched = self._batched(inputs)
        counts = sorted({inputs[name].shape[-1] for name in batched})
        if len(counts) != 1 or counts[0] == 0:
            raise ZhuanxingError(
                "many runs need one number of runs on the first axis of their overrides, "
                f"found {' and '.join(map(str, counts)) or 'none'}."
            )
        if device is None:
            device = choose_device(self._device).for_runs(counts[0])
        chosen = device if isinstance(device, Device) else choose_device(device)
        function = self._function(inputs, outputs, batched, chosen.block, chosen, after)
        batch = Batch(self.built, self.given, inputs, batched, function, outputs, chosen, after)
        yield from batch.chunks(max(chunk, 1))

    def block(self, overrides: Mapping[str, ArrayLike], outputs: Mapping[str, str]) -> Any:
        """Return the JAX program (jaxpr) of one block of runs, to see or count what it computes.

        Overrides are as for `run_many`, with as many runs as a block has.
        """
        inputs = self.given.gather(overrides, runs=True)
        batched = self._batched(inputs)
        plan = make_plan(
            self.built, self.given, self.method, inputs, outputs, batched=batched, runs=CPU.block
        )
        read = {name: inputs[name] for name in inputs_read(plan, inputs)}
        return jax.make_jaxpr(lambda chosen: simulate(plan, chosen))(read).jaxpr

    def _batched(self, inputs: Mapping[str, np.ndarray]) -> frozenset[str]:
        return frozenset(n for n, value in inputs.items() if self.given.has_runs(n, value))

    def gradient(
        self,
        overrides: Mapping[str, ArrayLike],
        outputs: Mapping[str, str],
        objective: Objective,
        wrt: Sequence[str],
    ) -> tuple[float, dict[str, np.ndarray]]:
        """Return a scalar function of the outputs, and its derivative by each override in `wrt`.

        `objective` is a JAX function of the outputs by key. `wrt` may name stocks (derivative by
        the initial value) that are among the overrides, constants and look-ups.
        """
        names = [key_of(name) for name in wrt]
        inputs = self.given.gather(overrides, also=names)
        function = self.value_and_gradient(overrides, outputs, objective, wrt)
        value, slopes = function({name: inputs[name] for name in names})
        return float(value), {name: np.asarray(slope) for name, slope in slopes.items()}

    def value_and_gradient(
        self,
        overrides: Mapping[str, ArrayLike],
        outputs: Mapping[str, str],
        objective: Objective,
        wrt: Sequence[str],
    ) -> ValueAndGradient:
        """Return the compiled function of the overrides in `wrt` to value and gradient.

        Reverse mode: the states of every step are kept, and what lies between is computed again.
        """
        traced, fixed = self.traced(overrides, outputs, wrt)

        def scalar(chosen: Mapping[str, Array], others: Mapping[str, Array]) -> jax.Array:
            return objective(traced(chosen, others))

        compiled = jitted(jax.value_and_grad(scalar), SLOPES)
        return lambda chosen: compiled(
            {n: self.given.shaped(n, v, False) for n, v in _by_key(chosen).items()}, fixed
        )

    def traced(
        self,
        overrides: Mapping[str, ArrayLike],
        outputs: Mapping[str, str],
        wrt: Sequence[str],
        after: Past | None = None,
    ) -> tuple[Traced, dict[str, np.ndarray]]:
        """Return one run as a JAX function of (overrides in `wrt`, fixed inputs), and the latter.

        It can be differentiated in reverse, mapped over and compiled with what is around it. The
        fixed inputs are arguments so that compiling does not fold them. With `after`, of the same
        outputs or more, `wrt` must act later; see `run_many`.
        """
        names = [key_of(name) for name in wrt]
        inputs = self.given.gather(overrides, also=names)
        for name in names:
            if name not in inputs:
                raise ZhuanxingError(
                    f"a derivative by '{name}' needs its value among the overrides, since it is "
                    "not a constant of the model."
                )
        plan = make_plan(
            self.built, self.given, self.method, inputs, outputs, moved=frozenset(names)
        )
        keys = keyed(outputs)
        before: dict[str, np.ndarray] = {}
        if after is not None:
            plan, inputs = replace(plan, begin=after.steps), {**inputs, **after.states}
            before = {f"{PAST}{name}": after.rows[name] for name in keys}

        def run(chosen: Mapping[str, Array], others: Mapping[str, Array]) -> dict[str, jax.Array]:
            whole = simulate(plan, {**others, **chosen})
            found = {name: whole[f"{name}|{how}"] for name, how in keys.items()}
            if after is None:
                return found
            return {n: jnp.concatenate([others[f"{PAST}{n}"], rows]) for n, rows in found.items()}

        read = inputs_read(plan, inputs)
        return run, {**{name: inputs[name] for name in read if name not in names}, **before}

    def compiled(
        self,
        question: object,
        function: Callable[..., Any],
        arguments: Sequence[Any],
        options: Mapping[str, Any],
    ) -> Callable[..., Any]:
        """Return a JAX function compiled for arguments of these shapes, from disk if it was before.

        `question` is all, beside the model's text and the shapes, that the function depends on.
        """
        return self._compiled.function(question, function, arguments, options)

    def _function(
        self,
        inputs: Mapping[str, np.ndarray],
        outputs: Mapping[str, str],
        batched: frozenset[str],
        runs: int | None,
        device: Device = CPU,
        after: Past | None = None,
    ) -> Callable[..., Any]:
        plan = make_plan(
            self.built, self.given, self.method, inputs, outputs, batched=batched, runs=runs
        )
        if after is not None:
            plan = replace(plan, begin=after.steps)
        if device.kind == "gpu":
            # Memory is what a card lacks time for, so that it computes again what is cheap.
            plan = replace(plan, settled=frozenset())
        names = sorted([*inputs, *(after.states if after else ())])
        return self._compiled.run(plan, names, batched, device)


def _by_key(values: Mapping[str, T]) -> dict[str, T]:
    return {key_of(name): value for name, value in values.items()}
