"""Later statistics set against the bands of scenarios: inside, above, below, and how surprising."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from zhuanxing.analyses.bands import draw_runs
from zhuanxing.data.cells import row_lines
from zhuanxing.data.own import HEADINGS
from zhuanxing.data.reading import open_table
from zhuanxing.errors import ZhuanxingError, require_known
from zhuanxing.results.bands import ENDS
from zhuanxing.results.outputs import select_outputs
from zhuanxing.results.words import unit

if TYPE_CHECKING:
    from zhuanxing.inputs import Scenario
    from zhuanxing.model import Model

__all__ = ["monitor", "read_statistics"]

COLUMNS = ("city", "year", "output", "value")
# What files of own figures call the columns.
OURS = {"unit_id": "city", "variable": "output"}


def read_statistics(path: Path, model: Model) -> pd.DataFrame:
    """Read statistics from a CSV file: columns city, year, output, value, perhaps unit.

    Headings, cities and outputs may have their Chinese or English names, digits may be full-width,
    and the file may be in GBK, as spreadsheets write it. Raises ZhuanxingError, with the line, for
    a missing column, an unknown name, another unit, and a value or year that is not a number.
    """
    table = open_table(path, chinese=True)
    named = [HEADINGS.get(str(column), str(column)) for column in table.columns]
    table = table.set_axis([OURS.get(name, name) for name in named], axis=1)
    for column in COLUMNS:
        if column not in table.columns:
            raise ZhuanxingError(
                "{path}, line 1: the column '{column}' is missing{near}",
                path=path, column=column, near="",
            )  # fmt: skip
    rows = []
    for line, row in zip(row_lines(path), table.to_dict("records"), strict=True):
        where = f"{path}, line {line}"
        try:
            year, value = int(_digits(row["year"])), float(_digits(row["value"]))
        except ValueError as error:
            raise ZhuanxingError(
                "{where}: year '{year}' and value '{value}' must be numbers",
                where=where,
                year=row["year"],
                value=row["value"],
            ) from error
        city = model.names.of("city").find(row["city"], where)
        output = model.names.of("output").find(row["output"], where)
        _require_unit(model, output, row.get("unit", ""), where)
        rows.append((city, year, output, value))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _digits(text: str) -> str:
    """Return a number without the commas of thousands, in plain digits."""
    return unicodedata.normalize("NFKC", text).replace(",", "")


def _require_unit(model: Model, output: str, found: str, where: str) -> None:
    (one,) = select_outputs(model.outputs, (output,))
    ours = (one.unit, unit(one.unit, "zh"), unit(one.unit, "en"))
    if found and found not in ours:
        raise ZhuanxingError(
            "{where}: the unit of '{output}' is '{found}', but the model has it in {ours} "
            "({unit}); convert the value, or leave the unit out",
            where=where, output=output, found=found, ours=ours[1], unit=one.unit,
        )  # fmt: skip


def monitor(
    model: Model, scenarios: Mapping[str, Scenario], statistics: pd.DataFrame, *, draws: int = 0
) -> pd.DataFrame:
    """Return one row a statistic and scenario: what was expected, and whether it came so.

    Columns: city, year, output, observed, scenario, expected; with draws low and high (between
    which four fifths of them lie), `verdict` (inside, above, below) and `surprise`: the chance of
    a value at least as far from the middle, 1 where it is in the middle. Without draws they are
    missing, and `error` (percent of the expected) is all there is. Raises ZhuanxingError for a
    year that the runs do not cover.
    """
    outputs = list(dict.fromkeys(statistics["output"]))
    for year in statistics["year"]:
        if year not in model.years:
            raise ZhuanxingError(
                "a statistic is of {year}, but the runs cover {first} to {last}; set years.end",
                year=year, first=model.years[0], last=model.years[-1],
            )  # fmt: skip
    drawn = draw_runs(model, scenarios, draws=draws, outputs=outputs) if draws else {}
    rows = []
    for name, scenario in scenarios.items():
        paths = model.run(scenario)
        for row in statistics.to_dict("records"):
            statistic = {str(key): value for key, value in row.items()}
            rows.append(_row(statistic, name, paths, drawn.get(name)))
    order = ["city", "output", "year", "scenario"]
    return pd.DataFrame(rows).sort_values(order, kind="stable").reset_index(drop=True)


def _row(
    statistic: Mapping[str, object], scenario: str, paths: xr.Dataset, drawn: xr.Dataset | None
) -> dict[str, object]:
    output = str(statistic["output"])
    require_known("output", output, map(str, paths.data_vars), "monitor")
    place = {"city": statistic["city"], "year": statistic["year"]}
    observed, expected = float(str(statistic["value"])), float(paths[output].sel(place))
    row: dict[str, object] = {
        **place,
        "output": output,
        "observed": observed,
        "scenario": scenario,
        "expected": expected,
        "error": 100 * (observed / expected - 1) if expected else np.nan,
    }
    if drawn is None:
        return row
    values = drawn[output].sel(place).values
    low, high = np.quantile(values, ENDS)
    below = (np.sum(values < observed) + 0.5 * np.sum(values == observed)) / len(values)
    verdict = "below" if observed < low else "above" if observed > high else "inside"
    surprise = 2 * min(below, 1 - below)
    return {**row, "low": low, "high": high, "verdict": verdict, "surprise": surprise}
