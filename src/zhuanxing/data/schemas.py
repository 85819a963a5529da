"""What each table of `model/data` must look like, as pandera schemas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
from pandera.pandas import Check, Column, DataFrameSchema

from zhuanxing.data.kinds import AGGREGATES, BETTER, CHOSEN, UNCERTAIN
from zhuanxing.data.selection.collected import QUALITIES

__all__ = ["schema_of"]

GRADES = [1, 2, 3, 4]
MODEL_UNITS = [
    "yiCNY", "yiCNY/Year", "wanperson", "wantce", "wantce/Year", "wantonne", "km2", "MW", "GWh",
    "h", "h/Year", "Year", "1/Year", "Dmnl", "ug/m3", "yiCNY/MW", "km2/MW", "km2/wanperson",
    "yiCNY/(Year*km2)", "m2/person", "wantonne/Year", "yiCNY/wantonne", "MW/Year",
]  # fmt: skip
# Works add up, rules are in force, titles are given on a day, plant is priced by its equations.
DOSE_KINDS = ["works", "rule", "title", "plant"]
KNOWN = ["yes", "part", "no"]
YEAR_BASES = ["", "official", "reported", "assumed"]
COVERAGES = ["represented", "partly", "outside"]
IDENTIFIER = r"^[a-z][a-z0-9_]*$"
FIRST_YEAR, LAST_YEAR = 1990, 2100
# What any statistic of a unit of measure may be, for tables whose variables have no ranges.
RANGES = {
    "percent": (-100.0, 200.0), "fraction": (0.0, 1.0), "1e8 CNY": (0.0, 5e6),
    "1e4 tce": (0.0, 1e6), "1e6 t": (0.0, 2e4), "1e4 persons": (0.0, 2e5), "MW": (0.0, 5e6),
    "1e8 kWh": (0.0, 2e5), "h": (0.0, 8784.0), "2015=100": (10.0, 1000.0),
}  # fmt: skip


def _text(*checks: Check, empty: bool = False) -> Column:
    if not empty:
        checks = (*checks, Check.str_length(min_value=1, error="a text that is not empty"))
    return Column(object, checks=list(checks))


def _identifier() -> Column:
    """A name that stands in commands, files and equations, and that no spreadsheet computes."""
    plain = Check.str_matches(
        IDENTIFIER, error="small letters, digits and '_' only, a letter first, as in 'base_1'"
    )
    return Column(object, checks=[plain])


def _number(low: float | None = None, high: float | None = None, empty: bool = False) -> Column:
    checks = []
    if low is not None:
        checks.append(Check.ge(low, error=f"a number of at least {low:g}"))
    if high is not None:
        checks.append(Check.le(high, error=f"a number of at most {high:g}"))
    return Column(float, checks=checks, nullable=empty)


def _year(first: int = FIRST_YEAR, last: int = LAST_YEAR) -> Column:
    return Column(int, Check.in_range(first, last, error=f"a year from {first} to {last}"))


def _one_of(names: Sequence[Any], kind: type = object) -> Column:
    listed = list(names)
    return Column(kind, Check.isin(listed, error=_listed(listed)))


def _listed(names: Sequence[Any]) -> str:
    shown = ", ".join(repr(name) if name == "" else str(name) for name in names[:8])
    return f"one of {shown}" + (", ..." if len(names) > 8 else "")


def _ranged() -> Check:
    """`low <= value <= high` in every row of the table."""
    return Check(
        lambda frame: (frame["low"] <= frame["value"]) & (frame["value"] <= frame["high"]),
        error="low <= value <= high",
    )


def _range() -> dict[str, Column]:
    return {"value": _number(), "low": _number(), "high": _number()}


def _sourced() -> dict[str, Column]:
    return {"basis": _text(), "source": _text(empty=True), "url": _text(empty=True)}


def _schema(columns: dict[str, Column], **more: Any) -> DataFrameSchema:
    return DataFrameSchema(columns, strict=True, coerce=True, **more)


def schema_of(table: str, units: Sequence[str] = (), archetypes: Sequence[str] = ()) -> Any:
    """Return the schema of `table`; `units` and `archetypes` are the names that rows may use."""
    makers: dict[str, Callable[[], DataFrameSchema]] = {
        "units": _units,
        "variables": _variables,
        "bases": _bases,
        "sources": _sources,
        "observations": lambda: _observations(units),
        "targets": lambda: _targets(units),
        "own": lambda: _own(units),
        "evaluations": lambda: _evaluations(units),
        "provinces": _provinces,
        "archetypes": lambda: _archetypes(archetypes),
        "drivers": _drivers,
        "assumptions": _assumptions,
        "levers": lambda: _levers(units),
        "lever_places": lambda: _lever_places(units),
        "clauses": _clauses,
        "outputs": _outputs,
        "laws": _laws,
        "loops": _loops,
        "elements": _elements,
        "products": lambda: _products(units),
        "earlier_products": lambda: _products(units, known_at=_year(2015)),
        "reserves": lambda: _reserves(units),
        "renewables": _renewables,
        "areas": _areas,
    }
    return makers[table]()


def _units() -> DataFrameSchema:
    texts = (
        "name_zh", "name_en", "kind", "zone_zh", "zone_en",
        "province_zh", "province_en", "archetype", "named", "geo_source",
    )  # fmt: skip
    columns = {
        "unit_id": _identifier(),
        "zone_id": _identifier(),
        **{name: _text() for name in texts},
        "administrative_code": _text(empty=True),
        "longitude": _number(73, 136),
        "latitude": _number(18, 54),
        "area_km2": _number(1, 300_000),
        "note": _text(empty=True),
    }
    return _schema(columns, unique=["unit_id"])


def _variables() -> DataFrameSchema:
    columns = {
        "variable": _identifier(), "unit": _text(), "low": _number(), "high": _number(),
        "jump": _number(1, empty=True), "bases": _text(empty=True), "output": _text(empty=True),
        "name_zh": _text(), "name_en": _text(),
    }  # fmt: skip
    ordered = Check(lambda frame: frame["low"] < frame["high"], error="low < high")
    return _schema(columns, unique=["variable"], checks=ordered)


def _bases() -> DataFrameSchema:
    columns = {
        "bases": _text(), "basis": _text(), "first_year": _year(), "last_year": _year(),
        "current": _one_of([0, 1], int), "known_from": _year(), "why": _text(),
    }  # fmt: skip
    return _schema(columns, unique=["basis", "first_year"])


def _sources() -> DataFrameSchema:
    columns = {"source_id": _text(), "source": _text(), "url": _text(empty=True)}
    return _schema(columns, unique=["source_id"])


def _observations(units: Sequence[str]) -> DataFrameSchema:
    columns = {**_own(units).columns, "source_id": _text()}
    return _schema(columns, unique=["unit_id", "year", "variable", "basis"])


def _targets(units: Sequence[str]) -> DataFrameSchema:
    columns = {
        **_own(units).columns, "source": _text(), "url": _text(empty=True),
        "note": _text(empty=True),
    }  # fmt: skip
    return _schema(columns, unique=["unit_id", "year", "variable"])


def _own(units: Sequence[str]) -> DataFrameSchema:
    columns = {
        "unit_id": _one_of(units), "year": _year(), "variable": _text(), "value": _number(),
        "unit": _text(), "quality": _one_of(QUALITIES), "basis": _text(empty=True),
    }  # fmt: skip
    return _schema(columns, unique=["unit_id", "year", "variable"])


def _evaluations(units: Sequence[str]) -> DataFrameSchema:
    columns = {
        "unit_id": _one_of(units), "year": _year(), "grade": _one_of(GRADES, int),
        "source": _text(), "url": _text(empty=True),
    }  # fmt: skip
    return _schema(columns, unique=["unit_id", "year"])


def _provinces() -> DataFrameSchema:
    columns = {
        "province": _text(), "year": _year(), "variable": _text(), "value": _number(),
        "unit": _text(), "quality": _one_of([*QUALITIES, "assumption"]), "source": _text(),
        "url": _text(empty=True),
    }  # fmt: skip
    return _schema(columns, unique=["province", "year", "variable"], checks=_of_its_unit())


def _of_its_unit() -> Check:
    """A figure that its unit of measure allows."""

    def fits(frame: pd.DataFrame) -> pd.Series:
        low = frame["unit"].map({unit: limits[0] for unit, limits in RANGES.items()})
        high = frame["unit"].map({unit: limits[1] for unit, limits in RANGES.items()})
        return (frame["value"] >= low) & (frame["value"] <= high)

    return Check(fits, error=f"a figure in one of {', '.join(RANGES)} and possible in that unit")


def _archetypes(names: Sequence[str]) -> DataFrameSchema:
    columns = {
        "applies_to": _one_of(names), "variable": _text(), "subscript": _text(empty=True),
        **_range(), "unit": _one_of(MODEL_UNITS),
        "kind": _one_of(["literature", "derived", "reasoning"]), "basis": _text(),
    }  # fmt: skip
    return _schema(columns, unique=["applies_to", "variable", "subscript"], checks=_ranged())


def _drivers() -> DataFrameSchema:
    columns = {
        "name": _text(), "subscript": _text(empty=True), "year": _year(), **_range(),
        "unit": _one_of(MODEL_UNITS), "known_from": _year(),
        "kind": _one_of(["official", "derived", "forecast", "assumption"]), **_sourced(),
    }  # fmt: skip
    key = ["name", "subscript", "year", "known_from"]
    positive = Check(lambda frame: frame["low"] > 0, error="low > 0: drivers are positive")
    return _schema(columns, unique=key, checks=[_ranged(), positive])


def _assumptions() -> DataFrameSchema:
    columns = {
        "name": _text(), "subscript": _text(empty=True), **_range(), "unit": _text(),
        "kind": _one_of([*UNCERTAIN, *CHOSEN]), **_sourced(),
    }  # fmt: skip
    return _schema(columns, unique=["name", "subscript"], checks=_ranged())


def _levers(units: Sequence[str]) -> DataFrameSchema:
    texts = (
        "name_zh", "name_en", "sector", "acts_on", "indicator", "paid_by", "dose_zh", "dose_en",
        "dose_base",
    )  # fmt: skip
    known = {*units, "ALL"}
    aimed = Check(
        lambda cells: cells.map(lambda cell: set(cell.split(";")) <= known),
        error="ALL or identifiers of units.csv separated by ';'",
    )
    costs = {name: _number(0) for name in ("dose_cost", "dose_cost_low", "dose_cost_high")}
    effect = {name: _number(empty=True) for name in ("effect", "effect_low", "effect_high")}
    columns = {
        "lever": _identifier(),
        "group": _identifier(),
        **{name: _text() for name in texts},
        "article": Column(int),
        "direction": _one_of(["up", "down", "rule"]),
        "target_units": _text(aimed),
        "dose_kind": _one_of(DOSE_KINDS),
        "dose_rate": _number(0),
        **costs,
        "saturation": _number(0, 2),
        "funding_shares": _text(empty=True),
        "administrative_effort": _number(0, 0.2),
        "delay": _number(0, 10),
        "phase_in": _number(0, 10),
        "due": _number(2015, LAST_YEAR, empty=True),
        "limit": _number(0, 1),
        **effect,
        "effect_unit": _text(empty=True),
        "return_low": _number(empty=True),
        "return_high": _number(empty=True),
        **_sourced(),
    }
    return _schema(columns, unique=["lever"])


def _lever_places(units: Sequence[str]) -> DataFrameSchema:
    columns = {
        "lever": _text(), "unit_id": _one_of(units), "dose": _number(0),
        "year": _number(2015, LAST_YEAR, empty=True), "year_basis": _one_of(YEAR_BASES),
        "name_zh": _text(), "name_en": _text(), "known": _one_of(KNOWN), **_sourced(),
    }  # fmt: skip
    dated = Check(
        lambda frame: frame["year"].notna() == (frame["year_basis"] != ""),
        error="a year has a year_basis, and only a year has one",
    )
    return _schema(columns, unique=["lever", "unit_id", "name_zh"], checks=dated)


def _clauses() -> DataFrameSchema:
    columns = {
        "article": Column(int), "section_zh": _text(), "clause_zh": _text(), "clause_en": _text(),
        "coverage": _one_of(COVERAGES), "levers": _text(empty=True),
        "variables": _text(empty=True), "target": _text(empty=True), "comment": _text(empty=True),
    }  # fmt: skip
    return _schema(columns, unique=["article", "clause_zh"])


def _outputs() -> DataFrameSchema:
    columns = {
        "name": _identifier(), "variable": _text(), "aggregate": _one_of(AGGREGATES),
        "denominator": _text(empty=True), "scale": _number(empty=True), "unit": _text(),
        "name_zh": _text(), "name_en": _text(), "sector_file": _text(), "better": _one_of(BETTER),
    }  # fmt: skip
    return _schema(columns, unique=["name"])


def _laws() -> DataFrameSchema:
    names = ("law", "residual", "scale", "name_zh", "name_en")
    return _schema({name: _text() for name in names}, unique=["law"])


def _loops() -> DataFrameSchema:
    names = ("loop", "variable", "reader", "path", "scenario", "name_zh", "name_en")
    columns = {name: _text() for name in names} | {"sign": _one_of(["reinforcing", "balancing"])}
    return _schema(columns, unique=["loop"])


def _elements() -> DataFrameSchema:
    texts = {name: _text() for name in ("dimension", "name_zh", "name_en")}
    return _schema({**texts, "element": _identifier()}, unique=["dimension", "element"])


def _products(units: Sequence[str], **more: Column) -> DataFrameSchema:
    columns = {
        "unit_id": _one_of(units), "product": _text(), "year": _year(2015), **_range(),
        "origin": _one_of(["observed", "reasoned", "estimated", "carried"]), "basis": _text(),
        "source_id": _text(empty=True), **more,
    }  # fmt: skip
    return _schema(columns, unique=["unit_id", "product", "year", *more], checks=_ranged())


def _reserves(units: Sequence[str]) -> DataFrameSchema:
    columns = {
        "unit_id": _one_of(units), "product": _text(),
        "variable": _one_of(["reserves", "resources", "extracted"]), **_range(),
        "origin": _one_of(["listed", "stage"]), "basis": _text(),
    }  # fmt: skip
    return _schema(columns, unique=["unit_id", "product", "variable"], checks=_ranged())


def _renewables() -> DataFrameSchema:
    columns = {
        "place": _text(), "plant": _text(), "year": _year(), "value": _number(0),
        "origin": _one_of(["printed", "listed", "carried"]), "basis": _text(),
    }  # fmt: skip
    return _schema(columns, unique=["place", "plant", "year"])


def _areas() -> DataFrameSchema:
    columns = {
        "province": _text(), "variable": _text(), "year": _year(), "value": _number(0),
        "origin": _one_of(["printed", "carried"]), "basis": _text(),
    }  # fmt: skip
    return _schema(columns, unique=["province", "variable", "year"])
