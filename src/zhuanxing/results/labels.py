"""Chinese and English names of cities, sectors, land uses and every other dimension."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import xarray as xr

from zhuanxing.data.cells import read_rows
from zhuanxing.errors import ZhuanxingError

__all__ = ["element_names", "labels"]

# Coordinates of a city: name in the result -> column of units.csv.
CITY_COLUMNS = {
    "name_zh": "name_zh",
    "name_en": "name_en",
    "zone": "zone_id",
    "zone_zh": "zone_zh",
    "province_zh": "province_zh",
    "province_en": "province_en",
    "archetype": "archetype",
}


def labels(
    dataset: xr.Dataset, cities: Mapping[str, Mapping[str, str]], data: Path
) -> dict[str, tuple[str, list[str]]]:
    """Return label coordinates for the cities and other elements of `dataset`.

    `cities` holds the rows of units.csv by city; other labels come from `data`/elements.csv and
    `data`/levers.csv as `<dimension>_zh` and `<dimension>_en`. Raises ZhuanxingError if an
    element has no row.
    """
    coords: dict[str, tuple[str, list[str]]] = {}
    elements = _elements(data)
    for dim in map(str, dataset.dims):
        if dim == "city":
            rows = [cities[str(city)] for city in dataset[dim].values]
            coords |= {
                name: (dim, [row[column] for row in rows])
                for name, column in CITY_COLUMNS.items()
                if column in rows[0]
            }
        elif dim in elements:
            names = [_names(elements[dim], dim, str(e)) for e in dataset[dim].values]
            coords[f"{dim}_zh"] = (dim, [zh for zh, _ in names])
            coords[f"{dim}_en"] = (dim, [en for _, en in names])
    return coords


def element_names(
    data: Path, cities: Mapping[str, Mapping[str, str]] | None = None
) -> dict[str, tuple[str, str]]:
    """Return the Chinese and English name of every element of every dimension, and of `cities`."""
    found = {name: pair for rows in _elements(data).values() for name, pair in rows.items()}
    for city, row in (cities or {}).items():
        found[city] = (row["name_zh"], row["name_en"])
    return found


def _names(rows: Mapping[str, tuple[str, str]], dim: str, element: str) -> tuple[str, str]:
    if element not in rows:
        raise ZhuanxingError(
            f"elements.csv: the {dim} '{element}' has no row with its Chinese and English names"
        )
    return rows[element]


def _elements(data: Path) -> dict[str, dict[str, tuple[str, str]]]:
    table: dict[str, dict[str, tuple[str, str]]] = {}
    names = ("name_zh", "name_en")
    for row in read_rows(data / "elements.csv", ("dimension", "element", *names)):
        dimension = row["dimension"].replace(" ", "_")
        table.setdefault(dimension, {})[row["element"]] = (row["name_zh"], row["name_en"])
    table["lever"] = {
        row["lever"]: (row["name_zh"], row["name_en"])
        for row in read_rows(data / "levers.csv", ("lever", *names))
    }
    return table
