"""The backtest: fit to a year, forecast the next, and score it beside naive forecasts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from zhuanxing.analyses.backtest.forecasts import MODEL, every_forecast, quantiles
from zhuanxing.analyses.backtest.naive import GROWTH_RULES, SHARE_RULES
from zhuanxing.analyses.backtest.scores import LEVELS, covered, lead, score
from zhuanxing.analyses.backtest.settings import BacktestSettings, Pool
from zhuanxing.analyses.calibrate.fit_map import Fit
from zhuanxing.analyses.calibrate.observations import Statistics
from zhuanxing.analyses.calibrate.problem import statistics_of
from zhuanxing.analyses.calibrate.settings import CalibrateSettings
from zhuanxing.data.tables import read_tables
from zhuanxing.errors import ZhuanxingError

if TYPE_CHECKING:
    from zhuanxing.model import Model

__all__ = ["CHART_LEVELS", "Backtest", "judge"]

CHART_LEVELS = np.arange(0.1, 1.0, 0.1)


@dataclass(frozen=True)
class Backtest:
    """Forecasts and their scores.

    `scores` has a row a forecaster, pool and group (all, a statistic, a year or a city); `figures`
    a row a figure; `samples` (draws, figure) are the model's; `forecasts` (forecaster, quantile,
    figure) is NaN where a rule does not apply; `best` is by pool the naive forecaster with the
    smallest mean absolute error, which no one could know beforehand; `lead` how much smaller the
    model's error is, with its 90 % interval.
    """

    scores: pd.DataFrame
    figures: pd.DataFrame
    forecasts: xr.DataArray
    best: dict[str, str]
    lead: dict[str, tuple[float, float, float]]
    samples: np.ndarray

    def coverage(self, levels: np.ndarray) -> dict[str, tuple[np.ndarray, int]]:
        """Return by pool the part of figures inside the model's intervals of `levels`, and how
        many figures there are.
        """
        value = self.figures["value"].to_numpy(float)
        found = {}
        for pool, rows in self.figures.groupby("pool", sort=False).indices.items():
            inside = [covered(self.samples[:, rows], value[rows], v).mean() for v in levels]
            found[str(pool)] = np.array(inside), len(rows)
        return found

    def dataset(self) -> xr.Dataset:
        """Return everything as one dataset."""
        figures = {
            name: ("figure", self.figures[name].to_numpy())
            for name in ("pool", "observed", "city", "year", "value", "quality")
        }
        scores = xr.Dataset.from_dataframe(self.scores.rename_axis("row"))
        scores = scores.rename({name: f"score_{name}" for name in scores.data_vars})
        return xr.merge([xr.Dataset({"forecast": self.forecasts, **figures}), scores])


def judge(
    model: Model,
    fit: Fit,
    settings: BacktestSettings,
    calibration: CalibrateSettings,
    report: Callable[[float], None] = lambda part: None,
) -> Backtest:
    """Return the backtest of `fit`, made with a model that knows nothing after the fit year."""
    figures, future = _future(model, fit, settings, calibration)
    report(0.1)
    samples = every_forecast(model, fit, settings, figures, future)
    report(0.9)
    scores = pd.DataFrame(_scores(samples, figures, settings.variables))
    best = _best(scores)
    leads = {
        pool: _lead(samples[MODEL], samples[name], figures[figures["pool"] == pool], settings.seed)
        for pool, name in best.items()
    }
    report(1.0)
    return Backtest(scores, figures, quantiles(samples), best, leads, samples[MODEL])


def _future(
    model: Model, fit: Fit, settings: BacktestSettings, calibration: CalibrateSettings
) -> tuple[pd.DataFrame, Statistics]:
    """Return the figures to forecast, with their pool, and as statistics of the fit's targets."""
    years = settings.test_years
    if min(years) <= settings.fit_year:
        raise ZhuanxingError(
            f"backtest.yaml: test_years begin in {min(years)}, but the fit uses {settings.fit_year}"
        )
    tables = read_tables(model.places.model)
    first = fit.posterior.statistics.first_year
    every = statistics_of(model, tables, calibration, (first, max(years)))
    pool_of = {name: pool.name for pool in settings.variables for name in pool.observed}
    observed = every.table["target"].map(lambda index: every.targets[index].observed)
    table = every.table.assign(observed=observed, pool=observed.map(pool_of))
    # A change since a year of another basis is no figure that a rule could forecast.
    whole = ~((table["before"] >= 0) & every.is_level)
    judged = table["pool"].notna() & table["year"].isin(years)
    chosen = table[whole & judged].reset_index(drop=True)
    if chosen.empty:
        raise ZhuanxingError(f"observations.csv: nothing of {years} is there to be forecast")
    return chosen, replace(every, table=chosen)


def _scores(
    samples: dict[str, np.ndarray], figures: pd.DataFrame, pools: tuple[Pool, ...]
) -> list[dict[str, object]]:
    value = figures["value"].to_numpy(float)
    rows: list[dict[str, object]] = []
    for pool in pools:
        for kind, of, place in _groups(figures[figures["pool"] == pool.name]):
            for name, found in samples.items():
                if np.isfinite(found[:, place]).all():
                    result = asdict(score(found[:, place], value[place]))
                    parts = zip(LEVELS, result.pop("coverage"), strict=True)
                    covers = {f"coverage_{100 * level:g}": part for level, part in parts}
                    labels = {"pool": pool.name, "kind": kind, "of": of, "forecaster": name}
                    rows.append({**labels, **result, **covers})
    return rows


def _groups(rows: pd.DataFrame) -> Iterator[tuple[str, str, np.ndarray]]:
    """Yield what is scored together: (kind, name, places of the figures)."""
    yield "all", "", rows.index.to_numpy()
    for kind, column in (("statistic", "observed"), ("year", "year"), ("city", "city")):
        for name, part in rows.groupby(column, sort=False):
            yield kind, str(name), part.index.to_numpy()


def _best(scores: pd.DataFrame) -> dict[str, str]:
    rules = [rule.name for rule in (*GROWTH_RULES, *SHARE_RULES)]
    naive = scores[(scores["kind"] == "all") & scores["forecaster"].isin(rules)]
    return {
        str(pool): str(part["forecaster"].iloc[int(part["mae"].to_numpy().argmin())])
        for pool, part in naive.groupby("pool")
    }


def _lead(
    model: np.ndarray, naive: np.ndarray, figures: pd.DataFrame, seed: int
) -> tuple[float, float, float]:
    place = figures.index.to_numpy()
    one, other = (np.median(samples[:, place], axis=0) for samples in (model, naive))
    return lead(one, other, figures["value"].to_numpy(float), figures["city"].to_numpy(str), seed)
