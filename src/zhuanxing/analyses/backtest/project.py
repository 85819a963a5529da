"""Forecasts of years that no statistic covers yet, by the model and by the naive rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd
import xarray as xr

from zhuanxing.analyses.backtest.forecasts import every_forecast, quantiles
from zhuanxing.analyses.backtest.settings import BacktestSettings
from zhuanxing.analyses.calibrate.fit_map import Fit
from zhuanxing.analyses.calibrate.observations import NONE, Statistics
from zhuanxing.analyses.calibrate.settings import CalibrateSettings

if TYPE_CHECKING:
    from zhuanxing.model import Model

__all__ = ["Projection", "project"]

# A statistic of the best kind is what a forecast is of.
KIND = "official"


@dataclass(frozen=True)
class Projection:
    """`figures` has a row a city, year and statistic; `forecasts` is (forecaster, quantile,
    figure), NaN where a rule does not apply. Shares are forecast one by one, so the three medians
    of a city add up to nearly 100.
    """

    figures: pd.DataFrame
    forecasts: xr.DataArray

    def table(self) -> pd.DataFrame:
        """Return a row a figure and forecaster, with a column a quantile."""
        rows = []
        for name in map(str, self.forecasts["forecaster"].values):
            found = self.forecasts.sel(forecaster=name).transpose("figure", "quantile")
            named = [f"q{100 * float(q):g}" for q in found["quantile"].values]
            part = pd.DataFrame(found.values, columns=named).assign(forecaster=name)
            rows.append(pd.concat([self.figures, part], axis=1).dropna())
        return pd.concat(rows, ignore_index=True)


def project(
    model: Model,
    fit: Fit,
    settings: BacktestSettings,
    calibration: CalibrateSettings,
    years: Sequence[int],
) -> Projection:
    """Return the projection of `years` from a fit to the model's information year."""
    seen = fit.posterior.statistics
    pool_of = {name: pool.name for pool in settings.variables for name in pool.observed}
    source = next(entry for entry in calibration.quality if entry.quality == KIND)
    wanted = pd.DataFrame(_rows(seen, pool_of, model.elements("city"), years)).assign(
        error=lambda rows: rows["error"] * source.error, tails=source.tails
    )
    samples = every_forecast(model, fit, settings, wanted, replace(seen, table=wanted))
    return Projection(wanted[["pool", "observed", "city", "year"]], quantiles(samples))


def _rows(
    seen: Statistics, pool_of: dict[str, str], cities: Sequence[str], years: Sequence[int]
) -> Iterator[dict[str, object]]:
    for index, target in enumerate(seen.targets):
        if target.observed in pool_of:
            for place, city in enumerate(cities):
                for year in years:
                    yield {
                        "target": index,
                        "place": place,
                        "pool": pool_of[target.observed],
                        "observed": target.observed,
                        "city": city,
                        "year": year,
                        "before": year - 1 if target.how == "change" else NONE,
                        "span": 1,
                        "error": target.error,
                    }
