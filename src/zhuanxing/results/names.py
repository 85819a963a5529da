"""Cities, variables and scenarios of a stored result: found by name, shown by label."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence

import numpy as np
import xarray as xr

from zhuanxing.data.names import Names, spellings_of_place
from zhuanxing.errors import ZhuanxingError, require_known
from zhuanxing.results.words import Language, unit, word

__all__ = [
    "axis_title", "city_ids", "city_label", "detail_dim", "difference_unit", "element_label",
    "find", "get_year", "is_percentage", "result_notes", "scenario_label", "unit_label", "variable",
    "variable_label",
]  # fmt: skip

# Characters of a hash that tell one state of the model from another.
_HASH = 6
_COMMON_DIMS = frozenset({"city", "year", "run", "scenario", "quantile"})


def find(name: str, valid: Iterable[Hashable], what: str) -> str:
    """Return `name` when it is in `valid`, else raise ZhuanxingError naming the nearest."""
    require_known(what, name, map(str, valid), "the result")
    return name


def variable(dataset: xr.Dataset, name: str) -> xr.DataArray:
    """Return the output `name`; raise ZhuanxingError with the nearest name when there is none."""
    return dataset[find(name, dataset.data_vars, "variable")]


def city_ids(dataset: xr.Dataset, names: Sequence[str] | None) -> list[str]:
    """Return city ids for `names` (ids, Chinese names, short too, or English ones).

    None means every city.
    """
    ids = [str(value) for value in dataset["city"].values]
    if names is None:
        return ids
    labels = [
        map(str, dataset[key].values) if key in dataset.coords else [""] * len(ids)
        for key in ("name_zh", "name_en")
    ]
    spellings = map(spellings_of_place, *labels)
    known = Names("city", dict(zip(ids, spellings, strict=True)))
    return [known.find(str(name), "the result") for name in names]


def get_year(array: xr.DataArray, year: int) -> int:
    """Return `year` when the result has it, else raise ZhuanxingError with the years there are."""
    years = [int(value) for value in array["year"].values]
    if year not in years:
        raise ZhuanxingError(
            "the result has no year {year}; expected one of {first} to {last}",
            year=year, first=years[0], last=years[-1],
        )  # fmt: skip
    return year


def last_known(dataset: xr.Dataset) -> int | None:
    """Return the last year of the statistics that a result knows; None if it does not say."""
    found = dataset.attrs.get("information_year")
    return None if found is None else int(found)


def base_year(dataset: xr.Dataset) -> int:
    """Return the year before levers may act; where a result does not say, its first year."""
    return int(dataset.attrs.get("base_year", dataset["year"].values[0]))


def city_label(dataset: xr.Dataset, city: str, language: Language) -> str:
    """Return the city's name in `language`, from the coordinate name_zh or name_en."""
    return _coordinate_label(dataset, "city", city, f"name_{language}") or _plain(city)


def element_label(data: xr.DataArray, dim: str, element: str, language: Language) -> str:
    """Return the name of one `element` of `dim` (a sector, a fuel ...) in `language`."""
    return _coordinate_label(data, dim, element, f"{dim}_{language}") or _plain(element)


def variable_label(data: xr.DataArray, language: Language) -> str:
    """Return the long name of an output in `language`, from its attributes."""
    key = "long_name_zh" if language == "zh" else "long_name"
    return str(data.attrs.get(key) or _plain(str(data.name)))


def unit_label(data: xr.DataArray, language: Language) -> str:
    """Return the unit of an output as a person says it."""
    return unit(str(data.attrs.get("units", "")), language)


def difference_unit(data: xr.DataArray, language: Language) -> str:
    """Return the unit of a difference between two values of an output."""
    return word("points", language) if is_percentage(data) else unit_label(data, language)


def is_percentage(data: xr.DataArray) -> bool:
    """Say whether an output is a percentage, so that its differences are percentage points."""
    return str(data.attrs.get("units", "")).startswith("percent")


def axis_title(data: xr.DataArray, language: Language) -> str:
    """Return the long name, with its unit on a second line, as an axis title."""
    return f"{variable_label(data, language)}\n{unit_label(data, language)}".rstrip()


def scenario_label(datasets: Mapping[str, xr.Dataset], key: str, language: Language) -> str:
    """Return the name of scenario `key` in `language`, from the attributes of its file."""
    return str(datasets[key].attrs.get(f"scenario_{language}") or _plain(key))


def result_notes(datasets: Mapping[str, xr.Dataset], language: Language) -> list[str]:
    """Return the footnotes of a chart of results: what made them, and the scenario if it is one."""
    first = next(iter(datasets.values()))
    notes = []
    if len(datasets) == 1:
        label = scenario_label(datasets, next(iter(datasets)), language)
        notes.append(word("scenario_note", language, scenarios=label))
    made = [str(first.attrs.get(f"{part}_hash", ""))[:_HASH] for part in ("model", "data")]
    if all(made):
        notes.append(word("made_with", language, model=made[0], data=made[1]))
    return notes


def detail_dim(data: xr.DataArray) -> str:
    """Return the one dimension besides city and year (sector, fuel, land use, source ...)."""
    dims = [str(dim) for dim in data.dims if dim not in _COMMON_DIMS]
    if len(dims) != 1:
        raise ZhuanxingError(
            f"The variable {data.name!r} has dimensions {', '.join(map(str, data.dims))}: "
            f"expected city, year and one more to stack."
        )
    return dims[0]


def _coordinate_label(
    data: xr.Dataset | xr.DataArray, dim: str, element: str, coordinate: str
) -> str:
    if coordinate not in data.coords or data[coordinate].dims != (dim,):
        return ""
    position = np.flatnonzero(data[dim].values.astype(str) == element)
    return str(data[coordinate].values[position[0]]) if position.size else ""


def _plain(name: str) -> str:
    return name.replace("_", " ")
