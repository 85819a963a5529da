"""What the fitted model says of figures that it has not seen, with all its uncertainty.

Four parts: the parameters (draws of the posterior), the outside conditions (draws of the drivers),
the structural error of the model, and the error of the figures' source. The structural error
persists from year to year; how much is estimated from what the fit leaves unexplained, and what a
city's last figures showed of it is carried forward.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax
import numpy as np

from zhuanxing.calibrate.fit_map import Fit
from zhuanxing.calibrate.statistics import Statistics
from zhuanxing.calibrate.store import constants_at
from zhuanxing.errors import ZhuanxingError

__all__ = ["Prediction", "persistence", "predict"]

GRID = np.linspace(0.0, 0.95, 39)
TOGETHER = 64


@dataclass(frozen=True)
class Prediction:
    """Samples (draws, n) of what the model says, `parameters` alone and `whole` with all errors;
    `carried` (n,) is what the city's last figures add.
    """

    parameters: np.ndarray
    whole: np.ndarray
    carried: np.ndarray


def predict(
    fit: Fit, future: Statistics, draws: np.ndarray, drivers: dict[str, np.ndarray], seed: int
) -> Prediction:
    """Return the forecast of the figures `future`; `draws` of z (draw, parameters).

    `drivers` are look-ups (draw, points, *dims). Raises ZhuanxingError if too many draws leave
    the domain of the equations.
    """
    random = np.random.default_rng(seed)
    said = _run(fit, future, draws, drivers)
    carried, spread = _discrepancy(fit, future)
    error = future.table["error"].to_numpy(float)
    tails = future.table["tails"].to_numpy(float)
    # The shape of the errors is that of the likelihood, with its tails.
    noise = np.hypot(spread, error) * random.standard_t(tails, size=said.shape)
    return Prediction(said, said + carried + noise, carried)


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


def _discrepancy(fit: Fit, future: Statistics) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and spread (n,) of the structural error to come, given the fit's residuals.

    Within a city and statistic it is a first-order autoregression; figures of the fit show it
    with their observation error.
    """
    seen = fit.posterior.statistics
    residual = seen.value - fit.laplace.said
    mean, spread = np.zeros(len(future.table)), np.zeros(len(future.table))
    rho = persistence(fit)
    for index in range(len(future.table)):
        row = future.table.iloc[index]
        target = int(row["target"])
        structural = fit.noise.structural[target]
        same = (
            (seen.target == target)
            & (seen.table["city"] == row["city"]).to_numpy()
            & (seen.table["before"] == row["before"] if row["before"] < 0 else True)
        )
        keep = np.flatnonzero(np.asarray(same))
        years = seen.table["year"].to_numpy(int)[keep]
        among = structural**2 * rho[target] ** np.abs(years[:, None] - years[None])
        among = among + np.diag(seen.table["error"].to_numpy(float)[keep] ** 2)
        across = structural**2 * rho[target] ** np.abs(int(row["year"]) - years)
        gain = np.linalg.solve(among, across) if len(keep) else np.zeros(0)
        mean[index] = gain @ residual[keep]
        spread[index] = np.sqrt(max(structural**2 - gain @ across, 0.0))
    return mean, spread


def persistence(fit: Fit) -> np.ndarray:
    """Return the most likely yearly persistence of the structural error by target (targets,).

    Targets of the same kind (changes, shares, levels) share one, since few cities have several
    figures of one kind.
    """
    statistics = fit.posterior.statistics
    kinds = [target.how for target in statistics.targets]
    best = {kind: _most_likely(fit, [k == kind for k in kinds]) for kind in set(kinds)}
    return np.array([best[kind] for kind in kinds])


def _most_likely(fit: Fit, chosen: list[bool]) -> float:
    table = fit.posterior.statistics.table
    residual = fit.posterior.statistics.value - fit.laplace.said
    error = table["error"].to_numpy(float)
    groups = []
    cell = table["target"].to_numpy(int) * len(table) + table["place"].to_numpy(int)
    for one in np.unique(cell):
        rows = np.flatnonzero(cell == one)
        target = one // len(table)
        if chosen[target] and len(rows) > 1:
            groups.append((fit.noise.structural[target], rows))
    likelihood = np.zeros(len(GRID))
    for structural, rows in groups:
        gap = np.abs(np.subtract.outer(*[table["year"].to_numpy(float)[rows]] * 2))
        for place, rho in enumerate(GRID):
            covariance = structural**2 * rho**gap + np.diag(error[rows] ** 2)
            _, logdet = np.linalg.slogdet(covariance)
            misfit = residual[rows] @ np.linalg.solve(covariance, residual[rows])
            likelihood[place] -= (logdet + misfit) / 2
    return float(GRID[likelihood.argmax()]) if groups else 0.0
