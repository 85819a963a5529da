"""A city in tables under headings that people read: a sheet a theme, aims, money, sources."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import xarray as xr

from zhuanxing.errors import ZhuanxingError
from zhuanxing.results import names
from zhuanxing.results.aims import aims_of
from zhuanxing.results.bands import centre
from zhuanxing.results.binding import BINDING, limit_label
from zhuanxing.results.comparable import require_comparable
from zhuanxing.results.glossary import read_glossary
from zhuanxing.results.words import Language, word
from zhuanxing.storage.atomic import written_whole

__all__ = ["city_tables", "harmless", "write_tables"]

# What makes a spreadsheet take text for a formula when it opens a file.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
WIDEST, NARROWEST = 44, 9
MONEY = "lever_spending"


def city_tables(
    results: Mapping[str, xr.Dataset],
    city: str,
    *,
    aims: pd.DataFrame,
    model: Path,
    language: Language,
) -> dict[str, pd.DataFrame]:
    """Return tables by the name of their sheet, headings and units in `language`.

    `results` are annual paths by scenario, the first the one compared with; `model` is the folder
    of the tables. Sheets: one for each sector file, aims, money by payer and year, sources of the
    initial values, and about. Raises ZhuanxingError for results that cannot be compared.
    """
    require_comparable(results)
    first = next(iter(results.values()))
    sheets: dict[str, pd.DataFrame] = {}
    glossary = read_glossary(model)
    for name, data in first.data_vars.items():
        if not {"city", "year"} <= set(data.dims) or data.ndim > 3:
            continue
        file = str(data.attrs.get("sector_file", "")).removesuffix(".mdl")
        theme = glossary.chinese(file) if language == "zh" else file
        theme = theme or word("sheet_other", language)
        rows = _rows(results, str(name), city, language)
        sheets[theme] = pd.concat([sheets.get(theme, pd.DataFrame()), rows], ignore_index=True)
    sheets[word("sheet_aims", language)] = _aims(results, city, aims, language)
    sheets[word("sheet_money", language)] = _money(results, city, language)
    sheets[word("sheet_starts", language)] = _starts(first, city, language, model)
    sheets[word("sheet_about", language)] = _about(results, city, language)
    return {name: table for name, table in sheets.items() if len(table)}


def write_tables(sheets: Mapping[str, pd.DataFrame], path: Path) -> None:
    """Write the tables as .xlsx, a sheet each, or one under another as .csv.

    Text is never a formula. A .csv begins with the mark by which Excel knows UTF-8. Raises
    ZhuanxingError for another ending and if the file cannot be written.
    """
    ending = path.suffix.lower()
    if ending not in (".xlsx", ".csv"):
        raise ZhuanxingError(f"{path}: a table is written as .xlsx or .csv")
    with written_whole(path) as temporary:
        (_write_workbook if ending == ".xlsx" else _write_csv)(sheets, temporary)


def harmless(value: object) -> object:
    """Return text that a spreadsheet would take for a formula behind an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _rows(
    results: Mapping[str, xr.Dataset], name: str, city: str, language: Language
) -> pd.DataFrame:
    """Return a row for each scenario and element of an output, a column a year."""
    rows = []
    for key, result in results.items():
        if name not in result:
            continue
        data = centre(result[name]).sel(city=city)
        head: dict[str, float | str] = {
            word("column_output", language): names.variable_label(data, language),
            word("column_unit", language): names.unit_label(data, language),
            word("column_scenario", language): names.scenario_label(results, key, language),
        }
        detail = [str(dim) for dim in data.dims if dim != "year"]
        if not detail:
            if name == BINDING:
                limits = map(str, data.values)
                data = data.copy(data=[limit_label(result, one, language) for one in limits])
            rows.append(head | _by_year(data))
            continue
        for element in map(str, data[detail[0]].values):
            part = data.sel({detail[0]: element})
            if not bool((part != 0).any()) or part.dtype.kind not in "fiub":
                continue
            label = names.element_label(data, detail[0], element, language)
            output = f"{head[word('column_output', language)]}：{label}"
            rows.append({**head, word("column_output", language): output} | _by_year(part))
    return pd.DataFrame(rows)


def _by_year(data: xr.DataArray) -> dict[str, float | str]:
    """Return the values by year; a few outputs are words (which payer's limit binds)."""
    of_kind = float if data.dtype.kind in "fiub" else str
    pairs = zip(data["year"].values, data.values, strict=True)
    return {str(int(year)): of_kind(value) for year, value in pairs}


def _aims(
    results: Mapping[str, xr.Dataset], city: str, table: pd.DataFrame, language: Language
) -> pd.DataFrame:
    rows = []
    first = next(iter(results.values()))
    for year in sorted({int(year) for year in table["year"]} & set(first["year"].values.tolist())):
        for aim in aims_of(table, first, city, year):
            for key, result in results.items():
                value = aim.reached(result, city)
                rows.append(
                    {
                        word("aim", language): aim.name(first, language),
                        word("column_unit", language): aim.unit(first, language),
                        word("column_year", language): year,
                        word("column_limit", language): f"{aim.sign} {aim.value:g}",
                        word("column_scenario", language): names.scenario_label(
                            results, key, language
                        ),
                        word("column_value", language): value,
                        word("column_verdict", language): word(aim.verdict(value), language),
                    }
                )
    return pd.DataFrame(rows)


def _money(results: Mapping[str, xr.Dataset], city: str, language: Language) -> pd.DataFrame:
    rows = []
    for key, result in results.items():
        if MONEY not in result:
            continue
        data = centre(result[MONEY]).sel(city=city)
        dim = names.detail_dim(result[MONEY])
        for element in map(str, data[dim].values):
            part = data.sel({dim: element})
            if bool((part != 0).any()):
                rows.append(
                    {
                        word("column_scenario", language): names.scenario_label(
                            results, key, language
                        ),
                        word("column_payer", language): names.element_label(
                            data, dim, element, language
                        ),
                        word("column_unit", language): names.unit_label(data, language),
                        **_by_year(part),
                        word("column_sum", language): float(part.sum()),
                    }
                )
    return pd.DataFrame(rows)


def _starts(first: xr.Dataset, city: str, language: Language, model: Path) -> pd.DataFrame:
    glossary = read_glossary(model)
    rows = []
    for name, data in first.data_vars.items():
        if not str(name).endswith("_origin") or "city" not in data.dims:
            continue
        value = str(name).removesuffix("_origin").replace("_", " ")
        here = data.sel(city=city)
        origins = sorted({str(origin) for origin in here.values.ravel()})
        rows.append(
            {
                word("column_start", language): (
                    glossary.chinese(value) if language == "zh" else value
                ),
                word("column_origin", language): "、".join(
                    word(f"origin_{origin}", language) for origin in origins
                ),
            }
        )
    return pd.DataFrame(rows)


def _about(results: Mapping[str, xr.Dataset], city: str, language: Language) -> pd.DataFrame:
    first = next(iter(results.values()))
    rows = [
        (word("column_city", language), names.city_label(first, city, language)),
        *(
            (word("column_scenario", language), names.scenario_label(results, key, language))
            for key in results
        ),
        *((word(f"about_{key}", language), str(first.attrs.get(key, ""))) for key in ABOUT),
        (word("column_source", language), word("source", language)),
    ]
    columns = [word("column_what", language), word("column_value", language)]
    return pd.DataFrame(rows, columns=columns)


ABOUT = ("calibration", "model_hash", "data_hash", "git_revision", "information_year")


def _write_workbook(sheets: Mapping[str, pd.DataFrame], path: Path) -> None:
    # Imported here: a table in CSV needs no workbook.
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    book.remove(book.active)
    for name, table in sheets.items():
        sheet = book.create_sheet(name[:31])
        sheet.append(list(table.columns))
        for row in table.itertuples(index=False):
            sheet.append([None if pd.isna(value) else value for value in row])
        for cells in sheet.iter_rows():
            for cell in cells:
                if isinstance(cell.value, str):
                    cell.data_type = "s"
                elif isinstance(cell.value, float):
                    cell.number_format = "#,##0.00"
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        for place, column in enumerate(table.columns, start=1):
            texts = [str(column), *(str(v) for v in table[column] if isinstance(v, str))]
            size = max(sum(2 if ord(c) > 0x2E80 else 1 for c in text) for text in texts) + 2
            letter = get_column_letter(place)
            sheet.column_dimensions[letter].width = min(max(size, NARROWEST), WIDEST)
        sheet.freeze_panes = "A2"
    book.save(path)


def _write_csv(sheets: Mapping[str, pd.DataFrame], path: Path) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        for name, table in sheets.items():
            writer.writerow([harmless(name)])
            writer.writerow([harmless(str(column)) for column in table.columns])
            writer.writerows([map(harmless, row) for row in table.itertuples(index=False)])
            writer.writerow([])
