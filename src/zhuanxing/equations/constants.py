"""Constants of the model text, made from the rows of the tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from zhuanxing.data.kinds import LEVER_YEARS, UNCERTAIN
from zhuanxing.errors import ZhuanxingError, nearest

if TYPE_CHECKING:
    from zhuanxing.data.tables import Tables

__all__ = [
    "OTHERS", "Constant", "Row", "assumption_constants", "initial_constants", "lever_constants",
]  # fmt: skip

# The subscript of a row that stands for all elements that no other row names.
OTHERS = "others"
# Energy plant is works too, though its equations price and count it.
DOSE_MARKS = {"works": ("works", "plant"), "title": ("title",)}
# yiCNY/Year: a hundred times the output of the nation.
NO_CEILING = 1e8
RANGED = ["name", "unit", "basis", "subscript", "value", "low", "high", "kind"]


@dataclass(frozen=True)
class Row:
    """A row of a table: the elements that it names (`a;b`, or "" for a scalar), and its range.

    `uncertain` is false for what a scenario sets and for what is so by definition.
    """

    subscript: str
    value: float
    low: float
    high: float
    uncertain: bool


@dataclass(frozen=True)
class Constant:
    """A constant of the model: name, dimensions, values in that shape, unit and comment.

    `rows` are those of the tables that give its values, where they give ranges too.
    """

    name: str
    dims: tuple[str, ...]
    values: np.ndarray
    unit: str
    comment: str
    rows: tuple[Row, ...] = ()


def assumption_constants(
    frame: pd.DataFrame, elements: Mapping[str, Sequence[str]]
) -> Iterator[Constant]:
    """Yield the constants of assumptions.csv.

    A row without subscript is a scalar; rows with subscripts make an array over the dimensions
    that hold their elements, and the row of subscript `others` fills what no row names. Raises
    ZhuanxingError for an unknown element or one that no row gives.
    """
    by_name: dict[str, list[Row]] = {}
    told: dict[str, tuple[str, str]] = {}
    for name, unit, comment, subscript, value, low, high, kind in zip(
        *(frame[column] for column in RANGED), strict=True
    ):
        told.setdefault(name, (unit, comment))
        by_name.setdefault(name, []).append(Row(subscript, value, low, high, kind in UNCERTAIN))
    for name, rows in by_name.items():
        (unit, comment), ranged = told[name], tuple(rows)
        if [row.subscript for row in ranged] == [""]:
            yield Constant(name, (), np.asarray(ranged[0].value), unit, comment, ranged)
            continue
        given = {row.subscript: row.value for row in ranged}
        rest = given.pop(OTHERS, np.nan)
        dims = _dims(name, given, elements)
        values = np.full([len(elements[dim]) for dim in dims], rest)
        for subscript, value in given.items():
            parts = zip(dims, subscript.split(";"), strict=True)
            values[tuple(list(elements[dim]).index(part) for dim, part in parts)] = value
        if np.isnan(values).any():
            raise ZhuanxingError(
                f"assumptions.csv: '{name}' has no value for every element of {', '.join(dims)}; "
                f"add the missing rows or one with the subscript '{OTHERS}'"
            )
        yield Constant(name, dims, values, unit, comment, ranged)


def _dims(
    name: str, given: Mapping[str, float], elements: Mapping[str, Sequence[str]]
) -> tuple[str, ...]:
    """Return the dimensions whose elements the subscripts name, position by position."""
    places = zip(*(subscript.split(";") for subscript in given), strict=True)
    dims = []
    for parts in places:
        found = [dim for dim, names in elements.items() if set(parts) <= set(names)]
        if not found:
            known = [element for names in elements.values() for element in names]
            wrong = next((part for part in parts if part not in known), parts[0])
            raise ZhuanxingError(
                f"assumptions.csv: '{name}' has the subscript '{wrong}', which belongs to no one "
                f"dimension with its others; the nearest element is '{nearest(wrong, known)}'"
            )
        # A subrange is never meant where the full range fits as well.
        dims.append(max(found, key=lambda dim: len(elements[dim])))
    return tuple(dims)


def initial_constants(initial: xr.Dataset) -> Iterator[Constant]:
    """Yield the constants of the initial state; variables of origins are left out."""
    for key, array in initial.data_vars.items():
        name = str(key)
        if name.endswith("_origin"):
            continue
        dims = tuple(str(dim).replace("_", " ") for dim in array.dims)
        comment = str(array.attrs.get("long_name", "Initial state of the unit"))
        unit = str(array.attrs["units"])
        yield Constant(name.replace("_", " "), dims, np.asarray(array.values), unit, comment)


def lever_constants(tables: Tables, elements: Mapping[str, Sequence[str]]) -> Iterator[Constant]:
    """Yield the constants of levers.csv and lever_places.csv, and zone membership.

    What a run may set is neutral here: intensities, starts, and the money of payers.
    """
    levers, units = tables.levers, tables.units
    sources = elements["funding source"]
    by_lever = {
        "lever dose cost": ("dose_cost", "yiCNY/dose", "Price of a dose; of rules, a year"),
        "lever saturation": ("saturation", "Dmnl", "How much less a dose does later"),
        "lever administrative effort": (
            "administrative_effort", "Dmnl", "Administrative work at full level",
        ),
        "lever delay": ("delay", "Year", "Years before the first effect"),
        "lever phase in": ("phase_in", "Year", "Years from first effect to full level"),
        "lever limit": ("limit", "Dmnl", "Highest level that can be reached"),
    }  # fmt: skip
    for name, (column, unit, comment) in by_lever.items():
        values = levers[column].to_numpy(float)
        yield Constant(name, ("lever",), values, unit, comment, _costs(levers, column))
    shares = np.array([_shares(text, sources) for text in levers["funding_shares"]])
    comment = "Part of the cost that each source pays"
    yield Constant("lever funding share", ("lever", "funding source"), shares, "Dmnl", comment)
    cities = list(units["unit_id"])
    targets = np.array([_targets(text, cities) for text in levers["target_units"]]).T
    both = ("city", "lever")
    yield Constant("lever target", both, targets, "Dmnl", "One where the plan aims the lever")
    none = np.zeros(targets.shape)
    yield Constant("lever intensity", both, none, "Dmnl", "Intensity set by the scenario")
    start, end = (np.full(targets.shape, year) for year in LEVER_YEARS)
    yield Constant("lever start", both, start, "Year", "Start set by the scenario")
    yield Constant("lever end", both, end, "Year", "End set by the scenario")
    yield from _doses(tables, elements)
    yield from _budgets(cities, sources)
    yield from _effects(levers)
    member = (units["named"] != "provincial").to_numpy(float)
    comment = "One for national zones, zero for a provincial zone"
    yield Constant("zone member", ("city",), member, "Dmnl", comment)
    since = pd.to_numeric(units["named"], errors="coerce").fillna(LEVER_YEARS[1])
    comment = "Year in which a national zone was named; no provincial one was"
    yield Constant("zone since", ("city",), since.to_numpy(float), "Year", comment)


def _doses(tables: Tables, elements: Mapping[str, Sequence[str]]) -> Iterator[Constant]:
    """Yield how much a full dose is by size of a city and by named place, and of what kind."""
    levers, bases = tables.levers, list(elements["dose base"])
    rates = np.zeros((len(levers), len(bases)))
    for row, (base, rate) in enumerate(zip(levers["dose_base"], levers["dose_rate"], strict=True)):
        rates[row, bases.index(base)] = rate
    comment = "Full dose per unit of the size of a city"
    yield Constant("lever dose rate", ("lever", "dose base"), rates, "dose", comment)
    for mark, kinds in DOSE_MARKS.items():
        marks = levers["dose_kind"].isin(kinds).to_numpy(float)
        comment = f"One for levers whose doses are {' or '.join(kinds)}"
        yield Constant(f"lever is {mark}", ("lever",), marks, "Dmnl", comment)
    doses = np.zeros((len(tables.units), len(levers)))
    given = np.zeros(doses.shape)
    due = np.tile(levers["due"].fillna(LEVER_YEARS[1]).to_numpy(float), (len(doses), 1))
    titles = levers["dose_kind"].isin(DOSE_MARKS["title"]).to_numpy(bool)
    columns = ["unit_id", "lever", "dose", "year"]
    for city, lever, dose, year in tables.lever_places[columns].itertuples(index=False):
        where = tables.cities.index(str(city)), list(levers["lever"]).index(str(lever))
        doses[where] += float(dose)
        if not np.isnan(float(year)):
            (given if titles[where[1]] else due)[where] = float(year)
    both = ("city", "lever")
    yield Constant("place dose", both, doses, "dose", "Dose of the places that the plan names")
    yield Constant("title year", both, given, "Year", "When a title is given, else with its lever")
    yield Constant("due year", both, due, "Year", "Year by whose end works are to be complete")


def _budgets(cities: Sequence[str], sources: Sequence[str]) -> Iterator[Constant]:
    """Yield the money of payers as it is when a run sets nothing."""
    both, shape = ("city", "funding source"), (len(cities), len(sources))
    comment = "Most that a payer gives for levers in a year; out of reach unless a run sets it"
    yield Constant("payer ceiling", both, np.full(shape, NO_CEILING), "yiCNY/Year", comment)


def _effects(levers: pd.DataFrame) -> Iterator[Constant]:
    """Yield the size of the effect of every lever that has one."""
    columns = ["lever", "effect_unit", "name_en", "effect", "effect_low", "effect_high"]
    for lever, unit, label, *sizes in levers[columns].itertuples(index=False):
        if not np.isnan(sizes[0]):
            name = f"effect of {str(lever).replace('_', ' ')}"
            comment = f"Size of the effect of: {label}"
            value, low, high = map(float, sizes)
            row = Row("", value, low, high, True)
            yield Constant(name, (), np.asarray(row.value), str(unit), comment, (row,))


def _costs(levers: pd.DataFrame, column: str) -> tuple[Row, ...]:
    """Return the rows of the costs, the one column of a lever that has a range of its own."""
    if column != "dose_cost":
        return ()
    rows = levers[["lever", "dose_cost", "dose_cost_low", "dose_cost_high"]]
    return tuple(
        Row(str(lever), float(value), float(low), float(high), True)
        for lever, value, low, high in rows.itertuples(index=False)
    )


def _shares(text: str, sources: Sequence[str]) -> list[float]:
    given = dict(part.split(":") for part in text.split(";") if part)
    return [float(given.get(source, 0)) for source in sources]


def _targets(text: str, cities: Sequence[str]) -> list[float]:
    named = text.split(";")
    return [float("ALL" in named or city in named) for city in cities]
