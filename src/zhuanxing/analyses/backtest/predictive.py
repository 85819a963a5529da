"""What the fitted model says of figures that it has not seen, with all its uncertainty.

Four parts: the parameters (draws of the posterior), the outside conditions (draws of the drivers),
the structural error of the model, and the error of the figures' source. The structural error of a
share goes on from what the city's last figures showed of it; that of growth is new every year.
"""

from __future__ import annotations

from dataclasses import replace

import jax
import numpy as np
import pandas as pd

from zhuanxing.analyses.calibrate.fit_map import Fit
from zhuanxing.analyses.calibrate.observations import Statistics
from zhuanxing.analyses.calibrate.store import constants_at
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
    middle, spread = _structural(fit, future)
    scale = np.hypot(spread, future.table["error"].to_numpy(float))
    # The shape of the errors is that of the likelihood, with its tails.
    tails = future.table["tails"].to_numpy(float)
    return said + middle + scale * random.standard_t(tails, size=said.shape)


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


def _structural(fit: Fit, future: Statistics) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and spread (n,) of the structural error to come, given what the fit left."""
    seen = fit.posterior.statistics
    every = replace(seen, table=pd.concat([seen.table, future.table], ignore_index=True))
    size = fit.noise.structural[every.target]
    whole = size[:, None] * size * every.shared
    old, new = slice(0, len(seen.table)), slice(len(seen.table), None)
    among = whole[old, old] + np.diag(seen.table["error"].to_numpy(float) ** 2)
    gain = np.linalg.solve(among, whole[old, new]).T
    left = np.diag(whole[new, new]) - (gain * whole[new, old]).sum(axis=1)
    return gain @ (seen.value - fit.laplace.said), np.sqrt(np.maximum(left, 0.0))
