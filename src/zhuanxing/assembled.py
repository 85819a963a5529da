"""The model's text with its data, kept on disk so that a second start reads no tables."""

from __future__ import annotations

import hashlib
import os
import pickle
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import xarray as xr

import zhuanxing
from zhuanxing.errors import ZhuanxingError
from zhuanxing.results.describe import folder_hash

__all__ = ["Assembled", "assembled"]

# Packages whose code decides what is assembled; a change in them makes a new entry.
CODE = ("data", "equations")


@dataclass(frozen=True)
class Assembled:
    """The assembled equations, and which rule gave each initial value.

    `origins` holds `initial_*_origin` variables: observed, carried or archetype.
    """

    text: str
    origins: xr.Dataset
    end: int
    information_year: int


def assembled(model: Path, end: int, information_year: int) -> Assembled:
    """Return the equations of the folder `model` with its data to the end of the year `end`.

    The cache is keyed by the contents of model/ and of the code that assembles, so it never
    gives an outdated text. Raises ZhuanxingError for anything wrong in model/.
    """
    path = _cache_folder() / "assembled" / f"{_key(model, end, information_year)}.pickle"
    with suppress(OSError, pickle.UnpicklingError, EOFError, AttributeError, ImportError):
        stored: Assembled = pickle.loads(path.read_bytes())
        return stored
    result = _assemble(model, end, information_year)
    # A cache that cannot be written only costs time.
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}")
        temporary.write_bytes(pickle.dumps(result))
        temporary.replace(path)
    return result


def _assemble(model: Path, end: int, information_year: int) -> Assembled:
    # Imported here: pandas and pandera are not needed when the text is in the cache.
    from zhuanxing.data.drivers import build_drivers
    from zhuanxing.data.initial.states import build_initial
    from zhuanxing.data.tables import read_tables
    from zhuanxing.equations.assemble import assemble

    tables = read_tables(model)
    drivers = build_drivers(tables, information_year)
    first, last = int(drivers["year"].min()) + 1, int(drivers["year"].max())
    if not first <= end <= last:
        raise ZhuanxingError(
            f"the last year of a run is {end}, but it must lie between {first} and {last}, "
            "the years of drivers.csv"
        )
    initial = build_initial(tables, information_year)
    text = assemble(model, tables, initial, drivers, end)
    return Assembled(text, _origins(initial), end, information_year)


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


def _key(model: Path, end: int, information_year: int) -> str:
    package = Path(zhuanxing.__file__).parent
    content = folder_hash(model / "sectors", model / "data", *(package / part for part in CODE))
    text = f"{zhuanxing.__version__}|{content}|{end}|{information_year}"
    return hashlib.sha256(text.encode()).hexdigest()


def _cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "zhuanxing"
