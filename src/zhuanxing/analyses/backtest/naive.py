"""Naive forecasts: what anyone could have said at the time without a model.

Each has a point and an error of its own, estimated by making the same forecast in earlier years.
A rule that rests on the nation's or the province's growth to come has the surprise of national
growth added, because in earlier years it is tried with the growth that came about.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from zhuanxing.analyses.backtest.history import History, Series
from zhuanxing.errors import ZhuanxingError

__all__ = ["GROWTH_RULES", "SHARE_RULES", "Rule", "forecast"]

Point = Callable[[History, str, str, int], float]
MEAN_YEARS = 5
# Fewest errors from which a spread is estimated at a distance.
FEW = 5


@dataclass(frozen=True)
class Rule:
    """A naive forecast: `point` of (history, variable, city, year)."""

    name: str
    name_zh: str
    name_en: str
    point: Point
    outside: bool


def forecast(
    rule: Rule, history: History, variable: str, cities: list[str], years: list[int], draws: int
) -> np.ndarray:
    """Return samples (draws, n) of the rule's forecast for each city and year, in percent.

    They lie evenly in probability, so that chance neither helps nor hurts the rule.
    """
    points = np.array(
        [rule.point(history, variable, c, y) for c, y in zip(cities, years, strict=True)]
    )
    even = norm.ppf((np.arange(draws) + 0.5) / draws)
    spread = np.array([_error(rule, history, variable, year - history.year) for year in years])
    return np.asarray(points + spread * even[:, None])


def _error(rule: Rule, history: History, variable: str, ahead: int) -> float:
    """Return the root mean square error of the rule `ahead` years on, in earlier years."""
    errors: list[float] = []
    first = min(history.nation) + 1
    for origin in range(first, history.year - ahead + 1):
        past = _as_of(history, origin)
        for city, series in history.city[variable].items():
            year = origin + ahead
            if year in series and _informed(past, variable, city):
                errors.append(rule.point(past, variable, city, year) - series[year])
    if len(errors) < FEW and ahead > 1:
        # Too few at this distance: a random walk of the nearest shorter one.
        return _error(rule, history, variable, ahead - 1) * (ahead / (ahead - 1)) ** 0.5
    if not errors:
        raise ZhuanxingError(
            f"backtest: no earlier year shows how well '{rule.name}' forecasts {variable}"
        )
    square = float(np.mean(np.square(errors)))
    return (square + (history.surprise**2 if rule.outside else 0.0)) ** 0.5


def _informed(past: History, variable: str, city: str) -> bool:
    """Tell whether the rule has a figure of the city's own; shares without are no trial of it."""
    return variable not in past.province_share or bool(past.city[variable][city])


def _as_of(history: History, year: int) -> History:
    """Return the history as it was at the end of `year`; growth to come is what came about."""
    expected = {
        city: {**history.expected[city], **history.province[city]} for city in history.expected
    }
    return History(
        year=year,
        city={
            variable: {city: _until(series, year) for city, series in cities.items()}
            for variable, cities in history.city.items()
        },
        province={city: _until(series, year) for city, series in history.province.items()},
        province_share=history.province_share,
        nation=_until(history.nation, year),
        expected=expected,
        expected_nation={**history.expected_nation, **history.nation},
        surprise=history.surprise,
    )


def _until(series: Series, year: int) -> Series:
    return {when: value for when, value in series.items() if when <= year}


def _last_growth(history: History, variable: str, city: str, year: int) -> float:
    own = history.city[variable][city] or history.province[city]
    return own[max(own)]


def _mean_growth(history: History, variable: str, city: str, year: int) -> float:
    own = {**history.province[city], **history.city[variable][city]}
    return float(np.mean([own[when] for when in sorted(own)[-MEAN_YEARS:]]))


def _provincial_growth(history: History, variable: str, city: str, year: int) -> float:
    return history.expected[city][year]


def _autoregressive(history: History, variable: str, city: str, year: int) -> float:
    """Return the national rate plus the city's last lead over it, faded."""
    leads = _leads(history, variable)
    own = leads[city]
    if not own:
        return history.expected_nation[year]
    last = max(own)
    return float(history.expected_nation[year] + _persistence(leads) ** (year - last) * own[last])


def _leads(history: History, variable: str) -> dict[str, Series]:
    return {
        city: {
            year: value - history.nation[year]
            for year, value in series.items()
            if year in history.nation
        }
        for city, series in history.city[variable].items()
    }


def _persistence(leads: dict[str, Series]) -> float:
    pairs = [
        (series[year - 1], series[year])
        for series in leads.values()
        for year in series
        if year - 1 in series
    ]
    if len(pairs) < FEW:
        return 0.5
    before, after = np.array(pairs).T
    return float(np.clip((before * after).sum() / (before**2).sum(), 0.0, 1.0))


def _last_share(history: History, variable: str, city: str, year: int) -> float:
    own = history.city[variable][city]
    return own[max(own)] if own else history.province_share[variable][city]


def _share_trend(history: History, variable: str, city: str, year: int) -> float:
    own = history.city[variable][city]
    if len(own) < 2:
        return _last_share(history, variable, city, year)
    years = np.array(sorted(own), float)
    slope, level = np.polyfit(years - years.mean(), [own[int(when)] for when in years], 1)
    return float(np.clip(level + slope * (year - years.mean()), 0.0, 100.0))


GROWTH_RULES = (
    Rule("last_growth", "上年增速不变", "last growth repeated", _last_growth, False),
    Rule("mean_growth", "本市五年平均", "the city's five-year mean", _mean_growth, False),
    Rule("provincial", "全省增速", "provincial growth", _provincial_growth, True),
    Rule("autoregressive", "围绕全国的AR(1)", "AR(1) around the nation", _autoregressive, True),
)
SHARE_RULES = (
    Rule("last_share", "上次比重不变", "last share repeated", _last_share, False),
    Rule("share_trend", "比重线性趋势", "linear trend of the share", _share_trend, False),
)
