"""The data: chosen by a rule, checked on reading, complete, and consistent with themselves."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from zhuanxing.cli.main import main
from zhuanxing.data.accuracy import history_table, left_out_table
from zhuanxing.data.coverage import ORIGINS, coverage_table, statistics_table
from zhuanxing.data.drivers import build_drivers
from zhuanxing.data.initial.states import Start, build_initial
from zhuanxing.data.missing import missing_table
from zhuanxing.data.observed import observed
from zhuanxing.data.outside import WHOLE, parts_of_provinces
from zhuanxing.data.product_energy import product_energy_table
from zhuanxing.data.selection.collected import QUALITIES, collect
from zhuanxing.data.selection.observations import select_observations, write_selection
from zhuanxing.data.tables import DataError, Tables, read_tables
from zhuanxing.model import load
from zhuanxing.storage.netcdf import write

ROOT = Path(__file__).parents[1]
DATA = ROOT / "model" / "data"
TABLES = read_tables(ROOT / "model")
INITIAL = build_initial(TABLES)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the model's data that a test may spoil."""
    shutil.copytree(DATA, tmp_path / "data")
    return tmp_path


def spoil(folder: Path, table: str, line: int, column: str, value: str) -> None:
    """Write `value` into one cell; `line` counts from 1 with the header."""
    path = folder / "data" / f"{table}.csv"
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    frame.loc[line - 2, column] = value
    frame.to_csv(path, index=False)


# --- choosing observations


def test_chosen_tables_are_what_the_rule_makes_of_the_collected_ones(copy: Path) -> None:
    write_selection(copy / "data")
    for table in ("observations", "sources", "targets", "evaluations", "provinces"):
        made, kept = (folder / f"{table}.csv" for folder in (copy / "data", DATA))
        assert made.read_bytes() == kept.read_bytes(), table


def figure(value: float, quality: str, note: str = "", variable: str = "gdp") -> dict[str, object]:
    return {
        "unit_id": "a", "year": 2018, "variable": variable, "value": value, "unit": "1e8 CNY",
        "quality": quality, "source_id": f"{quality} {value}", "note": note,
    }  # fmt: skip


def choose(*rows: dict[str, object]) -> pd.DataFrame:
    return select_observations(pd.DataFrame(rows), TABLES.variables, TABLES.bases)


def three(*values: float) -> list[dict[str, object]]:
    broad = ("primary", "secondary", "tertiary")
    return [
        {**figure(value, "official", variable=f"{name}_va"), "source_id": "all three"}
        for name, value in zip(broad, values, strict=True)
    ]


def chosen_value(*rows: dict[str, object]) -> float:
    chosen = choose(*rows, *three(10, 50, 40))
    return float(chosen.loc[chosen["variable"] == "gdp", "value"].iloc[0])


def test_official_figures_come_before_all_others() -> None:
    ranked = [figure(10.0 * i, quality) for i, quality in enumerate(QUALITIES, 1)]
    for first in range(len(ranked)):
        assert chosen_value(*ranked[first:]) == ranked[first]["value"]


def test_a_level_is_kept_on_every_basis_with_that_of_today_last() -> None:
    chosen = choose(
        figure(50, "official"), figure(70, "secondary", "修订后(四经普)"), *three(10, 50, 40)
    )
    assert chosen.loc[chosen["variable"] == "gdp", "value"].tolist() == [50, 70]


def test_what_a_census_restated_was_not_known_before_it() -> None:
    def people(year: int) -> pd.DataFrame:
        return observed(TABLES.known_at(year).observations, "population", units=["tangshan"])

    assert set(people(2019)["basis"]) == {
        "pre_2020_population_census",
        "post_2020_population_census",
    }
    assert people(2019).loc[people(2019)["basis"].str.startswith("post"), "year"].tolist() == [2010]
    assert 2015 in people(2020)["year"].tolist()


def test_the_figure_nearest_to_the_median_is_chosen_and_the_smaller_of_two() -> None:
    assert chosen_value(*(figure(x, "secondary") for x in (10, 90, 100))) == 90
    assert chosen_value(figure(80, "secondary"), figure(60, "secondary")) == 60


def test_of_one_figure_rounded_in_two_ways_the_longer_is_chosen() -> None:
    assert chosen_value(figure(249, "official"), figure(248.93, "official")) == 248.93


def test_doubtful_and_partial_figures_are_left_out() -> None:
    raw = DATA / "raw"
    chosen, _ = collect(raw, TABLES.variables)
    assert set(chosen["quality"]) == set(QUALITIES)
    assert not chosen["variable"].str.contains("_h1|_q1|_9m|_max|target").any()


def test_shares_are_computed_from_values_added_of_one_source() -> None:
    chosen = choose(*three(10, 50, 40)).set_index("variable")
    assert chosen.loc["secondary_share", "value"] == 50
    assert chosen.loc["secondary_share", "quality"] == "derived"


def test_every_observation_has_a_source_and_one_value_per_cell() -> None:
    chosen = TABLES.observations
    assert not chosen.duplicated(["unit_id", "year", "variable", "basis"]).any()
    assert set(chosen["source_id"]) == set(TABLES.sources["source_id"])


def test_a_level_that_leaps_away_from_the_years_around_it_is_left_out() -> None:
    years = [
        {**figure(value, "official"), "year": 2012 + i} for i, value in enumerate(range(50, 56))
    ]
    leap = {**figure(540, "official"), "year": 2018}
    chosen = choose(*years, leap, *three(10, 50, 40))
    assert set(chosen.loc[chosen["variable"] == "gdp", "value"]) == set(range(50, 56))


def test_residents_restated_after_a_census_stand_on_its_basis_and_others_do_not() -> None:
    people = (
        observed(TABLES.observations, "population").groupby(["unit_id", "year"])["basis"].last()
    )
    assert people["tangshan", 2015] == "post_2020_population_census"
    assert people["anshan", 2015] == "pre_2020_population_census"
    assert people["tongling", 2014] == "pre_2020_population_census"


def test_registered_persons_printed_as_residents_are_replaced_by_residents() -> None:
    people = observed(TABLES.observations, "population", units=["jiangjin"])
    assert people.set_index("year")["value"].loc[[2010, 2015]].tolist() == [120.13, 131.22]


def test_three_shares_of_a_year_add_up_to_a_hundred() -> None:
    shares = TABLES.observations[
        TABLES.observations["variable"].isin(
            [f"{b}_share" for b in ("primary", "secondary", "tertiary")]
        )
    ]
    whole = shares.groupby(["unit_id", "year"])["value"].agg(["sum", "size"])
    totals = whole.loc[whole["size"] == 3, "sum"]
    assert len(totals) > 30
    assert ((totals - 100).abs() < 0.5).all()


def test_levels_carry_their_basis_so_that_nothing_is_differenced_across_a_census() -> None:
    chosen = TABLES.observations
    gdp = chosen[chosen["variable"] == "gdp"]
    assert set(gdp["basis"]) == {"pre_2018_census", "post_2018_census"}
    assert (gdp.loc[gdp["year"] >= 2019, "basis"] == "post_2018_census").all()
    growth = chosen[chosen["variable"] == "gdp_growth"]
    assert (growth["basis"] == "").all()


def test_aims_are_kept_apart_from_what_happened() -> None:
    assert TABLES.targets["year"].min() > TABLES.observations["year"].max()
    assert (TABLES.targets["year"] == 2025).sum() > 20


# --- reading


@pytest.mark.parametrize(
    ("table", "line", "column", "value", "expected"),
    [
        ("observations", 5, "unit_id", "anshann", "nearest is 'anshan'"),
        ("observations", 9, "value", "many", "is not a number"),
        ("observations", 3, "quality", "oficial", "nearest is 'official'"),
        ("drivers", 20, "kind", "guess", "one of official, derived, forecast, assumption"),
        ("drivers", 4, "low", "1e9", "low <= value <= high"),
        ("units", 7, "latitude", "95", "at most 54"),
        ("archetypes", 2, "applies_to", "coall", "nearest is 'coal'"),
        ("targets", 2, "unit", "MW", "expected 'percent'"),
        ("levers", 6, "limit", "1.5", "at most 1"),
        ("levers", 8, "target_units", "ALL;baotuo", "identifiers of units.csv"),
        ("assumptions", 66, "subscript", "constuction", "nearest is 'construction'"),
    ],
)
def test_a_bad_row_is_named_by_file_and_line(
    copy: Path, table: str, line: int, column: str, value: str, expected: str
) -> None:
    spoil(copy, table, line, column, value)
    with pytest.raises(DataError) as caught:
        read_tables(copy)
    sentence = str(caught.value)
    assert f"{table}.csv, line {line}" in sentence
    assert expected in sentence
    assert "\n" not in sentence


def test_a_row_given_twice_is_refused(copy: Path) -> None:
    path = copy / "data" / "evaluations.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines, lines[1]]) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match="given twice"):
        read_tables(copy)


def test_a_misspelt_column_is_refused_with_the_nearest_name(copy: Path) -> None:
    path = copy / "data" / "laws.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("residual", "residuum", 1), "utf-8")
    with pytest.raises(DataError, match=r"laws\.csv, line 1: .*'residual' is missing"):
        read_tables(copy)


# --- drivers


def test_drivers_cover_every_year_without_gaps() -> None:
    drivers = build_drivers(TABLES)
    assert list(drivers["year"].values) == list(range(2015, 2036))
    for name, series in drivers.items():
        assert np.isfinite(series.values).all(), name
        assert (series > 0).all(), name


def test_an_earlier_information_year_knows_less() -> None:
    then, now = build_drivers(TABLES, 2020), build_drivers(TABLES, 2022)
    past, later = {"year": slice(2015, 2020)}, {"year": slice(2021, 2022)}
    # What part of its province a city is was restated with the census.
    xr.testing.assert_allclose(then.sel(past), now.sel(past), rtol=0.01)
    same = then.drop_vars(WHOLE), now.drop_vars(WHOLE)
    xr.testing.assert_allclose(same[0].sel(past), same[1].sel(past))
    assert (then["coal_price_index"].sel(later) < now["coal_price_index"].sel(later)).all()


@pytest.mark.whole
def test_a_year_that_knew_too_little_for_a_start_is_refused_by_name() -> None:
    with pytest.raises(DataError, match=r"end of 2017 .*government_debt.*a later year"):
        load(information_year=2017)


def test_before_the_first_forecasts_the_future_is_a_naive_one() -> None:
    then = build_drivers(TABLES, 2018)
    past, later = {"year": slice(2015, 2018)}, {"year": slice(2019, 2035)}
    rows = TABLES.drivers[TABLES.drivers["year"] <= 2018]
    restated = set(rows.loc[rows["known_from"] > rows["year"], "name"])
    assert {"national_urbanization_rate", "provincial_secondary_price"} <= restated
    kept = [name for name in then if name not in restated | {WHOLE}]
    xr.testing.assert_allclose(then[kept].sel(past), build_drivers(TABLES, 2022)[kept].sel(past))
    prices = then["coal_price_index"].sel(later)
    assert (prices == prices[0]).all()
    steps = np.diff(np.log(then["local_revenue_ratio"].sel(year=slice(2018, 2035))))
    np.testing.assert_allclose(steps, steps[0], rtol=1e-9)
    assert steps[0] < 0


def test_a_province_is_its_cities_and_the_rest_which_is_the_outside_market_of_each() -> None:
    """Province = cities by their parts + rest by its own, in logarithms of relative growth."""
    drivers = build_drivers(TABLES)[WHOLE]
    growth = TABLES.provinces[TABLES.provinces["variable"] == "gdp_growth"]
    path = np.log1p(growth.pivot(index="year", columns="province", values="value") / 100)
    seen = observed(TABLES.observations, "gdp_growth").pivot(
        index="year", columns="unit_id", values="value"
    )
    ahead = np.log1p(seen / 100).sub(path["China"], axis=0).loc[2016:2022]
    part, tried = parts_of_provinces(TABLES), 0
    assert 0.5 < part["changchun"] < 0.56
    for province, cities in TABLES.units.groupby("province_en")["unit_id"]:
        rest = np.log(drivers.sel(city=list(cities)).to_pandas()).diff().loc[2016:2022]
        assert (rest.max(axis=1) - rest.min(axis=1)).max() < 1e-12
        whole = (path[province] - path["China"]).loc[2016:2022]
        inside = sum(part[city] * ahead[city].fillna(whole) for city in cities if city in ahead)
        left = 1 - sum(part[city] for city in cities if city in ahead)
        expected = (whole - inside - left * rest.iloc[:, 0]).abs()
        tried += expected.size
        assert expected.max() < 1e-4, province
    assert tried > 120


def test_the_epidemic_and_the_coal_boom_are_in_the_drivers() -> None:
    drivers = build_drivers(TABLES)
    services = drivers["national_demand_index"].sel(sector="consumer_services")
    growth = services / services.shift(year=1) - 1
    assert float(growth.sel(year=2020)) < 0.01 < 0.05 < float(growth.sel(year=2019))
    coal = drivers["coal_price_index"]
    assert float(coal.sel(year=2021)) > 1.4 and float(coal.sel(year=2025)) < float(
        coal.sel(year=2022)
    )


def test_prices_of_farms_are_those_of_accounts_and_start_from_where_food_prices_ended() -> None:
    price = build_drivers(TABLES)["sector_price_index"].sel(sector="agriculture").to_series()
    nation = TABLES.provinces[TABLES.provinces["province"] == "China"]
    of = nation.pivot_table(index="year", columns="variable", values="value")
    accounts = of["primary_va"].pct_change() + 1
    accounts /= 1 + of["primary_growth"] / 100
    # The census of 2018 restated the output of farms of the years before.
    for year in (2017, 2019, 2020):
        assert price[year] / price[year - 1] == pytest.approx(accounts[year], abs=0.002), year
    raw = pd.read_csv(DATA / "raw" / "prices.csv")
    food = raw.pivot_table(index="year", columns="variable", values="value")
    ended = np.log(food["consumer_food_price_december"] / food["consumer_food_price"])
    ended -= ended.loc[2010:2018].mean()
    for year in range(2018, 2023):
        then = build_drivers(TABLES, year)["sector_price_index"].sel(sector="agriculture")
        after = float(then.sel(year=year + 1) / then.sel(year=year)) / 1.011
        assert np.log(after) == pytest.approx(ended[year], abs=1e-4), year


# --- initial state


def test_initial_shares_sum_to_one() -> None:
    for name, dim in (("initial_sector_share", "sector"), ("initial_fuel_share", "fuel")):
        np.testing.assert_allclose(INITIAL[name].sum(dim).values, 1.0, rtol=1e-12)
        assert (INITIAL[name] >= 0).all()


def test_initial_land_sums_to_the_area_of_the_unit() -> None:
    land = INITIAL["initial_land"]
    assert (land >= 0).all()
    np.testing.assert_allclose(land.sum("land use").values, TABLES.units["area_km2"], rtol=1e-12)


def test_forest_fits_into_ecological_land() -> None:
    ecological = INITIAL["initial_land"].sel({"land use": "ecological"})
    area = INITIAL["initial_land"].sum("land use")
    assert (INITIAL["initial_forest_share"] * area < ecological).all()


def test_land_follows_the_survey_and_the_districts_of_a_city_where_there_are_any() -> None:
    surveyed = observed(TABLES.observations, "farmland_area").set_index("unit_id")["value"]
    origin = INITIAL["initial_land_origin"].to_pandas()
    land = INITIAL["initial_land"].to_pandas()
    assert (origin.loc[surveyed.index, "farmland"] == "carried").all()
    np.testing.assert_allclose(land.loc[surveyed.index, "farmland"], surveyed)
    roomier = TABLES.observations.copy()
    homes = (roomier["unit_id"] == "anshan") & (roomier["variable"] == "urban_residential_land")
    roomier.loc[homes, "value"] *= 1.2
    more = build_initial(replace(TABLES, observations=roomier))["initial_land"].to_pandas()
    assert more.loc["anshan", "residential"] > land.loc["anshan", "residential"]
    assert more.loc["anshan", "industrial_efficient"] < land.loc["anshan", "industrial_efficient"]
    assert origin.loc["shijingshan", "residential"] == "estimated"


def test_electricity_starts_from_the_figures_of_a_city_or_from_what_it_makes() -> None:
    printed = TABLES.observations.copy()
    figures = printed["variable"].isin(["electricity_consumption", "industrial_electricity"])
    printed.loc[(printed["unit_id"] == "anshan") & figures, "value"] *= 2
    twice = build_initial(replace(TABLES, observations=printed))
    other = "initial_other_electricity"
    assert float(twice[other].sel(city="anshan")) == pytest.approx(
        2 * float(INITIAL[other].sel(city="anshan"))
    )
    industry = twice["initial_industrial_electricity"] > INITIAL["initial_industrial_electricity"]
    assert [str(city) for city in industry["city"].values[industry.values]] == ["anshan"]
    assert float(INITIAL[other].sel(city="ningdong")) == 0


# What plants did year by year is a record, and not where a run starts.
STARTS = [
    str(name)
    for name, array in INITIAL.items()
    if not str(name).endswith("_origin") and array.dims and "record" not in array.dims
    if name != "in_province"  # where a city lies is no figure
]


def test_every_initial_value_says_where_it_comes_from() -> None:
    for name in STARTS:
        origin = INITIAL[f"{name}_origin"]
        assert origin.shape == INITIAL[name].shape
        assert set(origin.values.ravel()) <= set(ORIGINS)
        assert np.isfinite(INITIAL[name].values).all(), name


def test_output_of_2020_is_what_was_observed() -> None:
    """Growing the initial output by the growth used for it gives back the observed level."""
    seen = TABLES.observations
    level = seen[(seen["variable"] == "gdp") & (seen["year"] == 2020)].set_index("unit_id")["value"]
    growth = seen[seen["variable"] == "gdp_growth"].pivot(
        index="unit_id", columns="year", values="value"
    )
    changzhi = float(INITIAL["initial_gdp"].sel(city="changzhi"))
    years = list(range(2016, 2021))
    factor = (1 + growth.loc["changzhi", years] / 100).prod()
    assert changzhi * factor == pytest.approx(level["changzhi"], rel=1e-9)


def test_output_per_head_is_plausible_everywhere() -> None:
    head = INITIAL["initial_gdp"] / INITIAL["initial_population"]
    base = TABLES.units["kind"].to_numpy() == "base"
    assert ((head > 2) & ((head < 20) | base)).all()


# --- coverage


def test_coverage_counts_every_initial_value_once() -> None:
    table = coverage_table(TABLES, INITIAL)
    values = sum(
        array.size
        for name, array in INITIAL.items()
        if f"{name}_origin" in INITIAL and "city" in array.dims
    )
    assert table[list(ORIGINS)].to_numpy().sum() == values
    assert table.groupby("unit_id")["observations"].first().sum() == len(TABLES.observations)


@pytest.mark.whole
@pytest.mark.parametrize(("language", "word"), [("zh", "来源"), ("en", "origin")])
def test_data_prints_the_coverage(
    language: str, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", f"language={language}"]) == 0
    printed = capsys.readouterr().out
    assert word in printed and "ningdong" in printed and "initial_land" in printed


@pytest.mark.whole
def test_data_of_a_city_ends_with_what_its_products_use(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["data", "city=包头", "language=en"]) == 0
    assert "products and energy of baotou" in capsys.readouterr().out
    year = TABLES.last_information_year
    once = product_energy_table(TABLES, "baotou", year)
    twice = product_energy_table(
        replace(TABLES, products=TABLES.products.assign(value=2 * TABLES.products["value"])),
        "baotou",
        year,
    )
    sizes = ["output", "power", "fuel", "energy"]
    np.testing.assert_allclose(twice[sizes], 2 * once[sizes])
    # What is burnt, and power at its calorific value: 0.1229 kg of standard coal a kWh.
    np.testing.assert_allclose(once["energy"], once["fuel"] + 0.01229 * once["power"], rtol=1e-3)


@pytest.mark.whole
def test_a_run_is_held_against_the_statistics(
    baseline: xr.Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(baseline, tmp_path / "run.nc")
    assert main(["data", f"result={tmp_path / 'run.nc'}", "language=en"]) == 0
    assert "gdp" in capsys.readouterr().out
    before = history_table(TABLES, baseline).set_index("variable")
    output = TABLES.variables.set_index("variable").loc["gdp", "output"]
    after = history_table(TABLES, baseline.assign({output: 2 * baseline[output]}))
    after = after.set_index("variable")
    assert after.loc["gdp", "bias"] == pytest.approx(2 * before.loc["gdp", "bias"])
    assert after.drop(index="gdp").equals(before.drop(index="gdp"))


def test_data_refuses_an_unknown_city(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "city=ordoss"]) == 2
    assert "ordos" in capsys.readouterr().err


# --- properties


@pytest.mark.whole
@settings(max_examples=25, deadline=None)
@given(area=st.floats(50, 90_000), factor=st.floats(0.2, 1.5), city=st.sampled_from(TABLES.cities))
def test_land_sums_to_any_area_that_has_room(area: float, factor: float, city: str) -> None:
    changed = _with_area(TABLES, city, area, factor)
    try:
        land = build_initial(changed)["initial_land"].sel(city=city)
    except DataError as refused:
        assert "expected to leave" in str(refused)
    else:
        assert float(land.sum()) == pytest.approx(area, rel=1e-12)
        assert float(land.min()) >= 0


def _with_area(tables: Tables, city: str, area: float, factor: float) -> Tables:
    """Return the tables with another area of one city and other shares of farmland."""
    units, typical = tables.units.copy(), tables.archetypes.copy()
    units.loc[units["unit_id"] == city, "area_km2"] = area
    farmland = typical["subscript"] == "farmland"
    typical.loc[farmland, "value"] *= factor
    return Tables(**{**vars(tables), "units": units, "archetypes": typical})


# --- how good it is


def test_estimates_are_tried_on_cities_that_are_left_out() -> None:
    table = left_out_table(Start.of(TABLES, TABLES.last_information_year)).set_index("variable")
    assert table.loc["initial_fiscal_revenue_share", "units"] >= 29
    assert (table["median"] < 2).all()
    assert table.loc["initial_sector_share, construction", "median"] < 1.2


def test_every_statistic_says_who_reads_it_and_the_start_reads_what_it_says() -> None:
    read = INITIAL.attrs["statistics"]
    table = statistics_table(TABLES, read, {"gdp_growth"}).set_index("variable")
    assert table.loc["platform_debt", "read_by"].startswith("start")
    assert "fit" in table.loc["gdp_growth", "read_by"]
    assert table.loc["energy_consumption_growth", "read_by"] == ""
    assert table["observations"].sum() == len(TABLES.observations)


@pytest.mark.whole
def test_everything_that_is_assumed_of_kinds_of_cities_is_needed_at_some_time() -> None:
    needed = {name for year in (2018, 2022) for name in build_initial(TABLES, year).assumed}
    assert needed == set(TABLES.archetypes["variable"])


def test_growth_of_residents_is_that_around_the_start_and_not_one_leap_of_a_count() -> None:
    growth = INITIAL["initial_population_growth"]
    before, after = np.log(278.0 / 290.4) / 4, np.log(275.5 / 278.0) / 4
    assert before < float(growth.sel(city="daqing")) < after
    assert (growth["city"].size, float(abs(growth).max()) < 0.05) == (len(TABLES.cities), True)


def test_prices_of_provinces_give_back_the_shares_of_their_accounts() -> None:
    prices = build_drivers(TABLES)
    ordinary = {f"provincial_{broad}_price" for broad in ("primary", "secondary", "tertiary")}
    for name in ordinary:
        assert (prices[name].sel(year=slice(2019, 2035)) == 1).all()
    fell = prices["provincial_secondary_price"].sel(year=2015)
    assert (fell.sel(city=["zhuzhou", "pingxiang", "zigong"]) > 1.05).all()


@pytest.mark.whole
def test_a_new_city_is_told_what_it_needs() -> None:
    table = missing_table(TABLES, "handan", "Hebei")
    needed = table.loc[table["need"] == "required", "table"]
    assert set(needed) == {"units.csv", "assumptions.csv", "observations.csv"}
    elsewhere = missing_table(TABLES, "qujing", "Yunnan")
    assert {"provinces.csv", "drivers.csv", "archetypes.csv"} <= set(elsewhere["table"])
    here = missing_table(TABLES, "tangshan", "Hebei")
    assert (here["need"] == "better").all()


@pytest.mark.whole
def test_statistics_of_a_later_year_are_a_change_of_tables_alone(copy: Path) -> None:
    raw = copy / "data" / "raw" / "observations.csv"
    row = "tangshan,2023,gdp,9100,1e8 CNY,official,a page,,\n"
    raw.write_text(raw.read_text(encoding="utf-8") + row, encoding="utf-8")
    write_selection(copy / "data")
    figures = observed(read_tables(copy).observations, "gdp", units=["tangshan"])
    assert figures["year"].max() == 2023
    assert figures["basis"].iloc[-1] == "post_2018_census"
