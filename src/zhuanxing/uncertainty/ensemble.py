"""Ensembles: draws of all that is uncertain, as a design of runs.

What a calibration fitted is drawn from its posterior, and years after its last bring new news of
what the equations do not explain: so intervals hold the model's own error. The other numbers with
a range (assumptions, what levers do and cost) and the place of every driver between its low and
its high path are drawn from their priors, which the statistics say nothing of. The same draws
serve every scenario, so that a difference between two scenarios is one of the scenarios alone.
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

__all__ = ["INNOVATION", "ensemble_design"]

# The constant of the equations that holds the news of every city, disturbance and year.
INNOVATION = "innovation"


def ensemble_design(model: Model, scenario: Scenario, draws: int) -> xr.Dataset:
    """Return a design of `draws` runs; the same model and count give the same design.

    Assumptions that the scenario sets are not drawn. Raises ZhuanxingError without a calibration,
    or if it holds too few draws.
    """
    if model.calibration is None:
        raise ZhuanxingError(
            "an ensemble draws from a calibration; name one, as in calibration=default"
        )
    random = np.random.default_rng(model.calibration.record["seed"])
    fitted = model.calibration.first_draws(draws, model.program.constants(), model.dims)
    fitted = _with_news(model, fitted, random)
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


def _with_news(
    model: Model, fitted: dict[str, np.ndarray], random: np.random.Generator
) -> dict[str, np.ndarray]:
    """Return the draws with news of the years after the last that the fit saw."""
    assert model.calibration is not None
    record = model.calibration.record
    seen = record["last_year"] + 1 - round(float(model.program.times()[0]))
    news = fitted[INNOVATION].copy()
    news[..., seen:] = random.standard_t(record["tails"], news[..., seen:].shape)
    return {**fitted, INNOVATION: news}


def _not_fitted(model: Model) -> list[Range]:
    """Return the uncertain numbers that the calibration of `model` left alone."""
    assert model.calibration is not None
    known = model.calibration.fitted
    numbers = uncertain_numbers(model.source.equations)
    return [number for number in numbers if not {number.name, number.label} & known]
