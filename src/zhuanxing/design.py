"""Designs: many runs' inputs in one dataset, turned into overrides of model constants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from zhuanxing.errors import ZhuanxingError
from zhuanxing.scenario.names import require_known

if TYPE_CHECKING:
    from zhuanxing.model import Model
    from zhuanxing.scenario import Scenario

__all__ = ["design_overrides"]

LEVER_INPUTS = {"intensity": "lever intensity", "start": "lever start"}


def design_overrides(design: xr.Dataset, scenario: Scenario, model: Model) -> dict[str, np.ndarray]:
    """Return overrides with the run axis first, from assumptions and levers of `design`.

    Lever intensities stay zero outside a lever's target cities. Raises ZhuanxingError for an
    unknown name, a dimension that the input does not have, or an intensity outside [0, 1].
    """
    if "run" not in design.dims:
        raise ZhuanxingError("the design has no dimension 'run', along which its runs must lie")
    overrides: dict[str, np.ndarray] = {}
    for key in map(str, design.data_vars):
        if key.startswith("levers."):
            _set_lever(overrides, key, design, scenario, model)
        else:
            name = key.replace("_", " ")
            require_known("assumption", name, model.names.assumptions, "design")
            dims = [dim.replace(" ", "_") for dim in model.program.variables[name].dims]
            overrides[name] = _ordered(design[key], dims, key, model)
    return overrides


def _set_lever(
    overrides: dict[str, np.ndarray],
    key: str,
    design: xr.Dataset,
    scenario: Scenario,
    model: Model,
) -> None:
    _, lever, field = (*key.split("."), "", "")[:3]
    require_known("lever", lever, scenario.levers, "design")
    require_known("lever setting", field, LEVER_INPUTS, f"design: levers.{lever}")
    values = _ordered(design[key], ["city"], key, model)
    if field == "intensity" and not ((values >= 0) & (values <= 1)).all():
        raise ZhuanxingError(f"design: {key} leaves the range of an intensity, 0 to 1")
    name = LEVER_INPUTS[field]
    if name not in overrides:
        base = model.inputs(scenario)[name]
        overrides[name] = np.repeat(base[None], design.sizes["run"], axis=0)
    column = model.elements("lever").index(lever)
    if field == "intensity":
        order = [list(model.names.cities).index(city) for city in model.elements("city")]
        values = values * model.names.targets[order, list(model.names.levers).index(lever)]
    overrides[name][:, :, column] = values


def _ordered(values: xr.DataArray, dims: list[str], key: str, model: Model) -> np.ndarray:
    """Return values [run, *dims], elements in the model's order; dims left out are broadcast."""
    for dim in map(str, values.dims):
        require_known("dimension", dim, ["run", *dims], f"design: {key}")
    elements = {dim: list(model.elements(dim)) for dim in dims}
    for dim, known in elements.items():
        if dim in values.dims and dim in values.coords:
            for element in values[dim].values:
                require_known(dim, str(element), known, f"design: {key}")
            if values.sizes[dim] != len(known):
                raise ZhuanxingError(f"design: {key} must name all {len(known)} of {dim}, once")
            values = values.sel({dim: known})
    if "run" not in values.dims:
        raise ZhuanxingError(f"design: {key} does not vary along 'run'")
    full = values.broadcast_like(xr.Dataset(coords=elements)).transpose("run", *dims)
    return np.asarray(full.values, dtype=np.float64)
