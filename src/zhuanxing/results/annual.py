"""From values at every time step to values of calendar years, comparable with statistics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from zhuanxing.errors import ZhuanxingError
from zhuanxing.results.outputs import Output

__all__ = ["annual", "steps_in_year"]


@dataclass(frozen=True)
class _Calendar:
    """Years of a series whose first value is at the start of the first year."""

    years: np.ndarray
    steps: int

    @property
    def step(self) -> float:
        return 1.0 / self.steps


def annual(series: xr.Dataset, outputs: Sequence[Output]) -> xr.Dataset:
    """Return the annual values of `outputs`, with `year` in the place of `time`.

    `series` holds model variables at equal steps from the start of a year to the end of another,
    along `time` (years) and any other dimensions. Years end to end; `change` is NaN in the first.
    Raises ZhuanxingError if the steps do not fill whole years or a variable is missing.
    """
    calendar = _calendar(series["time"].values)
    values = {output.name: _value(series, output, calendar) for output in outputs}
    return xr.Dataset(values, coords={"year": calendar.years})


def steps_in_year(time: np.ndarray) -> int:
    """Return the number of steps that fill a year; refuse steps that fill none exactly."""
    steps = round(1.0 / float(time[1] - time[0]))
    if not np.isclose(steps * (time[1] - time[0]), 1.0) or (len(time) - 1) % steps:
        raise ZhuanxingError(
            f"a time step of {time[1] - time[0]:g} years from {time[0]:g} to {time[-1]:g} does not "
            "fill whole years; choose a step of 1, 0.5, 0.25, 0.125 and so on"
        )
    return steps


def _calendar(time: np.ndarray) -> _Calendar:
    steps = steps_in_year(time)
    count = (len(time) - 1) // steps
    return _Calendar(np.arange(count) + round(float(time[0])), steps)


def _value(series: xr.Dataset, output: Output, calendar: _Calendar) -> xr.DataArray:
    variable = _variable(series, output, output.variable)
    if output.aggregate == "end":
        return _end(variable, calendar) * output.scale
    if output.aggregate == "mean":
        return _sum(variable, calendar) * output.scale
    if output.aggregate == "end_ratio":
        denominator = _variable(series, output, output.denominator)
        return _end(variable, calendar) / _sum(denominator, calendar) * output.scale
    value = _sum(variable, calendar)
    if output.denominator:
        value = value / _sum(_variable(series, output, output.denominator), calendar)
    if output.aggregate == "change":
        return (value / value.shift(year=1) - 1.0) * 100.0
    return value * output.scale


def _variable(series: xr.Dataset, output: Output, name: str) -> xr.DataArray:
    if name not in series:
        raise ZhuanxingError(f"the output '{output.name}' needs '{name}', which the model lacks")
    return series[name]


def _sum(variable: xr.DataArray, calendar: _Calendar) -> xr.DataArray:
    """Sum of variable * step over the steps of each year, which for a stock is its mean."""
    axis = variable.get_axis_num("time")
    values = variable.values.swapaxes(0, axis)[:-1]
    by_year = values.reshape(len(calendar.years), calendar.steps, *values.shape[1:])
    return _yearly(variable, by_year.sum(axis=1).swapaxes(0, axis) * calendar.step, calendar)


def _end(variable: xr.DataArray, calendar: _Calendar) -> xr.DataArray:
    axis = variable.get_axis_num("time")
    values = variable.values.swapaxes(0, axis)[calendar.steps :: calendar.steps]
    return _yearly(variable, values.swapaxes(0, axis), calendar)


def _yearly(variable: xr.DataArray, values: np.ndarray, calendar: _Calendar) -> xr.DataArray:
    dims = tuple("year" if dim == "time" else dim for dim in variable.dims)
    coords = {
        dim: variable[dim] for dim in variable.dims if dim in variable.coords and dim != "time"
    }
    return xr.DataArray(values, {**coords, "year": calendar.years}, dims)
