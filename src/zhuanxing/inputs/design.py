"""Designs: many runs' inputs in one dataset, turned into overrides of the model's inputs.

What a design may hold along `run`, the names written with underscores for spaces:

- `<constant>`: an assumption, an initial value or any other constant, scalar or by its dimensions
  (the prefix `assumptions.` may stand before it);
- `<constant>.<element>[.<element>]`: one element of a constant, the others as they are, or with
  the element `others` those that assumptions.csv does not name;
- `levers.<lever>.intensity` (0 to 1) and `levers.<lever>.start` (year), optionally by city;
- `levers.<lever>.effect` and `levers.<lever>.cost` (1e8 CNY a dose, of rules and titles a year);
- `drivers.<driver>`: where its path lies between the low (-1), the middle (0) and the high (1)
  values of drivers.csv, the same in every year; or, by points and elements, the path itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from zhuanxing.equations import Equations
from zhuanxing.errors import ZhuanxingError, require_known

__all__ = ["INTENSITY", "design_overrides", "driver_input", "driver_path", "of_intensities"]

# By city: the setting of a scenario; for all cities: what the lever table says of the lever.
INTENSITY = "lever intensity"
CITY_INPUTS = {"intensity": INTENSITY, "start": "lever start"}
COST_INPUT = "lever dose cost"
LEVER_FIELDS = (*CITY_INPUTS, "effect", "cost")
PREFIX = "assumptions."

Overrides = dict[str, np.ndarray]


def design_overrides(
    design: xr.Dataset, base: Mapping[str, np.ndarray], equations: Equations
) -> Overrides:
    """Return overrides with the run axis first, from what `design` holds along `run`.

    `base` gives what the scenario sets, by constant. Raises ZhuanxingError for an unknown name, a
    dimension that the input does not have, or a number outside its range.
    """
    if "run" not in design.dims:
        raise ZhuanxingError("the design has no dimension 'run', along which its runs must lie")
    filling = _Filling(base, equations)
    for key in map(str, design.data_vars):
        if key.startswith("levers."):
            filling.lever(design[key])
        elif key.startswith("drivers."):
            filling.driver(design[key])
        else:
            filling.constant(design[key])
    return filling.overrides


def of_intensities(intensity: np.ndarray, equations: Equations) -> xr.Dataset:
    """Return the design of runs with intensities [run, city, lever], in the model's order."""
    coords = {dim: list(equations.elements[dim]) for dim in ("city", "lever")}
    values = {INTENSITY.replace(" ", "_"): (("run", *coords), intensity)}
    return xr.Dataset(values, {"run": np.arange(len(intensity)), **coords})


def driver_input(driver: str) -> str:
    """Return the input of the model that holds the path of a driver."""
    return f"{driver.replace('_', ' ')} by year"


def driver_path(paths: tuple[np.ndarray, np.ndarray, np.ndarray], place: np.ndarray) -> np.ndarray:
    """Return ordinates [run, points, *dims] of a driver at `place` [run] among its `paths`.

    Those are the low (at -1), the middle (0) and the high one (1).
    """
    low, middle, high = paths
    place = place.reshape(-1, *([1] * middle.ndim))
    return np.asarray(middle + np.where(place < 0, place * (middle - low), place * (high - middle)))


@dataclass(frozen=True)
class _Filling:
    """Overrides being filled from the variables of a design, one after the other."""

    base: Mapping[str, np.ndarray]
    equations: Equations
    overrides: Overrides = field(default_factory=dict)

    def lever(self, values: xr.DataArray) -> None:
        """Set what the design says of a lever."""
        key = str(values.name)
        _, lever, item = (*key.split("."), "", "")[:3]
        levers = self.equations.elements["lever"]
        require_known("lever", lever, levers, "design")
        require_known("lever setting", item, LEVER_FIELDS, f"design: levers.{lever}")
        column = levers.index(lever)
        if item == "effect":
            self.overrides[f"effect of {lever.replace('_', ' ')}"] = self._ordered(values, [])
        elif item == "cost":
            self._whole(COST_INPUT, _runs(values))[:, column] = self._ordered(values, [])
        else:
            chosen = self._ordered(values, ["city"])
            if item == "intensity" and not ((chosen >= 0) & (chosen <= 1)).all():
                raise ZhuanxingError(f"design: {key} leaves the range of an intensity, 0 to 1")
            self._whole(CITY_INPUTS[item], _runs(values))[:, :, column] = chosen

    def driver(self, values: xr.DataArray) -> None:
        """Move a driver's whole path; the look-up's ordinates are (points, *dims)."""
        name = str(values.name).removeprefix("drivers.")
        paths = self.equations.driver_paths()
        require_known("driver", name, paths, "design")
        if values.ndim > 1:
            self.overrides[driver_input(name)] = _path(values, paths[name][1])
            return
        place = self._ordered(values, [])
        if not (abs(place) <= 1).all():
            raise ZhuanxingError(
                f"design: drivers.{name} leaves the range of a driver, -1 (low) to 1 (high)"
            )
        self.overrides[driver_input(name)] = driver_path(paths[name], place)

    def constant(self, values: xr.DataArray) -> None:
        """Set a constant, or some of its elements."""
        first, *elements = str(values.name).removeprefix(PREFIX).split(".")
        name = first.replace("_", " ")
        tabled = [constant.name for constant in self.equations.constants]
        # A constant that the equations themselves give, as the news of a fit, is among the base.
        require_known("assumption", name, [*tabled, *self.base], "design")
        if not elements:
            dims = [str(dim) for dim in values.dims if dim != "run"]
            if name in tabled:
                dims = [dim.replace(" ", "_") for dim in self.equations.constant(name).dims]
            self.overrides[name] = self._ordered(values, dims)
            return
        mask = self.equations.mask(name, ";".join(elements))
        whole = np.moveaxis(self._whole(name, _runs(values)), 0, -1)
        whole[mask] = self._ordered(values, [])

    def _whole(self, name: str, runs: int) -> np.ndarray:
        """Return the override [run, *dims] to write into; at first all runs have the base's."""
        if name not in self.overrides:
            value = self.base.get(name, self.equations.constant(name).values)
            self.overrides[name] = np.repeat(np.asarray(value)[None], runs, axis=0)
        return self.overrides[name]

    def _ordered(self, values: xr.DataArray, dims: list[str]) -> np.ndarray:
        """Return values [run, *dims], elements in the model's order; missing dims are broadcast."""
        where = f"design: {values.name}"
        for dim in map(str, values.dims):
            require_known("dimension", dim, ["run", *dims], where)
        elements = {dim: list(self.equations.elements[dim.replace("_", " ")]) for dim in dims}
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


def _runs(values: xr.DataArray) -> int:
    if "run" not in values.dims:
        raise ZhuanxingError(f"design: {values.name} does not vary along 'run'")
    return values.sizes["run"]


def _path(values: xr.DataArray, middle: np.ndarray) -> np.ndarray:
    """Return a driver's own ordinates [run, points, *dims]; refuse another form than `middle`'s."""
    found = np.asarray(values.transpose("run", ...).values, float)
    if found.shape[1:] != middle.shape:
        raise ZhuanxingError(
            f"design: {values.name} has the form {found.shape[1:]}, its path has {middle.shape}"
        )
    return found
