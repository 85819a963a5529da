"""A compiled model: what it holds, and how to run it once, many times, or for a gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from numpy.typing import ArrayLike

from zhuanxing.engine import syntax
from zhuanxing.engine.build import Built, build
from zhuanxing.engine.failures import TranslationError, key_of, locate
from zhuanxing.engine.nodes import Env, Node
from zhuanxing.engine.ordering import dependents, evaluation_order
from zhuanxing.engine.parsing import cache_folder, parse
from zhuanxing.engine.simulation import (
    AGGREGATES,
    Graph,
    Plan,
    plan_orders,
    simulate,
    start_numpy,
    walk,
)
from zhuanxing.errors import ZhuanxingError, nearest

__all__ = ["Failure", "Program", "Runs", "Variable", "compile_text"]

# Runs go through the machine in blocks of this many whatever the chunk size, so that the
# instructions that compute a run, and hence its bits, do not depend on the chunk size.
BLOCK = 32
INITIAL_TIME, FINAL_TIME, TIME_STEP = "initial time", "final time", "time step"


@dataclass(frozen=True)
class Variable:
    """A variable of the model as a reader knows it."""

    name: str
    dims: tuple[str, ...]
    units: str
    comment: str
    kind: str
    equation: str
    stage: str


@dataclass(frozen=True)
class Failure:
    """A run that left the domain of the equations: the first variable and year that did."""

    run: int
    variable: str
    year: float


class Runs(dict[str, np.ndarray]):
    """Outputs by name with a leading run axis, and the runs that failed."""

    failures: list[Failure]


def compile_text(text: str, origin: str = "model", suffix: str = ".mdl") -> Program:
    """Compile a model's text; `origin` is the file's path, for messages and data beside it.

    Raises TranslationError that names variable, function, file and line.
    """
    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_platforms", "cpu")
    jax.config.update("jax_compilation_cache_dir", str(cache_folder() / "compiled"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.2)
    parsed = parse(text, origin, suffix)
    return Program(build(parsed, text, origin), parsed.method, text, origin)


class Program:
    """One model, ready to run. Arrays have the dimensions of their variable, in its order."""

    def __init__(self, built: Built, method: str, text: str, origin: str) -> None:
        self._built = built
        self._method = method
        self._text = text
        self._origin = origin
        self._compiled: dict[Any, Callable[..., Any]] = {}
        self.dims: dict[str, tuple[str, ...]] = dict(built.model.dimensions.elements)
        self._check_cycles()
        self._constants = self._constant_values()
        self.variables: dict[str, Variable] = {
            name: self._describe(name, element) for name, element in built.elements.items()
        }

    def _check_cycles(self) -> None:
        graph = Graph(self._built, frozenset())
        try:
            evaluation_order(graph.nodes, graph.in_step)
            evaluation_order([*graph.states, *graph.nodes], graph.at_start)
        except TranslationError as failure:
            raise TranslationError(f"{self._origin}: {failure}") from None
        except KeyError as missing:
            raise TranslationError(f"{self._origin}: {missing} is not defined.") from None

    # -- what the model holds -----------------------------------------------------------------

    def constants(self) -> dict[str, np.ndarray]:
        """Return the values that may be overridden, by name, with the variable's dimensions."""
        return {name: value.copy() for name, value in self._constants.items()}

    def lookups(self) -> dict[str, np.ndarray]:
        """Return the ordinates of the look-ups, which may be overridden: (points, *dims)."""
        sizes = self._built.model.dimensions.size
        return {
            name: np.broadcast_to(
                table.y, (table.y.shape[0], *(sizes(label) for label in table.labels))
            ).copy()
            for name, table in self._built.model.tables.items()
        }

    def _constant_values(self) -> dict[str, np.ndarray]:
        env = Env(np, np.nan, 0, np.nan, False)
        found = {}
        for name, node in self._built.nodes.items():
            if _is_constant(node):
                with np.errstate(all="ignore"):
                    found[name] = np.asarray(node.value(env), dtype=np.float64)
        return found

    def _describe(self, name: str, element: syntax.Element) -> Variable:
        dims = self._built.model.labels.get(name)
        table = self._built.model.tables.get(name)
        return Variable(
            name=name,
            dims=dims if dims is not None else table.labels if table else (),
            units=element.units,
            comment=" ".join(element.documentation.split()),
            kind=self._kind(name, element),
            equation=_equation(self._text, element.name),
            stage=self._stage(name),
        )

    def _kind(self, name: str, element: syntax.Element) -> str:
        if name in self._built.model.tables:
            return "lookup"
        if name in self._constants:
            return "constant"
        expression = element.components[0].expression
        if element.components[0].role == "data":
            return "data"
        if isinstance(expression, syntax.Integ):
            return "stock"
        if isinstance(expression, syntax.Initial):
            return "initial"
        return "auxiliary"

    def _stage(self, name: str) -> str:
        if name in self._constants or name in self._built.model.tables:
            return "constant"
        graph = Graph(self._built, frozenset())
        order = evaluation_order([name], graph.in_step)
        if any(need.startswith("@") for need in order):
            return "step"
        nodes = [graph.nodes[need] for need in order if need in graph.nodes]
        return "time" if any(node.clock or node.chance for node in nodes) else "parameter"

    # -- running ------------------------------------------------------------------------------

    def run(
        self,
        overrides: Mapping[str, ArrayLike],
        outputs: Mapping[str, str],
        *,
        final_time: float | None = None,
        time_step: float | None = None,
    ) -> dict[str, np.ndarray]:
        """Return the outputs of one run.

        `overrides` gives constants, auxiliaries, look-up ordinates or (for a stock) initial
        values. `outputs` maps a variable to 'path' (every step and the last time: (T+1, *dims)),
        'year_sum', 'year_mean' or 'year_end' ((years, *dims)).
        """
        inputs = self._inputs(overrides, final_time, time_step)
        function = self._function(inputs, outputs, frozenset(), None, False)
        found = function(inputs)
        return {name: np.asarray(found[f"{name}|{how}"]) for name, how in _keys(outputs).items()}

    def times(
        self,
        overrides: Mapping[str, ArrayLike] | None = None,
        *,
        final_time: float | None = None,
        time_step: float | None = None,
    ) -> np.ndarray:
        """Return the times of a 'path' output: (T+1,)."""
        start, step, count = self._clock(self._inputs(overrides or {}, final_time, time_step))
        return start + step * np.arange(count + 1)

    def run_many(
        self,
        overrides: Mapping[str, ArrayLike],
        outputs: Mapping[str, str],
        chunk: int = 64,
        *,
        final_time: float | None = None,
        time_step: float | None = None,
    ) -> Runs:
        """Return the outputs of many runs, run axis first; overrides may have it as first axis.

        A run whose outputs are not finite is all NaN and listed in `failures`.
        """
        whole = Runs()
        whole.failures = []
        parts: dict[str, list[np.ndarray]] = {name: [] for name in _keys(outputs)}
        for part in self.chunks(
            overrides, outputs, chunk, final_time=final_time, time_step=time_step
        ):
            whole.failures += part.failures
            for name in parts:
                parts[name].append(part[name])
        whole.update({name: np.concatenate(pieces) for name, pieces in parts.items()})
        return whole

    def chunks(
        self,
        overrides: Mapping[str, ArrayLike],
        outputs: Mapping[str, str],
        chunk: int = 64,
        *,
        final_time: float | None = None,
        time_step: float | None = None,
    ) -> Iterator[Runs]:
        """Yield the outputs of `chunk` runs after another; memory does not grow with the runs."""
        inputs = self._inputs(overrides, final_time, time_step, runs=True)
        batched = frozenset(name for name, value in inputs.items() if self._has_runs(name, value))
        counts = {inputs[name].shape[-1] for name in batched}
        if len(counts) != 1:
            raise ZhuanxingError(
                "run_many needs one number of runs on the first axis of its overrides, "
                f"found {sorted(counts) or 'none'}."
            )
        (count,) = counts
        function = self._function(inputs, outputs, batched, BLOCK, False)
        chunk = max(chunk, 1)
        ready: list[dict[str, np.ndarray]] = []
        first = 0
        for start in range(0, count, BLOCK):
            ready.append(self._block(function, inputs, batched, start, count, outputs))
            while first < count:
                wanted = min(chunk, count - first)
                held = sum(next(iter(block.values())).shape[0] for block in ready)
                if held < wanted:
                    break
                joined = {name: np.concatenate([b[name] for b in ready]) for name in ready[0]}
                ready = [{name: array[wanted:] for name, array in joined.items()}]
                taken = {name: array[:wanted] for name, array in joined.items()}
                yield self._checked(taken, inputs, batched, first)
                first += wanted

    def _block(
        self,
        function: Callable[..., Any],
        inputs: Mapping[str, np.ndarray],
        batched: frozenset[str],
        start: int,
        count: int,
        outputs: Mapping[str, str],
    ) -> dict[str, np.ndarray]:
        """Return one block's outputs, run axis first; the last block repeats its last run."""
        lanes = np.minimum(np.arange(start, start + BLOCK), count - 1)
        block = {
            name: np.ascontiguousarray(value[..., lanes]) if name in batched else value
            for name, value in inputs.items()
        }
        found = function(block)
        kept = min(BLOCK, count - start)
        result = {}
        for name, how in _keys(outputs).items():
            array = np.asarray(found[f"{name}|{how}"])
            lead = 1 + len(self._built.model.labels[name])
            if array.ndim == lead:  # the same for all runs
                array = np.broadcast_to(array[..., None], (*array.shape, BLOCK))
            result[name] = np.ascontiguousarray(np.moveaxis(array, -1, 0)[:kept])
        return result

    def _checked(
        self,
        found: dict[str, np.ndarray],
        inputs: Mapping[str, np.ndarray],
        batched: frozenset[str],
        first: int,
    ) -> Runs:
        """Return a chunk with failed runs made NaN throughout and their failures named."""
        count = next(iter(found.values())).shape[0]
        sound = np.ones(count, dtype=bool)
        for array in found.values():
            sound &= np.isfinite(array).reshape(count, -1).all(axis=1)
        runs = Runs(found)
        runs.failures = []
        for lane in np.flatnonzero(~sound):
            single = {
                name: value[..., first + lane] if name in batched else value
                for name, value in inputs.items()
            }
            runs.failures.append(self._failure(first + int(lane), single))
            for name in found:
                found[name][lane] = np.nan
                runs[name] = found[name]
        return runs

    def _failure(self, run: int, inputs: Mapping[str, np.ndarray]) -> Failure:
        """Return which variable was first not finite, and when, by stepping the run in numpy."""
        start, step, count = self._clock(inputs)
        graph = Graph(self._built, frozenset(inputs))
        order = [
            name
            for name in evaluation_order(graph.nodes, graph.in_step)
            if name in graph.nodes and name not in inputs
        ]
        env, _ = start_numpy(graph, inputs, (start, step), None, frozenset())
        found: list[tuple[str, float]] = []

        def visit(now: Env) -> bool:
            for name in order:
                if not np.isfinite(now.values[name]).all():
                    found.append((name, float(now.time)))
                    return True
            return False

        with np.errstate(all="ignore"):
            walk(graph, env, list(graph.states), start + step * np.arange(count + 1), visit)
        name, year = found[0] if found else ("unknown", float("nan"))
        return Failure(run, name, year)

    def gradient(
        self,
        overrides: Mapping[str, ArrayLike],
        outputs: Mapping[str, str],
        objective: Callable[[dict[str, jax.Array]], jax.Array],
        wrt: Sequence[str],
        *,
        final_time: float | None = None,
        time_step: float | None = None,
    ) -> tuple[float, dict[str, np.ndarray]]:
        """Return a scalar function of the outputs, and its derivative by each override in `wrt`.

        Reverse mode, with a checkpoint a year. `objective` is a JAX function of the outputs.
        """
        function = self.value_and_gradient(
            overrides, outputs, objective, wrt, final_time=final_time, time_step=time_step
        )
        names = [key_of(name) for name in wrt]
        inputs = self._inputs(overrides, final_time, time_step, also=names)
        value, slopes = function({name: inputs[name] for name in names})
        return float(value), {name: np.asarray(slope) for name, slope in slopes.items()}

    def value_and_gradient(
        self,
        overrides: Mapping[str, ArrayLike],
        outputs: Mapping[str, str],
        objective: Callable[[dict[str, jax.Array]], jax.Array],
        wrt: Sequence[str],
        *,
        final_time: float | None = None,
        time_step: float | None = None,
    ) -> Callable[[Mapping[str, ArrayLike]], tuple[jax.Array, dict[str, jax.Array]]]:
        """Return the compiled function of the overrides in `wrt` to value and gradient."""
        names = [key_of(name) for name in wrt]
        inputs = self._inputs(overrides, final_time, time_step, also=names)
        plan = self._plan(inputs, outputs, frozenset(), None, True)

        def scalar(chosen: dict[str, jax.Array], others: dict[str, jax.Array]) -> jax.Array:
            found = simulate(plan, {**others, **chosen})
            return objective({n: found[f"{n}|{how}"] for n, how in _keys(outputs).items()})

        compiled = jax.jit(jax.value_and_grad(scalar))
        fixed = {name: value for name, value in inputs.items() if name not in names}
        return lambda chosen: compiled(
            {name: self._shaped(name, chosen[name], False) for name in names}, fixed
        )

    # -- what is fixed before a run -----------------------------------------------------------

    def _inputs(
        self,
        overrides: Mapping[str, ArrayLike],
        final_time: float | None,
        time_step: float | None,
        *,
        runs: bool = False,
        also: Sequence[str] = (),
    ) -> dict[str, np.ndarray]:
        """Return constants and overrides as float arrays of full shape, runs last."""
        given: dict[str, ArrayLike] = {key_of(name): value for name, value in overrides.items()}
        if final_time is not None:
            given[FINAL_TIME] = final_time
        if time_step is not None:
            given[TIME_STEP] = time_step
        inputs: dict[str, np.ndarray] = dict(self._constants)
        for name in also:
            if name in self._built.model.tables:
                inputs[name] = self.lookups()[name]
        for name, value in given.items():
            inputs[name] = self._shaped(name, value, runs)
        start, step, _ = self._clock(inputs)
        inputs["time:start"], inputs["time:step"] = np.float64(start), np.float64(step)
        inputs["time:one"] = np.float64(1.0)
        return inputs

    def _dims(self, name: str) -> tuple[int, ...]:
        model = self._built.model
        if name in model.tables:
            table = model.tables[name]
            sizes = tuple(model.dimensions.size(label) for label in table.labels)
            return (table.y.shape[0], *sizes)
        if name not in model.labels:
            names = [*model.labels, *model.tables]
            raise ZhuanxingError(
                f"{self._origin} has no variable '{name}', did you mean '{nearest(name, names)}'?"
            )
        return tuple(model.dimensions.size(label) for label in model.labels[name])

    def _shaped(self, name: str, value: ArrayLike, runs: bool) -> np.ndarray:
        shape = self._dims(name)
        array = value if isinstance(value, jax.Array) else np.asarray(value, dtype=np.float64)
        try:
            if runs and array.ndim == len(shape) + 1 or (runs and array.ndim == 1 and not shape):
                full = np.broadcast_to(array, (array.shape[0], *shape))
                return np.moveaxis(full, 0, -1)
            if isinstance(array, jax.Array):
                return jax.numpy.broadcast_to(array, shape)
            return np.array(np.broadcast_to(array, shape))
        except ValueError as failure:
            raise ZhuanxingError(
                f"'{name}' has shape {array.shape}, expected {shape} "
                f"({', '.join(self._built.model.labels.get(name, ())) or 'one number'})."
            ) from failure

    def _has_runs(self, name: str, value: np.ndarray) -> bool:
        return not name.startswith("time:") and value.ndim > len(self._dims(name))

    def _clock(self, inputs: Mapping[str, Any]) -> tuple[float, float, int]:
        """Return initial time, time step and the number of steps."""
        graph = Graph(self._built, frozenset(inputs))
        env, _ = start_numpy(graph, inputs, (np.nan, np.nan), None, frozenset())
        values = []
        for name in (INITIAL_TIME, FINAL_TIME, TIME_STEP):
            if name not in graph.nodes:
                raise TranslationError(f"{self._origin} defines no {name.upper()}.")
            value = np.asarray(env.values[name])
            if value.size != 1 or not np.isfinite(value):
                raise TranslationError(
                    f"variable '{name}' ({locate(self._text, self._origin, name)}): "
                    f"must be one number that is known before the run."
                )
            values.append(float(value))
        moving = [
            name
            for name in evaluation_order([INITIAL_TIME, FINAL_TIME, TIME_STEP], graph.in_step)
            if name.startswith("@")
            or (name in graph.nodes and name not in inputs and graph.nodes[name].clock)
        ]
        if moving:
            raise TranslationError(
                f"{self._origin}: initial time, final time and time step must be known before "
                f"the run, '{moving[0].lstrip('@')}' changes during it."
            )
        start, final, step = values
        if step <= 0:
            raise ZhuanxingError(f"TIME STEP is {step} in {self._origin}, expected more than 0.")
        # As PySD: a step is taken while time, less a small part of a step, is below the end.
        return start, step, max(int(np.ceil((final - start) / step - 1e-6)), 0)

    def _function(
        self,
        inputs: Mapping[str, np.ndarray],
        outputs: Mapping[str, str],
        batched: frozenset[str],
        runs: int | None,
        guarded: bool,
    ) -> Callable[..., Any]:
        """Return the compiled run; one is kept for every shape of question asked."""
        plan = self._plan(inputs, outputs, batched, runs, guarded)
        key = (
            plan.outputs, tuple(sorted(inputs)), tuple(sorted(batched)), runs, plan.steps,
            plan.steps_per_year, tuple(sorted(plan.lengths.items())),
        )
        if key not in self._compiled:
            names = self._read(plan, inputs)
            compiled = jax.jit(lambda chosen: simulate(plan, chosen))
            self._compiled[key] = lambda given: compiled({name: given[name] for name in names})
        return self._compiled[key]

    def _read(self, plan: Plan, inputs: Mapping[str, Any]) -> list[str]:
        """Return the inputs that the plan reads, so that others do not reach the compiler."""
        named = {*plan.start_order, *plan.once, *plan.every_step, *plan.graph.tables}
        stocks = {plan.graph.states[key].scope.name for key in plan.states}
        return [n for n in sorted(inputs) if n in named or n in stocks or n.startswith("time:")]

    def _plan(
        self,
        inputs: Mapping[str, np.ndarray],
        outputs: Mapping[str, str],
        batched: frozenset[str],
        runs: int | None,
        guarded: bool,
    ) -> Plan:
        pairs = tuple(_keys(outputs).items())
        for name, how in pairs:
            self._dims(name)
            if name in self._built.model.tables:
                raise ZhuanxingError(f"'{name}' is a look-up and has no path, ask for its reader.")
            if how not in AGGREGATES:
                raise ZhuanxingError(
                    f"output '{name}' asks for '{how}', did you mean '{nearest(how, AGGREGATES)}'?"
                )
        start, step, count = self._clock(inputs)
        per_year = round(1.0 / step)
        if abs(per_year * step - 1.0) > 1e-9:
            per_year = 0
            if any(how != "path" for _, how in pairs):
                raise ZhuanxingError(f"annual outputs need a whole number of steps of {step} a year.")
        graph = Graph(self._built, frozenset(inputs))
        orders = plan_orders(graph, [name for name, _ in pairs])
        everything = [*graph.nodes, *graph.states]
        sources = batched | {
            key for key, state in graph.states.items()
            if state.scope.name in batched and graph.is_stock(state.scope.name)
        }
        spread = frozenset(dependents(sources, everything, graph.ever)) if batched else frozenset()
        with np.errstate(all="ignore"):
            env, lengths = start_numpy(
                graph, inputs, (start, step), _count(inputs, batched), spread
            )
            for key in orders[-1]:
                env.states[key]
        return Plan(
            graph, *orders, lengths, spread, runs, count, per_year, self._method, pairs, guarded
        )


def _count(inputs: Mapping[str, np.ndarray], batched: frozenset[str]) -> int | None:
    return next((inputs[name].shape[-1] for name in sorted(batched)), None)


def _keys(outputs: Mapping[str, str]) -> dict[str, str]:
    return {key_of(name): how for name, how in outputs.items()}


def _is_constant(node: Node) -> bool:
    return not (node.needs or node.needs_initial or node.clock or node.chance or node.switches)


def _equation(text: str, name: str) -> str:
    """Return the equation of a variable as it is written in a Vensim text, on one line."""
    wanted = key_of(name)
    for entry in _entries(text):
        left = entry.split("=", 1)[0].split("[", 1)[0].split("(", 1)[0]
        if key_of(left.rstrip(":")) == wanted:
            return entry
    return ""


def _entries(text: str) -> list[str]:
    body = text.split("\\\\\\---///", 1)[0]
    return [" ".join(entry.split("~", 1)[0].split()) for entry in body.split("|")]
