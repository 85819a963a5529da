"""Through which variables a lever works on an output: each is frozen in turn, to see what is lost.

A run with the lever in which one variable keeps to its path without the lever shows what of the
lever's effect passes through that variable. All such runs go through the machine side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from zhuanxing.analyses.explain.graph import (
    MOST_SHOWN,
    abridged,
    ancestors,
    between,
    reversed_graph,
    widest_path,
)
from zhuanxing.engine.causes import FrozenRuns, causes, stocks
from zhuanxing.errors import ZhuanxingError, require_known
from zhuanxing.inputs.design import INTENSITY
from zhuanxing.results.annual import OF_VARIABLE, SUM
from zhuanxing.results.glossary import read_glossary
from zhuanxing.results.outputs import Output

if TYPE_CHECKING:
    from zhuanxing.engine import Program
    from zhuanxing.inputs import Scenario
    from zhuanxing.model import Model

__all__ = ["Effect", "explain_effect", "require_effect"]

# Variables that carry less than this part of an effect are not on a path of interest.
LEAST = 0.05
# A path through a variable that carries more than this has no rival to look for.
UNRIVALLED = 0.95
MOST_PATHS = 3


@dataclass(frozen=True)
class Effect:
    """What a lever does to an output of a city in a year, and the paths it takes.

    `total` is in the output's unit. `shares` says by variable what part of it vanishes when the
    variable is frozen; `changes` by how many percent the lever moves it (sums over elements).
    `paths` are chains of variables from the lever to the output, the strongest first.
    """

    lever: str
    output: Output
    city: str
    year: int
    total: float
    base: float
    shares: Mapping[str, float]
    changes: Mapping[str, float]
    paths: tuple[tuple[str, ...], ...]
    stocks: frozenset[str]

    def shown(self, path: tuple[str, ...], named: Iterable[str]) -> list[str]:
        """Return at most seven variables of a path: its ends, and those that people know.

        Stocks and variables in `named` go before what merely passes a value on.
        """
        known = set(named) | self.stocks
        return [path[0], *abridged(path[1:-1], known, MOST_SHOWN - 2), path[-1]]

    def to_dataset(self, model: Model) -> xr.Dataset:
        """Return the paths as a table: dims (path, step), padded with empty names."""
        glossary = read_glossary(model.places.model)
        length = max((len(path) for path in self.paths), default=0)
        rows = [(*path, *[""] * (length - len(path))) for path in self.paths]
        names = np.array(rows, dtype=object).reshape(len(rows), length).astype(str)
        share = np.vectorize(lambda name: self.shares.get(name, np.nan), otypes=[float])
        change = np.vectorize(lambda name: self.changes.get(name, np.nan), otypes=[float])
        zh = np.vectorize(lambda name: glossary.chinese(name) if name else "", otypes=[str])
        dims = ("path", "step")
        return xr.Dataset(
            {
                "variable": (dims, names),
                "variable_zh": (dims, zh(names)),
                "share": (dims, share(names)),
                "change": (dims, change(names)),
            },
            attrs={
                "lever": self.lever, "output": self.output.name, "city": self.city,
                "year": self.year, "total": self.total, "base": self.base,
            },
        )  # fmt: skip


def explain_effect(
    model: Model, scenario: Scenario, *, lever: str, output: str, city: str
) -> Effect:
    """Return what `lever` adds to `scenario` in `city`, and through which variables.

    Raises ZhuanxingError as `require_effect` does.
    """
    require_effect(model, scenario, lever=lever, output=output, city=city)
    chosen = _output(model, output)
    inputs, without = _pair(model, scenario, lever, city)
    graph = causes(model.program)
    names = tuple(sorted(_freezable(model, graph)))
    place = model.elements("city").index(city)
    when = model.years[-1]
    changes = _changes(model, inputs, without, names, place, when - model.years[0])
    on_the_way = between(graph, INTENSITY, chosen.variable) & set(names)
    candidates = sorted(n for n in on_the_way if abs(changes.get(n, np.nan)) != 0)
    past = model.past(scenario, without[None], [one.name for one in model.outputs])
    begin = 0 if past is None else past.steps
    frozen = _frozen_runs(model.program, names, _requests(model), begin)
    count = 2 + len(candidates)
    mask = np.zeros((count, len(names)), dtype=bool)
    mask[2 + np.arange(len(candidates)), [names.index(name) for name in candidates]] = True
    intensity = np.repeat(inputs[INTENSITY][None], count, axis=0)
    intensity[0] = without
    found = frozen.run({**inputs, INTENSITY: intensity}, mask, past)
    values = _values(found, chosen, place)
    total = float(values[1] - values[0])
    lost = values[1] - values[2:]
    shares = dict(zip(candidates, (lost / total if total else np.zeros_like(lost)), strict=True))
    shares = {name: float(share) for name, share in shares.items() if abs(share) >= LEAST}
    return Effect(
        lever, chosen, city, when, total, float(values[0]), shares, changes,
        _paths(graph, chosen.variable, shares), stocks(model.program),
    )  # fmt: skip


def require_effect(model: Model, scenario: Scenario, *, lever: str, output: str, city: str) -> None:
    """Raise ZhuanxingError, before anything is run, where there is no effect to explain.

    That is for an unknown name, an output that is not one value a city and year, and a lever that
    the scenario does not use in the city.
    """
    require_known("lever", lever, model.names.levers, "explain")
    require_known("city", city, model.names.cities, "explain")
    _output(model, output)
    _pair(model, scenario, lever, city)


def _output(model: Model, name: str) -> Output:
    known = {one.name: one for one in model.outputs}
    require_known("output", name, known, "explain")
    if model.program.variables[known[name].variable].dims != ("city",):
        raise ZhuanxingError(
            "{command}: the output '{name}' has more than one value a city and year",
            command="explain", name=name,
        )  # fmt: skip
    return known[name]


def _pair(
    model: Model, scenario: Scenario, lever: str, city: str
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return the inputs with the lever, and the intensities without it in the city."""
    inputs = model.inputs(scenario)
    without = inputs[INTENSITY].copy()
    place = model.elements("city").index(city), model.elements("lever").index(lever)
    if without[place] == 0:
        raise ZhuanxingError(
            "the scenario {scenario} does not use the lever '{lever}' in {city}, so it has no "
            "effect to explain; name a scenario that does",
            scenario=scenario.name, lever=lever, city=city,
        )  # fmt: skip
    without[place] = 0.0
    return inputs, without


def _freezable(model: Model, graph: Mapping[str, frozenset[str]]) -> set[str]:
    """Return the variables by city that levers can move."""
    moved = ancestors(reversed_graph(graph), INTENSITY)
    variables = model.program.variables
    return {n for n in moved if n in variables and "city" in variables[n].dims and n != INTENSITY}


def _requests(model: Model) -> tuple[tuple[str, str], ...]:
    """Return the yearly values that outputs with one value a city and year are made of."""
    requests: dict[str, str] = {}
    for one in model.outputs:
        if model.program.variables[one.variable].dims == ("city",):
            requests.setdefault(one.variable, OF_VARIABLE[one.aggregate])
            if one.denominator:
                requests[one.denominator] = SUM
    return tuple(requests.items())


@lru_cache(maxsize=2)
def _frozen_runs(
    program: Program, names: tuple[str, ...], requests: tuple[tuple[str, str], ...], begin: int
) -> FrozenRuns:
    """Return one compiled model for every question: all of `names` may be frozen in it."""
    base = {INTENSITY: np.repeat(program.constants()[INTENSITY][None], 2, axis=0)}
    return FrozenRuns(program, base, names, dict(requests), begin)


def _values(found: Mapping[str, np.ndarray], output: Output, place: int) -> np.ndarray:
    """Return an output of a city in the last year [run]."""
    series = found[output.variable][:, :, place]
    if output.denominator:
        series = series / found[output.denominator][:, :, place]
    if output.aggregate == "change":
        return np.asarray(100 * (series[:, -1] / series[:, -2] - 1))
    return np.asarray(series[:, -1] * output.scale)


def _changes(
    model: Model,
    inputs: Mapping[str, np.ndarray],
    without: np.ndarray,
    names: tuple[str, ...],
    place: int,
    year: int,
) -> dict[str, float]:
    """Return by how many percent the lever moves each variable in the city, elements summed.

    Variables by lever are left out; zero is not a change at all.
    """
    variables = model.program.variables
    wanted = {name: "year_mean" for name in names if "lever" not in variables[name].dims}
    pair = [
        model.program.run({**inputs, INTENSITY: i}, wanted) for i in (inputs[INTENSITY], without)
    ]
    changes = {}
    for name in wanted:
        axis = variables[name].dims.index("city")
        after, before = (np.take(one[name][year], place, axis) for one in pair)
        size = float(np.abs(before).sum())
        relative = 100 * float((after - before).sum()) / size if size > 1e-12 else np.nan
        changes[name] = 0.0 if np.array_equal(after, before) else relative
    return changes


def _paths(
    graph: Mapping[str, frozenset[str]], target: str, shares: Mapping[str, float]
) -> tuple[tuple[str, ...], ...]:
    """Return the strongest paths to `target`: each as strong as its weakest variable."""
    weights = {name: abs(share) for name, share in shares.items()} | {target: 1.0}
    found: list[tuple[str, ...]] = []
    barred: set[str] = set()
    for _ in range(MOST_PATHS):
        allowed = {name: weight for name, weight in weights.items() if name not in barred}
        path = widest_path(reversed_graph(graph), INTENSITY, target, allowed)
        if path is None or path in found:
            break
        found.append(path)
        weak = {name for name in path[1:-1] if weights[name] < UNRIVALLED}
        if not weak:
            break
        barred |= weak
    return tuple(found)
