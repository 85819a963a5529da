"""Experiments on the model: many runs in one batch for annual outputs, single runs by step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import xarray as xr

from zhuanxing.analyses.check.extremes import InputChange
from zhuanxing.errors import require_known
from zhuanxing.model import Model
from zhuanxing.results.annual import PATH, annual, yearly_requests

_TIME_STEP = "time step"


@dataclass(frozen=True)
class Experiment:
    """A scenario with changes. `label` is unique; it names the experiment in messages.

    `every_lever` sets the intensity of all levers; `levers` sets single ones after that, and
    `start` the year in which all levers begin. Levers act in their target cities only.
    """

    label: str
    scenario: str
    every_lever: float | None = None
    levers: Mapping[str, float] = field(default_factory=dict)
    start: float | None = None
    inputs: tuple[InputChange, ...] = ()


class Laboratory:
    """Runs experiments on `model` and keeps their annual outputs."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._annual: dict[str, xr.Dataset] = {}

    def prepare(self, experiments: Iterable[Experiment]) -> None:
        """Run in one batch what has not been run yet."""
        new = {e.label: e for e in experiments if e.label not in self._annual}
        if not new:
            return
        runs = self.model.run_many(self._design(list(new.values())))
        for number, label in enumerate(new):
            paths = runs.isel(run=number)
            failure = str(paths["failure"].values)
            self._annual[label] = paths.drop_vars(["run", "failure"]).assign_attrs(failure=failure)

    def paths(self, experiment: Experiment) -> xr.Dataset:
        """Annual outputs (dims city, year and others); attribute `failure` names what broke."""
        self.prepare([experiment])
        return self._annual[experiment.label]

    def many(self, experiments: Mapping[str, Experiment]) -> xr.Dataset:
        """Annual outputs of several experiments along `run`, whose coordinate are the keys."""
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
        series = {name: self.model.series(name, found[name], PATH, times=time) for name in names}
        return xr.Dataset(series)

    def paths_at_step(self, experiment: Experiment, factor: float) -> xr.Dataset:
        """Annual outputs with the model's time step times `factor`."""
        step = {_TIME_STEP: self.model.program.constants()[_TIME_STEP] * factor}
        times = self.model.program.times(step)
        requests = yearly_requests(self.model.outputs)
        found = self.model.program.run({**self.overrides(experiment), **step}, requests)
        series = {
            name: self.model.series(name, found[name], way, times=times)
            for name, way in requests.items()
        }
        return annual(series, self.model.outputs, self.model.equations)

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

    def _design(self, experiments: list[Experiment]) -> xr.Dataset:
        """The experiments as a design; what one of them leaves alone is the constant."""
        constants = self.model.program.constants()
        inputs = [self.overrides(experiment) for experiment in experiments]
        design = {}
        for name in dict.fromkeys(name for one in inputs for name in one):
            values = np.stack([one.get(name, constants[name]) for one in inputs])
            dims = ["run", *self.model.dims(name)]
            design[name.replace(" ", "_")] = xr.DataArray(values, dims=dims)
        return xr.Dataset(design)
