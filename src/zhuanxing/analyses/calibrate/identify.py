"""What the statistics of a fit can and cannot tell, from the Fisher information at its mode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

__all__ = ["Identifiability", "identify", "in_words"]

# A parameter is informed if its uncertainty fell by this part of the prior's.
INFORMED = 0.2
SILENT = 0.05
# Two parameters move as one beyond this correlation.
ALIKE = 0.3
MOST_PAIRS = 8


@dataclass(frozen=True)
class Identifiability:
    """`removed` (parameters,): part of the prior's uncertainty that the statistics removed.

    `alike` are pairs of places and their correlation in the posterior, strongest first.
    """

    labels: tuple[str, ...]
    removed: Float[np.ndarray, " parameter"]
    alike: tuple[tuple[int, int, float], ...]


def identify(
    labels: Sequence[str], covariance: Float[np.ndarray, "parameter parameter"]
) -> Identifiability:
    """Return what a posterior `covariance` of z says; the prior of each z has variance one.

    Prior and Fisher information add up to the inverse of the covariance, so what lies below one
    is information, and correlation is what the statistics leave undecided between two.
    """
    deviation = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(deviation, deviation)
    first, second = np.triu_indices(len(labels), 1)
    strength = correlation[first, second]
    chosen = np.flatnonzero(np.abs(strength) > ALIKE)
    chosen = chosen[np.argsort(-np.abs(strength[chosen]))]
    pairs = tuple((int(first[k]), int(second[k]), float(strength[k])) for k in chosen)
    return Identifiability(tuple(labels), 1 - deviation, pairs)


def in_words(found: Identifiability) -> list[tuple[str, str]]:
    """Return sentences (Chinese, English): what is known, what is not, what cannot be parted."""
    count = len(found.labels)
    informed = int((found.removed > INFORMED).sum())
    silent = int((found.removed < SILENT).sum())
    sentences = [
        (
            f"{count} 个参数中，数据明显缩小其不确定性的有 {informed} 个，"
            f"几乎无信息的有 {silent} 个（这些仍为先验值）。",
            f"Of {count} parameters the statistics clearly narrow {informed}; of {silent} they say "
            "next to nothing, and these keep their prior.",
        )
    ]
    for one, other, strength in found.alike[:MOST_PAIRS]:
        a, b = found.labels[one], found.labels[other]
        together = strength < 0
        sentences.append(
            (
                f"数据无法区分“{a}”与“{b}”（后验相关 {strength:+.2f}）："
                + ("一个升、另一个降，拟合相同。" if together else "两者同升同降，拟合相同。"),
                f"The statistics cannot tell '{a}' from '{b}' (correlation {strength:+.2f}): "
                + (
                    "a rise of one makes up for a fall of the other."
                    if together
                    else "if both rise together the fit stays the same."
                ),
            )
        )
    return sentences
