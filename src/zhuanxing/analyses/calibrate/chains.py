"""Chains of a sampler side by side, a thread a core, kept on disk while they run.

NumPyro's own driver compiles a chain as it compiles everything; the gradient of a run needs the
options of `engine.compiling`, without which it takes twice as long.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import jax
import numpy as np
import xarray as xr
from numpyro.infer import NUTS
from numpyro.infer.hmc import HMCState

from zhuanxing.cores import cores
from zhuanxing.engine.running.xla_options import GRADIENT
from zhuanxing.storage import netcdf

__all__ = ["Chains", "run_chains"]

# What is kept of every draw beside the position: the field of NumPyro's state, its name in ArviZ.
KEPT = {
    "diverging": "diverging",
    "energy": "energy",
    "num_steps": "n_steps",
    "accept_prob": "acceptance_rate",
}
# Draws after which all chains are written to disk: ten seconds of the steel cities.
PIECE = 10
# Where the state of the sampler stands in the file.
STATE = "state "

Report = Callable[[float], None]


@dataclass(frozen=True)
class Chains:
    """How long to sample, from where, and where an interrupted run is kept.

    `start` (chains, parameters); `identity` says of which posterior the file at `path` is.
    """

    start: np.ndarray
    seed: int
    warmup: int
    samples: int
    path: Path
    identity: str


def run_chains(kernel: NUTS, chains: Chains, report: Report = lambda part: None) -> xr.Dataset:
    """Return the draws after the warm-up, `x` (chain, draw, parameter), and the sampler's
    statistics of each (chain, draw) by their names in ArviZ.

    What an interrupted run of the same identity left in the file is gone on from. `report` is
    told which part of the whole is finished.
    """
    draws = chains.warmup + chains.samples
    state, pieces = _begin(kernel, chains)
    step = jax.jit(jax.vmap(lambda one: kernel.sample(one, (), {})), compiler_options=GRADIENT)
    groups = np.array_split(np.arange(len(chains.start)), min(len(chains.start), len(cores())))
    states = [jax.tree.map(lambda leaf, at=group: leaf[at], state) for group in groups]
    done = sum(piece.sizes["draw"] for piece in pieces)
    with ThreadPoolExecutor(len(groups)) as threads:
        while done < draws:
            report(done / draws)
            count = min(PIECE, draws - done)
            found = list(threads.map(lambda state, n=count: _advance(step, state, n), states))
            states = [state for state, _ in found]
            pieces.append(xr.concat([piece for _, piece in found], "chain"))
            done += count
            _keep(chains, jax.tree.map(lambda *parts: np.concatenate(parts), *states), pieces)
    report(1.0)
    whole = xr.concat(pieces, "draw").transpose("chain", "draw", ...)
    return whole.isel(draw=slice(chains.warmup, None))


def _advance(
    step: Callable[[HMCState], HMCState], state: HMCState, count: int
) -> tuple[HMCState, xr.Dataset]:
    """Return the state of a group of chains after `count` draws, and what is kept of them."""
    rows = []
    for _ in range(count):
        state = step(state)
        found = {name: ("chain", np.asarray(getattr(state, kind))) for kind, name in KEPT.items()}
        rows.append(xr.Dataset(found | {"x": (("chain", "parameter"), np.asarray(state.z))}))
    return state, xr.concat(rows, "draw")


def _begin(kernel: NUTS, chains: Chains) -> tuple[HMCState, list[xr.Dataset]]:
    """Return the state of all chains and what is kept of them so far."""
    keys = jax.random.split(jax.random.PRNGKey(chains.seed), len(chains.start))
    begin = jax.vmap(lambda key, x: kernel.init(key, chains.warmup, x))
    if chains.path.is_file():
        stored = netcdf.read(chains.path)
        if stored.attrs["identity"] == chains.identity:
            like, form = jax.tree.flatten(jax.eval_shape(begin, keys, chains.start))
            leaves = [stored[f"{STATE}{place}"].values for place in range(len(like))]
            return jax.tree.unflatten(form, leaves), [stored[[*KEPT.values(), "x"]].drop_attrs()]
    return jax.jit(begin, compiler_options=GRADIENT)(keys, chains.start), []


def _keep(chains: Chains, state: HMCState, pieces: list[xr.Dataset]) -> None:
    whole = xr.concat(pieces, "draw").assign_attrs(identity=chains.identity)
    for place, leaf in enumerate(jax.tree.leaves(state)):
        dims = ("chain", *(f"{STATE}{place} {axis}" for axis in range(1, leaf.ndim)))
        whole[f"{STATE}{place}"] = (dims, leaf)
    netcdf.write(whole, chains.path)
