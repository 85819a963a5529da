"""Reading a sweep's store, whether it is finished or still growing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from zhuanxing.errors import ZhuanxingError, require_known

__all__ = ["SweepResult", "open_sweep"]

# No array read from a store is larger than this many numbers, however many runs there are.
LARGEST = 16_000_000


class SweepResult:
    """A store open for reading; nothing is read before it is asked for.

    Attributes
    ----------
    dataset
        Everything in the store: outputs [scenario, run, year, city, ...], design, what failed.
    scenarios, factors
        Their names, in the order of the store.
    design
        Values of the factors [run, factor], in their units.
    sound
        Runs whose numbers count [scenario, run]: computed, and not failed.

    Examples
    --------
    >>> from pathlib import Path
    >>> import zhuanxing
    >>> result = zhuanxing.open_sweep(Path("outputs/sweeps/sobol.zarr"))
    >>> result.design.shape == (result.dataset.sizes["run"], len(result.factors))
    True
    """

    def __init__(self, path: Path, dataset: xr.Dataset) -> None:
        self.path = path
        self.dataset = _plain_text(dataset)
        self.identity: dict[str, Any] = json.loads(dataset.attrs["sweep"])
        self.scenarios = [str(name) for name in dataset["scenario"].values]
        self.factors = [str(name) for name in dataset["factor"].values]
        self.design = np.asarray(dataset["design"].values)
        self.done = np.asarray(dataset["done"].values)
        self.failed = np.asarray(dataset["failure"].values != "")
        # Runs whose numbers count: [scenario, run].
        self.sound = self.done & ~self.failed

    @property
    def outputs(self) -> list[str]:
        """Return the outputs that the store holds by year, in the order they were asked for."""
        held = {str(name) for name, data in self.dataset.items() if "year" in data.dims}
        asked = [name for name in self.identity.get("outputs", []) if name in held]
        return [*asked, *sorted(held.difference(asked))]

    def output(self, name: str) -> xr.DataArray:
        """Return an output, not yet read: [scenario, run, year, ...]; refuse an unknown one."""
        require_known("output", name, self.outputs, str(self.path))
        return self.dataset[name]

    def blocks(self, data: xr.DataArray, scenario: int) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield a scenario's sound runs of a few cities at a time, dims as in `data`."""
        one = data.isel(scenario=scenario)
        step = max(1, LARGEST * one.sizes["city"] // one.size)
        for first in range(0, one.sizes["city"], step):
            place = slice(first, first + step)
            yield place, self.numbers(one.isel(city=place))[self.sound[scenario]]

    def numbers(self, data: xr.DataArray) -> np.ndarray:
        """Return the numbers of a part of an output; refuse what is damaged."""
        try:
            return np.asarray(data.values)
        except Exception as error:  # as in open_sweep
            raise ZhuanxingError(
                f"{self.path}: {data.name} is damaged ({error}); delete the store, and sweep again"
            ) from error


def _plain_text(dataset: xr.Dataset) -> xr.Dataset:
    """Return the dataset with its text coordinates as numpy's plain text, which netCDF can hold."""
    return dataset.assign_coords(
        {
            name: (coord.dims, coord.values.astype(object).astype(str))
            for name, coord in dataset.coords.items()
            if coord.dtype.kind in "OT"
        }
    )


def open_sweep(path: Path) -> SweepResult:
    """Open the store of a sweep, finished or still growing.

    Parameters
    ----------
    path
        The folder that `zhuanxing sweep` writes, named after its design.

    Raises
    ------
    ZhuanxingError
        If there is none, or nothing in it is computed yet.

    Examples
    --------
    >>> from pathlib import Path
    >>> import zhuanxing
    >>> result = zhuanxing.open_sweep(Path("outputs/sweeps/sobol.zarr"))
    >>> result.output("gdp").dims
    ('scenario', 'run', 'year', 'city')
    """
    if not path.exists():
        raise ZhuanxingError(f"{path}: there is no store; make one with 'zhuanxing sweep'")
    try:
        result = SweepResult(path, xr.open_zarr(path, chunks=None, consolidated=True))
    except Exception as error:  # a damaged store makes its libraries raise errors of any kind
        raise ZhuanxingError(f"{path}: this is not a store of a sweep") from error
    if not result.sound.any():
        raise ZhuanxingError(f"{path}: no run is computed yet; go on with 'zhuanxing sweep'")
    return result
