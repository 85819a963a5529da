"""The curvature of the posterior and what follows from it: scales, variances, draws.

A city's own parameters act on its own statistics, nearly; the shared ones on all. So the curvature
is an arrow: a block for every city, and a border. It is factorised block by block (e.g. Golub and
Van Loan, Matrix Computations, 4.5; the block form of a Schur complement).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular

__all__ = ["Curvature", "Jacobian", "factorise"]


@dataclass(frozen=True)
class Jacobian:
    """Derivatives of the scaled predictions of a city by its own and by the shared parameters:
    `own` (city, n, own) and `shared` (city, n, numbers).
    """

    own: np.ndarray
    shared: np.ndarray


@dataclass(frozen=True)
class Curvature:
    """The factorised curvature: lower Cholesky factors `own` (city, own, own) of the blocks and
    `shared` of their Schur complement, and `border` (city, own, numbers) solved by the former.
    """

    own: np.ndarray
    border: np.ndarray
    shared: np.ndarray

    def departure(self, shared: np.ndarray, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the departures that independent standard normal `shared` and `own` mean.

        Their curvature is one in every direction.
        """
        first = solve_triangular(self.shared.T, shared, lower=False) if len(shared) else shared
        return first, _backward(self.own, own - self.border @ first)

    def slope(self, shared: np.ndarray, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the derivatives by what `departure` takes, of those by the parameters."""
        part = _forward(self.own, own[..., None])[..., 0]
        rest = shared - np.einsum("cpg,cp->g", self.border, part)
        first = solve_triangular(self.shared, rest, lower=True) if len(rest) else rest
        return first, part

    def variance(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the variances of `shared` (numbers,) and `own` (city, own)."""
        identity = np.broadcast_to(np.eye(self.own.shape[1]), self.own.shape)
        inverse = _forward(self.own, identity)
        own = (inverse**2).sum(axis=1)
        if not len(self.shared):
            return np.zeros(0), own
        half = solve_triangular(self.shared, np.eye(len(self.shared)), lower=True)
        through = np.swapaxes(inverse, 1, 2) @ self.border @ half.T
        return (half**2).sum(axis=0), own + (through**2).sum(axis=2)

    def shared_covariance(self) -> np.ndarray:
        """Return the covariance of the shared parameters (numbers, numbers)."""
        count = len(self.shared)
        return np.asarray(cho_solve((self.shared, True), np.eye(count))) if count else self.shared

    def draws(self, count: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return draws of the departures: (count, numbers) and (count, city, own)."""
        shared = random.standard_normal((count, len(self.shared)))
        own = random.standard_normal((count, *self.own.shape[:2]))
        drawn = [self.departure(*pair) for pair in zip(shared, own, strict=True)]
        if not drawn:
            return shared, own
        return np.stack([one for one, _ in drawn]), np.stack([other for _, other in drawn])


def factorise(
    jacobian: Jacobian, weight: np.ndarray, shared: np.ndarray, own: np.ndarray
) -> Curvature:
    """Return the curvature of statistics of `weight` (city, n) and priors of precision `shared`
    (numbers,) and `own` (city, own): Gauss-Newton, so never indefinite.
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


def _forward(factors: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solve lower triangular systems, one a city."""
    pairs = zip(factors, right, strict=True)
    return np.stack([solve_triangular(factor, part, lower=True) for factor, part in pairs])


def _backward(factors: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solve their transposes."""
    pairs = zip(factors, right, strict=True)
    return np.stack([solve_triangular(factor.T, part, lower=False) for factor, part in pairs])
