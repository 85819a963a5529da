"""What the fitted model says of statistics that it has not seen, with all its uncertainty.

Four parts: what was fitted (draws of the posterior), news of the years to come that disturb each
city, the outside conditions (draws of the drivers), and the errors of the statistics themselves.
A draw brings a calendar year the same news and outside conditions from whatever origin it is
forecast, so draws of the same number are one world, and their forecasts err together as those of
several origins do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from zhuanxing.analyses.backtest.settings import BacktestSettings
from zhuanxing.analyses.calibrate.fit import Fit
from zhuanxing.analyses.calibrate.observations import Observations
from zhuanxing.errors import ZhuanxingError
from zhuanxing.inputs.design import driver_input
from zhuanxing.uncertainty.ensemble import COMMON_INNOVATION, INNOVATION, news_to_come
from zhuanxing.uncertainty.surprise import driver_draws

if TYPE_CHECKING:
    from zhuanxing.model import Model

__all__ = ["predict"]

TOGETHER = 64
# Part of the draws that must be runs.
SOUND = 0.9


def predict(
    model: Model,
    fit: Fit,
    future: Observations,
    settings: BacktestSettings,
    surprises: Mapping[str, Sequence[float]],
) -> np.ndarray:
    """Return samples (draws, target, year, city) of the statistics, in points.

    `future` gives size and tails of their errors, `surprises` how drivers may turn out (see
    `driver_draws`). Raises ZhuanxingError if too many draws leave the domain of the equations.
    """
    posterior = fit.posterior
    shared, own = fit.draws(settings.samples, settings.seed)
    shared, own = _with_news(fit, shared, own, settings.seed)
    drivers = driver_draws(
        model.source.equations, model.years[0], model.source.information_year, surprises,
        settings.samples, settings.seed,
    )  # fmt: skip
    outside = {driver_input(name): path for name, path in drivers.items()}
    overrides = {**posterior.overrides, **posterior.constants(shared, own, fit.mode.scales)}
    runs = posterior.program.run_many(
        {**overrides, **outside, **posterior.clock}, posterior.requests, TOGETHER
    )
    said = _sound(np.array(posterior.said(runs)))
    bias = np.stack([np.asarray(posterior.biases(draw)) for draw in own])
    random = np.random.default_rng((settings.seed, 1))
    noise = future.error * random.standard_t(future.tails, size=said.shape)
    found: np.ndarray = said + bias + noise
    return found


def _with_news(
    fit: Fit, shared: np.ndarray, own: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the draws with news, heavy tails and all, of the years that the fit did not see."""
    posterior = fit.posterior
    parameters = posterior.parameters
    seen = int(np.flatnonzero(posterior.observations.present.any(axis=(0, 2))).max()) + 1
    told, later = fit.told, np.arange(len(parameters.years)) >= seen
    drawn = []
    for place, (name, columns, draws) in enumerate(
        ((INNOVATION, parameters.news, own), (COMMON_INNOVATION, parameters.common, shared))
    ):
        random = np.random.default_rng((seed, 2, place))
        shape = (*draws.shape[:-1], len(parameters.disturbances), len(later))
        whole = news_to_come(random, posterior.tails, told[name], *shape)
        news = np.where(later, whole, draws[..., columns].reshape(shape))
        found = draws.copy()
        found[..., columns] = news.reshape(*draws.shape[:-1], -1)
        drawn.append(found)
    return drawn[1], drawn[0]


def _sound(said: np.ndarray) -> np.ndarray:
    """Return the samples with draws that failed replaced, so that each has a run behind it."""
    sound = np.isfinite(said).all(axis=(1, 2, 3))
    if sound.mean() < SOUND:
        raise ZhuanxingError(
            f"backtest: {(~sound).sum()} of {len(sound)} draws leave the domain of the equations"
        )
    said[~sound] = said[np.resize(np.flatnonzero(sound), (~sound).sum())]
    return said
