"""Stored parameter sets: what a calibration found, and whether it still fits model and data."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from zhuanxing.errors import Sentence, ZhuanxingError, alike
from zhuanxing.storage import netcdf
from zhuanxing.storage.hashes import file_hash

__all__ = ["Calibration", "Dims", "calibration_names", "file_hashes", "read_calibration"]

FOLDER = Path("data") / "calibrations"
VALUE, DRAWS, RECORD = "value:", "draws:", "record"

Dims = Callable[[str], Mapping[str, Sequence[str]]]


@dataclass(frozen=True)
class Calibration:
    """A parameter set: `stored` holds constants by name (after VALUE) and draws of them (after
    DRAWS, along `draw`), and `record` says how it was made.

    `fitted` names the numbers that were fitted, as `name[subscript]`, and constants by city.

    Examples
    --------
    >>> import zhuanxing
    >>> fit = zhuanxing.load(calibration="default").calibration
    >>> fit.name, "files" in fit.record, len(fit.fitted) > 0
    ('default', True, True)
    """

    name: str
    stored: xr.Dataset
    record: Mapping[str, Any]
    fitted: frozenset[str]

    def values(self, tabled: Mapping[str, np.ndarray], dims: Dims) -> dict[str, np.ndarray]:
        """Return the fitted constants by name, each with its dimensions in the model.

        `tabled` are the constants of the tables and `dims` gives the dimensions of each with their
        elements. Elements that the fit did not have, as a city or a disturbance that was added
        since, are as in the tables; those that the model no longer has are left out.
        """
        found = {}
        for name, array in self._of(VALUE).items():
            if name in tabled:
                found[name] = _laid_over(tabled[name], array, dims(name))
        return found

    def first_draws(
        self, count: int, tabled: Mapping[str, np.ndarray], dims: Dims
    ) -> dict[str, np.ndarray]:
        """Return the first `count` draws of the constants (run, ...), as `values` does.

        Raises ZhuanxingError if there are not as many.
        """
        stored = self.stored.sizes.get("draw", 0)
        if stored < count:
            raise ZhuanxingError(
                "calibration {name}: it holds {stored} draws, but {count} are asked for; make more "
                "with 'zhuanxing calibrate name={name} draws={count}'",
                name=self.name, stored=stored, count=count,
            )  # fmt: skip
        found = {}
        for name, array in self._of(DRAWS).items():
            if name in tabled:
                chosen = array.isel(draw=slice(count))
                base = np.broadcast_to(tabled[name], (count, *tabled[name].shape))
                numbered = {"draw": tuple(range(count)), **dims(name)}
                found[name] = _laid_over(base, chosen.assign_coords(draw=range(count)), numbered)
        return found

    def _of(self, prefix: str) -> dict[str, xr.DataArray]:
        return {
            str(key).removeprefix(prefix): array
            for key, array in self.stored.data_vars.items()
            if str(key).startswith(prefix)
        }

    def changes(self, model: Path) -> list[str]:
        """Return the files of the folder `model` that are not what the calibration was made with.

        Files that were added or are gone count.
        """
        now, then = file_hashes(model), self.record["files"]
        return sorted(name for name in {*now, *then} if now.get(name) != then.get(name))

    def warning(self, model: Path) -> Sentence | None:
        """Return the sentence that says what has changed since, or None if nothing has."""
        changes = self.changes(model)
        if not changes:
            return None
        return Sentence(
            "calibration {name}: made with another model or other data, {changes} changed since; "
            "fit again with 'zhuanxing calibrate name={name}'",
            name=self.name, changes=", ".join(changes),
        )  # fmt: skip


def file_hashes(model: Path) -> dict[str, str]:
    """Return the SHA-256 of every file that decides a run: sector files and tables, by path."""
    paths = [*(model / "sectors").glob("*.mdl"), *(model / "data").glob("*.csv")]
    return {str(path.relative_to(model)): file_hash(path) for path in sorted(paths)}


def calibration_names(model: Path) -> list[str]:
    """Return the names of the stored sets."""
    return sorted(path.stem for path in (model / FOLDER).glob("*.nc"))


def read_calibration(model: Path, name: str) -> Calibration:
    """Read the set `name` from `model`/data/calibrations.

    Raises ZhuanxingError if there is none or its file is broken.
    """
    known = calibration_names(model)
    if name not in known:
        near = alike(name, known)
        others = f"there are {', '.join(known)}" if known else "none is stored yet"
        hint = f"did you mean {near}?" if near else others
        raise ZhuanxingError(
            "there is no calibration '{name}', {hint} ('zhuanxing calibrate name={name}' makes it)",
            name=name,
            hint=hint,
        )
    path = model / FOLDER / f"{name}.nc"
    stored = netcdf.read(path)
    try:
        record = json.loads(stored.attrs[RECORD])
        if not isinstance(record["files"], dict):
            raise ValueError
        fitted = frozenset(map(str, [*stored["parameter"].values, *stored["initial_value"].values]))
    except (KeyError, TypeError, ValueError) as error:
        raise ZhuanxingError(f"{path}: the file holds no record of a calibration") from error
    return Calibration(name, stored, record, fitted)


def _laid_over(
    base: np.ndarray, array: xr.DataArray, dims: Mapping[str, Sequence[Any]]
) -> np.ndarray:
    """Return `base` with the elements of `array` that both have; `dims` are those of `base`."""
    whole = np.array(base, float)
    if not dims:
        return np.array(array.values, float)
    places, chosen = [], {}
    for dim, elements in dims.items():
        there = {name: place for place, name in enumerate(array[dim].values.tolist())}
        shared = [name for name in elements if name in there]
        places.append([list(elements).index(name) for name in shared])
        chosen[dim] = [there[name] for name in shared]
    whole[np.ix_(*places)] = array.isel(chosen).transpose(*dims).values
    return whole
