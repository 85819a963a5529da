"""Draws of a fitted posterior: randomised maximum likelihood.

The posterior is drawn as if the equations were straight lines around its mode. Each draw then
stands for a fit to statistics with other errors and to other guesses (Kitanidis 1995, Water
Resources Research 31, 2411-2419; Oliver, He and Reynolds 1996), and what it should say of every
statistic is known. The equations bend, so it says something else, and what all draws say lies off
the statistics: Gauss-Newton steps of that fit bring a draw where it should be. News of years
without statistics act on none, so no step moves them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from zhuanxing.analyses.calibrate.posterior import Posterior, State
from zhuanxing.analyses.calibrate.smoother import Shape

__all__ = ["bent", "straight"]

# Steps of a draw: the second leaves a tenth of what was off centre.
STEPS = 2
# A draw follows no further than this many errors of a statistic: beyond, slopes are others.
FARTHEST = 20.0

Draws = tuple[Float[np.ndarray, "draw shared"], Float[np.ndarray, "draw city own"]]


def straight(mode: State, shape: Shape, count: int, seed: int) -> Draws:
    """Return draws of `shared` and `own` as if the equations were straight around the mode."""
    shared, own = shape.curvature.draws(count, np.random.default_rng(seed))
    return mode.shared + shared, mode.own + own


def bent(posterior: Posterior, mode: State, shape: Shape, drawn: Draws) -> Draws:
    """Return straight draws after Gauss-Newton steps to what they are meant to say.

    A draw that leaves the domain of the equations stays where it is.
    """
    shared, own = (part.copy() for part in drawn)
    meant = _meant(mode, shape, drawn)
    for _ in range(STEPS):
        said = posterior.said(posterior.runs(shared, own, mode.scales))
        for place, predicted in enumerate(said):
            at = replace(mode, shared=shared[place], own=own[place])
            gap = posterior.errors(at, predicted) - meant[place]
            if np.isfinite(gap).all():
                step = _step(shape, np.clip(gap, -FARTHEST, FARTHEST))
                shared[place] += step[0]
                own[place] += step[1]
    return shared, own


def _meant(mode: State, shape: Shape, drawn: Draws) -> Float[np.ndarray, "draw city n"]:
    """Return the scaled errors that straight draws would have if the equations were straight."""
    shared, own = drawn
    by_own = np.einsum("cnp,dcp->dcn", shape.jacobian.own, own - mode.own, optimize=True)
    by_shared = np.einsum("cng,dg->dcn", shape.jacobian.shared, shared - mode.shared, optimize=True)
    found: np.ndarray = shape.error - by_own - by_shared
    return found


def _step(shape: Shape, gap: Float[np.ndarray, "city n"]) -> tuple[np.ndarray, np.ndarray]:
    """Return the step of `shared` and `own` that closes a gap of scaled errors."""
    pull = gap * shape.weight
    shared = np.einsum("cng,cn->g", shape.jacobian.shared, pull)
    own = np.einsum("cnp,cn->cp", shape.jacobian.own, pull)
    return shape.curvature.departure(*shape.curvature.slope(shared, own))
