"""Stored parameter sets: what a calibration found, and whether it still fits model and data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zhuanxing.errors import ZhuanxingError, nearest
from zhuanxing.storage import netcdf

__all__ = ["Calibration", "calibration_names", "file_hashes", "read_calibration"]

FOLDER = Path("data") / "calibrations"
VALUE, DRAWS = "value:", "draws:"


@dataclass(frozen=True)
class Calibration:
    """A parameter set: `values` of constants by name in the model's shape, `draws` [run, ...] of
    the same constants, and the `record` of how it was made.

    `fitted` names the numbers that were fitted, as `name[subscript]`, and constants by city.
    """

    name: str
    values: Mapping[str, np.ndarray]
    draws: Mapping[str, np.ndarray]
    record: Mapping[str, Any]
    fitted: frozenset[str]

    def first_draws(self, count: int) -> dict[str, np.ndarray]:
        """Return the first `count` draws; raise ZhuanxingError if there are not as many."""
        stored = min((len(draws) for draws in self.draws.values()), default=0)
        if stored < count:
            raise ZhuanxingError(
                f"calibration {self.name}: it holds {stored} draws, but {count} are asked for; "
                f"make more with 'zhuanxing calibrate name={self.name} draws={count}'"
            )
        return {name: draws[:count] for name, draws in self.draws.items()}

    def changes(self, model: Path) -> list[str]:
        """Return the files of the folder `model` that are not what the calibration was made with.

        Files that were added or are gone count.
        """
        now, then = file_hashes(model), self.record["files"]
        return sorted(name for name in {*now, *then} if now.get(name) != then.get(name))

    def warning(self, model: Path) -> str | None:
        """Return the sentence that says what has changed since, or None if nothing has."""
        changes = self.changes(model)
        if not changes:
            return None
        return (
            f"calibration {self.name}: made with another model or other data, "
            f"{', '.join(changes)} changed since; fit again with "
            f"'zhuanxing calibrate name={self.name}'"
        )


def file_hashes(model: Path) -> dict[str, str]:
    """Return the SHA-256 of every file that decides a run: sector files and tables, by path."""
    paths = [*(model / "sectors").glob("*.mdl"), *(model / "data").glob("*.csv")]
    return {
        str(path.relative_to(model)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(paths)
    }


def calibration_names(model: Path) -> list[str]:
    """Return the names of the stored sets."""
    return sorted(path.stem for path in (model / FOLDER).glob("*.json"))


def read_calibration(model: Path, name: str) -> Calibration:
    """Read the set `name` from `model`/data/calibrations.

    Raises ZhuanxingError if there is none or its files are broken.
    """
    known = calibration_names(model)
    if name not in known:
        hint = f"did you mean '{nearest(name, known)}'?" if known else "none is stored yet"
        raise ZhuanxingError(
            f"there is no calibration '{name}', {hint} ('zhuanxing calibrate name={name}' makes it)"
        )
    path = model / FOLDER / f"{name}.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ZhuanxingError(f"{path}: the record of the calibration cannot be read") from error
    stored = netcdf.read(path.with_suffix(".nc"))
    values, draws = (
        {
            str(key).removeprefix(prefix): stored[key].values
            for key in stored.data_vars
            if str(key).startswith(prefix)
        }
        for prefix in (VALUE, DRAWS)
    )
    fitted = frozenset(map(str, [*stored["parameter"].values, *stored["block"].values]))
    return Calibration(name, values, draws, record, fitted)
