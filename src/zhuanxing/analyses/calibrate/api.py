"""Calibration as one call, for scripts and notebooks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from zhuanxing.analyses.calibrate.fit import fit
from zhuanxing.analyses.calibrate.problem import pose
from zhuanxing.analyses.calibrate.settings import CalibrateSettings
from zhuanxing.analyses.calibrate.store import begin, checkpoint_path, save, target_path
from zhuanxing.calibrations import Calibration, read_calibration
from zhuanxing.config import read_settings
from zhuanxing.errors import ZhuanxingError
from zhuanxing.model import load
from zhuanxing.storage.atomic import require_writable
from zhuanxing.storage.paths import find_places

__all__ = ["calibrate"]


def calibrate(name: str = "default", root: Path | None = None, **settings: Any) -> Calibration:
    """Fit the parameters to the observations, store the set and return it.

    Parameters
    ----------
    name
        Name of the set; `load(calibration=name)` uses it.
    root
        Folder that holds model/; the working directory by default, else the package's own.
    settings
        What replaces settings of conf/calibrate.yaml, as `last_year=2020` or `draws=500`.

    Returns
    -------
    Calibration
        The set: constants by name, draws of them, and what the equations do not explain.

    Raises
    ------
    ZhuanxingError
        For an unknown setting or name, and where the set cannot be written.

    Examples
    --------
    >>> import zhuanxing
    >>> found = zhuanxing.calibrate("to_2020", last_year=2020)  # doctest: +SKIP
    >>> zhuanxing.load(calibration="to_2020").run("plan")  # doctest: +SKIP
    """
    places = find_places(root)
    chosen = _settings(places.conf / "calibrate.yaml", {"name": name, **settings})
    require_writable(target_path(places.model, name))
    began = begin(places.model)
    model = load(places.root, information_year=chosen.last_year, data=chosen.data)
    checkpoint = checkpoint_path(chosen, began)
    found = fit(pose(model, chosen), chosen.rounds, chosen.iterations, checkpoint=checkpoint)
    save(model, chosen, found, began)
    checkpoint.unlink(missing_ok=True)
    return read_calibration(places.model, name)


def _settings(path: Path, changes: Mapping[str, Any]) -> CalibrateSettings:
    whole = read_settings(CalibrateSettings, path)
    unknown = [key for key in changes if not hasattr(whole, key)]
    if unknown:
        raise ZhuanxingError(f"calibrate: there is no setting '{unknown[0]}'")
    return replace(whole, **changes)
