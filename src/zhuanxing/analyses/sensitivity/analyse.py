"""Screening by Morris and variance shares by Sobol', in batches of runs of the compiled engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from SALib.analyze import morris as analyse_morris
from SALib.analyze import sobol as analyse_sobol
from SALib.sample import morris as sample_morris
from SALib.sample import sobol as sample_sobol

from zhuanxing.analyses.sensitivity.settings import SensitivitySettings
from zhuanxing.errors import ZhuanxingError
from zhuanxing.uncertainty.ranges import Range, constants_of, uncertain_numbers

if TYPE_CHECKING:
    from zhuanxing.model import Model

__all__ = ["chosen_ranges", "screen", "simulate", "variance_shares"]

CHUNK = 64
Report = Callable[[float], None]


def chosen_ranges(model: Model, settings: SensitivitySettings) -> list[Range]:
    """Return the numbers that are varied: those of `parameters` not in `leave_out`.

    Raises ZhuanxingError for a pattern that matches nothing, and for a size of a design that
    Morris or Sobol' cannot have.
    """
    if settings.morris.levels % 2:
        raise ZhuanxingError(
            f"sensitivity.yaml.morris.levels is {settings.morris.levels}, expected an even number"
        )
    if settings.sobol.samples.bit_count() != 1:
        raise ZhuanxingError(
            f"sensitivity.yaml.sobol.samples is {settings.sobol.samples}, expected a power of two"
        )
    found = uncertain_numbers(model.source.equations, settings.parameters)
    return [
        number
        for number in found
        if not any(fnmatchcase(number.name, pattern) for pattern in settings.leave_out)
    ]


def screen(
    model: Model, numbers: Sequence[Range], settings: SensitivitySettings, report: Report
) -> xr.DataArray:
    """Return Morris' mean absolute effect (output, city, parameter).

    It is the change of an output when the parameter crosses its whole range, in the output's
    unit, averaged over the ranges of the others.
    """
    problem = _problem(numbers)
    points = sample_morris.sample(
        problem, settings.morris.trajectories, num_levels=settings.morris.levels, seed=settings.seed
    )
    results = simulate(model, numbers, points, settings, report)

    def effect(values: np.ndarray) -> np.ndarray:
        found = analyse_morris.analyze(
            problem, points, values, num_levels=settings.morris.levels, seed=settings.seed
        )
        return np.asarray(found["mu_star"], float)

    return _by_output(results, numbers, effect)


def variance_shares(
    model: Model, numbers: Sequence[Range], settings: SensitivitySettings, report: Report
) -> xr.DataArray:
    """Return Sobol' total indices (output, city, parameter): the part of the variance that would
    be left if all others were known.
    """
    problem = _problem(numbers)
    points = sample_sobol.sample(
        problem, settings.sobol.samples, calc_second_order=False, seed=settings.seed
    )
    results = simulate(model, numbers, points, settings, report)

    def total(values: np.ndarray) -> np.ndarray:
        found = analyse_sobol.analyze(
            problem, values, calc_second_order=False, num_resamples=2, seed=settings.seed
        )
        return np.asarray(found["ST"], float)

    return _by_output(results, numbers, total)


def simulate(
    model: Model,
    numbers: Sequence[Range],
    points: np.ndarray,
    settings: SensitivitySettings,
    report: Report,
) -> xr.Dataset:
    """Return the outputs of the settings' year (run, city); `points` (run, parameter) in [0, 1].

    Raises ZhuanxingError if a run leaves the domain of the equations, because both methods need
    every run of their design.
    """
    scenario = model.scenario(settings.scenario)
    parts = []
    for first in range(0, len(points), CHUNK):
        design = _design(model, numbers, points[first : first + CHUNK])
        parts += list(
            model.batches(
                design, scenario, outputs=settings.outputs, years=[settings.year], chunk=CHUNK
            )
        )
        report(min(1.0, (first + CHUNK) / len(points)))
    whole = xr.concat(parts, "run").squeeze("year", drop=True)
    failed = [text for text in whole["failure"].values if text]
    if failed:
        raise ZhuanxingError(
            f"sensitivity: {len(failed)} of {len(points)} runs leave the domain of the equations, "
            f"the first at {failed[0]}; leave the parameter out or narrow its range"
        )
    return whole


def _problem(numbers: Sequence[Range]) -> dict[str, Any]:
    return {
        "num_vars": len(numbers),
        "names": [number.label for number in numbers],
        "bounds": [[0.0, 1.0]] * len(numbers),
    }


def _design(model: Model, numbers: Sequence[Range], points: np.ndarray) -> xr.Dataset:
    constants = model.program.constants()
    if model.calibration is not None:
        constants |= model.calibration.values(constants, model.dims)
    low = np.array([number.low for number in numbers])
    high = np.array([number.high for number in numbers])
    arrays = constants_of(numbers, low + (high - low) * points, constants)
    dims = {
        name: tuple(dim.replace(" ", "_") for dim in model.program.variables[name].dims)
        for name in arrays
    }
    return xr.Dataset(
        {name.replace(" ", "_"): (("run", *dims[name]), full) for name, full in arrays.items()}
    ).assign_coords(run=np.arange(len(points)))


def _by_output(
    results: xr.Dataset, numbers: Sequence[Range], measure: Callable[[np.ndarray], np.ndarray]
) -> xr.DataArray:
    names = [str(name) for name in results.data_vars]
    cities = results["city"].values
    table = np.zeros((len(names), len(cities), len(numbers)))
    for row, name in enumerate(names):
        values = results[name].transpose("run", "city").values
        for column in range(len(cities)):
            if np.ptp(values[:, column]) > 0:
                table[row, column] = measure(values[:, column])
    coords = {"output": names, "city": cities, "parameter": [n.label for n in numbers]}
    return xr.DataArray(table, coords, ("output", "city", "parameter"))
