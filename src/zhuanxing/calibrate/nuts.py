"""The full posterior by the No-U-Turn sampler, for the cities of one archetype or for all.

The sampler moves in coordinates in which the Laplace approximation is a standard normal, so that
few steps a draw suffice; the other parameters stay at the mode.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from numpyro.infer import MCMC, NUTS
from scipy.linalg import cholesky, solve_triangular

from zhuanxing.calibrate.fit_map import Fit
from zhuanxing.calibrate.settings import CalibrateSettings, NutsSettings
from zhuanxing.calibrate.store import save, target_path
from zhuanxing.errors import ZhuanxingError, nearest

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
    """Return the places in z of the parameters of an archetype and its cities; None: of all.

    Raises ZhuanxingError for an unknown archetype.
    """
    parameters = fit.posterior.parameters
    if archetype is None:
        return np.arange(parameters.count)
    places: list[int] = []
    for block in parameters.blocks:
        if archetype not in block.archetypes:
            raise ZhuanxingError(
                f"calibrate.yaml: nuts: there is no archetype '{archetype}'; "
                f"did you mean '{nearest(archetype, block.archetypes)}'?"
            )
        kind = block.archetypes.index(archetype)
        groups = len(block.groups)
        first = block.of_archetypes.start + kind * groups
        places += range(first, first + groups)
        for city in np.flatnonzero(block.member == kind):
            first = block.of_cities.start + int(city) * groups
            places += range(first, first + groups)
    return np.array(places)


def sample(
    fit: Fit, settings: NutsSettings, seed: int, *, progress: bool = True
) -> az.InferenceData:
    """Return the posterior as InferenceData: draws, sampler statistics, predictive checks.

    The posterior group holds z (standard normal in the prior) along `parameter`.
    """
    places = chosen_parameters(fit, settings.archetype)
    posterior = fit.posterior
    slopes = fit.laplace.slopes[:, places]
    curvature = np.eye(len(places)) + slopes.T @ fit.laplace.information @ slopes
    # z = mode + whiten @ x with x standard normal where the posterior is normal.
    whiten = solve_triangular(cholesky(curvature, lower=True).T, np.eye(len(places)))
    fixed, mode = posterior.fixed, jnp.asarray(fit.z)
    factor = posterior.factor(fit.noise)

    def point(x: Mapping[str, jax.Array]) -> jax.Array:
        return mode.at[places].add(whiten @ x["x"])

    def potential(x: Mapping[str, jax.Array]) -> jax.Array:
        return posterior.negative_log(point(x), fit.noise.spreads, factor, fixed)

    kernel = NUTS(
        potential_fn=potential,
        step_size=0.5,
        # The coordinates are scaled already.
        adapt_mass_matrix=False,
        max_tree_depth=DEPTH,
        target_accept_prob=0.85,
    )
    sampler = MCMC(
        kernel,
        num_warmup=settings.warmup,
        num_samples=settings.samples,
        num_chains=settings.chains,
        chain_method="vectorized" if settings.chains > 1 else "sequential",
        progress_bar=progress,
    )
    start = np.random.default_rng(seed).standard_normal((settings.chains, len(places)))
    start = start if settings.chains > 1 else start[0]
    sampler.run(
        jax.random.PRNGKey(seed),
        init_params={"x": jnp.asarray(start)},
        extra_fields=("diverging", "energy", "num_steps", "accept_prob"),
    )
    x = np.asarray(sampler.get_samples(group_by_chain=True)["x"])
    z = fit.z[places] + x @ whiten.T
    extra = sampler.get_extra_fields(group_by_chain=True)
    return _inference_data(fit, places, z, {name: np.asarray(v) for name, v in extra.items()}, seed)


def _inference_data(
    fit: Fit, places: np.ndarray, z: np.ndarray, extra: Mapping[str, np.ndarray], seed: int
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
    names = {"diverging": "diverging", "energy": "energy", "num_steps": "n_steps"}
    names["accept_prob"] = "acceptance_rate"
    rows = statistics.table
    figures = [
        f"{statistics.targets[t].observed} {city} {year}"
        for t, city, year in zip(rows["target"], rows["city"], rows["year"], strict=True)
    ]
    return az.from_dict(
        posterior={"z": z},
        sample_stats={names[name]: values for name, values in extra.items()},
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


def sample_and_store(model: Model, settings: CalibrateSettings, fit: Fit) -> list[Path]:
    """Sample, store InferenceData as <name>.nuts.nc and the draws in the set; return the files."""
    began = time.time()
    data = sample(fit, settings.nuts, settings.seed)
    path = target_path(model.places.model, settings.name).with_suffix(".nuts.nc")
    path.unlink(missing_ok=True)
    data.to_netcdf(str(path))
    places = chosen_parameters(fit, settings.nuts.archetype)
    # What was not sampled is drawn from its normal approximation.
    draws = fit.laplace.draws(settings.draws, settings.seed)
    flat = data["posterior"]["z"].values.reshape(-1, len(places))
    random = np.random.default_rng(settings.seed)
    draws[:, places] = flat[
        random.choice(len(flat), settings.draws, replace=len(flat) < settings.draws)
    ]
    return [path, *save(model, settings, fit, draws, began, diagnose(data))]
