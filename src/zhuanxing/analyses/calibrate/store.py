"""A fit on disk: constants, draws and a table of parameters, with a record of how it was made."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
import xarray as xr

from zhuanxing.analyses.calibrate.fit_map import Fit
from zhuanxing.analyses.calibrate.settings import CalibrateSettings
from zhuanxing.calibrations import DRAWS, FOLDER, VALUE, file_hashes
from zhuanxing.errors import ZhuanxingError
from zhuanxing.storage import netcdf
from zhuanxing.storage.atomic import written_whole

if TYPE_CHECKING:
    from zhuanxing.model import Model

__all__ = ["Beginning", "begin", "constants_at", "save", "target_path"]

PACKAGES = ("zhuanxing", "jax", "numpy", "scipy", "xarray")
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789_"


@dataclass(frozen=True)
class Beginning:
    """When the work began, in seconds of the clock, and the hashes of the files that it read."""

    seconds: float
    files: Mapping[str, str]


def begin(model: Path) -> Beginning:
    """Return the beginning of a fit of the folder `model`, before the model is read."""
    return Beginning(time.time(), file_hashes(model))


def target_path(model: Path, name: str) -> Path:
    """Return where the set `name` is stored, without ending; refuse a name unfit for a file."""
    if not name or set(name) - set(LETTERS):
        raise ZhuanxingError(
            f"calibrate.yaml: name: '{name}' is no name of a set; use small letters, digits and _"
        )
    return model / FOLDER / name


def constants_at(fit: Fit, many: np.ndarray) -> dict[str, np.ndarray]:
    """Return the constants of the model at each of `many` z (points, parameters)."""
    parameters = fit.posterior.parameters
    found = jax.jit(jax.vmap(lambda z: parameters.constants(z, fit.noise.spreads)))(many)
    return {name: np.asarray(value) for name, value in found.items()}


def save(
    model: Model,
    settings: CalibrateSettings,
    fit: Fit,
    draws: np.ndarray | None,
    began: Beginning,
    diagnostics: Mapping[str, float] | None = None,
) -> list[Path]:
    """Write the set and return its files; `draws` of z (draw, parameter) or None for a mode alone.

    `diagnostics` of a sampler go into the record. Raises ZhuanxingError if the files cannot be
    written.
    """
    path = target_path(model.places.model, settings.name)
    dataset = _dataset(model, fit, draws)
    netcdf.write(dataset, path.with_suffix(".nc"))
    record = _record(model, settings, fit, began)
    record |= {"diagnostics": dict(diagnostics)} if diagnostics else {}
    text = json.dumps(record, indent=1, ensure_ascii=False)
    with written_whole(path.with_suffix(".json")) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")
    return [path.with_suffix(".nc"), path.with_suffix(".json")]


def _dataset(model: Model, fit: Fit, draws: np.ndarray | None) -> xr.Dataset:
    variables = model.program.variables
    arrays: dict[str, Any] = {}
    coords: dict[str, Any] = {"parameter": fit.posterior.parameters.labels}
    kinds = {VALUE: constants_at(fit, fit.z[None])}
    if draws is not None:
        kinds[DRAWS] = constants_at(fit, draws)
    for prefix, constants in kinds.items():
        for name, values in constants.items():
            dims = tuple(dim.replace(" ", "_") for dim in variables[name].dims)
            coords |= {dim: list(model.elements(dim)) for dim in dims}
            attributes = {"units": variables[name].units, "long_name": name}
            if prefix == VALUE:
                arrays[prefix + name] = (dims, values[0], attributes)
            else:
                arrays[prefix + name] = (("draw", *dims), values, attributes)
    arrays["z"] = ("parameter", fit.z)
    arrays["deviation_z"] = ("parameter", np.sqrt(fit.laplace.variance()))
    covariance = fit.laplace.covariance().astype(np.float32)
    arrays["covariance_z"] = (("parameter", "other_parameter"), covariance)
    blocks = [block.setting.name for block in fit.posterior.parameters.blocks]
    arrays["spreads"] = (("block", "level"), fit.noise.spreads)
    arrays["structural"] = ("target", fit.noise.structural)
    targets = [target.observed for target in fit.posterior.statistics.targets]
    coords |= {"block": blocks, "level": ["archetype", "city"], "target": targets}
    return xr.Dataset(arrays, coords)


def _record(
    model: Model, settings: CalibrateSettings, fit: Fit, began: Beginning
) -> dict[str, Any]:
    table = fit.posterior.statistics.table
    return {
        "name": settings.name,
        "method": settings.method,
        "parameters": fit.posterior.parameters.count,
        "statistics": len(table),
        "first_year": int(table["year"].min()),
        "last_year": settings.last_year,
        "information_year": model.source.information_year,
        "seed": settings.seed,
        "evaluations": fit.evaluations,
        "seconds": round(time.time() - began.seconds, 1),
        "made": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "versions": {name: version(name) for name in PACKAGES},
        "files": dict(began.files),
        "settings": asdict(settings),
    }
