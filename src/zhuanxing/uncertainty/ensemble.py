"""Ensembles: draws of all that is uncertain, as a design of runs.

What a calibration fitted is drawn from its posterior. The other numbers with a range (assumptions,
what levers do and cost) and the place of every driver between its low and its high path are drawn
from their priors, which the statistics say nothing of. The same draws serve every scenario, so
that a difference between two scenarios is one of the scenarios alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from zhuanxing.errors import ZhuanxingError
from zhuanxing.uncertainty.ranges import Range, constants_of, inside, uncertain_numbers

if TYPE_CHECKING:
    from zhuanxing.inputs import Scenario
    from zhuanxing.model import Model

__all__ = ["ensemble_design"]


def ensemble_design(model: Model, scenario: Scenario, draws: int) -> xr.Dataset:
    """Return a design of `draws` runs; the same model and count give the same design.

    Assumptions that the scenario sets are not drawn. Raises ZhuanxingError without a calibration,
    or if it holds too few draws.
    """
    if model.calibration is None:
        raise ZhuanxingError(
            "an ensemble draws from a calibration; name one, as in calibration=default"
        )
    fitted = model.calibration.first_draws(draws)
    random = np.random.default_rng(model.calibration.record["seed"])
    numbers = _not_fitted(model)
    values = np.asarray(inside(numbers, random.standard_normal((draws, len(numbers)))))
    bases = {**model.program.constants(), **fitted}
    arrays = {}
    for name, array in {**fitted, **constants_of(numbers, values, bases)}.items():
        if name in scenario.assumptions:
            continue
        dims = (dim.replace(" ", "_") for dim in model.program.variables[name].dims)
        arrays[name.replace(" ", "_")] = (("run", *dims), array)
    for driver in model.source.equations.driver_paths():
        # As `inside`, between the low path at -1 and the high one at 1.
        place = np.tanh(random.standard_normal(draws) / 2)
        arrays[f"drivers.{driver}"] = (("run",), place)
    return xr.Dataset(arrays, coords={"run": np.arange(draws)})


def _not_fitted(model: Model) -> list[Range]:
    """Return the uncertain numbers that the calibration of `model` left alone."""
    assert model.calibration is not None
    known = model.calibration.fitted
    numbers = uncertain_numbers(model.source.equations)
    return [number for number in numbers if not {number.name, number.label} & known]
