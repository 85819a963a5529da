"""Ensembles: draws of all that is uncertain, as a design of runs.

What a calibration fitted is drawn from its posterior, and years after its last bring new news of
what the equations do not explain: so intervals hold the model's own error. The other numbers with
a range (assumptions, what levers do and cost) are drawn from their priors, which the statistics
say nothing of, and drivers turn out otherwise than forecast. The same draws
serve every scenario, so that a difference between two scenarios is one of the scenarios alone.
What is yet to come is drawn in pairs of opposite sign.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
import xarray as xr

from zhuanxing.calibrations import Calibration, Dims
from zhuanxing.equations import Equations
from zhuanxing.errors import ZhuanxingError
from zhuanxing.inputs import Scenario
from zhuanxing.uncertainty.pairs import paired
from zhuanxing.uncertainty.ranges import Range, constants_of, inside, uncertain_numbers
from zhuanxing.uncertainty.surprise import driver_draws

__all__ = [
    "COMMON_INNOVATION", "INNOVATION", "SURPRISES", "TOLD", "ensemble_design", "news_to_come",
    "prior_design",
]  # fmt: skip

# The constants of the equations that hold the news of every city, disturbance and year, and those
# that all cities share.
INNOVATION, COMMON_INNOVATION = "innovation", "common innovation"
# In the record of a fit: how many news tell the size of each disturbance.
TOLD = "told"
# And the drivers that may turn out otherwise than forecast (see surprise.py).
SURPRISES = "surprises"
EXACTLY = 1e9


def ensemble_design(
    equations: Equations,
    calibration: Calibration | None,
    scenario: Scenario,
    draws: int,
    first_year: int,
    constants: Mapping[str, np.ndarray],
    dims: Dims,
) -> xr.Dataset:
    """Return a design of `draws` runs; the same arguments give the same design.

    Runs start in `first_year`; `constants` are those of the model, the news among them, and `dims`
    gives the dimensions of each. Assumptions that the scenario sets are not drawn. Raises
    ZhuanxingError without a calibration, or if it holds too few draws.
    """
    if calibration is None:
        raise ZhuanxingError(
            "an ensemble draws from a calibration; name one, as in calibration=default"
        )
    random = np.random.default_rng(calibration.record["seed"])
    fitted = calibration.first_draws(draws, constants, dims)
    fitted = _with_news(calibration, fitted, random, first_year)
    numbers = _not_fitted(equations, calibration)
    values = np.asarray(inside(numbers, random.standard_normal((draws, len(numbers)))))
    bases = {**constants, **fitted}
    arrays = {}
    for name, array in {**fitted, **constants_of(numbers, values, bases)}.items():
        if name in scenario.assumptions:
            continue
        arrays[name.replace(" ", "_")] = (("run", *dims(name)), array)
    record = calibration.record
    paths = driver_draws(
        equations, first_year, record["information_year"], record.get(SURPRISES, {}), draws,
        record["seed"],
    )  # fmt: skip
    for driver, path in paths.items():
        points = [f"{driver}_{axis}" for axis in range(path.ndim - 1)]
        arrays[f"drivers.{driver}"] = (("run", *points), path)
    return xr.Dataset(arrays, coords={"run": np.arange(draws)})


def news_to_come(
    random: np.random.Generator, tails: np.ndarray, told: np.ndarray, count: int, *shape: int
) -> np.ndarray:
    """Return `count` pairwise draws of news (count, *before, disturbance, year) in standard
    deviations: Student t of `tails` (disturbance,) degrees of freedom.

    Their size is not known exactly: it is estimated from as many news as `told` (disturbance,)
    says, so each pair takes another (a scaled inverse chi-square; Gelman et al. 2013, Bayesian
    Data Analysis, 3.2).
    """
    news = paired(partial(random.standard_t, tails[:, None]), count, *shape)
    square = told / random.chisquare(told, ((count + 1) // 2, len(told)))
    size = np.repeat(np.sqrt(square), 2, axis=0)[:count]
    return np.asarray(news * size.reshape(count, *[1] * (len(shape) - 2), len(told), 1))


def prior_design(equations: Equations, draws: int, seed: int) -> xr.Dataset:
    """Return a design of `draws` runs of all uncertain numbers from their priors alone."""
    numbers = uncertain_numbers(equations)
    random = np.random.default_rng(seed)
    values = np.asarray(inside(numbers, random.standard_normal((draws, len(numbers)))))
    bases = {number.name: equations.constant(number.name).values for number in numbers}
    arrays = {}
    for name, array in constants_of(numbers, values, bases).items():
        arrays[name.replace(" ", "_")] = (("run", *equations.dims(name)), array)
    return xr.Dataset(arrays, coords={"run": np.arange(draws)})


def _with_news(
    calibration: Calibration,
    fitted: dict[str, np.ndarray],
    random: np.random.Generator,
    first_year: int,
) -> dict[str, np.ndarray]:
    """Return the draws with news of the years after the last that the fit saw."""
    record = calibration.record
    seen = record["last_year"] + 1 - first_year
    tails, found = np.asarray(record["tails"]), dict(fitted)
    for name in (INNOVATION, COMMON_INNOVATION):
        news = fitted[name].copy()
        # A fit of an earlier version does not say how well it knows sizes.
        told = np.asarray(record.get(TOLD, {}).get(name, np.full(len(tails), EXACTLY)))
        news[..., seen:] = news_to_come(random, tails, told, *news[..., seen:].shape)
        found[name] = news
    return found


def _not_fitted(equations: Equations, calibration: Calibration) -> list[Range]:
    """Return the uncertain numbers that the calibration left alone."""
    known = calibration.fitted
    numbers = uncertain_numbers(equations)
    return [number for number in numbers if not {number.name, number.label} & known]
