"""One sweep: a model, scenarios and a design, cut into pieces that can be computed anywhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

import zhuanxing
from zhuanxing.analyses.sweep.design import Design
from zhuanxing.engine.running.devices import DeviceName, choose_device
from zhuanxing.errors import ZhuanxingError
from zhuanxing.inputs import Scenario
from zhuanxing.results.outputs import Output, select_outputs
from zhuanxing.storage.hashes import folder_hash

if TYPE_CHECKING:
    from zhuanxing.model import Model

__all__ = ["Piece", "Simulation", "Sweep", "Values"]

# Versions of these, and our own code in these folders, decide the bits of a result.
PACKAGES = ("jax", "jaxlib", "numpy")
# Parts of the package that read or show results; all others decide them.
READERS = ("cli", "charts", "export", "report", "app")


@dataclass(frozen=True)
class Piece:
    """Runs `first` to before `last` of the scenario at `scenario`: computed and stored as one."""

    scenario: int
    first: int
    last: int


@dataclass(frozen=True)
class Values:
    """What a piece gave: arrays [run, year, ...] by output, and a text for each run that failed."""

    arrays: Mapping[str, np.ndarray]
    failures: Sequence[str]


@dataclass(frozen=True)
class Simulation:
    """What any process needs to compute a piece.

    `cities` are kept, and levers vary in them only; None is all. `years` None is all. `device` is
    that of `Model.run_many`.
    """

    model: Model
    scenarios: tuple[Scenario, ...]
    factors: tuple[str, ...]
    outputs: tuple[str, ...]
    cities: tuple[str, ...] | None
    years: tuple[int, ...] | None
    device: DeviceName = "cpu"

    def compute(self, scenario: int, values: np.ndarray) -> Values:
        """Return the outputs of `values` [run, factor] under one scenario."""
        base = self.scenarios[scenario]
        design = xr.Dataset(
            {
                name: self._input(name, column, base)
                for name, column in zip(self.factors, values.T, strict=True)
            },
            {"run": np.arange(len(values))},
        )
        batches = self.model.batches(
            design, base, outputs=self.outputs, years=self.years, chunk=len(values),
            device=self.device,
        )  # fmt: skip
        found = next(iter(batches))
        if self.cities is not None:
            found = found.sel(city=list(self.cities))
        arrays = {name: found[name].transpose("run", "year", ...).values for name in self.outputs}
        return Values(arrays, [str(text) for text in found["failure"].values])

    def read_files(self) -> None:
        """Have the model read what it would otherwise read when it first computes.

        A worker may be on a machine without these files.
        """
        self.model.outputs  # noqa: B018

    def _input(self, name: str, column: np.ndarray, base: Scenario) -> xr.DataArray:
        """Return a factor along run; a lever's setting by city where only some cities set it."""
        field = name.rpartition(".")[2]
        by_city = name.startswith("levers.") and field in ("intensity", "start")
        if self.cities is None or not by_city:
            return xr.DataArray(column, dims="run")
        settings = {"intensity": base.intensity, "start": base.start}[field]
        row = settings[:, base.levers.index(name.split(".")[1])]
        full = np.where(np.isin(base.cities, self.cities), column[:, None], row)
        return xr.DataArray(full, {"city": list(base.cities)}, ["run", "city"])


@dataclass(frozen=True)
class Sweep:
    """A simulation and the design that it runs, `chunk` runs a piece. `told` is the command."""

    simulation: Simulation
    design: Design
    chunk: int
    told: Mapping[str, Any] = field(default_factory=dict)

    @property
    def runs(self) -> int:
        """Return the runs of the design; each scenario has as many."""
        return len(self.design.values)

    @property
    def outputs(self) -> tuple[Output, ...]:
        """Return the outputs that are kept."""
        return select_outputs(self.simulation.model.outputs, self.simulation.outputs)

    @property
    def pieces(self) -> list[Piece]:
        """Return all pieces, in the order in which they are computed."""
        return [
            Piece(scenario, first, min(first + self.chunk, self.runs))
            for scenario in range(len(self.simulation.scenarios))
            for first in range(0, self.runs, self.chunk)
        ]

    def years(self) -> list[int]:
        """Return the calendar years kept; refuse one that the model does not reach."""
        known = self.simulation.model.years
        for year in self.simulation.years or ():
            if year not in known:
                raise ZhuanxingError(
                    f"years.keep: {year} is not among {known[0]} to {known[-1]}, which the runs "
                    "cover"
                )
        return list(self.simulation.years or known)

    def identity(self) -> dict[str, Any]:
        """Return what makes this sweep this sweep: two with the same identity give one store."""
        simulation, model = self.simulation, self.simulation.model
        package = Path(zhuanxing.__file__).parent
        data = model.places.model / "data"
        return {
            "design": {"method": self.design.method, **self.design.options},
            "runs": self.runs,
            "vary": {f.name: [f.low, f.high, *f.levels] for f in self.design.factors},
            "values": _digest(self.design.values.tobytes()),
            "scenario": {s.name: _scenario_digest(s) for s in simulation.scenarios},
            "city": list(simulation.cities or ["all"]),
            "outputs": list(simulation.outputs),
            "years": {
                "end": model.source.end,
                "information": model.source.information_year,
                "keep": self.years() if simulation.years else ["all"],
            },
            "chunk": self.chunk,
            "device": choose_device(simulation.device).identity,
            "model": folder_hash(model.places.model / "sectors"),
            "data": folder_hash(data),
            "code": folder_hash(package, without=READERS),
            "packages": {name: version(name) for name in PACKAGES},
        }


def _scenario_digest(scenario: Scenario) -> str:
    assumptions = json.dumps(scenario.assumptions, sort_keys=True).encode()
    arrays = (scenario.intensity, scenario.start, scenario.end)
    return _digest(b"".join(array.tobytes() for array in arrays) + assumptions)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
