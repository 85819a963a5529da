"""Screening by Morris and variance shares by Sobol', in batches of runs of the compiled engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from zhuanxing.analyses.sensitivity.settings import SensitivitySettings
from zhuanxing.analyses.sweep.design import unit_design
from zhuanxing.analyses.sweep.importance import MORRIS, SALTELLI, indices
from zhuanxing.errors import ZhuanxingError
from zhuanxing.uncertainty.ranges import Range, constants_of, uncertain_numbers

if TYPE_CHECKING:
    from zhuanxing.model import Model

__all__ = ["chosen_ranges", "screen", "simulate", "variance_shares"]

CHUNK = 64
Report = Callable[[float], None]


def chosen_ranges(model: Model, settings: SensitivitySettings) -> list[Range]:
    """Return the numbers that are varied: those of `parameters` not in `leave_out`.

    Raises ZhuanxingError for a pattern that matches nothing.
    """
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
    options = {**asdict(settings.morris), "seed": settings.seed}
    points = unit_design(MORRIS, options, len(numbers))
    results = simulate(model, numbers, points, settings, report)
    return _by_output(
        results,
        numbers,
        lambda values: indices(MORRIS, points, values, settings.morris.levels)["mean_effect"],
    )


def variance_shares(
    model: Model, numbers: Sequence[Range], settings: SensitivitySettings, report: Report
) -> xr.DataArray:
    """Return Sobol' total indices (output, city, parameter): the part of the variance that would
    be left if all others were known.
    """
    options = {"base_runs": settings.sobol.samples, "seed": settings.seed}
    points = unit_design(SALTELLI, options, len(numbers))
    results = simulate(model, numbers, points, settings, report)
    return _by_output(results, numbers, lambda values: indices(SALTELLI, points, values)["total"])


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
    parts: list[xr.Dataset] = []
    for first in range(0, len(points), CHUNK):
        design = _design(model, numbers, points[first : first + CHUNK])
        parts += model.batches(
            design, scenario, outputs=settings.outputs, years=[settings.year], chunk=CHUNK
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


def _design(model: Model, numbers: Sequence[Range], points: np.ndarray) -> xr.Dataset:
    constants = model.program.constants()
    if model.calibration is not None:
        constants |= model.calibration.values(constants, model.dims)
    low = np.array([number.low for number in numbers])
    high = np.array([number.high for number in numbers])
    arrays = constants_of(numbers, low + (high - low) * points, constants)
    inputs = {n.replace(" ", "_"): (("run", *model.dims(n)), full) for n, full in arrays.items()}
    return xr.Dataset(inputs, {"run": np.arange(len(points))})


def _by_output(
    results: xr.Dataset, numbers: Sequence[Range], measure: Callable[[np.ndarray], ArrayLike]
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
