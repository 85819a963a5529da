"""What each lever of a package adds: left out of it, and alone, for money and by output.

A package is what a scenario does in some cities. The effect of the whole scenario is divided as

    scenario - baseline = sum over levers of (package - package without the lever)
                        + interaction of the levers + what the other cities' levers do here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from zhuanxing.cores import cores
from zhuanxing.engine.running.devices import CPU
from zhuanxing.errors import ZhuanxingError, require_known
from zhuanxing.inputs.design import INTENSITY, of_intensities
from zhuanxing.results.bands import ENDS
from zhuanxing.results.outputs import select_outputs

if TYPE_CHECKING:
    from zhuanxing.inputs import Scenario
    from zhuanxing.model import Model

__all__ = ["COST", "contributions", "intervals", "lever_effect", "places", "ranked"]

COST = "lever_spending_by_lever"
# Draws that tell how far the effect of a single lever may be off.
ENOUGH = 16
Report = Callable[[float], None]


@dataclass(frozen=True)
class _Package:
    """A scenario's levers in `cities`, in the model's order, and the runs that take it apart."""

    scenario: Scenario
    cities: np.ndarray
    levers: tuple[str, ...]
    columns: tuple[int, ...]
    whole: np.ndarray
    without: np.ndarray

    def runs(self, alone: bool) -> np.ndarray:
        """Return intensities [run, city, lever]: whole, none of it, each left out, each alone."""
        parts = [self.whole, self.without]
        pairs = ((self.whole, self.without), (self.without, self.whole))
        for base, other in pairs if alone else pairs[:1]:
            for column in self.columns:
                changed = base.copy()
                changed[self.cities, column] = other[self.cities, column]
                parts.append(changed)
        return np.stack(parts)


def contributions(
    model: Model,
    scenario: Scenario,
    against: Scenario,
    *,
    city: str,
    outputs: Sequence[str],
    year: int | None = None,
    alone: bool = True,
    draws: int = 0,
    report: Report = lambda part: None,
) -> xr.Dataset:
    """Return what each lever of `scenario` in `city` adds to `outputs` there in `year`.

    Variables: `left_out` and `alone` (output, lever), in the output's unit, what the package loses
    without the lever and, unless `alone` is False, what it does as the only one; `total`,
    `interaction` and `others` (output); `base` (output), the value in `against`; `cost` (lever),
    money spent on it to the end of `year` in 1e8 CNY; `per_money` (output, lever), `left_out` for
    each 1e8 CNY. With `draws` also `left_out_low`, `left_out_high`, `total_low`, `total_high` and
    `place_low`, `place_high` (output, lever), the lever's place by the size of its effect, between
    which four fifths of the draws lie. Raises ZhuanxingError for an unknown city, output
    or year, an output with more dimensions than city and year, and a package without levers.
    """
    require_known("city", city, model.names.cities, "rank")
    _require_plain(model, outputs)
    package = _package(model, scenario, against, (city,))
    when = model.years[-1] if year is None else year
    many, base = (_at(each, city, when) for each in _run(model, package, against, alone))
    found = _divided(many, base, package, outputs)
    if draws:
        found = found.merge(_spread(model, package, against, city, when, outputs, draws, report))
    return _labelled(found, model, package, outputs).assign_attrs(
        city=city, year=when, scenario=scenario.name, against=against.name, draws=draws
    )


def intervals(
    model: Model,
    scenario: Scenario,
    against: Scenario,
    *,
    city: str,
    outputs: Sequence[str],
    levers: Sequence[str],
    draws: int,
    year: int | None = None,
) -> xr.Dataset:
    """Return the intervals that `contributions` gives, of some levers alone.

    Of `draws` at most ENOUGH are taken: each is a run of every lever. Levers that the package does
    not use are left out, places too. Raises as `contributions` does.
    """
    _require_plain(model, outputs)
    package = _package(model, scenario, against, (city,))
    kept = [place for place, lever in enumerate(package.levers) if lever in levers]
    some = replace(
        package,
        levers=tuple(package.levers[place] for place in kept),
        columns=tuple(package.columns[place] for place in kept),
    )
    when = model.years[-1] if year is None else year
    few = min(draws, ENOUGH)
    found = _spread(model, some, against, city, when, outputs, few, lambda part: None)
    return found.drop_vars(["place_low", "place_high"])


def lever_effect(
    model: Model, scenario: Scenario, lever: str, *, outputs: Sequence[str], year: int | None = None
) -> xr.Dataset:
    """Return what `lever` adds to `scenario` in every city, dims (output names as variables) city.

    The scenario is run once with the lever and once without it anywhere. Raises ZhuanxingError
    for an unknown lever or output, and if the scenario does not use the lever.
    """
    require_known("lever", lever, model.names.levers, "rank")
    _require_plain(model, outputs)
    whole = model.inputs(scenario)[INTENSITY]
    column = model.elements("lever").index(lever)
    if not whole[:, column].any():
        raise ZhuanxingError(
            "the scenario {scenario} does not use the lever '{lever}'",
            scenario=scenario.name, lever=lever,
        )  # fmt: skip
    without = whole.copy()
    without[:, column] = 0.0
    when = model.years[-1] if year is None else year
    runs, asked = np.stack([whole, without]), _asked(model)
    design = of_intensities(runs, model.source.equations)
    past = model.past(scenario, runs, asked)
    (many,) = model.batches(design, scenario, outputs=asked, years=[when], after=past)
    pair = many[list(outputs)].squeeze("year", drop=True).drop_vars("failure")
    return (pair.isel(run=0, drop=True) - pair.isel(run=1, drop=True)).assign_attrs(
        lever=lever, year=when, scenario=scenario.name
    )


def ranked(found: xr.Dataset, output: str) -> pd.DataFrame:
    """Return one row a lever, largest effect on `output` first, of what `contributions` found.

    Columns: lever, left_out, alone (if it was asked for), cost, per_money, and with draws low,
    high, `sure`: whether the sign is that of nine tenths of the draws at least, and best and worst
    place.
    """
    require_known("output", output, map(str, found["output"].values), "rank")
    one = found.sel(output=output)
    wanted = ("left_out", "alone", "cost", "per_money")
    columns = {name: one[name].values for name in wanted if name in one}
    table = pd.DataFrame({"lever": found["lever"].values, **columns})
    if "left_out_low" in found:
        table["low"], table["high"] = one["left_out_low"].values, one["left_out_high"].values
        table["sure"] = table["low"] * table["high"] > 0
    if "place_low" in found:
        table["best"], table["worst"] = one["place_low"].values, one["place_high"].values
    order = table["left_out"].abs().sort_values(ascending=False, kind="stable").index
    return table.loc[order].reset_index(drop=True)


def _package(
    model: Model, scenario: Scenario, against: Scenario, cities: Sequence[str]
) -> _Package:
    whole, base = (model.inputs(one)[INTENSITY] for one in (scenario, against))
    places = np.array([model.elements("city").index(city) for city in cities])
    without = whole.copy()
    without[places] = base[places]
    columns = tuple(np.flatnonzero((whole[places] != without[places]).any(axis=0)).tolist())
    if not columns:
        raise ZhuanxingError(
            "the scenario {scenario} sets no lever in {cities} that {against} does not set too",
            scenario=scenario.name, cities=", ".join(cities), against=against.name,
        )  # fmt: skip
    levers = tuple(model.elements("lever")[column] for column in columns)
    return _Package(scenario, places, levers, columns, whole, without)


def _run(
    model: Model, package: _Package, against: Scenario, alone: bool
) -> tuple[xr.Dataset, xr.Dataset]:
    """Return all outputs that are asked for here of the package's runs, and of `against`.

    Blocks of runs go through the cores side by side.
    """
    outputs = _asked(model)
    runs, last = package.runs(alone), model.inputs(against)[INTENSITY][None]
    if alike := _alike(package.scenario, against):
        runs, last = np.concatenate([runs, last]), last[:0]
    past = model.past(package.scenario, runs, outputs)
    blocks = [
        (package.scenario, runs[at : at + CPU.block]) for at in range(0, len(runs), CPU.block)
    ]
    blocks += [] if alike else [(against, last)]

    def block(each: tuple[Scenario, np.ndarray]) -> xr.Dataset:
        scenario, intensity = each
        design = of_intensities(intensity, model.source.equations)
        after = past if scenario is package.scenario else None
        (found,) = model.batches(design, scenario, outputs=outputs, chunk=CPU.block, after=after)
        return found

    with ThreadPoolExecutor(len(cores())) as pool:
        many = xr.concat(list(pool.map(block, blocks)), "run")
    return many.isel(run=slice(None, -1)), many.isel(run=-1)


def _asked(model: Model) -> list[str]:
    """Return the outputs that are asked for, whatever is shown: one compiled batch answers all."""
    return [*(one.name for one in model.plain_outputs), COST]


def _alike(one: Scenario, other: Scenario) -> bool:
    """Tell whether two scenarios differ in intensities alone."""
    same = np.array_equal(one.start, other.start) and np.array_equal(one.end, other.end)
    return same and one.assumptions == other.assumptions


def _at(many: xr.Dataset, city: str, year: int) -> xr.Dataset:
    """Return the values of a city in a year, and its spending on levers to the end of that year.

    Raises ZhuanxingError for a year that the runs do not cover.
    """
    years = [int(value) for value in many["year"].values]
    if year not in years:
        raise ZhuanxingError(
            "the runs have no year {year}, but {first} to {last}",
            year=year, first=years[0], last=years[-1],
        )  # fmt: skip
    here = many.sel(city=city)
    at = here.sel(year=year, drop=True)
    if COST in here:
        at[COST] = here[COST].sel(year=slice(None, year)).sum("year")
    return at


def _stacked(many: xr.Dataset, outputs: Sequence[str]) -> np.ndarray:
    """Return the values of outputs [output, run]."""
    return np.stack([many[name].transpose("run").values for name in outputs])


def _divided(
    many: xr.Dataset, base: xr.Dataset, package: _Package, outputs: Sequence[str]
) -> xr.Dataset:
    count = len(package.levers)
    values = _stacked(many, outputs)
    whole, without = values[:, :1], values[:, 1:2]
    left_out = whole - values[:, 2 : 2 + count]
    start = np.array([float(base[name]) for name in outputs])
    cost = many[COST].isel(run=0).sel(lever=list(package.levers)).values
    per_money = np.divide(left_out, cost, out=np.full_like(left_out, np.nan), where=cost > 0)
    own = (whole - without)[:, 0]
    alone = {}
    if values.shape[1] > 2 + count:
        alone = {"alone": (("output", "lever"), values[:, 2 + count :] - without)}
    return xr.Dataset(
        {
            **alone,
            "left_out": (("output", "lever"), left_out),
            "cost": ("lever", cost),
            "per_money": (("output", "lever"), per_money),
            "base": ("output", start),
            "total": ("output", whole[:, 0] - start),
            "interaction": ("output", own - left_out.sum(axis=1)),
            "others": ("output", without[:, 0] - start),
        },
        {"output": list(outputs), "lever": list(package.levers)},
    )


def _spread(
    model: Model,
    package: _Package,
    against: Scenario,
    city: str,
    year: int,
    outputs: Sequence[str],
    draws: int,
    report: Report,
) -> xr.Dataset:
    """Return the ends of the intervals over draws of every lever's effect and of the total."""
    uncertain = model.ensemble_design(package.scenario, draws)
    names = list(outputs)
    asked = [one.name for one in model.plain_outputs]
    base = model.inputs(against)[INTENSITY]
    variants = np.concatenate([base[None], package.runs(alone=False)])
    # As many variants at once as fill a block.
    at_once = max(1, CPU.block // draws)
    groups = [variants[at : at + at_once] for at in range(0, len(variants), at_once)]

    def drawn(group: np.ndarray) -> np.ndarray:
        design = uncertain.isel(run=np.tile(np.arange(draws), len(group))).drop_vars("run")
        full = np.repeat(group, draws, axis=0)
        design = design.merge(of_intensities(full, model.source.equations))
        many = xr.concat(model.batches(design, package.scenario, outputs=asked), "run")
        found = _stacked(_at(many, city, year), names)
        return found.reshape(len(names), len(group), draws)

    parts = []
    with ThreadPoolExecutor(len(cores())) as pool:
        for found in pool.map(drawn, groups):
            parts.append(found)
            report(len(parts) / len(groups))
    # By output, variant and draw; the variants are the baseline, then those of `package.runs`.
    values = np.concatenate(parts, axis=1)
    base, whole = values[:, 0], values[:, 1]
    effects = whole[:, None] - values[:, 3:]
    ends = np.nanquantile(effects, ENDS, axis=-1)
    total = np.nanquantile(whole - base, ENDS, axis=-1)
    best, worst = places(effects)
    dims = ("output", "lever")
    return xr.Dataset(
        {
            "place_low": (dims, best),
            "place_high": (dims, worst),
            "left_out_low": (dims, ends[0]),
            "left_out_high": (dims, ends[1]),
            "total_low": ("output", total[0]),
            "total_high": ("output", total[1]),
        },
        {"output": names, "lever": list(package.levers)},
    )


def places(effects: np.ndarray) -> np.ndarray:
    """Return the ends [2, output, lever] of the places, one the largest, of effects [.., draw]."""
    order = np.argsort(-np.abs(effects), axis=1, kind="stable")
    found = np.argsort(order, axis=1, kind="stable") + 1
    return np.asarray(np.quantile(found, ENDS, axis=-1, method="nearest"))


def _labelled(
    found: xr.Dataset, model: Model, package: _Package, outputs: Sequence[str]
) -> xr.Dataset:
    rows = [model.names.levers[lever] for lever in package.levers]
    chosen = select_outputs(model.outputs, tuple(outputs))
    return found.assign_coords(
        lever_zh=("lever", [row["name_zh"] for row in rows]),
        lever_en=("lever", [row["name_en"] for row in rows]),
        output_zh=("output", [one.name_zh for one in chosen]),
        output_en=("output", [one.name_en for one in chosen]),
        unit=("output", [one.unit for one in chosen]),
        better=("output", [one.better for one in chosen]),
    )


def _require_plain(model: Model, outputs: Sequence[str]) -> None:
    for output in select_outputs(model.outputs, tuple(outputs)):
        if output not in model.plain_outputs:
            dims = model.program.variables[output.variable].dims
            raise ZhuanxingError(
                f"the output '{output.name}' has a value for each {', '.join(dims)}, but one with "
                "a value a city and year is needed"
            )
