"""Intervals of what is compared: differences between two scenarios, and changes since a year."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from zhuanxing.cores import cores
from zhuanxing.errors import ZhuanxingError
from zhuanxing.results.bands import CHANGE, DIFFERENCE, ENDS

if TYPE_CHECKING:
    from zhuanxing.inputs import Scenario
    from zhuanxing.model import Model

__all__ = ["comparison_bands", "draw_runs"]

QUANTILES = [ENDS[0], 0.5, ENDS[1]]


def draw_runs(
    model: Model,
    scenarios: Mapping[str, Scenario],
    *,
    draws: int,
    outputs: Sequence[str] | None = None,
) -> dict[str, xr.Dataset]:
    """Return the runs of every scenario, along `run`, over the same draws of what is uncertain.

    A draw that leaves the domain of the equations in one scenario is left out of all. Raises
    ZhuanxingError without a calibration that holds enough draws, and if no draw is sound.
    """
    plain = [one.name for one in model.plain_outputs]
    # One compiled batch answers every question about plain outputs.
    asked = outputs if outputs is None or set(outputs) - set(plain) else plain

    def drawn(scenario: Scenario) -> xr.Dataset:
        design = model.ensemble_design(scenario, draws)
        many = model.run_many(design, scenario=scenario, outputs=asked)
        return many if outputs is None else many[list(outputs)]

    with ThreadPoolExecutor(len(cores())) as pool:
        runs = dict(zip(scenarios, pool.map(drawn, scenarios.values()), strict=True))
    sound = np.all([many["failure"].values == "" for many in runs.values()], axis=0)
    if not sound.any():
        raise ZhuanxingError(f"none of the {draws} draws stays in the domain of the equations")
    return {name: many.isel(run=sound).drop_vars("failure") for name, many in runs.items()}


def comparison_bands(
    model: Model,
    scenario: Scenario,
    against: Scenario,
    *,
    draws: int,
    since: Iterable[tuple[str, int]] = (),
    outputs: Sequence[str] | None = None,
) -> xr.Dataset:
    """Return quantiles over `draws` of `scenario`, and of its difference from `against`.

    Variables, dims (quantile, year, city, ...): every output; `difference_of_<output>`, in the
    output's unit, over pairs of runs with the same draw; and for (output, year) in `since`
    `change_of_<output>`, the percent change since that year. Raises ZhuanxingError as `draw_runs`.
    """
    runs = draw_runs(
        model, {"scenario": scenario, "against": against}, draws=draws, outputs=outputs
    )
    many, other = runs["scenario"], runs["against"]
    found = dict(many.data_vars)
    for name in many.data_vars:
        difference = many[name] - other[name]
        found[f"{DIFFERENCE}{name}"] = difference.assign_attrs(many[name].attrs)
    for name, base in since:
        if name in many:
            change = 100 * (many[name] / many[name].sel(year=base) - 1)
            found[f"{CHANGE}{name}"] = change.assign_attrs(many[name].attrs, base_year=base)
    bands = xr.Dataset(found).quantile(QUANTILES, "run", keep_attrs=True, skipna=False)
    return bands.assign_attrs({**many.attrs, "against": against.name, "draws": many.sizes["run"]})
