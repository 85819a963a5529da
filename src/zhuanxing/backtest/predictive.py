"""What the fitted model says of figures that it has not seen, with all its uncertainty.

Four parts: the parameters (draws of the posterior), the outside conditions (draws of the drivers),
the structural error of the model, and the error of the figures' source. What lasts of the errors of
a city is among its parameters (its lead, its first shares); the rest is new in every year.
"""

from __future__ import annotations

import jax
import numpy as np

from zhuanxing.calibrate.fit_map import Fit
from zhuanxing.calibrate.statistics import Statistics
from zhuanxing.calibrate.store import constants_at
from zhuanxing.errors import ZhuanxingError

__all__ = ["predict"]

TOGETHER = 64


def predict(
    fit: Fit, future: Statistics, draws: np.ndarray, drivers: dict[str, np.ndarray], seed: int
) -> np.ndarray:
    """Return samples (draws, n) of the figures `future`; `draws` of z (draw, parameters).

    `drivers` are look-ups (draw, points, *dims). Raises ZhuanxingError if too many draws leave
    the domain of the equations.
    """
    random = np.random.default_rng(seed)
    said = _run(fit, future, draws, drivers)
    scale = np.hypot(fit.noise.structural[future.target], future.table["error"].to_numpy(float))
    # The shape of the errors is that of the likelihood, with its tails.
    tails = future.table["tails"].to_numpy(float)
    return said + scale * random.standard_t(tails, size=said.shape)


def _run(
    fit: Fit, future: Statistics, draws: np.ndarray, drivers: dict[str, np.ndarray]
) -> np.ndarray:
    posterior = fit.posterior
    overrides = {**posterior.overrides, **constants_at(fit, draws), **drivers}
    runs = posterior.program.run_many(
        overrides,
        future.requests,
        TOGETHER,
        final_time=float(future.table["year"].max() + 1),
    )
    said = np.array(jax.jit(jax.vmap(future.predict))(dict(runs)))
    sound = np.isfinite(said).all(axis=1)
    if sound.mean() < 0.9:
        raise ZhuanxingError(
            f"backtest: {(~sound).sum()} of {len(sound)} draws leave the domain of the equations"
        )
    # A draw that fails is replaced by another, so that every sample has a run behind it.
    spare = np.resize(np.flatnonzero(sound), (~sound).sum())
    said[~sound] = said[spare]
    return said
