"""Many runs at once: designs, in batches of bounded memory, and ensembles of what is uncertain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from zhuanxing.inputs import Scenario
from zhuanxing.inputs.design import design_overrides
from zhuanxing.probes import Probes
from zhuanxing.results.annual import annual, yearly_requests
from zhuanxing.results.outputs import select_outputs

if TYPE_CHECKING:
    from zhuanxing.calibrations import Calibration
    from zhuanxing.engine.program import Past
    from zhuanxing.engine.running.devices import DeviceName

__all__ = ["Batches"]


class Batches(Probes):
    """What a Model says of many runs."""

    if TYPE_CHECKING:
        calibration: Calibration | None
        device: DeviceName

        def dims(self, name: str) -> dict[str, tuple[str, ...]]: ...

        @property
        def equations(self) -> dict[str, str]: ...

        def labels(self, dataset: xr.Dataset) -> dict[str, tuple[str, list[str]]]: ...

        def _attributes(
            self, scenario: Scenario, engine: str, config: Mapping[str, Any]
        ) -> dict[str, str]: ...

    def run_many(
        self,
        design: xr.Dataset,
        *,
        scenario: str | Scenario = "baseline",
        outputs: Sequence[str] | None = None,
        years: Sequence[int] | None = None,
        chunk: int = 64,
        device: DeviceName | None = None,
    ) -> xr.Dataset:
        """Return annual values of many runs along `run`.

        Parameters
        ----------
        design
            Along `run` any inputs: constants, levers, initial values and drivers, named as
            zhuanxing.inputs.design says, in the units of the tables. What it leaves out is as in
            `scenario`.
        scenario
            A name of scenarios/, or a Scenario.
        outputs, years
            What is kept of the annual outputs; all by default.
        chunk
            Runs that are simulated at once; a graphics card takes thousands.
        device
            cpu, gpu or auto, in the place of the model's.

        Returns
        -------
        xarray.Dataset
            The outputs [run, year, city, ...]. A run that leaves the domain of the equations is
            NaN throughout and says in the coordinate `failure` which variable did, and when.

        Raises
        ------
        ZhuanxingError
            For an unknown name, and a number outside its range.

        Examples
        --------
        >>> import xarray as xr
        >>> import zhuanxing
        >>> model = zhuanxing.load(cities=["tangshan", "baotou"], end=2016)
        >>> rates = xr.Dataset({"depreciation_rate": ("run", [0.05, 0.06])})
        >>> gdp = model.run_many(rates, outputs=["gdp"])["gdp"]
        >>> gdp.dims, bool((gdp.isel(run=0) > gdp.isel(run=1)).isel(year=-1).all())
        (('run', 'year', 'city'), True)
        """
        base = self.scenario(scenario)
        parts = self.batches(design, base, outputs=outputs, years=years, chunk=chunk, device=device)
        many = xr.concat(parts, "run")
        told = {"scenario": base.name, "design": list(map(str, design.data_vars))}
        attributes = self._attributes(base, "compiled", told)
        return many.assign_coords(self.labels(many)).assign_attrs(attributes)

    def batches(
        self,
        design: xr.Dataset,
        scenario: Scenario,
        *,
        outputs: Sequence[str] | None = None,
        years: Sequence[int] | None = None,
        chunk: int = 64,
        device: DeviceName | None = None,
        after: Past | None = None,
    ) -> Iterator[xr.Dataset]:
        """Yield the annual values of `chunk` runs at a time, without names of elements.

        Memory does not grow with the number of runs. Arguments and errors as for `run_many`;
        `after` is what the runs have in common, see `past`.
        """
        # Imported here: JAX takes most of a second, which a refused command should not.
        from zhuanxing.engine.running.devices import choose_device

        runs = design.sizes.get("run", 0)
        chosen = choose_device(device) if device else choose_device(self.device).for_runs(runs)
        chunk = max(chunk, chosen.block) if chosen.kind == "gpu" else chunk
        wanted = self.outputs if outputs is None else select_outputs(self.outputs, tuple(outputs))
        requests = yearly_requests(wanted)
        base = self.inputs(scenario)
        for first in range(0, max(runs, 1), chunk):
            part = design.isel(run=slice(first, first + chunk)) if runs else design
            overrides = {**base, **design_overrides(part, base, self.source.equations)}
            found = self.program.run_many(overrides, requests, chunk, device=chosen, after=after)
            failures = [""] * part.sizes["run"]
            for failure in found.failures:
                failures[failure.run] = f"{failure.variable} in {failure.year:g}"
            series = {n: self.series(n, found[n], requests[n], runs=True) for n in requests}
            values = annual(series, wanted, self.equations)
            values = values if years is None else values.sel(year=list(years))
            yield values.assign_coords(run=part["run"], failure=("run", failures))

    def past(
        self, scenario: Scenario, intensities: np.ndarray | None, outputs: Sequence[str]
    ) -> Past | None:
        """Return the years that runs of a scenario with these `intensities` have in common.

        They are [run, city, lever]; where they are None, all levers and their money may differ. A
        lever does nothing before it starts, so these are the years to the base year; None where
        one of the levers that differ has started in them.
        """
        until = scenario.base_year + 1
        moved = True if intensities is None else (intensities != scenario.intensity).any(axis=0)
        if until not in self.years or scenario.start[moved].min(initial=until) < until:
            return None
        requests = yearly_requests(select_outputs(self.outputs, tuple(outputs)))
        return self.program.past(self.inputs(scenario), requests, until)

    def run_ensemble(
        self,
        scenario: str | Scenario = "baseline",
        *,
        draws: int,
        quantiles: Sequence[float] = (0.05, 0.25, 0.5, 0.75, 0.95),
    ) -> xr.Dataset:
        """Return quantiles over `draws` of every output, along `quantile`.

        Parameters
        ----------
        scenario
            A name of scenarios/, or a Scenario.
        draws
            Runs that are drawn: parameters, what levers do and cost, and outside conditions.
        quantiles
            Those of each output by itself, 0 to 1.

        Returns
        -------
        xarray.Dataset
            The outputs [quantile, year, city, ...], in their units. Draws that leave the domain of
            the equations are left out and counted in the attributes.

        Raises
        ------
        ZhuanxingError
            Without a calibration, or if it holds too few draws.

        Examples
        --------
        >>> import zhuanxing
        >>> model = zhuanxing.load(calibration="default", cities=["tangshan", "baotou"], end=2016)
        >>> bands = model.run_ensemble("baseline", draws=4, quantiles=(0.1, 0.9))
        >>> bool((bands["gdp"].sel(quantile=0.1) <= bands["gdp"].sel(quantile=0.9)).all())
        True
        """
        base = self.scenario(scenario)
        many = self.run_many(self.ensemble_design(base, draws), scenario=base)
        sound = many.isel(run=np.flatnonzero(many["failure"].values == "")).drop_vars("failure")
        bands = sound.quantile(list(quantiles), "run", keep_attrs=True, skipna=False)
        return bands.assign_attrs(
            seed="that of the calibration", draws=draws, draws_left_out=draws - sound.sizes["run"]
        )

    def ensemble_design(self, scenario: Scenario, draws: int) -> xr.Dataset:
        """Return draws of all that is uncertain as a design of runs; see uncertainty/ensemble.py.

        Raises ZhuanxingError without a calibration, or if it holds too few draws.
        """
        # Imported here: draws need JAX, which a refused command should not.
        from zhuanxing.uncertainty.ensemble import ensemble_design

        return ensemble_design(
            self.source.equations, self.calibration, scenario, draws, self.years[0],
            self.program.constants(), self.dims,
        )  # fmt: skip
