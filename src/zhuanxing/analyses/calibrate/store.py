"""A fit on disk: one file with constants, draws, disturbances and the record of how it was made."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from zhuanxing.analyses.calibrate.disturbances import COMMON_INNOVATION, DIMENSION, INNOVATION, YEAR
from zhuanxing.analyses.calibrate.draws import straight
from zhuanxing.analyses.calibrate.fit import Fit
from zhuanxing.analyses.calibrate.problem import changes_of_growth
from zhuanxing.analyses.calibrate.settings import CalibrateSettings
from zhuanxing.calibrations import DRAWS, FOLDER, RECORD, VALUE, file_hashes
from zhuanxing.engine.cache import cache_folder
from zhuanxing.errors import ZhuanxingError
from zhuanxing.storage import netcdf
from zhuanxing.storage.hashes import file_hash
from zhuanxing.uncertainty.ensemble import SURPRISES, TOLD

if TYPE_CHECKING:
    from zhuanxing.model import Model

__all__ = ["begin", "checkpoint_path", "fit_identity", "save", "target_path"]

PACKAGES = ("zhuanxing", "jax", "numpy", "scipy", "xarray")
# Draws that tell the standard deviation of a disturbance.
SPREAD = 400
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789_"
# Draws of news are kept to a thousandth of a standard deviation in two bytes.
PACKED = {"dtype": "int16", "scale_factor": 1e-3, "_FillValue": -32768, "zlib": True}
NEWS = (INNOVATION, COMMON_INNOVATION)
SMALL = {"dtype": "float32", "zlib": True}


@dataclass(frozen=True)
class Beginning:
    """When the work began, in seconds of the clock, and the hashes of the files that it read."""

    seconds: float
    files: Mapping[str, str]


def begin(model: Path) -> Beginning:
    """Return the beginning of a fit of the folder `model`, before the model is read."""
    return Beginning(time.time(), file_hashes(model))


def target_path(model: Path, name: str) -> Path:
    """Return the file of the set `name`; refuse a name unfit for a file."""
    if not name or set(name) - set(LETTERS):
        raise ZhuanxingError(
            f"calibrate.yaml: name: '{name}' is not a name of a set; use small letters, digits, _"
        )
    return model / FOLDER / f"{name}.nc"


def checkpoint_path(settings: CalibrateSettings, began: Beginning) -> Path:
    """Return where an interrupted fit of these settings and files is resumed from."""
    return cache_folder() / "fits" / f"{fit_identity(settings, began.files)}.pickle"


def fit_identity(settings: CalibrateSettings, files: Mapping[str, str], *others: object) -> str:
    """Return a text that changes with all that decides a fit, own statistics too, and `others`."""
    own = "" if settings.data is None else file_hash(settings.data)
    whole = json.dumps([asdict(settings), dict(files), own, *others], sort_keys=True, default=str)
    return hashlib.sha256(whole.encode()).hexdigest()


def save(model: Model, settings: CalibrateSettings, fit: Fit, began: Beginning) -> Path:
    """Write the set and return its file.

    Raises ZhuanxingError if it cannot be written.
    """
    path = target_path(model.places.model, settings.name)
    dataset = _constants(model, settings, fit).merge(_results(fit))
    told = _record(model, settings, fit, began)
    record = json.dumps(told, ensure_ascii=False, default=str)
    netcdf.write(dataset.assign_attrs({RECORD: record}), path)
    return path


def _constants(model: Model, settings: CalibrateSettings, fit: Fit) -> xr.Dataset:
    """Return the constants at the mode and, unless a mode is all that is wanted, draws of them."""
    posterior, scales = fit.posterior, fit.mode.scales
    count = settings.draws if settings.method == "laplace" else 0
    shared, own = fit.draws(count, settings.seed)
    shared = np.concatenate([fit.mode.shared[None], shared])
    own = np.concatenate([fit.mode.own[None], own])
    seen = settings.last_year + 1 - posterior.parameters.years[0]
    arrays = {}
    for name, values in posterior.constants(shared, own, scales).items():
        dims = {dim: list(elements) for dim, elements in model.dims(name).items()}
        drawn = values.ndim > len(dims)
        mode = xr.DataArray(values[0] if drawn else values, dims, tuple(dims), name=name)
        mode.attrs = {"units": model.program.variables[name].units, "long_name": name}
        several = xr.DataArray(values[1:], dims, ("draw", *dims)) if drawn and count else None
        if name in NEWS:
            # News of later years are not of the fit; an ensemble draws new ones.
            known = {YEAR.replace(" ", "_"): slice(seen)}
            mode, several = mode[known], None if several is None else several[known]
        arrays[VALUE + name] = mode
        if several is not None:
            several.encoding = PACKED if name in NEWS else SMALL
            arrays[DRAWS + name] = several
    return xr.Dataset(arrays)


def _results(fit: Fit) -> xr.Dataset:
    """Return what a fit says beside constants: what the equations do not explain, and how well
    the statistics are met.
    """
    posterior, mode = fit.posterior, fit.mode
    parameters, seen = posterior.parameters, posterior.observations
    years, cities = list(parameters.years), list(parameters.cities)
    level = parameters.disturbances_of(mode.shared, mode.own, mode.scales)
    pairs = zip(*straight(mode, fit.shape, SPREAD, 0), strict=True)
    drawn = np.stack([parameters.disturbances_of(*pair, mode.scales) for pair in pairs])
    of_disturbance = (("city", DIMENSION, "year"), (cities, list(parameters.disturbances), years))
    labels = [target.label for target in seen.targets]
    shown = np.where(seen.present, seen.value, np.nan)
    bias = np.asarray(posterior.biases(mode.own))
    arrays: dict[str, Any] = {
        "disturbance_level": (of_disturbance[0], level),
        "disturbance_deviation": (of_disturbance[0], drawn.std(axis=0)),
        "observed": (("target", "year", "city"), shown),
        "predicted": (("target", "year", "city"), fit.shape.predicted + bias),
        "predicted_before": (("target", "year", "city"), fit.before),
        "bias": (("target", "year", "city"), bias),
        "covariance_z": (("parameter", "other_parameter"), _covariance(fit)),
    }
    dataset = xr.Dataset(
        arrays,
        {
            "city": cities, DIMENSION: list(parameters.disturbances), "year": years,
            "target": labels, "parameter": [number.label for number in parameters.numbers],
            "initial_value": [block.setting.name for block in parameters.blocks],
        },
    )  # fmt: skip
    for name in arrays:
        dataset[name].encoding = SMALL
    return dataset


def _covariance(fit: Fit) -> np.ndarray:
    """Return the covariance of the numbers with a range."""
    count = len(fit.posterior.parameters.numbers)
    return fit.shape.curvature.shared_covariance()[:count, :count]


def _record(
    model: Model, settings: CalibrateSettings, fit: Fit, began: Beginning
) -> dict[str, Any]:
    seen = fit.posterior.observations
    return {
        "name": settings.name,
        "method": settings.method,
        "parameters": fit.posterior.parameters.count,
        "statistics": seen.count,
        "first_year": seen.years[0],
        "last_year": settings.last_year,
        "information_year": model.source.information_year,
        "own_figures": model.source.own or "none",
        "scenario": settings.scenario,
        "seed": settings.seed,
        "tails": fit.posterior.tails.tolist(),
        SURPRISES: changes_of_growth(
            model.tables.known_at(model.source.information_year), settings.surprises
        ),
        TOLD: {name: news.round(2).tolist() for name, news in fit.told.items()},
        "seconds": round(time.time() - began.seconds, 1),
        "made": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "versions": {name: version(name) for name in PACKAGES},
        "files": dict(began.files),
        "settings": asdict(settings),
    }
