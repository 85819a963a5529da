"""Designs: many runs' inputs in one dataset, turned into overrides of the model's inputs.

What a design may hold along `run`, the names written with underscores for spaces:

- `<constant>`: an assumption, an initial value or any other constant, scalar or by its dimensions
  (the prefix `assumptions.` may stand before it);
- `<constant>.<element>[.<element>]`: one element of a constant, the others as they are, or with
  the element `others` those that assumptions.csv does not name;
- `levers.<lever>.intensity` (0 to 1) and `levers.<lever>.start` (year), optionally by city;
- `levers.<lever>.effect` and `levers.<lever>.cost` (share of output a year at full intensity);
- `drivers.<driver>`: where its path lies between the low (-1), the middle (0) and the high (1)
  figures of drivers.csv, the same in every year.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from zhuanxing.errors import ZhuanxingError
from zhuanxing.inputs.names import require_known

if TYPE_CHECKING:
    from zhuanxing.inputs import Scenario
    from zhuanxing.model import Model

__all__ = ["COST_INPUT", "LEVER_FIELDS", "design_overrides"]

# By city: the setting of a scenario; for all cities: what the lever table says of the lever.
CITY_INPUTS = {"intensity": "lever intensity", "start": "lever start"}
COST_INPUT = "lever cost rate"
LEVER_FIELDS = (*CITY_INPUTS, "effect", "cost")
PREFIX = "assumptions."
OTHERS = "others"

Overrides = dict[str, np.ndarray]


def design_overrides(design: xr.Dataset, scenario: Scenario, model: Model) -> Overrides:
    """Return overrides with the run axis first, from what `design` holds along `run`.

    Lever intensities stay zero outside a lever's target cities. Raises ZhuanxingError for an
    unknown name, a dimension that the input does not have, or a number outside its range.
    """
    if "run" not in design.dims:
        raise ZhuanxingError("the design has no dimension 'run', along which its runs must lie")
    base = model.inputs(scenario)
    overrides: Overrides = {}
    for key in map(str, design.data_vars):
        if key.startswith("levers."):
            _set_lever(overrides, design[key], base, model)
        elif key.startswith("drivers."):
            _set_driver(overrides, design[key], model)
        else:
            _set_constant(overrides, design[key], base, model)
    return overrides


def _set_lever(overrides: Overrides, values: xr.DataArray, base: Overrides, model: Model) -> None:
    key = str(values.name)
    _, lever, field = (*key.split("."), "", "")[:3]
    require_known("lever", lever, model.names.levers, "design")
    require_known("lever setting", field, LEVER_FIELDS, f"design: levers.{lever}")
    column = model.elements("lever").index(lever)
    if field == "effect":
        overrides[f"effect of {lever.replace('_', ' ')}"] = _ordered(values, [], model)
    elif field == "cost":
        _whole(overrides, COST_INPUT, base, model, _runs(values))[:, column] = _ordered(
            values, [], model
        )
    else:
        chosen = _ordered(values, ["city"], model)
        if field == "intensity":
            if not ((chosen >= 0) & (chosen <= 1)).all():
                raise ZhuanxingError(f"design: {key} leaves the range of an intensity, 0 to 1")
            order = [list(model.names.cities).index(city) for city in model.elements("city")]
            chosen = chosen * model.names.targets[order, list(model.names.levers).index(lever)]
        _whole(overrides, CITY_INPUTS[field], base, model, _runs(values))[:, :, column] = chosen


def _set_driver(overrides: Overrides, values: xr.DataArray, model: Model) -> None:
    """Move a driver's whole path; the look-up's ordinates are (points, *dims)."""
    name = str(values.name).removeprefix("drivers.")
    require_known("driver", name, model.driver_paths, "design")
    place = _ordered(values, [], model)
    if not (abs(place) <= 1).all():
        raise ZhuanxingError(
            f"design: drivers.{name} leaves the range of a driver, -1 (low) to 1 (high)"
        )
    low, middle, high = model.driver_paths[name]
    place = place.reshape(-1, *([1] * middle.ndim))
    overrides[f"{name.replace('_', ' ')} by year"] = middle + np.where(
        place < 0, place * (middle - low), place * (high - middle)
    )


def _set_constant(
    overrides: Overrides, values: xr.DataArray, base: Overrides, model: Model
) -> None:
    first, *elements = str(values.name).removeprefix(PREFIX).split(".")
    name = first.replace("_", " ")
    require_known("assumption", name, model.program.constants(), "design")
    dims = [dim.replace(" ", "_") for dim in model.program.variables[name].dims]
    if not elements:
        overrides[name] = _ordered(values, dims, model)
        return
    whole = np.moveaxis(_whole(overrides, name, base, model, _runs(values)), 0, -1)
    whole[_places(name, elements, dims, model)] = _ordered(values, [], model)


def _places(name: str, elements: list[str], dims: list[str], model: Model) -> np.ndarray:
    """Return where [*dims] the elements lie: true at one place, or at all that have no row."""
    shape = tuple(len(model.elements(dim)) for dim in dims)
    if elements == [OTHERS] and OTHERS in model.names.assumptions.get(name, ()):
        rows = [row.split(";") for row in model.names.assumptions[name] if row != OTHERS]
        places = np.ones(shape, dtype=bool)
    else:
        rows = [elements]
        places = np.zeros(shape, dtype=bool)
    for row in rows:
        if len(row) != len(dims):
            raise ZhuanxingError(
                f"design: '{name}.{'.'.join(row)}' names {len(row)} elements, but '{name}' has "
                f"{len(dims)} dimensions ({', '.join(dims) or 'it is one number'})"
            )
        for dim, element in zip(dims, row, strict=True):
            require_known(dim, element, model.elements(dim), f"design: {name}")
        place = tuple(model.elements(d).index(e) for d, e in zip(dims, row, strict=True))
        places[place] = not places[place]
    return places


def _whole(overrides: Overrides, name: str, base: Overrides, model: Model, runs: int) -> np.ndarray:
    """Return the override [run, *dims] to write into; at first every run has the base's values."""
    if name not in overrides:
        value = base[name] if name in base else model.program.constants()[name]
        overrides[name] = np.repeat(np.asarray(value)[None], runs, axis=0)
    return overrides[name]


def _runs(values: xr.DataArray) -> int:
    if "run" not in values.dims:
        raise ZhuanxingError(f"design: {values.name} does not vary along 'run'")
    return values.sizes["run"]


def _ordered(values: xr.DataArray, dims: list[str], model: Model) -> np.ndarray:
    """Return values [run, *dims], elements in the model's order; dims left out are broadcast."""
    where = f"design: {values.name}"
    for dim in map(str, values.dims):
        require_known("dimension", dim, ["run", *dims], where)
    elements = {dim: list(model.elements(dim)) for dim in dims}
    for dim, known in elements.items():
        if dim in values.dims and dim in values.coords:
            for element in values[dim].values:
                require_known(dim, str(element), known, where)
            if values.sizes[dim] != len(known):
                raise ZhuanxingError(f"{where} must name all {len(known)} of {dim}, once")
            values = values.sel({dim: known})
    _runs(values)
    full = values.broadcast_like(xr.Dataset(coords=elements)).transpose("run", *dims)
    return np.asarray(full.values, dtype=np.float64)
