"""One model text out of the sector files and the tables: what both engines and exports read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from zhuanxing.equations.constants import (
    Constant,
    assumption_constants,
    initial_constants,
    lever_constants,
)
from zhuanxing.equations.lookups import points_of_annual_means
from zhuanxing.errors import ZhuanxingError

if TYPE_CHECKING:
    from zhuanxing.data.tables import Tables

__all__ = ["assemble"]

ENCODING_MARK = "{UTF-8}"
# The variable of the sector files that says when outside conditions are read.
MOMENT = "middle of step"
# Vensim reads these as the end of an equation or of one of its parts.
RESERVED = str.maketrans({"|": "/", "~": "-", "\n": " "})


def assemble(
    model: Path, tables: Tables, initial: xr.Dataset, drivers: xr.Dataset, end_year: int
) -> str:
    """Return the whole model as one Vensim text that runs to the end of `end_year`.

    `model` is the model folder. Dimensions come from units.csv, levers.csv and elements.csv,
    constants from the tables and `initial`, look-ups over time from `drivers`. Raises
    ZhuanxingError for a table that does not fit its dimensions.
    """
    elements = {
        "city": tables.cities,
        "lever": list(tables.levers["lever"]),
        **{name: list(names) for name, names in tables.elements.items()},
    }
    constants = [
        *assumption_constants(tables.assumptions, elements),
        *lever_constants(tables.levers, tables.units, elements["funding source"]),
        *initial_constants(initial),
    ]
    parts = [
        ENCODING_MARK,
        *(_range(name, names) for name, names in elements.items()),
        *(_constant(constant, elements) for constant in constants),
        *_drivers(drivers, elements),
        *sector_texts(model / "sectors"),
        _equation("FINAL TIME", _number(end_year + 1), "Year", "End of the last year."),
    ]
    return "\n\n".join(parts) + "\n"


def sector_texts(folder: Path) -> Iterator[str]:
    """Yield the sector files of `folder` in alphabetical order, without their encoding mark.

    Raises ZhuanxingError if there is none.
    """
    paths = sorted(folder.glob("*.mdl"))
    if not paths:
        raise ZhuanxingError(f"{folder} holds no sector file; the equations are .mdl files there")
    for path in paths:
        yield path.read_text(encoding="utf-8").removeprefix(ENCODING_MARK).strip()


def _range(name: str, elements: Sequence[str]) -> str:
    return f"{name}:\n\t{', '.join(elements)}\n\t~~|"


def _constant(constant: Constant, elements: Mapping[str, Sequence[str]]) -> str:
    expected = tuple(len(elements[dim]) for dim in constant.dims)
    if constant.values.shape != expected:
        raise ZhuanxingError(
            f"'{constant.name}' has the shape {constant.values.shape} where its dimensions "
            f"{', '.join(constant.dims)} need {expected}"
        )
    name = _subscripted(constant.name, constant.dims)
    return _equation(name, _numbers(constant.values), constant.unit, constant.comment)


def _drivers(drivers: xr.Dataset, elements: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield two equations a driver: its look-up over time, and its value now."""
    for key, array in drivers.data_vars.items():
        name = str(key).replace("_", " ")
        dims = tuple(str(dim) for dim in array.dims if dim != "year")
        years = np.asarray(array["year"].values, float)
        unit = str(array.attrs["units"])
        table = f"{name} by year"
        comment = f"Annual means of the driver {name}, knots at mid-year"
        if not dims:
            points = _points(*points_of_annual_means(years, array.values))
            yield _lookup(table, points, unit, comment)
            yield _equation(name, f"{table}({MOMENT})", unit, f"Driver from outside: {name}.")
            continue
        (dim,) = dims
        names = [str(element) for element in array[dim].values]
        owner = _owner(name, names, elements)
        for element in names:
            points = _points(*points_of_annual_means(years, array.sel({dim: element}).values))
            yield _lookup(f"{table}[{element}]", points, unit, comment)
            comment = ""
        call = f"{table}[{owner}]({MOMENT})"
        yield _equation(f"{name}[{owner}]", call, unit, f"Driver from outside: {name}.")


def _owner(name: str, names: Sequence[str], elements: Mapping[str, Sequence[str]]) -> str:
    """Return the range that holds exactly the elements `names`."""
    for dim, members in elements.items():
        if set(members) == set(names):
            return dim
    raise ZhuanxingError(
        f"drivers.csv: '{name}' is given for {', '.join(names[:4])} and others, "
        "which are no whole dimension of elements.csv"
    )


def _lookup(name: str, points: str, unit: str, comment: str) -> str:
    return f"{name}(\n\t{points})\n\t~ {unit}\n\t~ {comment.translate(RESERVED)}\n\t|"


def _points(times: np.ndarray, values: np.ndarray) -> str:
    pairs = zip(times, values, strict=True)
    return ",".join(f"({_number(time)},{_number(value)})" for time, value in pairs)


def _equation(name: str, right: str, unit: str, comment: str) -> str:
    return f"{name} = {right}\n\t~ {unit}\n\t~ {comment.translate(RESERVED)}\n\t|"


def _subscripted(name: str, dims: Sequence[str]) -> str:
    return f"{name}[{','.join(dims)}]" if dims else name


def _numbers(values: np.ndarray) -> str:
    if values.ndim == 0:
        return _number(values)
    if values.ndim == 1:
        return ",".join(map(_number, values))
    return ";".join(map(_numbers, values)) + ";"


def _number(value: float | np.ndarray) -> str:
    return repr(float(value))
