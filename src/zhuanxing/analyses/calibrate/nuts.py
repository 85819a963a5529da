"""The full posterior by the No-U-Turn sampler, for the cities of one archetype or for all.

The sampler moves in coordinates in which the Laplace approximation is a standard normal, so that
few steps a draw suffice; the other parameters stay at the mode.
"""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from numpyro.infer import NUTS
from scipy.linalg import cholesky, solve_triangular

from zhuanxing.analyses.calibrate.chains import Chains, run_chains
from zhuanxing.analyses.calibrate.fit_map import Fit, Report
from zhuanxing.analyses.calibrate.settings import CalibrateSettings, NutsSettings
from zhuanxing.analyses.calibrate.store import Beginning, save, target_path
from zhuanxing.storage.atomic import written_whole

with warnings.catch_warnings():
    # ArviZ announces its next version on every import.
    warnings.simplefilter("ignore", FutureWarning)
    import arviz as az

if TYPE_CHECKING:
    from zhuanxing.model import Model

__all__ = ["chosen_parameters", "diagnose", "sample", "sample_and_store"]

# Draws of the posterior from which predictive checks are made.
CHECKED = 200
# Doublings of a trajectory at most, while adapting and while sampling: in these coordinates few
# are needed, and chains that run side by side wait for the longest.
DEPTH = (3, 5)


def chosen_parameters(fit: Fit, archetype: str | None) -> np.ndarray:
    """Return the places in z of the parameters of an archetype and its cities; None: of all."""
    parameters = fit.posterior.parameters
    if archetype is None:
        return np.arange(parameters.count)
    places: list[int] = []
    for block in parameters.blocks:
        kind = block.archetypes.index(archetype)
        groups = len(block.groups)
        first = block.of_archetypes.start + kind * groups
        places += range(first, first + groups)
        for city in np.flatnonzero(block.member == kind):
            first = block.of_cities.start + int(city) * groups
            places += range(first, first + groups)
    return np.array(places)


def sample(
    fit: Fit, settings: NutsSettings, seed: int, path: Path, report: Report = lambda part: None
) -> az.InferenceData:
    """Return the posterior as InferenceData: draws, sampler statistics, predictive checks.

    The posterior group holds z (standard normal in the prior) along `parameter`. The file at
    `path` keeps an interrupted sampling, to go on from; `report` is told which part is finished.
    """
    places = chosen_parameters(fit, settings.archetype)
    posterior = fit.posterior
    slopes = fit.laplace.slopes[:, places]
    curvature = np.eye(len(places)) + slopes.T @ fit.laplace.information @ slopes
    # z = mode + whiten @ x with x standard normal where the posterior is normal.
    whiten = solve_triangular(cholesky(curvature, lower=True).T, np.eye(len(places)))
    fixed, mode = posterior.fixed, jnp.asarray(fit.z)
    factor = posterior.factor(fit.noise)

    def potential(x: jax.Array) -> jax.Array:
        z = mode.at[places].add(whiten @ x)
        return posterior.negative_log(z, fit.noise.spreads, factor, fixed)

    kernel = NUTS(
        potential_fn=potential,
        step_size=0.5,
        # The coordinates are scaled already.
        adapt_mass_matrix=False,
        max_tree_depth=DEPTH,
        target_accept_prob=0.85,
    )
    start = np.random.default_rng(seed).standard_normal((settings.chains, len(places)))
    identity = _identity(fit, places, whiten, start, settings.warmup)
    chains = Chains(start, seed, settings.warmup, settings.samples, path, identity)
    found = run_chains(kernel, chains, report)
    z = fit.z[places] + found["x"].values @ whiten.T
    return _inference_data(fit, places, z, found.drop_vars("x"), seed)


def _identity(fit: Fit, *sampled: np.ndarray | int) -> str:
    """Return a hash of the posterior and of what else decides the draws."""
    arrays = (fit.z, fit.noise.spreads, fit.noise.structural, *map(np.asarray, sampled))
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def _inference_data(
    fit: Fit, places: np.ndarray, z: np.ndarray, sampled: xr.Dataset, seed: int
) -> az.InferenceData:
    statistics = fit.posterior.statistics
    labels = np.array(fit.posterior.parameters.labels)[places]
    random = np.random.default_rng(seed)
    flat = z.reshape(-1, len(places))
    chosen = random.choice(len(flat), min(CHECKED, len(flat)), replace=False)
    points = np.repeat(fit.z[None], len(chosen), axis=0)
    points[:, places] = flat[chosen]
    said = fit.posterior.said(points, fit.noise)
    tails = statistics.table["tails"].to_numpy(float)
    factor = fit.posterior.factor(fit.noise)
    repeated = said + random.standard_t(tails, size=said.shape) @ factor.T
    rows = statistics.table
    figures = [
        f"{statistics.targets[t].observed} {city} {year}"
        for t, city, year in zip(rows["target"], rows["city"], rows["year"], strict=True)
    ]
    return az.from_dict(
        posterior={"z": z},
        sample_stats={str(name): values.values for name, values in sampled.items()},
        posterior_predictive={"figure_value": repeated[None]},
        observed_data={"figure_value": statistics.value},
        coords={"parameter": labels, "figure": figures},
        dims={"z": ["parameter"], "figure_value": ["figure"]},
    )


def diagnose(data: az.InferenceData) -> dict[str, float]:
    """Return divergences, the worst R-hat, the smallest effective sample size, and the part of
    figures inside the 80 % interval of the posterior predictive.
    """
    summary: xr.Dataset = az.rhat(data)
    size: xr.Dataset = az.ess(data)
    repeated = data["posterior_predictive"]["figure_value"].values[0]
    low, high = np.quantile(repeated, [0.1, 0.9], axis=0)
    observed = data["observed_data"]["figure_value"].values
    return {
        "divergences": int(data["sample_stats"]["diverging"].sum()),
        "rhat": float(summary["z"].max()),
        "ess": float(size["z"].min()),
        "inside_80": float(((low <= observed) & (observed <= high)).mean()),
    }


def sample_and_store(
    model: Model,
    settings: CalibrateSettings,
    fit: Fit,
    began: Beginning,
    report: Report = lambda part: None,
) -> tuple[list[Path], dict[str, float]]:
    """Sample, store InferenceData as <name>.nuts.nc and the draws in the set; return the files
    and the diagnostics.

    Until then <name>.nuts.part keeps what an interrupted sampling has drawn.
    """
    path = target_path(model.places.model, settings.name).with_suffix(".nuts.nc")
    partial = path.with_suffix(".part")
    data = sample(fit, settings.nuts, settings.seed, partial, report)
    places = chosen_parameters(fit, settings.nuts.archetype)
    # What was not sampled is drawn from its normal approximation.
    draws = fit.laplace.draws(settings.draws, settings.seed)
    flat = data["posterior"]["z"].values.reshape(-1, len(places))
    random = np.random.default_rng(settings.seed)
    draws[:, places] = flat[
        random.choice(len(flat), settings.draws, replace=len(flat) < settings.draws)
    ]
    diagnostics = diagnose(data)
    with written_whole(path) as temporary:
        data.to_netcdf(str(temporary))
    files = [path, *save(model, settings, fit, draws, began, diagnostics)]
    partial.unlink()
    return files, diagnostics
