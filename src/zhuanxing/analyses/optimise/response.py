"""A city's outputs as a function of its levers, with the exact derivatives of the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from zhuanxing.engine.running.xla_options import SLOPES
from zhuanxing.inputs.design import INTENSITY, of_intensities
from zhuanxing.results.annual import END, OF_VARIABLE, PATH, SUM, yearly_requests
from zhuanxing.results.outputs import Output, select_outputs

if TYPE_CHECKING:
    from zhuanxing.engine.program import Past
    from zhuanxing.inputs import Scenario
    from zhuanxing.model import Model

__all__ = ["Response"]

# Derivatives of this many outputs are computed at once, so that one compiled program serves all.
TOGETHER = 4


class Response:
    """Outputs of `city` in the last year by the intensities of the levers `columns` in it.

    All other cities and settings are those of `scenario`. The first `steered` outputs have
    derivatives; those of the others, which are only looked at, are zero.
    """

    def __init__(
        self, model: Model, scenario: Scenario, city: str, outputs: Sequence[str], steered: int
    ) -> None:
        self._steered = steered
        self.outputs = select_outputs(model.outputs, tuple(outputs))
        self.city = city
        self._model = model
        self._scenario = scenario
        self._inputs = model.inputs(scenario)
        self._place = np.array([name == city for name in model.elements("city")], dtype=float)
        row = int(self._place.argmax())
        targets = model.names.targets[list(model.names.cities).index(city)]
        order = [list(model.names.levers).index(lever) for lever in model.elements("lever")]
        self.columns = np.flatnonzero(targets[order])
        self.levers = tuple(model.elements("lever")[column] for column in self.columns)
        self.start = self._inputs[INTENSITY][row, self.columns]
        self._row = row
        self._runs: dict[bytes, dict[str, Any]] = {}
        self._known: dict[bytes, tuple[np.ndarray, np.ndarray]] = {}

    def values(self, x: np.ndarray) -> np.ndarray:
        """Return the outputs [output] at intensities `x` [lever]."""
        return np.asarray(self._measured(self._run(x)))

    def with_slopes(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the outputs [output] and their derivatives [output, lever] at `x`."""
        if (key := x.tobytes()) not in self._known:
            self._known[key] = self._slopes(x)
        return self._known[key]

    def _run(self, x: np.ndarray) -> dict[str, Any]:
        if (key := x.tobytes()) not in self._runs:
            self._runs[key] = self._raw(self._full(x))
        return self._runs[key]

    def _slopes(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        full, raw = self._full(x), self._run(x)
        weights = jax.jacrev(self._measured)(raw)
        rows = []
        for first in range(0, self._steered, TOGETHER):
            part = {
                name: _padded(array[first : first + TOGETHER]) for name, array in weights.items()
            }
            rows.append(np.asarray(self._pulled(full, self._place, self._fixed, part)))
        found = np.concatenate(rows)[: self._steered]
        slopes = np.zeros((len(self.outputs), len(self.columns)))
        slopes[: self._steered] = found[:, self._row, self.columns]
        return np.asarray(self._measured(raw)), slopes

    def designs(self, points: np.ndarray) -> xr.Dataset:
        """Return intensities [point, lever] as a design of runs."""
        full = np.stack([self._full(point) for point in points])
        return of_intensities(full, self._model.source.equations)

    def _full(self, x: np.ndarray) -> np.ndarray:
        full = self._inputs[INTENSITY].copy()
        full[self._row, self.columns] = x
        return full

    @cached_property
    def _requests(self) -> dict[str, frozenset[str]]:
        """Return the yearly values of variables that plain outputs are made of."""
        wanted: dict[str, set[str]] = {}
        for output in self._model.plain_outputs:
            wanted.setdefault(output.variable, set()).add(OF_VARIABLE[output.aggregate])
            if output.denominator:
                wanted.setdefault(output.denominator, set()).add(SUM)
        return {name: frozenset(ways) for name, ways in wanted.items()}

    @cached_property
    def _asked(self) -> dict[str, str]:
        """Return how plain outputs' variables are asked of the engine by every run."""
        everything = yearly_requests(self._model.outputs)
        return {name: everything[name] for name in self._requests}

    @cached_property
    def _traced(self) -> tuple[Any, dict[str, np.ndarray]]:
        return self._model.program.traced(self._inputs, self._asked, [INTENSITY], self._past)

    @cached_property
    def _past(self) -> Past | None:
        """Return the years before any of the levers starts."""
        moved = self._full(np.where(self.start > 0, 0.0, 1.0))[None]
        everything = [one.name for one in self._model.outputs]
        return self._model.past(self._scenario, moved, everything)

    @property
    def _fixed(self) -> dict[str, np.ndarray]:
        return self._traced[1]

    def _raw(self, full: np.ndarray) -> dict[str, Any]:
        """Return the yearly values of the city, by the run that every command has compiled."""
        everything = yearly_requests(self._model.outputs)
        found = self._model.program.run({**self._inputs, INTENSITY: full}, everything)
        return self._of_city(found, self._place)

    def _of_city(self, found: Mapping[str, Any], place: Any) -> dict[str, Any]:
        times = self._model.program.times()
        steps = round(1 / float(times[1] - times[0]))
        return {
            f"{name}|{way}": _yearly(found[name], way, steps, self._asked[name] == PATH) @ place
            for name, ways in self._requests.items()
            for way in sorted(ways)
        }

    @cached_property
    def _pulled(self) -> Any:
        """Return the compiled pull-back of weights on the city's yearly values to intensities."""

        def pulled(full: Any, place: Any, fixed: Any, weights: Any) -> Any:
            def raw(chosen: Any) -> dict[str, Any]:
                # Traced only where it is not on disk already.
                return self._of_city(self._traced[0]({INTENSITY: chosen}, fixed), place)

            _, pull = jax.vjp(raw, full)
            return jax.vmap(lambda one: pull(one)[0])(weights)

        full = self._inputs[INTENSITY]
        weights = {
            name: _padded(np.asarray(value)[None]) for name, value in self._raw(full).items()
        }
        arguments = (full, self._place, self._fixed, weights)
        begin = 0 if self._past is None else self._past.steps
        question = ("pull-back of a city", sorted(self._asked.items()), TOGETHER, begin)
        return self._model.program.compiled(question, pulled, arguments, SLOPES)

    def _measured(self, raw: Mapping[str, Any]) -> Any:
        return jnp.stack([_measure(output, raw) for output in self.outputs])


def _yearly(values: Any, way: str, steps: int, path: bool) -> Any:
    """Return values of years [year, city], from a path where several are asked of it."""
    if not path:
        return values
    if way == END:
        return values[steps::steps]
    years = (values.shape[0] - 1) // steps
    return values[: years * steps].reshape(years, steps, -1).mean(axis=1)


def _measure(output: Output, raw: Mapping[str, Any]) -> Any:
    """Return an output in the last year from yearly values of its variables."""
    series = raw[f"{output.variable}|{OF_VARIABLE[output.aggregate]}"]
    if output.denominator:
        series = series / raw[f"{output.denominator}|{SUM}"]
    if output.aggregate == "change":
        return 100 * (series[-1] / series[-2] - 1)
    return series[-1] * output.scale


def _padded(array: Any) -> np.ndarray:
    """Return weights [TOGETHER, year] with rows of zeros where there are fewer outputs."""
    rows = np.asarray(array)
    missing = np.zeros((TOGETHER - len(rows), *rows.shape[1:]))
    return np.concatenate([rows, missing])
