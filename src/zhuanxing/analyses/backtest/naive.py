"""Naive forecasts: what anyone could have said at the time without a model.

Each has a point, and errors that are those of the same forecast in earlier years. A rule that
rests on the nation's or the province's growth to come has the surprise of national growth added,
because in earlier years it is tried with the growth that came about.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from zhuanxing.analyses.backtest.history import History

__all__ = ["LAST", "RULES", "Rule", "forecast"]

# Fewest errors that tell how wide a forecast is, and fewest figures that make a trend.
FEW, TREND = 12, 3

Point = Callable[[History, int, int], np.ndarray]


@dataclass(frozen=True)
class Rule:
    """A naive forecast: `point` of (history, target, years ahead) by city, in points.

    `outside` rules rest on growth to come; one that `grows` is for amounts and growth alone.
    """

    name: str
    name_zh: str
    name_en: str
    point: Point
    outside: bool = False
    grows: bool = False


def forecast(rule: Rule, history: History, target: int, ahead: int, draws: int) -> np.ndarray:
    """Return samples (draws, city) of the rule's forecast, in points; NaN where it has none.

    They lie evenly in probability, so that chance neither helps nor hurts the rule.
    """
    points = rule.point(history, target, ahead)
    errors = _errors(rule, history, target, ahead)
    if not len(errors):
        return np.full((draws, len(points)), np.nan)
    both = np.sort(np.concatenate([errors, -errors]))
    if rule.outside:
        square = float(np.mean(errors**2))
        both = both * ((square + ahead * history.surprise**2) / max(square, 1e-12)) ** 0.5
    even = np.quantile(both, (np.arange(draws) + 0.5) / draws)
    return np.asarray(points + even[:, None])


def _errors(rule: Rule, history: History, target: int, ahead: int) -> np.ndarray:
    """Return the errors of the rule `ahead` years on, in earlier years.

    Too few are replaced by those a year nearer, as a random walk would widen them, and where none
    tells even of one year, by those of all statistics of the same kind.
    """
    errors = _tried(rule, history, target, ahead)
    if len(errors) >= FEW:
        return errors
    if ahead > 1:
        found: np.ndarray = _errors(rule, history, target, ahead - 1) * (ahead / (ahead - 1)) ** 0.5
        return found
    targets = history.observations.targets
    kin = [place for place, of in enumerate(targets) if of.how == targets[target].how]
    return np.concatenate([_tried(rule, history, place, 1) for place in kin])


def _tried(rule: Rule, history: History, target: int, ahead: int) -> np.ndarray:
    """Return the errors of the rule `ahead` years on wherever it can be tried."""
    seen = history.observations
    found = [np.zeros(0)]
    for place in range(len(seen.years) - ahead):
        origin = seen.years[place]
        if origin + ahead <= history.year:
            points = rule.point(history.as_of(origin), target, ahead)
            kept = seen.present[target, place + ahead] & np.isfinite(points)
            found.append((points - seen.value[target, place + ahead])[kept])
    return np.concatenate(found)


def _series(history: History, target: int, city: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the years and values known of one city."""
    seen = history.observations
    place = np.flatnonzero(seen.present[target, :, city])
    return np.array(seen.years)[place], seen.value[target, place, city]


def _each_city(history: History, target: int, of: Callable[..., float]) -> np.ndarray:
    """Return `of` (years, values, city) by city; NaN where nothing is known."""
    cities = len(history.observations.cities)
    found = np.full(cities, np.nan)
    for city in range(cities):
        years, values = _series(history, target, city)
        if len(years):
            found[city] = of(years, values, city)
    return found


def _last(history: History, target: int, ahead: int) -> np.ndarray:
    return _each_city(history, target, lambda years, values, city: values[-1])


def _trend(history: History, target: int, ahead: int) -> np.ndarray:
    when = history.year + ahead

    def of(years: np.ndarray, values: np.ndarray, city: int) -> float:
        if len(years) < TREND:
            return float(values[-1])
        slope, level = np.polyfit(years - years.mean(), values, 1)
        return float(level + slope * (when - years.mean()))

    return _each_city(history, target, of)


def _autoregressive(history: History, target: int, ahead: int) -> np.ndarray:
    """Return what the city's mean, or for growth the nation's, and the faded departure make."""
    growth = history.observations.targets[target].how == "change"
    nation, when = history.nation, history.year + ahead

    def departures(years: np.ndarray, values: np.ndarray) -> np.ndarray:
        if not growth:
            return np.asarray(values - values.mean())
        found: np.ndarray = values - np.array([nation.get(int(year), np.nan) for year in years])
        return found

    left = _persistence(history, target, departures)

    def of(years: np.ndarray, values: np.ndarray, city: int) -> float:
        if not growth and len(years) < TREND:
            return float(values[-1])
        middle = nation.get(when, np.nan) if growth else float(values.mean())
        # A departure from a year of which the nation's figure is unknown says nothing.
        departure = np.nan_to_num(departures(years, values)[-1])
        return float(middle + left ** (when - years[-1]) * departure)

    return _each_city(history, target, of)


def _persistence(
    history: History, target: int, departures: Callable[[np.ndarray, np.ndarray], np.ndarray]
) -> float:
    """Return the part of departures that is left after a year, of all cities together."""
    before, after = [0.0], [0.0]
    for city in range(len(history.observations.cities)):
        years, values = _series(history, target, city)
        if len(years) < 2:
            continue
        found = departures(years, values)
        pairs = np.flatnonzero(np.diff(years) == 1)
        before += found[pairs].tolist()
        after += found[pairs + 1].tolist()
    one, other = np.nan_to_num(before), np.nan_to_num(after)
    square = float((one**2).sum())
    return float(np.clip((one * other).sum() / square, 0.0, 1.0)) if square > 0 else 0.5


def _provincial(history: History, target: int, ahead: int) -> np.ndarray:
    """Return provincial growth, or the last amount grown with the province."""
    when = history.year + ahead
    if history.observations.targets[target].how == "change":
        known = _last(history, target, ahead)
        return np.asarray(np.where(np.isnan(known), np.nan, history.growth(when)))

    def of(years: np.ndarray, values: np.ndarray, city: int) -> float:
        growth = [history.growth(year)[city] for year in range(int(years[-1]) + 1, when + 1)]
        # Years before provincial statistics begin count as without growth.
        return float(values[-1] + 100 * np.nansum(np.log1p(np.array(growth) / 100)))

    return _each_city(history, target, of)


LAST = "last"
RULES = (
    Rule(LAST, "上次数值不变", "last value repeated", _last),
    Rule("trend", "本市线性趋势", "own linear trend", _trend),
    Rule("autoregressive", "AR(1)", "AR(1)", _autoregressive, outside=False),
    Rule("provincial", "全省增速", "provincial growth", _provincial, outside=True, grows=True),
)
