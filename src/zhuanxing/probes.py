"""Looking into one run: any variable at every step, and what an output answers to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from zhuanxing.catalogue import Catalogue
from zhuanxing.errors import ZhuanxingError, require_known
from zhuanxing.inputs import Scenario
from zhuanxing.results.annual import OF_VARIABLE, PATH
from zhuanxing.results.outputs import Outputs, select_outputs

__all__ = ["Probes"]


class Probes(Catalogue):
    """What a Model says of a single run beside its annual outputs."""

    if TYPE_CHECKING:

        @property
        def outputs(self) -> Outputs:
            """The annual outputs."""

        def scenario(
            self, scenario: str | Mapping[str, Any] | Scenario, **changes: Any
        ) -> Scenario:
            """Return a scenario with what is replaced in it."""

        def inputs(self, scenario: Scenario) -> dict[str, np.ndarray]:
            """Return a scenario as overrides."""

        def series(
            self, name: str, values: np.ndarray, way: str, runs: bool = False
        ) -> xr.DataArray: ...

    def variable(
        self,
        name: str,
        scenario: str | Mapping[str, Any] | Scenario = "baseline",
        *,
        levers: Mapping[str, Mapping[str, float] | float] | None = None,
        assumptions: Mapping[str, float | Mapping[str, float]] | None = None,
    ) -> xr.DataArray:
        """Return any variable of the equations at every step of a run.

        Parameters
        ----------
        name
            A name of `variables`, with blanks or underscores.
        scenario, levers, assumptions
            As for `run`.

        Returns
        -------
        xarray.DataArray
            The variable [time, *dims], time in years, with its unit, comment and equation.

        Raises
        ------
        ZhuanxingError
            For an unknown name, with the nearest one, and as `run`.

        Examples
        --------
        >>> import zhuanxing
        >>> model = zhuanxing.load()
        >>> people = model.variable("residents")
        >>> people.dims, people.units
        (('time', 'city'), 'wanperson')
        """
        key = name.replace("_", " ").lower()
        require_known("variable", key, self.program.variables, "variable")
        found = self.program.variables[key]
        if found.kind == "lookup":
            raise ZhuanxingError(f"'{key}' is a look-up, which has no path")
        overrides = self.inputs(self.scenario(scenario, levers=levers, assumptions=assumptions))
        values = self.program.run(overrides, {key: PATH})[key]
        described = {"units": found.units, "comment": found.comment, "equation": found.equation}
        path = self.series(key, np.asarray(values), PATH)
        return path.rename(key.replace(" ", "_")).assign_attrs(described)

    def gradient(
        self,
        output: str,
        wrt: Sequence[str],
        *,
        year: int,
        city: Sequence[str] | None = None,
        scenario: str | Mapping[str, Any] | Scenario = "baseline",
    ) -> xr.Dataset:
        """Return the exact derivative of an output by numbers of the model.

        The compiled equations are differentiated in reverse (automatic differentiation), so that
        one pass gives the derivative by every element of every number in `wrt`. Compiling the
        derivative of the whole model takes minutes the first time, running it seconds.

        Parameters
        ----------
        output
            An annual output whose aggregate is sum, end or mean.
        wrt
            Constants of `variables`: assumptions, initial values, lever settings.
        year
            Calendar year of the output.
        city
            Cities over which it is summed; all by default.
        scenario
            As for `run`.

        Returns
        -------
        xarray.Dataset
            For each number, d output / d number with its dimensions, in units of the output by
            units of the number; `value` is the output itself.

        Raises
        ------
        ZhuanxingError
            For an unknown name or year, or an output that is a ratio or a change.

        Examples
        --------
        >>> import zhuanxing
        >>> model = zhuanxing.load(cities=["tangshan", "baotou"], end=2016)
        >>> slope = model.gradient("gdp", ["depreciation rate"], year=2016)
        >>> bool((slope["depreciation_rate"] < 0).any())
        True
        """
        (chosen,) = select_outputs(self.outputs, (output,))
        if chosen.aggregate not in ("sum", "end", "mean"):
            raise ZhuanxingError(
                f"'{output}' is a {chosen.aggregate}, but a gradient needs an output that is a "
                "sum, an end or a mean of one variable"
            )
        keys = [name.replace("_", " ").lower() for name in wrt]
        for key in keys:
            require_known("constant", key, self.program.constants(), "wrt")
        variable, way = chosen.variable, OF_VARIABLE[chosen.aggregate]
        weights = self._weights(variable, year, city) * chosen.scale
        value, slopes = self.program.gradient(
            self.inputs(self.scenario(scenario)),
            {variable: way},
            lambda found: (found[variable] * weights).sum(),
            keys,
        )
        arrays = {key.replace(" ", "_"): self._constant(key, slopes[key]) for key in keys}
        return xr.Dataset({**arrays, "value": value})

    def _weights(self, variable: str, year: int, city: Sequence[str] | None) -> np.ndarray:
        """Return [year, *dims] one where a value counts and zero elsewhere."""
        dims = self.program.variables[variable].dims
        years = self.years
        if year not in years:
            raise ZhuanxingError(f"there is no year {year}; the run has {years[0]} to {years[-1]}")
        weights = np.zeros((len(years), *(len(self.program.dims[dim]) for dim in dims)))
        weights[years.index(year)] = 1.0
        if city is not None and "city" in dims:
            known = list(self.names.cities)
            kept = [known.index(self.names.of("city").find(name, "city")) for name in city]
            axis = 1 + dims.index("city")
            weights[(slice(None),) * axis + (np.setdiff1d(range(len(known)), kept),)] = 0.0
        return weights

    def _constant(self, name: str, values: np.ndarray) -> xr.DataArray:
        dims = self.program.variables[name].dims
        coords = {
            dim.replace(" ", "_"): [each.replace(" ", "_") for each in self.program.dims[dim]]
            for dim in dims
        }
        return xr.DataArray(values, coords, list(coords))
