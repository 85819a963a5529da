"""EMA Workbench on the fast engine: a model class, and an evaluator that runs in batches.

    from ema_workbench import ArrayOutcome
    from zhuanxing.export.ema import BatchEvaluator, CityModel

    model = CityModel("cities", scenario="plan", uncertainties=["capital_elasticity.mining"],
                      levers=["solar_base"], outcomes=["gdp"])
    with BatchEvaluator(model) as evaluator:
        experiments, outcomes = evaluator.perform_experiments(scenarios=1000, policies=4)

Uncertainties are the rows of assumptions.csv with a range, levers the intensities of levers.csv,
outcomes the rows of outputs.csv as arrays [year, city, ...].
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from typing import Any

import numpy as np
import xarray as xr
from ema_workbench import ArrayOutcome, RealParameter
from ema_workbench.em_framework.evaluators import BaseEvaluator
from ema_workbench.em_framework.model import SingleReplication
from ema_workbench.em_framework.points import (
    Experiment,
    ExperimentReplication,
    experiment_generator,
)

from zhuanxing.errors import require_known
from zhuanxing.model import Model, load
from zhuanxing.uncertainty.ranges import Range, uncertain_numbers

__all__ = ["BatchEvaluator", "CityModel"]

CHUNK = 256
Prepared = tuple[Experiment, ExperimentReplication]


class CityModel(SingleReplication):
    """The model of the cities as a model of the workbench.

    Uncertainties, levers and outcomes may be replaced by the workbench's own objects, whose names
    (or variable names) must be those of `Model.run_many`'s designs and outputs.
    """

    def __init__(
        self,
        name: str = "zhuanxing",
        *,
        model: Model | None = None,
        scenario: str = "baseline",
        uncertainties: Sequence[str] | None = None,
        levers: Sequence[str] = (),
        outcomes: Sequence[str] = (),
    ) -> None:
        """Make a model whose experiments depart from `scenario`.

        `uncertainties` names uncertain numbers, with underscores and an element after a point
        where the row has one; by default all. `levers` and `outcomes`
        name rows of levers.csv and outputs.csv. Raises ZhuanxingError for an unknown name.
        """
        super().__init__(name)
        self.model = load() if model is None else model
        self.scenario = self.model.scenario(scenario)
        known = {n.key: n for n in uncertain_numbers(self.model.source.equations)}
        self.uncertainties = [
            _parameter(key, known) for key in (known if uncertainties is None else uncertainties)
        ]
        for lever in levers:
            require_known("lever", lever, self.model.names.levers, "levers")
        self.levers = [
            RealParameter(lever, 0.0, 1.0, variable_name=f"levers.{lever}.intensity")
            for lever in levers
        ]
        offered = [output.name for output in self.model.outputs]
        for outcome in outcomes:
            require_known("output", outcome, offered, "outcomes")
        self.outcomes = [ArrayOutcome(outcome) for outcome in outcomes]

    def run_experiment(self, experiment: Mapping[str, float]) -> dict[str, np.ndarray]:
        """Run one experiment; the workbench's own evaluators call this."""
        return self.run_experiments([experiment])[0]

    def run_experiments(
        self, experiments: Sequence[Mapping[str, float]]
    ) -> list[dict[str, np.ndarray]]:
        """Return for each experiment the outputs that the outcomes ask for, [year, *dims].

        All experiments name the same inputs. One that leaves the domain of the equations is NaN.
        """
        names = list(experiments[0])
        columns = {
            name: ("run", [float(experiment[name]) for experiment in experiments]) for name in names
        }
        design = xr.Dataset(columns, {"run": np.arange(len(experiments))})
        wanted = tuple(dict.fromkeys(self.output_variables))
        found = self.model.run_many(design, scenario=self.scenario, outputs=wanted)
        arrays = {name: found[name].transpose("run", "year", ...).values for name in wanted}
        return [
            {name: array[run] for name, array in arrays.items()} for run in range(len(experiments))
        ]

    def inputs(self, experiment: Experiment) -> ExperimentReplication:
        """Return an experiment's values under the names that the engine knows."""
        policy, scenario = experiment.policy.copy(), experiment.scenario.copy()
        self.model_init(policy)
        self._transform(scenario, self.uncertainties)
        self._transform(policy, self.levers)
        constants = {constant.name: constant.value for constant in self.constants}
        return ExperimentReplication(scenario, policy, constants)


class BatchEvaluator(BaseEvaluator):
    """Runs the experiments of `CityModel`s many at a time; use it like the other evaluators."""

    def initialize(self) -> None:
        """Nothing has to be started."""

    def finalize(self) -> None:
        """Nothing has to be stopped."""

    def evaluate_experiments(
        self, scenarios: Any, policies: Any, callback: Any, combine: str = "factorial"
    ) -> None:
        """Run all experiments, and hand each to `callback` as the workbench expects."""
        for model in self._msis:
            experiments = experiment_generator(scenarios, [model], policies, combine=combine)
            for chunk in _chunks(
                (experiment, model.inputs(experiment)) for experiment in experiments
            ):
                outputs = model.run_experiments([given for _, given in chunk])
                for (experiment, given), output in zip(chunk, outputs, strict=True):
                    model.outcomes_output = output
                    model.constraints_output = (given, model.outcomes_output)
                    callback(experiment, model.outcomes_output)


def _chunks(experiments: Iterable[Prepared]) -> Iterator[list[Prepared]]:
    """Yield experiments that set the same inputs: a policy may leave levers out."""
    for _, group in groupby(experiments, key=lambda prepared: sorted(prepared[1])):
        while chunk := list(islice(group, CHUNK)):
            yield chunk


def _parameter(key: str, known: Mapping[str, Range]) -> RealParameter:
    require_known("uncertain number", key, known, "uncertainties")
    number = known[key]
    return RealParameter(key, number.low, number.high, default=number.value)
