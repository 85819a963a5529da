"""Forecasts of the same figures by the fitted model and by every naive rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from zhuanxing.analyses.backtest.history import History, read_history
from zhuanxing.analyses.backtest.naive import GROWTH_RULES, SHARE_RULES, Rule, forecast
from zhuanxing.analyses.backtest.predictive import predict
from zhuanxing.analyses.backtest.settings import BacktestSettings
from zhuanxing.analyses.backtest.surprise import driver_draws
from zhuanxing.analyses.calibrate.fit_map import Fit
from zhuanxing.analyses.calibrate.observations import Statistics
from zhuanxing.data.tables import read_tables

if TYPE_CHECKING:
    from zhuanxing.model import Model

__all__ = ["MODEL", "NAMES", "QUANTILES", "every_forecast", "quantiles"]

MODEL = "model"
QUANTILES = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)
NAMES = {MODEL: ("本模型", "this model")}
NAMES |= {rule.name: (rule.name_zh, rule.name_en) for rule in (*GROWTH_RULES, *SHARE_RULES)}


def every_forecast(
    model: Model, fit: Fit, settings: BacktestSettings, figures: pd.DataFrame, future: Statistics
) -> dict[str, np.ndarray]:
    """Return samples (draws, figure) by forecaster, NaN where a rule does not apply.

    `future` are the `figures` as statistics of the fit's targets; `model` knows nothing after the
    year of the fit.
    """
    draws = fit.laplace.draws(settings.samples, settings.seed)
    drivers = driver_draws(model, settings.surprises, settings.samples, settings.seed)
    samples = {MODEL: predict(fit, future, draws, drivers, settings.seed)}
    return samples | _naive(_history(model, settings), settings, figures)


def quantiles(samples: dict[str, np.ndarray]) -> xr.DataArray:
    """Return the QUANTILES of samples (draws, figure): (forecaster, quantile, figure)."""
    return xr.DataArray(
        np.stack([np.quantile(found, QUANTILES, axis=0) for found in samples.values()]),
        {"forecaster": list(samples), "quantile": list(QUANTILES)},
        ("forecaster", "quantile", "figure"),
    )


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
