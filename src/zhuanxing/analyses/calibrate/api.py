"""Calibration as one call, for scripts and notebooks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from zhuanxing.analyses.calibrate.fit_map import fit_map
from zhuanxing.analyses.calibrate.problem import pose
from zhuanxing.analyses.calibrate.settings import CalibrateSettings
from zhuanxing.analyses.calibrate.store import begin, save, target_path
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
        `method="nuts"` is left to the command line, which shows how far it has come.

    Returns
    -------
    Calibration
        Values of constants by name, [*dims] in their units, and draws [run, *dims].

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
    require_writable(target_path(places.model, name).with_suffix(".nc"))
    began = begin(places.model)
    model = load(places.root, information_year=chosen.last_year)
    fit = fit_map(pose(model, chosen), chosen.rounds, chosen.iterations, lambda part: None)
    drawn = None if chosen.method == "map" else fit.laplace.draws(chosen.draws, chosen.seed)
    save(model, chosen, fit, drawn, began)
    return read_calibration(places.model, name)


def _settings(path: Path, changes: Mapping[str, Any]) -> CalibrateSettings:
    whole = read_settings(CalibrateSettings, path)
    unknown = [key for key in changes if not hasattr(whole, key)]
    if unknown:
        raise ZhuanxingError(f"calibrate: there is no setting '{unknown[0]}'")
    if changes.get("method") == "nuts":
        raise ZhuanxingError("calibrate: sample with 'zhuanxing calibrate method=nuts'")
    return replace(whole, **changes)
