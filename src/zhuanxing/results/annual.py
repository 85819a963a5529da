"""From values at every time step to values of calendar years, comparable with statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from zhuanxing.errors import ZhuanxingError
from zhuanxing.results.describe import attributes
from zhuanxing.results.outputs import Output

__all__ = ["PATH", "annual", "refuse_nonfinite", "yearly_requests"]

# What an engine can give of a variable: a value a step, or already a value a year.
PATH = "path"
SUM, MEAN, END = "year_sum", "year_mean", "year_end"
OF_VARIABLE = {"sum": SUM, "mean": MEAN, "end": END, "ratio": SUM, "end_ratio": END, "change": SUM}


def yearly_requests(outputs: Sequence[Output]) -> dict[str, str]:
    """Return what to ask of an engine for `outputs`: by variable, a yearly value or the path.

    The path is asked for only where two outputs need different yearly values of one variable.
    """
    wanted: dict[str, set[str]] = {}
    for output in outputs:
        wanted.setdefault(output.variable, set()).add(OF_VARIABLE[output.aggregate])
        if output.denominator:
            wanted.setdefault(output.denominator, set()).add(SUM)
    return {name: ways.pop() if len(ways) == 1 else PATH for name, ways in wanted.items()}


def annual(
    series: Mapping[str, xr.DataArray],
    outputs: Sequence[Output],
    equations: Mapping[str, str] | None = None,
) -> xr.Dataset:
    """Return the annual values of `outputs` along `year`, with units, names and `equations`.

    `series` holds model variables along `time` (years, equal steps from the start of a year to
    the end of another) or, as `yearly_requests` has it, along `year`; other dimensions are kept.
    `change` is NaN in the first year. Raises ZhuanxingError if steps do not fill whole years.
    """
    return xr.Dataset(
        {
            output.name: _value(series, output).assign_attrs(attributes(output, equations or {}))
            for output in outputs
        }
    )


def refuse_nonfinite(paths: xr.Dataset, scenario: str) -> None:
    """Raise ZhuanxingError for the first of the annual `paths` of a scenario that is not finite.

    The first year is left out: `change` has none.
    """
    for name, values in paths.isel(year=slice(1, None)).items():
        wrong = np.argwhere(~np.isfinite(values.values))
        if len(wrong):
            axes = zip(values.dims, wrong[0], strict=True)
            at = ", ".join(str(values[dim].values[index]) for dim, index in axes)
            raise ZhuanxingError(
                f"scenario {scenario}: the output '{name}' has no finite value at {at}; "
                "the settings leave the domain of the equations"
            )


def _value(series: Mapping[str, xr.DataArray], output: Output) -> xr.DataArray:
    value = _yearly(series[output.variable], OF_VARIABLE[output.aggregate])
    if output.denominator:
        value = value / _yearly(series[output.denominator], SUM)
    if output.aggregate == "change":
        return (value / value.shift(year=1) - 1.0) * 100.0
    return value * output.scale


def _yearly(variable: xr.DataArray, way: str) -> xr.DataArray:
    if "time" not in variable.dims:
        return variable
    time = variable["time"].values
    steps = _steps_in_year(time)
    count = (len(time) - 1) // steps
    axis = variable.get_axis_num("time")
    values = np.moveaxis(variable.values, axis, 0)
    if way == END:
        by_year = values[steps::steps]
    else:
        total = values[:-1].reshape(count, steps, *values.shape[1:]).sum(axis=1)
        # A flow's sum is the sum of flow * step; with steps that fill the year so is a mean.
        by_year = total / steps
    dims = ["year" if dim == "time" else dim for dim in variable.dims]
    kept = {dim: variable[dim].values for dim in dims if dim in variable.coords}
    years = round(float(time[0])) + np.arange(count)
    return xr.DataArray(np.moveaxis(by_year, 0, axis), {**kept, "year": years}, dims)


def _steps_in_year(time: np.ndarray) -> int:
    step = float(time[1] - time[0])
    steps = round(1.0 / step)
    if not np.isclose(steps * step, 1.0) or (len(time) - 1) % steps:
        raise ZhuanxingError(
            f"a time step of {step:g} years from {time[0]:g} to {time[-1]:g} does not fill whole "
            "years; choose a step of 1, 0.5, 0.25, 0.125 and so on"
        )
    return steps
