"""Tables refuse what is wrong in one sentence, whatever is wrong; own figures like all others."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zhuanxing.data.initial.states import build_initial
from zhuanxing.data.own import read_own_figures
from zhuanxing.data.tables import NAMES, DataError, read_tables

ROOT = Path(__file__).parents[1]
DATA = ROOT / "model" / "data"
TABLES = read_tables(ROOT / "model")
SMALL = [
    name for name in ("units", *NAMES, "elements") if (DATA / f"{name}.csv").stat().st_size < 5e4
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tables; large ones cut to rows that no other table needs."""
    folder = tmp_path_factory.mktemp("tables")
    (folder / "data").mkdir()
    for path in DATA.glob("*.csv"):
        shutil.copy(path, folder / "data")
    observations = pd.read_csv(DATA / "observations.csv", dtype=str, keep_default_na=False)
    observations.iloc[::100].to_csv(folder / "data" / "observations.csv", index=False)
    return folder


def refusal(folder: Path) -> str:
    with pytest.raises(DataError) as caught:
        read_tables(folder)
    sentence = str(caught.value)
    assert "\n" not in sentence and len(sentence) < 600
    return sentence


def with_cell(folder: Path, table: str, line: int, column: str, value: str) -> str:
    """Return the refusal of a table in which one cell is `value`; `line` counts the header."""
    path = folder / "data" / f"{table}.csv"
    whole = path.read_bytes()
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    frame.loc[line - 2, column] = value
    try:
        frame.to_csv(path, index=False)
        return refusal(folder)
    finally:
        path.write_bytes(whole)


@pytest.mark.parametrize(
    ("table", "line", "column", "value", "expected"),
    [
        ("observations", 4, "variable", "gdp_grwth", "nearest is 'gdp_growth'"),
        ("observations", 4, "unit", "CNY", "expected '"),
        ("observations", 4, "value", "inf", "is not a number"),
        ("observations", 4, "value", "1e15", "expected"),
        ("observations", 4, "value", "１２", "write '12'"),
        ("observations", 4, "value", "1,234.5", "write it without separators, '1234.5'"),
        ("observations", 4, "value", "=A1*2", "a formula"),
        ("observations", 4, "year", "2015.5", "a whole number"),
        ("observations", 4, "source_id", "s9999", "'s9999'"),
        ("assumptions", 3, "value", "inf", "is not a number"),
        ("assumptions", 3, "value", "nan", "is not a number"),
        ("drivers", 5, "low", "-1", "drivers are positive"),
        ("provinces", 3, "province", "Liaonin", "nearest is 'Liaoning'"),
        ("levers", 2, "funding_shares", "central:0.40;local:0.70", "sum to 1.1"),
        ("levers", 2, "funding_shares", "central:0.40;locla:0.60", "nearest is 'local'"),
        ("levers", 2, "funding_shares", "central=0.4", "SOURCE:SHARE"),
        ("levers", 2, "paid_by", "central;privat", "nearest is 'private'"),
        ("variables", 3, "low", "1e9", "low < high"),
    ],
)  # fmt: skip
def test_a_cell_that_cannot_be_is_refused_with_its_line(
    copy: Path, table: str, line: int, column: str, value: str, expected: str
) -> None:
    sentence = with_cell(copy, table, line, column, value)
    assert f"{table}.csv, line {line}" in sentence
    assert expected in sentence


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "is empty"),
        (b"law,residual,scale,name_zh,name_en\n", "no rows"),
        ("law,residual\n土地,a\n".encode("gbk"), "is not UTF-8"),
        ("law,residual\n土地,a\n".encode("utf-16"), "is not UTF-8"),
        (b'law,residual\n"a,b\n', "is not a table"),
        (b"law,residual\na,b,c,d\n", "line 2: 4 cells, expected 2"),
        (b"land,land residual,city area,a,b\nc,d,e,f,g\n", "'law' is missing"),
        (b"law,law,residual,scale,name_zh,name_en\na,b,c,d,e,f\n", "'law' is given twice"),
    ],
)
def test_a_file_that_is_no_table_is_refused(copy: Path, content: bytes, expected: str) -> None:
    path = copy / "data" / "laws.csv"
    whole = path.read_bytes()
    try:
        path.write_bytes(content)
        assert expected in refusal(copy)
    finally:
        path.write_bytes(whole)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_whatever_is_done_to_a_table_it_is_read_or_refused_in_one_sentence(
    copy: Path, data: st.DataObject
) -> None:
    path = copy / "data" / f"{data.draw(st.sampled_from(SMALL))}.csv"
    whole = path.read_bytes()
    start = data.draw(st.integers(0, len(whole) - 1))
    length = data.draw(st.integers(0, 40))
    text = st.text(alphabet='0159-,."\n\r;=é唐１∞\x00 eE+:', max_size=8).map(str.encode)
    junk = data.draw(st.one_of(text, st.binary(max_size=4)))
    try:
        path.write_bytes(whole[:start] + junk + whole[start + length :])
        try:
            read_tables(copy)
        except DataError as refused:
            assert "\n" not in str(refused)
    finally:
        path.write_bytes(whole)


# --- a planner's own figures


def own(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "own.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_own_figures_go_by_the_names_that_a_planner_uses(tmp_path: Path, encoding: str) -> None:
    rows = ("唐山,2021,地区生产总值,8000,1e8 CNY", "Ordos,2020,population,216,")
    text = "\n".join(("地区,年份,指标,数值,单位", *rows))
    found = read_own_figures(own(tmp_path, text, encoding), TABLES)
    assert found["unit_id"].tolist() == ["tangshan", "ordos"]
    assert found["variable"].tolist() == ["gdp", "population"]
    assert found["basis"].tolist() == ["post_2018_census", "post_2020_population_census"]
    assert list(found.columns) == list(TABLES.observations.columns)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("tangshn,2020,gdp,7000", "nearest is 'tangshan'"),
        ("tangshan,2020,gpd,7000", "nearest is 'gdp'"),
        ("tangshan,2020,gdp,700000000000", "expected 10 to 50000"),
        ("tangshan,2020,secondary_share,460", "expected 1 to 95"),
        ("tangshan,2031,gdp,7000", "later than"),
        ("tangshan,2020,gdp,７０００", "write '7000'"),
        ("tangshan,2020,gdp,", "is not a number"),
    ],
)
def test_own_figures_are_checked_like_all_others(tmp_path: Path, row: str, expected: str) -> None:
    with pytest.raises(DataError) as caught:
        read_own_figures(own(tmp_path, f"unit,year,variable,value\n{row}\n"), TABLES)
    assert "line 2" in str(caught.value)
    assert expected in str(caught.value)


def test_a_city_starts_from_its_own_figures_and_leaves_the_others_as_they_were(
    tmp_path: Path,
) -> None:
    text = "unit,year,variable,value\n唐山市,2014,platform_debt,123\n"
    figures = read_own_figures(own(tmp_path, text), TABLES)
    changed = build_initial(TABLES.overlaid(figures, "own.csv"))["initial_platform_debt"]
    before = build_initial(TABLES)["initial_platform_debt"]
    assert float(changed.sel(city="tangshan")) == 123
    estimated = build_initial(TABLES)["initial_platform_debt_origin"] == "estimated"
    others = ~estimated & (before["city"] != "tangshan")
    assert (changed == before).where(others, True).all()
