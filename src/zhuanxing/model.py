"""The model of the cities, ready to run: `load()`, `Model.run`, `Model.run_many`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from zhuanxing.assembled import Assembled, assembled, tables_with
from zhuanxing.batches import Batches
from zhuanxing.calibrations import Calibration, read_calibration
from zhuanxing.config import validated
from zhuanxing.engine.running.failures import TranslationError
from zhuanxing.errors import require_known
from zhuanxing.inputs import (
    Changes,
    ModelNames,
    Scenario,
    changed,
    read_names,
    resolve,
    resolve_mapping,
)
from zhuanxing.inputs.design import INTENSITY
from zhuanxing.results.aims import read_aims
from zhuanxing.results.annual import PATH, annual, refuse_nonfinite, yearly_requests
from zhuanxing.results.binding import BINDING, binding_limit
from zhuanxing.results.describe import run_attributes
from zhuanxing.results.labels import labels
from zhuanxing.results.outputs import Output, Outputs, read_outputs, select_outputs
from zhuanxing.storage.paths import Places, find_places

if TYPE_CHECKING:
    from zhuanxing.data.tables import Tables
    from zhuanxing.engine import Program
    from zhuanxing.engine.running.devices import DeviceName

__all__ = ["Model", "load"]

ENGINES = ("compiled", "reference")
START, END = "lever start", "lever end"


class Engine(Protocol):
    """What both engines offer."""

    def run(
        self, overrides: Mapping[str, ArrayLike], outputs: Mapping[str, str]
    ) -> Mapping[str, np.ndarray]:
        """Return the outputs of one run by variable."""


def load(
    root: Path | None = None,
    *,
    end: int | None = None,
    information_year: int | None = None,
    calibration: str | None = None,
    cities: Sequence[str] | None = None,
    data: Path | None = None,
    device: DeviceName = "cpu",
) -> Model:
    """Return the model of the cities.

    Parameters
    ----------
    root
        Folder with model/, scenarios/ and conf/; the working directory, else the package's own.
    end
        Last year of runs; by default the last of the aims.
    information_year
        Outside conditions after it are forecasts as they could be known then; by default the last
        year of the statistics.
    calibration
        Stored set whose values replace those of the tables; `Model.calibration.warning` says
        whether it is out of date.
    cities
        A model of these alone: they start as they do in the whole, and share markets, credit and
        grants among themselves.
    data
        CSV file of a planner's own statistics (unit, year, variable, value) over the tables.
    device
        What computes many runs at once: cpu, gpu, or auto, a graphics card where there is one.

    Raises
    ------
    ZhuanxingError
        If model/, its data or that file are wrong, or for an unknown city.

    Examples
    --------
    >>> import zhuanxing
    >>> zhuanxing.load(cities=["包头", "tangshan"], end=2020).elements("city")
    ('baotou', 'tangshan')
    """
    places = find_places(root)
    names = read_names(places.model)
    if cities is not None:
        cities = [names.of("city").find(city, "cities") for city in cities]
        names = names.of_cities(cities)
    chosen = None if calibration is None else read_calibration(places.model, calibration)
    part = None if cities is None else (*cities,)
    if end is None:
        end = int(read_aims(places.model / "data/aims.csv")["year"].max())
    source = assembled(places.model, end, information_year, part, data)
    return Model(places, names, source, chosen, data, device)


@lru_cache(maxsize=4)
def _compiled(structure: str, origin: str) -> Program:
    """Compile a structure once a process: tracing takes seconds, and models load repeatedly."""
    # Imported here: JAX takes most of a second, which a refused command should not.
    from zhuanxing.engine import compile_text

    return compile_text(structure, origin=origin)


@dataclass(frozen=True, repr=False)
class Model(Batches):
    """The equations with their data. Every run simulates all cities, which act on one another.

    What it holds stands in the tables `cities`, `levers`, `scenarios`, `assumptions`, `outputs`
    and `variables`.

    Examples
    --------
    >>> import zhuanxing
    >>> model = zhuanxing.load()
    >>> "plan" in model.scenarios.index, model.outputs.table.loc["gdp", "unit"]
    (True, '1e8 CNY')
    """

    places: Places
    names: ModelNames
    source: Assembled
    calibration: Calibration | None = None
    data: Path | None = None
    device: DeviceName = "cpu"

    @cached_property
    def tables(self) -> Tables:
        """The tables that the model starts from, own statistics over them."""
        return tables_with(self.places.model, self.data)

    @cached_property
    def program(self) -> Program:
        """The compiled model with its numbers. Raises TranslationError that names file and line."""
        equations = self.source.equations
        try:
            structure = _compiled(equations.structure(), self.places.origin)
        except TranslationError as error:
            raise TranslationError(equations.located(str(error), self.places.origin)) from error
        return structure.with_values(equations.values()).on(self.device)

    @cached_property
    def outputs(self) -> Outputs:
        """The annual outputs that the model offers; `outputs.table` is a DataFrame."""
        return read_outputs(self.places.model / "data")

    @cached_property
    def plain_outputs(self) -> tuple[Output, ...]:
        """The outputs with one value a city and year.

        An analysis that asks for all of them shares one compiled batch with all others.
        """
        variables = self.program.variables
        return tuple(one for one in self.outputs if variables[one.variable].dims == ("city",))

    def elements(self, dim: str) -> tuple[str, ...]:
        """Return the elements of a dimension of the model, in snake_case and the model's order."""
        return self.source.equations.elements[dim.replace("_", " ")]

    def dims(self, name: str) -> dict[str, tuple[str, ...]]:
        """Return the dimensions of a variable with their elements, in snake_case."""
        labels = self.program.variables[name].dims
        return {dim.replace(" ", "_"): self.elements(dim) for dim in labels}

    def scenario(self, scenario: str | Mapping[str, Any] | Scenario, **changes: Any) -> Scenario:
        """Return a scenario ready to run.

        Parameters
        ----------
        scenario
            The name of a file of scenarios/ (or its Chinese or English name), a mapping with the
            keys of such a file, or a Scenario, which is returned as it is.
        changes
            What it has otherwise: `levers`, `assumptions`, `budget` and `city` as for `run`, and
            `scale`, which multiplies every intensity; None changes nothing.

        Raises
        ------
        ZhuanxingError
            For anything unknown or out of range.

        Examples
        --------
        >>> import zhuanxing
        >>> model = zhuanxing.load()
        >>> custom = model.scenario({"extends": "plan", "levers": {"solar_base": 0.5}})
        >>> custom.lineage
        ('custom', 'plan', 'baseline')
        """
        base = scenario if isinstance(scenario, Scenario) else self._named(scenario)
        told = {key: value for key, value in changes.items() if value is not None}
        return changed(base, validated(Changes, told, "", self.names), self.names) if told else base

    def _named(self, scenario: str | Mapping[str, Any]) -> Scenario:
        folder, names = self.places.scenarios, read_names(self.places.model)
        if isinstance(scenario, str):
            found = names.of("scenario").find(scenario, f"{folder.name}/")
            everywhere = resolve(folder, found, names)
        else:
            everywhere = resolve_mapping(folder, scenario, names)
        return everywhere.of_cities(tuple(self.names.cities))

    def inputs(self, scenario: Scenario) -> dict[str, np.ndarray]:
        """Return the scenario as overrides of model constants, with the model's dimensions."""
        inputs = {INTENSITY: scenario.intensity, START: scenario.start, END: scenario.end}
        inputs |= self._fitted
        for name, value in scenario.assumptions.items():
            inputs[name] = self._assumption(name, value, inputs)
        return inputs

    def run(
        self,
        scenario: str | Mapping[str, Any] | Scenario = "baseline",
        *,
        levers: Mapping[str, Mapping[str, float] | float] | None = None,
        assumptions: Mapping[str, float | Mapping[str, float]] | None = None,
        city: Sequence[str] | None = None,
        budget: float | Mapping[str, Any] | None = None,
        outputs: Sequence[str] | None = None,
        engine: str = "compiled",
        config: Mapping[str, Any] | None = None,
    ) -> xr.Dataset:
        """Return the annual paths of a scenario, described so that they can be made again.

        Parameters
        ----------
        scenario
            As for `scenario`: a name, a mapping or a Scenario.
        levers
            What replaces the scenario's settings: an intensity (Dmnl, 0 to 1), or a mapping with
            `intensity` and `start` (calendar year), by lever; in the cities of `city` alone.
        assumptions
            Numbers that replace assumptions, in their units, for all elements or by element.
        city
            Cities to return, where `levers` act; all by default. All are simulated.
        budget
            The part of their money for levers that public payers keep (0.5: half), or by payer
            the most that it gives a city in a year, in 1e8 CNY (in single ones: by city).
        outputs
            Annual outputs to return; all by default, with `binding_limit`: which payer or limit
            held the levers back most [city, year].
        engine
            `compiled`, or `reference` for PySD itself.
        config
            What a command was told, for the attributes.

        Returns
        -------
        xarray.Dataset
            The outputs [year, city, ...] with names, units and equations as attributes.

        Raises
        ------
        ZhuanxingError
            For unknown names, numbers out of range, and a run that leaves the domain of the
            equations.

        Examples
        --------
        >>> import zhuanxing
        >>> model = zhuanxing.load()
        >>> paths = model.run("plan", levers={"solar_base": 0.8}, city=["包头"], outputs=["gdp"])
        >>> paths["gdp"].sel(city="baotou", year=2025).units
        '1e8 CNY'
        """
        require_known("engine", engine, ENGINES, "engine")
        if city is not None:
            city = [self.names.of("city").find(name, "city") for name in city]
        chosen = self.scenario(
            scenario, levers=levers, assumptions=assumptions, city=city, budget=budget
        )
        wanted = self.outputs if outputs is None else select_outputs(self.outputs, tuple(outputs))
        requests = yearly_requests(wanted)
        found = self._engine(engine).run(self.inputs(chosen), requests)
        series = {name: self.series(name, found[name], requests[name]) for name in requests}
        paths = annual(series, wanted, self.equations)
        refuse_nonfinite(paths, chosen.name)
        paths = paths.assign_coords(self.labels(paths)).merge(self.source.origins, join="exact")
        if outputs is None:
            paths[BINDING] = binding_limit(paths)
        if city is not None:
            paths = paths.sel(city=list(city))
        told = config or {
            "scenario": chosen.name, "levers": levers, "city": city, "budget": budget,
            "engine": engine,
        }  # fmt: skip
        return paths.assign_attrs(self._attributes(chosen, engine, told))

    def __getstate__(self) -> dict[str, Any]:
        """Leave the compiled model behind: another process compiles the text for itself."""
        return {key: value for key, value in self.__dict__.items() if key != "program"}

    @cached_property
    def _fitted(self) -> dict[str, np.ndarray]:
        """What the calibration fitted, by constant: every run of a slider or a sweep needs it."""
        if self.calibration is None:
            return {}
        return self.calibration.values(self.program.constants(), self.dims)

    @property
    def _calibration_attribute(self) -> str:
        if self.calibration is None:
            return "none"
        stale = self.calibration.warning(self.places.model)
        return self.calibration.name if stale is None else f"{self.calibration.name} ({stale})"

    @cached_property
    def _times(self) -> np.ndarray:
        return self.program.times()

    def _engine(self, engine: str) -> Engine:
        if engine == "compiled":
            return self.program
        from zhuanxing.engine.reference_pysd import ReferenceEngine

        return ReferenceEngine(self.source.equations.text(), origin=self.places.origin)

    def _assumption(
        self, name: str, value: float | Mapping[str, float], inputs: Mapping[str, np.ndarray]
    ) -> np.ndarray:
        """Return an assumption's array with `value` in it, everywhere or by element ("a;b").

        Other elements are as in `inputs`, else as in the tables.
        """
        equations = self.source.equations
        array = np.array(inputs.get(name, equations.constant(name).values))
        for subscript, number in value.items() if isinstance(value, Mapping) else [("", value)]:
            array[equations.mask(name, subscript)] = number
        return array

    def series(
        self,
        name: str,
        values: np.ndarray,
        way: str,
        runs: bool = False,
        times: np.ndarray | None = None,
    ) -> xr.DataArray:
        """Return what an engine gave with its dimensions (snake_case) and coordinates.

        `times` are those of the run where they are not the model's own.
        """
        times = self._times if times is None else times
        years = round(float(times[0])) + np.arange(values.shape[1 if runs else 0])
        moments = {"time": times} if way == PATH else {"year": years}
        coords = {**moments, **{dim: list(each) for dim, each in self.dims(name).items()}}
        return xr.DataArray(values, coords, [*(["run"] if runs else []), *coords])

    @cached_property
    def equations(self) -> dict[str, str]:
        """The equation of every variable, as the sector files have it."""
        return {name: found.equation for name, found in self.program.variables.items()}

    def labels(self, dataset: xr.Dataset) -> dict[str, tuple[str, list[str]]]:
        """Return coordinates with the names of the cities and other elements of a dataset."""
        return labels(dataset, self.names.cities, self.places.model / "data")

    def _attributes(
        self, scenario: Scenario, engine: str, config: Mapping[str, Any]
    ) -> dict[str, str]:
        return {
            **run_attributes(self.places.root, config),
            "scenario": scenario.name,
            "scenario_zh": scenario.labels["name_zh"],
            "scenario_en": scenario.labels["name_en"],
            "scenario_lineage": " <- ".join(scenario.lineage),
            "engine": engine,
            "calibration": self._calibration_attribute,
            "seed": "none (the model is deterministic)",
            "information_year": str(self.source.information_year),
            "base_year": str(scenario.base_year),
            "own_figures": self.source.own or "none",
        }
