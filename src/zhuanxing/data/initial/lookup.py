"""Look up what the tables know of a unit: archetype values, observations, provincial statistics."""

from __future__ import annotations

from zhuanxing.data.tables import DataError, Tables
from zhuanxing.errors import nearest

__all__ = ["Known", "Province"]

# Years whose mean stands for years that are not known yet.
EXPECTED = 3

Row = tuple[int, float, str]


class Known:
    """What is known of each unit, by name: `typical` from archetypes.csv, `seen` observations.

    `asked` are the names of the statistics that were looked up, `assumed` those of archetypes.csv.
    """

    def __init__(self, tables: Tables) -> None:
        rows = tables.archetypes
        keys = zip(rows["applies_to"], rows["variable"], rows["subscript"], strict=True)
        self._typical = dict(zip(keys, rows["value"].astype(float), strict=True))
        self._variables = sorted(set(rows["variable"]))
        units = tables.units
        self._chain = {
            unit: (unit, archetype, province, "all")
            for unit, archetype, province in zip(
                units["unit_id"], units["archetype"], units["province_en"], strict=True
            )
        }
        self.asked: set[str] = set()
        self.assumed: set[str] = set()
        self._seen: dict[str, dict[str, list[Row]]] = {}
        found = tables.observations
        for unit, variable, year, value, basis in zip(
            found["unit_id"], found["variable"], found["year"], found["value"], found["basis"],
            strict=True,
        ):  # fmt: skip
            rows_of = self._seen.setdefault(unit, {})
            rows_of.setdefault(variable, []).append((int(year), float(value), basis))

    def typical(self, unit: str, variable: str, subscript: str = "") -> float:
        """Return the value for the unit, else its archetype, its province, or all units."""
        self.assumed.add(variable)
        for key in self._chain[unit]:
            value = self._typical.get((key, variable, subscript))
            if value is not None:
                return value
        near = nearest(variable, self._variables)
        raise DataError(
            f"archetypes.csv has no '{variable}' [{subscript}] for the unit '{unit}': expected a "
            f"row for the unit, its archetype, its province or 'all' (nearest name '{near}')"
        )

    def own(self, unit: str, variable: str, subscript: str = "") -> float | None:
        """Return the value that archetypes.csv gives for this very unit, if any."""
        self.assumed.add(variable)
        return self._typical.get((unit, variable, subscript))

    def subscripts(self, unit: str, variable: str) -> list[str]:
        """Return the subscripts under which `variable` has a value for the unit, in file order."""
        self.assumed.add(variable)
        chain = self._chain[unit]
        names = [sub for key, name, sub in self._typical if name == variable and key in chain]
        return list(dict.fromkeys(names))

    def seen(self, unit: str, variable: str, *bases: str) -> dict[int, float]:
        """Return observations by year; with `bases` only the levels on one of them.

        Of a level known on several bases the one of today counts.
        """
        self.asked.add(variable)
        rows = self._seen.get(unit, {}).get(variable, [])
        return {year: value for year, value, of in rows if not any(bases) or of in bases}

    def averages(self, unit: str, stem: str) -> list[tuple[int, int, float]]:
        """Return period averages `stem_FROM_TO` of the unit as (first year, last year, value)."""
        self.asked.add(stem)
        found = []
        for variable, rows in self._seen.get(unit, {}).items():
            if variable.startswith(stem):
                first, last = variable.removeprefix(stem).strip("_").split("_")[:2]
                found.append((int(first), int(last), rows[0][1]))
        return sorted(found)


class Province:
    """Provincial and national statistics by year, with the nearest year where one is missing.

    `asked` are the names of the statistics that were looked up.
    """

    def __init__(self, tables: Tables) -> None:
        rows = tables.provinces
        self.asked: set[str] = set()
        self._rates = frozenset(rows.loc[rows["unit"] == "percent", "variable"])
        self._values: dict[tuple[str, str], dict[int, float]] = {}
        for province, variable, year, value in zip(
            rows["province"], rows["variable"], rows["year"], rows["value"], strict=True
        ):
            self._values.setdefault((province, variable), {})[int(year)] = float(value)

    def _series(self, province: str, variable: str) -> dict[int, float]:
        self.asked.add(variable)
        return self._values.get((province, variable), {})

    def value(self, province: str, variable: str, year: int) -> float:
        """Return the statistic of the year; raises DataError where the table lacks it.

        Of years that are not known yet it is expected: a rate to stay at its mean of the last
        years, an amount to go on growing as in these.
        """
        series = self._series(province, variable)
        if series and year > max(series):
            return self._expected(series, variable, year)
        if year not in series:
            raise DataError(f"provinces.csv has no {variable} of {province} in {year}")
        return series[year]

    def _expected(self, series: dict[int, float], variable: str, year: int) -> float:
        years = sorted(series)
        if variable in self._rates:
            recent = [series[when] for when in years[-EXPECTED:]]
            return sum(recent) / len(recent)
        first, last = years[-EXPECTED - 1 :][0], years[-1]
        yearly = (series[last] / series[first]) ** (1 / max(last - first, 1))
        return float(series[last] * yearly ** (year - last))

    def nearest_year(self, province: str, variable: str, year: int) -> float:
        """Return the statistic of the year closest to `year`; 0 where there is none at all."""
        series = self._series(province, variable)
        return series[min(series, key=lambda other: abs(other - year))] if series else 0.0

    def span(self, province: str, variable: str) -> tuple[int, int]:
        """Return the first and the last year of the statistic; raises DataError without two."""
        series = self._series(province, variable)
        if len(series) < 2:
            raise DataError(f"provinces.csv has no two years of {variable} of {province}")
        return min(series), max(series)

    def yearly_growth(self, province: str, variable: str) -> float:
        """Return the mean yearly growth factor from the first to the last year of a statistic."""
        first, last = self.span(province, variable)
        change = self.value(province, variable, last) / self.value(province, variable, first)
        return float(change ** (1.0 / (last - first)))
