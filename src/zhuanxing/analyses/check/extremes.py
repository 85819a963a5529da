"""Extreme conditions: the model stays finite, lawful and moves the way that anyone expects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

import numpy as np
import xarray as xr

from zhuanxing.analyses.check.expectation import Expectation, fault_of
from zhuanxing.analyses.check.finding import Finding
from zhuanxing.config import ScenarioName, checked


@checked
class InputChange:
    """A constant of the model, set to `value` or multiplied by `times`, at some elements."""

    name: str
    value: float | None = None
    times: float | None = None
    at: dict[str, str] = field(default_factory=dict)

    def apply(self, default: xr.DataArray) -> xr.DataArray:
        """The changed input; dims and coordinates of `default`."""
        changed = default * 1.0 if self.value is None else xr.full_like(default, self.value, float)
        if self.times is not None:
            changed = changed * self.times
        if not self.at:
            return changed
        here = xr.ones_like(default, dtype=bool)
        for dim, element in self.at.items():
            here = here & (default[dim] == element)
        return changed.where(here, default)


@checked
class Extreme:
    """A named extreme condition: what it changes and what has to follow."""

    name: str
    label: str
    scenario: ScenarioName
    lever_intensity: float | None = None
    inputs: tuple[InputChange, ...] = ()
    expect: tuple[Expectation, ...] = ()


def extreme_finding(extreme: Extreme, run: xr.Dataset, reference: xr.Dataset) -> Finding:
    """All annual outputs finite, and every expectation against `reference` met."""
    broken = not_finite(run)
    faults = [fault_of(expectation, run, reference) for expectation in extreme.expect]
    faults = [fault for fault in faults if fault]
    if broken:
        faults.insert(0, f"not finite: {', '.join(broken)}")
    met = len(extreme.expect) - len(faults) + bool(broken)
    result = f"{met} of {len(extreme.expect)} expectations" + (", not finite" if broken else "")
    threshold = "finite; " + "; ".join(map(str, extreme.expect))
    return Finding("extremes", extreme.label, result, threshold, not faults, tuple(faults))


def not_finite(paths: xr.Dataset) -> Sequence[str]:
    """Outputs with a value that is not finite; the first year of a change has no predecessor."""
    names = []
    for name, values in paths.data_vars.items():
        first = 1 if values.attrs.get("aggregate") == "change" else 0
        if not bool(np.isfinite(values.isel(year=slice(first, None))).all()):
            names.append(str(name))
    return names
