"""The curvature of the posterior and what follows from it: scales, variances, draws.

A city's own parameters act on its own statistics, nearly; the shared ones on all. So the curvature
is an arrow: a block for every city, and a border. It is factorised block by block (e.g. Golub and
Van Loan, Matrix Computations, 4.5; the block form of a Schur complement).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.linalg import cho_solve, cholesky, solve_triangular

__all__ = ["Curvature", "Jacobian", "factorise"]


Shared = Float[np.ndarray, " numbers"]
Own = Float[np.ndarray, "city own"]


@dataclass(frozen=True)
class Jacobian:
    """Derivatives of the scaled predictions of a city by its own and by the shared parameters:
    `own` (city, n, own) and `shared` (city, n, numbers).
    """

    own: Float[np.ndarray, "city n own"]
    shared: Float[np.ndarray, "city n numbers"]


@dataclass(frozen=True)
class Curvature:
    """The factorised curvature: lower Cholesky factors `own` (city, own, own) of the blocks and
    `shared` of their Schur complement, and `border` (city, own, numbers) solved by the former.
    """

    own: Float[np.ndarray, "city own own"]
    border: Float[np.ndarray, "city own numbers"]
    shared: Float[np.ndarray, "numbers numbers"]

    def departure(self, shared: Shared, own: Own) -> tuple[Shared, Own]:
        """Return the departures that independent standard normal `shared` and `own` mean.

        Their curvature is one in every direction.
        """
        first = solve_triangular(self.shared.T, shared, lower=False) if len(shared) else shared
        return first, _backward(self.own, own - self.border @ first)

    def slope(self, shared: Shared, own: Own) -> tuple[Shared, Own]:
        """Return the derivatives by what `departure` takes, of those by the parameters."""
        part = _forward(self.own, own[..., None])[..., 0]
        rest = shared - np.einsum("cpg,cp->g", self.border, part)
        first = solve_triangular(self.shared, rest, lower=True) if len(rest) else rest
        return first, part

    def variance(self) -> tuple[Shared, Own]:
        """Return the variances of `shared` and `own`."""
        identity = np.broadcast_to(np.eye(self.own.shape[1]), self.own.shape)
        inverse = _forward(self.own, identity)
        own = (inverse**2).sum(axis=1)
        if not len(self.shared):
            return np.zeros(0), own
        half = solve_triangular(self.shared, np.eye(len(self.shared)), lower=True)
        through = np.swapaxes(inverse, 1, 2) @ self.border @ half.T
        return (half**2).sum(axis=0), own + (through**2).sum(axis=2)

    def shared_covariance(self) -> Float[np.ndarray, "numbers numbers"]:
        """Return the covariance of the shared parameters."""
        count = len(self.shared)
        return np.asarray(cho_solve((self.shared, True), np.eye(count))) if count else self.shared

    def draws(
        self, count: int, random: np.random.Generator
    ) -> tuple[Float[np.ndarray, "draw numbers"], Float[np.ndarray, "draw city own"]]:
        """Return draws of the departures."""
        shared = random.standard_normal((count, len(self.shared)))
        own = random.standard_normal((count, *self.own.shape[:2]))
        drawn = [self.departure(*pair) for pair in zip(shared, own, strict=True)]
        if not drawn:
            return shared, own
        return np.stack([one for one, _ in drawn]), np.stack([other for _, other in drawn])


def factorise(
    jacobian: Jacobian, weight: Float[np.ndarray, "city n"], shared: Shared, own: Own
) -> Curvature:
    """Return the curvature of statistics of `weight` and priors of precision `shared` and `own`:
    Gauss-Newton, so never indefinite.
    """
    weighted = jacobian.own * weight[..., None]
    blocks = np.swapaxes(weighted, 1, 2) @ jacobian.own
    blocks += own[:, :, None] * np.eye(own.shape[1])
    factors = np.linalg.cholesky(blocks)
    border = _forward(factors, np.swapaxes(weighted, 1, 2) @ jacobian.shared)
    whole = np.einsum("cng,cn,cnh->gh", jacobian.shared, weight, jacobian.shared, optimize=True)
    whole += np.diag(shared) - np.einsum("cpg,cph->gh", border, border, optimize=True)
    corner = cholesky(whole, lower=True) if len(shared) else whole
    return Curvature(factors, border, corner)


def _forward(
    factors: Float[np.ndarray, "city own own"], right: Float[np.ndarray, "city own column"]
) -> Float[np.ndarray, "city own column"]:
    """Solve lower triangular systems, one a city."""
    pairs = zip(factors, right, strict=True)
    return np.stack([solve_triangular(factor, part, lower=True) for factor, part in pairs])


def _backward(factors: Float[np.ndarray, "city own own"], right: Own) -> Own:
    """Solve their transposes."""
    pairs = zip(factors, right, strict=True)
    return np.stack([solve_triangular(factor.T, part, lower=False) for factor, part in pairs])
