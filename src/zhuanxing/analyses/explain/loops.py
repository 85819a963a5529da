"""Loops that matter: which feedback loops drive a city's behaviour, year by year.

Link scores are those of Schoenberg, Davidsen and Eberlein (2020, doi:10.1002/sdr.1658): the part
of the change of a variable over a step that one of its causes brings about. Loops are found by
the strongest-path search of Eberlein and Schoenberg (2020, arXiv:2006.08425).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from zhuanxing.analyses.explain.graph import abridged
from zhuanxing.engine.link_scores import link_scores
from zhuanxing.results.glossary import read_glossary

if TYPE_CHECKING:
    from zhuanxing.inputs import Scenario
    from zhuanxing.model import Model

__all__ = ["loops_that_matter"]

Links = Mapping[str, Mapping[str, float]]
# A path weaker than this is not followed further.
FAINT = 1e-3
ADJUSTMENT = 3
ALIKE = 0.5
TINY = 1e-300
LONGEST_CHAIN = 60


def loops_that_matter(model: Model, scenario: Scenario, *, city: str, most: int = 10) -> xr.Dataset:
    """Return the strongest loops that differ from one another, dims (loop, year).

    A stock's own adjustment, a loop of three variables or fewer, is not among them. Variables:
    `share` (loop, year), signed, whose absolute values sum to one over all loops found in a year;
    `strength` (loop), its median size over the years, the strongest having one: in single years a
    variable at a turning point makes any loop through it look large; `sign` (loop), R reinforcing
    or B balancing; `chain` and `chain_zh` (loop), all its variables; `short` and `short_zh`, at
    most seven that people know; `length`, how many it has.
    """
    _, scores, stocks = measured = link_scores(model.program, model.inputs(scenario), city)
    found: dict[tuple[str, ...], None] = {}
    for links in scores:
        found.update(dict.fromkeys(_strongest(_readers(links), stocks)))
    loops = [loop for loop in found if len(_named(loop)) > ADJUSTMENT]
    values = np.array([[_score(loop, links) for links in scores] for loop in loops])
    total = np.abs(values).sum(axis=0)
    share = np.divide(values, total, out=np.zeros_like(values), where=total > 0)
    strength = np.median(np.abs(share), axis=1)
    order = _different(loops, np.argsort(-strength, kind="stable"), most)
    glossary = read_glossary(model.places.model)
    chains = [_named(loops[place]) for place in order]
    known = {stock.strip("@'") for stock in stocks} | {one.variable for one in model.outputs}
    short = [abridged(chain, known) for chain in chains]

    def joined(names: list[list[str]], said: Callable[[str], str]) -> list[str]:
        return [" → ".join(map(said, chain)) for chain in names]

    return xr.Dataset(
        {
            "share": (("loop", "year"), share[order]),
            "strength": ("loop", strength[order] / max(strength[order].max(), TINY)),
            "sign": ("loop", ["R" if np.sign(share[place]).sum() > 0 else "B" for place in order]),
            "chain": ("loop", joined(chains, str)),
            "chain_zh": ("loop", joined(chains, glossary.chinese)),
            "short": ("loop", joined(short, str)),
            "short_zh": ("loop", joined(short, glossary.chinese)),
            "length": ("loop", [len(chain) for chain in chains]),
        },
        {"loop": np.arange(1, len(order) + 1), "year": [int(time) for time in measured[0]]},
        {"city": city, "scenario": scenario.name, "loops_found": len(loops)},
    )


def _different(loops: list[tuple[str, ...]], order: np.ndarray, most: int) -> list[int]:
    """Return the first of `order` that share less than half their variables with those before."""
    chosen: list[int] = []
    for place in order:
        own = set(_named(loops[place]))
        others = (set(_named(loops[other])) for other in chosen)
        if all(len(own & other) < ALIKE * len(own | other) for other in others):
            chosen.append(int(place))
        if len(chosen) == most:
            break
    return chosen


def _readers(links: Links) -> dict[str, list[tuple[str, float]]]:
    """Return by variable whom it moves and how strongly, the strongest first."""
    found: dict[str, list[tuple[str, float]]] = {}
    for target, causes in links.items():
        for cause, score in causes.items():
            if abs(score) > FAINT:
                found.setdefault(cause, []).append((target, abs(score)))
    return {name: sorted(links, key=lambda link: -link[1]) for name, links in found.items()}


def _strongest(readers: Mapping[str, Any], stocks: frozenset[str]) -> set[tuple[str, ...]]:
    """Return the loops through each stock that the strongest paths close."""
    found: set[tuple[str, ...]] = set()
    for start in sorted(stocks & readers.keys()):
        best: dict[str, float] = {}
        waiting: list[tuple[str, float, tuple[str, ...]]] = [(start, 1.0, (start,))]
        while waiting:
            name, strength, path = waiting.pop()
            for reader, score in reversed(readers.get(name, [])):
                onwards = strength * score
                if reader == start:
                    turn = path.index(min(path))
                    found.add(path[turn:] + path[:turn])
                elif (
                    reader not in path and onwards > max(best.get(reader, 0.0), FAINT)
                    and len(path) < LONGEST_CHAIN
                ):  # fmt: skip
                    best[reader] = onwards
                    waiting.append((reader, onwards, (*path, reader)))
    return found


def _score(loop: tuple[str, ...], links: Links) -> float:
    product = 1.0
    for cause, target in zip(loop, (*loop[1:], loop[0]), strict=True):
        product *= links.get(target, {}).get(cause, 0.0)
    return product


def _named(loop: tuple[str, ...]) -> list[str]:
    """Return the variables of a loop, without the states behind them."""
    names = [name.strip("@'") for name in loop]
    return list(dict.fromkeys(names))
