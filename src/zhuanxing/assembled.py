"""The model's equations with its data, kept on disk so that a second start reads no tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import xarray as xr

import zhuanxing
from zhuanxing.engine.cache import entry, unpickled
from zhuanxing.equations import Equations
from zhuanxing.errors import ZhuanxingError
from zhuanxing.results.describe import folder_hash

__all__ = ["Assembled", "assembled"]

# Packages whose code decides what is assembled; a change in them makes a new entry.
CODE = ("data", "equations")


@dataclass(frozen=True)
class Assembled:
    """The assembled equations, and which rule gave each initial value.

    `origins` holds `initial_*_origin` variables: observed, carried or estimated.
    """

    equations: Equations
    origins: xr.Dataset
    end: int
    information_year: int


def assembled(
    model: Path, end: int, information_year: int, cities: Sequence[str] | None = None
) -> Assembled:
    """Return the equations of the folder `model` with its data to the end of the year `end`.

    `cities` leaves the other cities out: the model is then one of these alone, which start as
    they do in the whole. The cache is keyed by the contents of model/ and of the code that
    assembles, so it never gives outdated equations. Raises ZhuanxingError for anything wrong in
    model/.
    """
    package = Path(zhuanxing.__file__).parent
    content = folder_hash(model / "sectors", model / "data", *(package / part for part in CODE))
    signature = f"{zhuanxing.__version__}|{content}|{end}|{information_year}|{cities}"
    return unpickled(
        entry("assembled", signature), lambda: _assemble(model, end, information_year, cities)
    )


def _assemble(
    model: Path, end: int, information_year: int, cities: Sequence[str] | None
) -> Assembled:
    # Imported here: pandas and pandera are not needed when the equations are in the cache.
    from zhuanxing.data.drivers import build_drivers
    from zhuanxing.data.initial.states import build_initial
    from zhuanxing.data.tables import read_tables
    from zhuanxing.equations.assemble import assemble

    tables = read_tables(model)
    drivers = {
        column: build_drivers(
            replace(tables, drivers=tables.drivers.assign(value=tables.drivers[column])),
            information_year,
        )
        for column in ("low", "value", "high")
    }
    years = drivers["value"]["year"]
    first, last = int(years.min()) + 1, int(years.max())
    if not first <= end <= last:
        raise ZhuanxingError(
            f"the last year of a run is {end}, but it must lie between {first} and {last}, "
            "the years of drivers.csv"
        )
    initial = build_initial(tables, information_year)
    if cities is not None:
        tables, initial = tables.of_cities(cities), _of_cities(initial, cities)
        drivers = {column: _of_cities(paths, cities) for column, paths in drivers.items()}
    equations = assemble(model, tables, initial, drivers, end)
    return Assembled(equations, _origins(initial), end, information_year)


def _of_cities(dataset: xr.Dataset, cities: Sequence[str]) -> xr.Dataset:
    return dataset.sel(city=list(cities)) if "city" in dataset.dims else dataset


def _origins(initial: xr.Dataset) -> xr.Dataset:
    names = [name for name in map(str, initial.data_vars) if name.endswith("_origin")]
    origins = initial[names].drop_attrs()
    origins = origins.rename({dim: str(dim).replace(" ", "_") for dim in origins.dims})
    for name in names:
        value = name.removesuffix("_origin").replace("_", " ")
        origins[name].attrs = {
            "long_name": f"Which rule gave the value: {value}",
            "long_name_zh": f"初始值来源：{value}",
        }
    return origins
