"""The backtest: fit to a year, forecast the next, and score it beside naive forecasts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from zhuanxing.backtest.history import History, read_history
from zhuanxing.backtest.naive import GROWTH_RULES, SHARE_RULES, Rule, forecast
from zhuanxing.backtest.predictive import predict
from zhuanxing.backtest.scores import LEVELS, covered, lead, score
from zhuanxing.backtest.settings import BacktestSettings, Pool
from zhuanxing.backtest.surprise import driver_draws
from zhuanxing.calibrate.fit_map import Fit
from zhuanxing.calibrate.problem import statistics_of
from zhuanxing.calibrate.settings import CalibrateSettings
from zhuanxing.calibrate.statistics import Statistics
from zhuanxing.data.tables import read_tables
from zhuanxing.errors import ZhuanxingError

if TYPE_CHECKING:
    from zhuanxing.model import Model

__all__ = ["CHART_LEVELS", "MODEL", "NAMES", "QUANTILES", "Backtest", "judge"]

MODEL = "model"
QUANTILES = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)
CHART_LEVELS = np.arange(0.1, 1.0, 0.1)
NAMES = {MODEL: ("本模型", "this model")}
NAMES |= {rule.name: (rule.name_zh, rule.name_en) for rule in (*GROWTH_RULES, *SHARE_RULES)}


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
    draws = fit.laplace.draws(settings.samples, settings.seed)
    drivers = driver_draws(model, settings.surprises, settings.samples, settings.seed)
    report(0.1)
    history = _history(model, settings)
    samples = {MODEL: predict(fit, future, draws, drivers, settings.seed)}
    report(0.8)
    samples |= _naive(history, settings, figures)
    scores = pd.DataFrame(_scores(samples, figures, settings.variables))
    quantiles = np.stack([np.quantile(found, QUANTILES, axis=0) for found in samples.values()])
    forecasts = xr.DataArray(
        quantiles,
        {"forecaster": list(samples), "quantile": list(QUANTILES)},
        ("forecaster", "quantile", "figure"),
    )
    report(1.0)
    best = _best(scores)
    leads = {
        pool: _lead(samples[MODEL], samples[name], figures[figures["pool"] == pool], settings.seed)
        for pool, name in best.items()
    }
    return Backtest(scores, figures, forecasts, best, leads, samples[MODEL])


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
    whole = ~((table["before"] >= 0) & table["observed"].isin(_levels(every)))
    judged = table["pool"].notna() & table["year"].isin(years)
    chosen = table[whole & judged].reset_index(drop=True)
    if chosen.empty:
        raise ZhuanxingError(f"observations.csv: nothing of {years} is there to be forecast")
    return chosen, replace(every, table=chosen)


def _levels(statistics: Statistics) -> list[str]:
    """Return the statistics that are levels or shares, not changes."""
    return [t.observed for t in statistics.targets if t.how in ("share", "level")]


def _history(model: Model, settings: BacktestSettings) -> History:
    names = tuple(name for pool in settings.variables for name in pool.observed)
    return read_history(model, read_tables(model.places.model), settings.outside, names)


def _naive(
    history: History, settings: BacktestSettings, figures: pd.DataFrame
) -> dict[str, np.ndarray]:
    names = [name for pool in settings.variables for name in pool.observed]
    samples: dict[str, np.ndarray] = {}
    for rule in (*GROWTH_RULES, *SHARE_RULES):
        found = np.full((settings.samples, len(figures)), np.nan)
        for name in names:
            if _applies(rule, name, settings):
                place = np.flatnonzero(figures["observed"] == name)
                rows = figures.iloc[place]
                found[:, place] = forecast(
                    rule, history, name, list(rows["city"]), list(rows["year"]), settings.samples
                )
        samples[rule.name] = found
    return samples


def _applies(rule: Rule, observed: str, settings: BacktestSettings) -> bool:
    return (observed in settings.outside.shares) == (rule in SHARE_RULES)


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
