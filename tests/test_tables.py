"""Tables for spreadsheets: read by people, and never run as formulas."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook

import zhuanxing
from zhuanxing.analyses.monitor import read_statistics
from zhuanxing.errors import ZhuanxingError
from zhuanxing.report.tables import harmless, write_tables

SHEETS = {
    "目标": pd.DataFrame({"指标": ["=1+1", "就业"], "2025": [1.5, -2.0]}),
    "说明": pd.DataFrame({"项目": ["@x"], "数值": ["-14.5 以下"]}),
}


def test_text_is_never_a_formula(tmp_path: Path) -> None:
    write_tables(SHEETS, tmp_path / "t.xlsx")
    book = load_workbook(tmp_path / "t.xlsx")
    assert book.sheetnames == ["目标", "说明"]
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert book["目标"]["B3"].value == -2.0
    write_tables(SHEETS, tmp_path / "t.csv")
    content = (tmp_path / "t.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf"), "Excel knows UTF-8 by this mark"
    fields = [
        field for line in content.decode("utf-8-sig").split("\r\n") for field in line.split(",")
    ]
    assert not [field for field in fields if field.startswith(("=", "@"))]
    assert "-2.0" in fields, "a negative number stays a number"
    assert harmless("=1") == "'=1" and harmless(-1.5) == -1.5


def test_a_table_of_another_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ZhuanxingError, match=r"\.xlsx or \.csv"):
        write_tables(SHEETS, tmp_path / "t.ods")


def test_statistics_are_read_by_any_name_and_refused_with_their_line(
    model: zhuanxing.Model, tmp_path: Path
) -> None:
    path = tmp_path / "s.csv"
    path.write_text('city,year,output,value\n唐山,2023,co2,"25,000"\n', encoding="utf-8")
    assert read_statistics(path, model).values.tolist() == [["tangshan", 2023, "co2", 25000.0]]
    for line, reason in (
        ("唐山,2023,co3,1", "line 2: there is no output"),
        ("唐三,2023,co2,1", "line 2: there is no city"),
        ("唐山,x,co2,1", "must be numbers"),
    ):
        path.write_text(f"city,year,output,value\n{line}\n", encoding="utf-8")
        with pytest.raises(ZhuanxingError, match=reason):
            read_statistics(path, model)
    # Lines without anything are no rows, and a row may have several lines: both count.
    note = '唐山,2022,co2,1,"two\nlines"'
    path.write_text(f"city,year,output,value,note\n\n{note}\n\n唐山,x,co2,1,\n", encoding="utf-8")
    with pytest.raises(ZhuanxingError, match="line 6: year 'x'"):
        read_statistics(path, model)
    path.write_text("city,year,value\n唐山,2023,1\n", encoding="utf-8")
    with pytest.raises(ZhuanxingError, match="'output' is missing"):
        read_statistics(path, model)
