"""The model's equations with its data, kept on disk so that a second start reads no tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import xarray as xr

import zhuanxing
from zhuanxing.engine.cache import entry, unpickled
from zhuanxing.equations import Equations
from zhuanxing.errors import ZhuanxingError
from zhuanxing.storage.hashes import file_hash, folder_hash

if TYPE_CHECKING:
    from zhuanxing.calibrations import Calibration
    from zhuanxing.data.tables import Tables

__all__ = ["Assembled", "assembled", "tables_with"]

# Packages whose code decides what is assembled; a change in them makes a new entry.
CODE = ("data", "equations")


@dataclass(frozen=True)
class Assembled:
    """The assembled equations, and which rule gave each initial value.

    `origins` holds `initial_*_origin` variables: observed, carried or estimated. `own` is the file
    of a planner's own statistics with its hash, if any, and `idle` its variables that change no
    initial value.
    """

    equations: Equations
    origins: xr.Dataset
    end: int
    information_year: int
    own: str = ""
    idle: tuple[str, ...] = ()

    def not_followed(self, calibration: Calibration | None) -> tuple[str, ...]:
        """Return the variables of own statistics that a run with `calibration` does not follow.

        A run follows what its initial values rest on, and with a fit that saw the same file all.
        """
        seen = "" if calibration is None else calibration.record["own_figures"]
        return () if seen == self.own else self.idle


def assembled(
    model: Path,
    end: int,
    information_year: int | None,
    cities: Sequence[str] | None = None,
    own: Path | None = None,
) -> Assembled:
    """Return the equations of the folder `model` with its data to the end of the year `end`.

    `cities` leaves the other cities out: the model is then one of these alone, which start as
    they do in the whole. `own` is a file of statistics that lie over the tables. The cache is
    keyed by the contents of model/, of that file and of the code that assembles, so it never gives
    outdated equations. Raises ZhuanxingError for anything wrong in model/ or in `own`.
    """
    package = Path(zhuanxing.__file__).parent
    code = file_hash(Path(__file__))
    content = folder_hash(model / "sectors", model / "data", *(package / part for part in CODE))
    named = "" if own is None else f"{own.name} sha256:{file_hash(own)}"
    signature = (
        f"{zhuanxing.__version__}|{code}|{content}|{end}|{information_year}|{cities}|{named}"
    )

    def make() -> Assembled:
        made = _assemble(model, end, information_year, cities, own)
        return replace(made, own=named)

    return unpickled(entry("assembled", signature), make)


def tables_with(model: Path, own: Path | None = None) -> Tables:
    """Return the tables of the folder `model` with the statistics of the file `own` over them.

    Raises ZhuanxingError for anything wrong in either.
    """
    from zhuanxing.data.tables import read_tables

    tables = read_tables(model)
    if own is None:
        return tables
    from zhuanxing.data.own import read_own_observations

    return tables.overlaid(read_own_observations(own, tables), own.name)


def _assemble(
    model: Path,
    end: int,
    information_year: int | None,
    cities: Sequence[str] | None,
    own: Path | None,
) -> Assembled:
    # Imported here: pandas and pandera are not needed when the equations are in the cache.
    from zhuanxing.data.drivers import driver_paths
    from zhuanxing.data.initial.states import build_initial
    from zhuanxing.data.reading import DataError
    from zhuanxing.equations.assemble import assemble

    tables = tables_with(model, own)
    if information_year is None:
        information_year = tables.last_information_year
    drivers = driver_paths(tables, information_year)
    years = drivers["value"]["year"]
    first, last = int(years.min()) + 1, int(years.max())
    if not first <= end <= last:
        raise ZhuanxingError(
            "the last year of a run is {end}, but it must lie between {first} and {last}, "
            "the years of drivers.csv",
            end=end, first=first, last=last,
        )  # fmt: skip
    try:
        initial = build_initial(tables, information_year, drivers["value"])
    except DataError as problem:
        if information_year == tables.last_information_year:
            raise
        raise DataError(
            f"what was known at the end of {information_year} does not reach for a start: "
            f"{problem}; take a later year of information"
        ) from problem
    idle = () if own is None else _idle(model, own, information_year, drivers["value"], initial)
    if cities is not None:
        tables, initial = tables.of_cities(cities), _of_cities(initial, cities)
        drivers = {column: _of_cities(paths, cities) for column, paths in drivers.items()}
    equations = assemble(model, tables, initial, drivers, end)
    return Assembled(equations, _origins(initial), end, information_year, idle=idle)


def _idle(
    model: Path, own: Path, information_year: int, drivers: xr.Dataset, initial: xr.Dataset
) -> tuple[str, ...]:
    """Return the variables of own statistics without which all initial values are the same."""
    from zhuanxing.data.initial.states import build_initial
    from zhuanxing.data.own import read_own_observations

    tables = tables_with(model)
    figures = read_own_observations(own, tables)

    def same(name: str) -> bool:
        others = tables.overlaid(figures[figures["variable"] != name], own.name)
        return build_initial(others, information_year, drivers).equals(initial)

    return tuple(filter(same, sorted(set(figures["variable"]))))


def _of_cities(dataset: xr.Dataset, cities: Sequence[str]) -> xr.Dataset:
    return dataset.sel(city=list(cities)) if "city" in dataset.dims else dataset


def _origins(initial: xr.Dataset) -> xr.Dataset:
    # Records of single years are not where a run starts, nor are a province's those of a city.
    found = {
        str(name): array.variable
        for name, array in initial.items()
        if str(name).endswith("_origin") and "city" in array.dims and "record" not in array.dims
    }
    dims = {str(dim): str(dim).replace(" ", "_") for array in found.values() for dim in array.dims}
    coords = {new: initial[old].values for old, new in dims.items()}
    return xr.Dataset({name: _origin(name, array, dims) for name, array in found.items()}, coords)


def _origin(name: str, array: xr.Variable, dims: Mapping[str, str]) -> xr.Variable:
    value = name.removesuffix("_origin").replace("_", " ")
    described = {
        "long_name": f"Which rule gave the value: {value}",
        "long_name_zh": f"初始值来源：{value}",
    }
    return xr.Variable([dims[str(dim)] for dim in array.dims], array.values, described)
