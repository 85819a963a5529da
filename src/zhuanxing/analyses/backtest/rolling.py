"""Rolling origins: fit to a year, forecast the next ones by the model and by every naive rule.

What an origin yields is stored when it is finished, so that an interrupted backtest goes on with
the next one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from zhuanxing.analyses.backtest.history import History, read_history
from zhuanxing.analyses.backtest.naive import RULES, forecast
from zhuanxing.analyses.backtest.predictive import predict
from zhuanxing.analyses.backtest.scores import JUDGED, LEVELS, WORLDS, covered, crps, rank
from zhuanxing.analyses.backtest.settings import BacktestSettings, Pool
from zhuanxing.analyses.calibrate.fit import Fit
from zhuanxing.analyses.calibrate.observations import Observations
from zhuanxing.analyses.calibrate.problem import changes_of_growth, observations_of
from zhuanxing.analyses.calibrate.settings import CalibrateSettings
from zhuanxing.analyses.calibrate.store import fit_identity
from zhuanxing.calibrations import file_hashes
from zhuanxing.errors import ZhuanxingError
from zhuanxing.results.bands import ENDS
from zhuanxing.storage import netcdf

if TYPE_CHECKING:
    from zhuanxing.model import Model

__all__ = ["MODEL", "NAMES", "forecasts", "identity", "stored"]

MODEL = "model"
NAMES = {MODEL: ("本模型", "this model")} | {
    rule.name: (rule.name_zh, rule.name_en) for rule in RULES
}


def identity(model: Path, settings: BacktestSettings, calibration: CalibrateSettings) -> str:
    """Return a text that changes with anything that decides a forecast."""
    told = asdict(settings) | {"output": None, "language": None, "origins": None}
    return fit_identity(calibration, file_hashes(model), told)


def stored(path: Path, wanted: str) -> xr.Dataset | None:
    """Return the forecasts stored at `path` if they are those of the identity `wanted`."""
    if not path.is_file():
        return None
    found = netcdf.read(path)
    return found if found.attrs.get("identity") == wanted else None


def keep(path: Path, found: xr.Dataset, wanted: str) -> None:
    """Store the forecasts of an origin."""
    netcdf.write(found.assign_attrs(identity=wanted), path)


def forecasts(
    model: Model, fit: Fit, settings: BacktestSettings, calibration: CalibrateSettings
) -> xr.Dataset:
    """Return a row a forecaster, statistic, city and year that came true within the horizons.

    Variables: origin, horizon, pool, observed, city, year, value, forecaster, middle, q10, q90,
    crps, rank, whether the value lay inside the central intervals of LEVELS, and WORLDS (row,
    draw), whether that of JUDGED would hold it if a draw of the model were the truth (of naive
    rules draws are no worlds). Only what a city had a figure of at the origin, on the same basis,
    is judged: what a census restated later was not known to anyone.
    """
    tables = model.tables
    known = tables.known_at(model.source.information_year)
    years = range(settings.first_year, settings.last_year + 1)
    every = observations_of(model, tables, calibration, years)
    then = observations_of(model, known, calibration, years)
    history = read_history(model, tables, settings.outside, then)
    simulated = fit.posterior.observations.years
    future = observations_of(model, tables, calibration, simulated)
    surprises = changes_of_growth(known, calibration.surprises)
    said = predict(model, fit, future, settings, surprises)
    rows: list[dict[str, object]] = []
    for pool, target in _targets(settings, every):
        for ahead in settings.horizons:
            year = history.year + ahead
            if year in simulated:
                samples = {MODEL: said[:, target, simulated.index(year)]}
                samples |= _naive(history, pool, target, ahead, settings.samples)
                labels = {"origin": history.year, "horizon": ahead, "pool": pool.name, "year": year}
                rows += _rows(history, every, target, year, samples, labels)
    worlds = [row.pop(WORLDS) for row in rows]
    found = xr.Dataset.from_dataframe(pd.DataFrame(rows).rename_axis("row"))
    inside = xr.Variable(("row", "draw"), np.array(worlds, bool), encoding={"zlib": True})
    return found.assign({WORLDS: inside})


def _targets(settings: BacktestSettings, every: Observations) -> Iterator[tuple[Pool, int]]:
    """Yield every statistic that is judged; those on an older basis are none."""
    places = {target.label: place for place, target in enumerate(every.targets)}
    for pool in settings.variables:
        for name in pool.observed:
            if name not in places:
                raise ZhuanxingError(
                    f"backtest.yaml: variables: '{name}' is not a target of calibrate.yaml"
                )
            yield pool, places[name]


def _naive(
    history: History, pool: Pool, target: int, ahead: int, draws: int
) -> dict[str, np.ndarray]:
    grows = pool.grows or history.observations.targets[target].how == "change"
    return {
        rule.name: forecast(rule, history, target, ahead, draws)
        for rule in RULES
        if grows or not rule.grows
    }


def _rows(
    history: History,
    every: Observations,
    target: int,
    year: int,
    samples: dict[str, np.ndarray],
    labels: dict[str, object],
) -> Iterator[dict[str, object]]:
    """Yield a row a forecaster and city."""
    known = history.observations.present[target].any(axis=0)
    place = every.years.index(year)
    value = every.value[target, place]
    judged = np.flatnonzero(known & every.present[target, place])
    for name, found in samples.items():
        chosen = found[:, judged]
        if not len(judged) or not np.isfinite(chosen).all():
            continue
        middle, low, high = np.quantile(chosen, [0.5, *ENDS], axis=0)
        score, ranks = crps(chosen, value[judged]), rank(chosen, value[judged])
        inside = {level: covered(chosen, value[judged], level) for level in LEVELS}
        worlds = covered(chosen, chosen, JUDGED)
        for index, city in enumerate(judged):
            yield {
                **labels,
                "observed": every.targets[target].label,
                "city": every.cities[city],
                "value": value[city],
                "forecaster": name,
                "middle": middle[index],
                "q10": low[index],
                "q90": high[index],
                "crps": score[index],
                "rank": ranks[index],
                WORLDS: worlds[:, index],
                **{f"inside_{100 * level:g}": float(inside[level][index]) for level in LEVELS},
            }
