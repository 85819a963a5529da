"""Draws in pairs of opposite sign.

Antithetic variates (Hammersley and Morton 1956): the chance of what all cities share does not shift
the middle of few draws.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["paired"]


def paired(draw: Callable[..., Any], count: int, *shape: int) -> np.ndarray:
    """Return `count` draws (count, *shape), each second one the opposite of the one before."""
    half = draw(((count + 1) // 2, *shape))
    return np.stack([half, -half], axis=1).reshape(-1, *shape)[:count]
