"""What a run is given: constants and overrides as arrays of full shape, and the clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from datetime import datetime
from typing import Any

import jax
import numpy as np
from numpy.typing import ArrayLike

from zhuanxing.engine.running.dependency_order import evaluation_order
from zhuanxing.engine.running.failures import TranslationError, key_of
from zhuanxing.engine.running.graph import Graph, start_numpy
from zhuanxing.engine.translating.clock_functions import computer_time
from zhuanxing.engine.translating.model_builder import Built
from zhuanxing.engine.translating.nodes import Env, Node
from zhuanxing.errors import ZhuanxingError, nearest

__all__ = ["FINAL_TIME", "TIME_STEP", "Inputs", "is_constant"]

# More than memory holds: a mistake in TIME STEP or FINAL TIME.
MOST_STEPS = 100_000_000
INITIAL_TIME, FINAL_TIME, TIME_STEP = "initial time", "final time", "time step"


def is_constant(node: Node) -> bool:
    """Tell whether a variable reads nothing: neither others, nor Time, nor chance."""
    return not (node.needs or node.needs_initial or node.clock or node.chance or node.switches)


class Inputs:
    """The model's own constants and look-ups, and how overrides take their place."""

    def __init__(self, built: Built, origin: str) -> None:
        self._model = built.model
        self._built = built
        self._origin = origin
        env = Env(np, np.nan, 0, np.nan, False)
        self.constants: dict[str, np.ndarray] = {}
        with np.errstate(all="ignore"):
            for name, node in built.nodes.items():
                if is_constant(node):
                    self.constants[name] = np.asarray(node.value(env), dtype=np.float64)
        self._lookups: dict[str, np.ndarray] = {}

    def with_values(self, values: Mapping[str, ArrayLike]) -> Inputs:
        """Return the inputs with other numbers in constants [*dims] and look-ups [points, *dims].

        Look-ups that are given so become arguments of what is compiled, as constants are. Raises
        ZhuanxingError for an unknown name or a wrong shape.
        """
        other = copy(self)
        arrays = {key_of(name): self.shaped(key_of(name), v, False) for name, v in values.items()}
        tables = self._model.tables
        other.constants = {**self.constants, **{n: a for n, a in arrays.items() if n not in tables}}
        other._lookups = {**self._lookups, **{n: a for n, a in arrays.items() if n in tables}}
        return other

    def lookup(self, name: str) -> np.ndarray:
        """Return the ordinates of a look-up: (points, *dims)."""
        if name in self._lookups:
            return self._lookups[name].copy()
        return np.array(np.broadcast_to(self._model.tables[name].y, self.shape(name)))

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of a variable, or (points, *dims) of a look-up."""
        model = self._model
        if name in model.tables:
            table = model.tables[name]
            return (table.y.shape[0], *(model.dimensions.size(label) for label in table.labels))
        if name not in model.labels:
            names = [*model.labels, *model.tables]
            raise ZhuanxingError(
                f"{self._origin} has no variable '{name}', did you mean '{nearest(name, names)}'?"
            )
        return tuple(model.dimensions.size(label) for label in model.labels[name])

    def gather(
        self, overrides: Mapping[str, ArrayLike], *, runs: bool = False, also: Sequence[str] = ()
    ) -> dict[str, np.ndarray]:
        """Return all inputs of a run by key; a first axis of runs becomes the last.

        `also` names look-ups that are wanted among the inputs with their own values.
        Raises ZhuanxingError for an unknown name or a wrong shape.
        """
        given = {key_of(name): value for name, value in overrides.items()}
        inputs = {**self.constants, **self._lookups}
        inputs.update({name: self.lookup(name) for name in also if name in self._model.tables})
        for name, value in given.items():
            inputs.update(self._by_part(name, self.shaped(name, value, runs)))
        if self._model.reads_computer_time:
            inputs["time:now"] = computer_time(datetime.now())
        graph = Graph(self._built, frozenset(inputs))
        start = self._start(graph, inputs)
        moves = self._mover(graph, inputs) is not None
        step = np.nan if moves else self._before(graph, inputs, TIME_STEP, start)
        inputs["time:start"], inputs["time:step"] = np.array(start), np.array(step)
        inputs["time:one"] = np.array(1.0)
        return inputs

    def _by_part(self, name: str, array: Any) -> dict[str, Any]:
        """Return an override, or that of each part of a variable which is taken apart."""
        parts = self._built.parts.get(name)
        if parts is None:
            return {name: array}
        xp = jax.numpy if isinstance(array, jax.Array) else np
        moved = xp.moveaxis(array, parts.places, range(len(parts.places)))
        cells = moved.reshape((len(parts.names), *moved.shape[len(parts.places) :]))
        return dict(zip(parts.names, cells, strict=True))

    def shaped(self, name: str, value: ArrayLike, runs: bool) -> Any:
        """Return a value broadcast to the variable's shape, runs (if there are any) last."""
        shape = self.shape(name)
        array = value if isinstance(value, jax.Array) else np.asarray(value, dtype=np.float64)
        try:
            if runs and array.ndim == len(shape) + 1:
                full = np.broadcast_to(array, (array.shape[0], *shape))
                return np.moveaxis(full, 0, -1)
            if isinstance(array, jax.Array):
                return jax.numpy.broadcast_to(array, shape)
            return np.array(np.broadcast_to(array, shape))
        except ValueError as failure:
            dims = ", ".join(self._model.labels.get(name, ())) or "one number"
            raise ZhuanxingError(
                f"'{name}' is given with shape {array.shape}, expected {shape} ({dims})."
            ) from failure

    def has_runs(self, name: str, value: np.ndarray) -> bool:
        """Tell whether an input has an axis of runs."""
        return not name.startswith("time:") and value.ndim > len(self.shape(name))

    def moves_its_clock(self, inputs: Mapping[str, Any]) -> bool:
        """Tell whether gathered inputs are of a model whose FINAL TIME or TIME STEP change."""
        return bool(np.isnan(inputs["time:step"]))

    def clock(self, inputs: Mapping[str, Any]) -> tuple[float, float, int]:
        """Return initial time, time step and number of steps.

        Raises TranslationError unless all three are known before the run.
        """
        graph = Graph(self._built, frozenset(inputs))
        start = self._start(graph, inputs)
        mover = self._mover(graph, inputs)
        if mover is not None:
            raise TranslationError(
                f"{self._origin}: FINAL TIME or TIME STEP follow '{mover}', which changes during a "
                "run; such a model has single runs, but neither batches nor gradients."
            )
        final = self._before(graph, inputs, FINAL_TIME, start)
        step = self._before(graph, inputs, TIME_STEP, start)
        if step <= 0:
            raise ZhuanxingError(f"TIME STEP is {step} in {self._origin}, expected more than 0.")
        if final < start:
            raise ZhuanxingError(
                f"FINAL TIME is {final:g} in {self._origin}, before INITIAL TIME {start:g}."
            )
        # No time lies beyond FINAL TIME, also where the steps do not fit.
        count = int(np.floor((final - start) / step + 1e-6))
        if count > MOST_STEPS:
            raise ZhuanxingError(
                f"{self._origin} asks for {count:.3g} steps of {step:g} from {start:g} to "
                f"{final:g}, expected at most {MOST_STEPS:,}."
            )
        return start, step, count

    def _mover(self, graph: Graph, inputs: Mapping[str, Any]) -> str | None:
        """Return what FINAL TIME or TIME STEP read that changes during a run, if they do."""
        for name in evaluation_order((FINAL_TIME, TIME_STEP), graph.in_step):
            node = graph.nodes.get(name)
            if name.startswith("@"):
                return name.strip("@'")
            if node and name not in inputs and (node.clock or node.chance):
                return name
        return None

    def _start(self, graph: Graph, inputs: Mapping[str, Any]) -> float:
        """Return the initial time: where its equation reads Time, that is 0, as in Vensim."""
        for name in (INITIAL_TIME, FINAL_TIME, TIME_STEP):
            if name not in graph.nodes:
                raise TranslationError(
                    f"{self._origin} defines no {name.upper()}, add an equation for it."
                )
        return self._before(graph, inputs, INITIAL_TIME, 0.0)

    def _before(self, graph: Graph, inputs: Mapping[str, Any], name: str, time: float) -> float:
        """Return a control variable as it is before the run, at a time."""
        env, _ = start_numpy(graph, inputs, (time, np.nan), None, frozenset())
        value = np.asarray(env.values[name])
        if value.size != 1 or not np.isfinite(value).all():
            raise ZhuanxingError(
                f"{name.upper()} is {value.tolist()} in {self._origin}, expected one number "
                "that is the same for all runs."
            )
        return float(value.ravel()[0])
