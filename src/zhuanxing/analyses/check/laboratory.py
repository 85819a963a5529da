"""Experiments on the model: many runs in one batch for annual outputs, single runs by step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import xarray as xr

from zhuanxing.analyses.check.extremes import InputChange
from zhuanxing.inputs.names import require_known
from zhuanxing.model import INTENSITY, START, Model
from zhuanxing.results.annual import PATH, annual, yearly_requests

_TIME_STEP = "time step"


@dataclass(frozen=True)
class Experiment:
    """A scenario with changes. ``label`` is unique; it names the experiment in messages.

    ``every_lever`` sets the intensity of all levers; ``levers`` sets single ones after that, and
    ``start`` the year in which all levers begin. Levers act in their target cities only.
    """

    label: str
    scenario: str
    every_lever: float | None = None
    levers: Mapping[str, float] = field(default_factory=dict)
    start: float | None = None
    inputs: tuple[InputChange, ...] = ()


class Laboratory:
    """Runs experiments on ``model`` and keeps their annual outputs."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._annual: dict[str, xr.Dataset] = {}

    def prepare(self, experiments: Iterable[Experiment]) -> None:
        """Run in one batch what has not been run yet."""
        new = {e.label: e for e in experiments if e.label not in self._annual}
        if not new:
            return
        inputs = [self.overrides(experiment) for experiment in new.values()]
        requests = yearly_requests(self.model.outputs)
        runs = self.model.program.run_many(self._stacked(inputs), requests)
        failures = {f.run: f"{f.variable} in {f.year:g}" for f in runs.failures}
        for number, label in enumerate(new):
            found = {name: runs[name][number] for name in requests}
            self._annual[label] = self._paths(found, requests, failures.get(number, ""))

    def paths(self, experiment: Experiment) -> xr.Dataset:
        """Annual outputs (dims city, year and others); attribute ``failure`` names what broke."""
        self.prepare([experiment])
        return self._annual[experiment.label]

    def many(self, experiments: Mapping[str, Experiment]) -> xr.Dataset:
        """Annual outputs of several experiments along ``run``, whose coordinate are the keys."""
        self.prepare(experiments.values())
        parts = [self.paths(experiment) for experiment in experiments.values()]
        return xr.concat(parts, xr.Variable("run", list(experiments)), combine_attrs="drop")

    def steps(self, experiment: Experiment, variables: Iterable[str]) -> xr.Dataset:
        """Variables of the model at every time step (dims time and the variable's own)."""
        return self.steps_with(self.overrides(experiment), variables)

    def steps_with(
        self, overrides: Mapping[str, np.ndarray], variables: Iterable[str]
    ) -> xr.Dataset:
        """The same for constants of the model given by name, with the model's dimensions."""
        names = list(dict.fromkeys(variables))
        found = self.model.program.run(overrides, dict.fromkeys(names, PATH))
        time = self.model.program.times(overrides)
        return xr.Dataset({name: self._array(name, found[name], "time", time) for name in names})

    def paths_at_step(self, experiment: Experiment, factor: float) -> xr.Dataset:
        """Annual outputs with the model's time step times ``factor``."""
        step = float(self.model.program.constants()[_TIME_STEP]) * factor
        requests = yearly_requests(self.model.outputs)
        overrides = self.overrides(experiment)
        found = self.model.program.run(overrides, requests, time_step=step)
        return self._paths(found, requests, "", step)

    def overrides(self, experiment: Experiment) -> dict[str, np.ndarray]:
        """The experiment as overrides of the model's constants."""
        scenario = self.model.scenario(experiment.scenario)
        targets = self.model.names.targets
        intensity = scenario.intensity.copy()
        if experiment.every_lever is not None:
            intensity = np.where(targets, experiment.every_lever, 0.0)
        for lever, value in experiment.levers.items():
            column = scenario.levers.index(lever)
            intensity[:, column] = np.where(targets[:, column], value, 0.0)
        start = scenario.start
        if experiment.start is not None:
            start = np.full_like(start, experiment.start)
        changed = self.model.inputs(replace(scenario, intensity=intensity, start=start))
        for change in experiment.inputs:
            changed[change.name] = self._changed(change, changed, experiment.label)
        return changed

    def _changed(
        self, change: InputChange, known: Mapping[str, np.ndarray], label: str
    ) -> np.ndarray:
        constants = self.model.program.constants()
        require_known("constant of the model", change.name, constants, label)
        value = known.get(change.name, constants[change.name])
        dims = self.model.program.variables[change.name].dims
        coords = {dim: list(self.model.elements(dim)) for dim in dims}
        return change.apply(xr.DataArray(value, coords, dims)).to_numpy()

    def _stacked(self, inputs: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
        """Overrides with the run axis first; what an experiment leaves alone is the constant."""
        constants = self.model.program.constants()
        names = [INTENSITY, START, *(name for one in inputs for name in one)]
        return {
            name: np.stack([one.get(name, constants[name]) for one in inputs])
            for name in dict.fromkeys(names)
        }

    def _paths(
        self,
        found: Mapping[str, np.ndarray],
        requests: Mapping[str, str],
        failure: str,
        step: float | None = None,
    ) -> xr.Dataset:
        time = self.model.program.times(time_step=step)
        series = {
            name: self._array(name, found[name], "time", time)
            if way == PATH
            else self._array(name, found[name], "year", round(float(time[0])))
            for name, way in requests.items()
        }
        paths = annual(series, self.model.outputs)
        for output in self.model.outputs:
            paths[output.name].attrs = {"aggregate": output.aggregate, "units": output.unit}
        return paths.assign_attrs(failure=failure)

    def _array(
        self, name: str, values: np.ndarray, moments: str, when: np.ndarray | int
    ) -> xr.DataArray:
        """What the engine gave, with coordinates; ``when`` holds the times, or the first year."""
        labels = self.model.program.variables[name].dims
        along = when if moments == "time" else when + np.arange(len(values))
        coords: dict[str, Any] = {moments: along}
        coords |= {dim.replace(" ", "_"): list(self.model.elements(dim)) for dim in labels}
        return xr.DataArray(values, coords, list(coords))
