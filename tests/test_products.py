"""Heavy industry by product: tables as their rules make them, and physics that nobody disputes."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import zhuanxing
from zhuanxing.analyses.check.extremes import InputChange
from zhuanxing.analyses.check.laboratory import Experiment, Laboratory
from zhuanxing.data.selection.areas import write_areas
from zhuanxing.data.selection.observations import write_selection
from zhuanxing.data.selection.product_markets import write_product_drivers
from zhuanxing.data.selection.products import product_outputs, read_sources, write_products
from zhuanxing.data.selection.provincial_prices import write_provincial_prices
from zhuanxing.data.selection.renewables import write_renewables
from zhuanxing.data.selection.reserves import write_reserves
from zhuanxing.results.annual import annual, yearly_requests

DATA = Path(__file__).parents[1] / "model" / "data"
MAKERS = {
    "products": write_products,
    "reserves": write_reserves,
    "renewables": write_renewables,
    "areas": write_areas,
    "product_drivers": write_product_drivers,
    "provincial_prices": write_provincial_prices,
}
MINED = ["raw_coal", "crude_oil", "natural_gas", "metal_ore"]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of model/data whose made tables are made again."""
    folder = tmp_path_factory.mktemp("made") / "data"
    shutil.copytree(DATA, folder)
    for table, write in MAKERS.items():
        (folder / f"{table}.csv").unlink()
        write(folder)
    return folder


@pytest.mark.whole
@pytest.mark.parametrize("table", [*MAKERS, "earlier_products"])
def test_made_tables_are_what_their_rules_make_of_the_raw_ones(table: str, copy: Path) -> None:
    assert (copy / f"{table}.csv").read_bytes() == (DATA / f"{table}.csv").read_bytes()


@pytest.mark.whole
def test_a_later_year_is_rows_of_the_collected_tables(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    shutil.copytree(DATA, folder)
    for name in ("provinces", "growth", "province_products", "national", "prices"):
        path = folder / "raw" / f"{name}.csv"
        table = pd.read_csv(path)
        last = table[table["year"] == 2022].assign(year=2023)
        pd.concat([table, last]).to_csv(path, index=False)
    write_selection(folder)
    for write in (write_areas, write_renewables, write_product_drivers):
        write(folder)
    for name, column in {
        "areas": "year",
        "renewables": "year",
        "product_drivers": "known_from",
    }.items():
        assert pd.read_csv(folder / f"{name}.csv")[column].max() == 2023, name
    sources = read_sources(folder)
    coal = sources.rules[sources.rules["product"] == "raw_coal"]
    assert product_outputs(replace(sources, rules=coal), 2023)["year"].max() == 2023


@pytest.mark.whole
def test_what_is_printed_later_does_not_change_what_was_known_of_products() -> None:
    """Only where nothing was printed yet does the first later level stand for it."""
    known, sources = 2019, read_sources(DATA)
    later = {
        name: table.assign(value=table["value"].where(table["year"] <= known, 3 * table["value"]))
        for name in ("observed", "reasoned", "provinces", "nation")
        for table in [getattr(sources, name)]
    }
    then, other = (product_outputs(told, known) for told in (sources, replace(sources, **later)))
    levels = then["basis"].str.extract(r"carried from (\d+)")[0].astype(float)
    lent = levels.gt(known).groupby([then["unit_id"], then["product"]]).transform("any")
    pd.testing.assert_frame_equal(then[~lent], other[~lent])
    assert (~lent).mean() > 0.5


def changed(label: str, scenario: str = "baseline", **inputs: float) -> Experiment:
    """A scenario with constants set to other values."""
    names = {name.replace("_", " "): value for name, value in inputs.items()}
    return Experiment(
        label, scenario, inputs=tuple(InputChange(name=n, value=v) for n, v in names.items())
    )


CHEAP = InputChange(name="capital charge rate", times=0.5)
EXPERIMENTS = (
    changed("baseline"),
    changed("no reserves", reserve_switch=0),
    changed("no scrap", scrap_switch=0),
    changed("no coal", coal_switch=0),
    changed("no lines", line_switch=0),
    changed("100 CNY a tonne", carbon_price_floor=0.01, auctioned_share=1),
    changed("no carbon market", carbon_market_start=2040),
    Experiment("cheap capital", "baseline", inputs=(CHEAP,)),
    changed("full rules", "carbon_rules"),
    changed("plan", "plan"),
    Experiment("curb", "baseline", levers={"high_energy_curb": 1.0}),
    changed("scarce coal", coal_price_shock=0.8, supply_shock_start=2027, supply_shock_duration=1),
    changed("scarce coal, free price", coal_price_shock=0.8, supply_shock_start=2027,
            supply_shock_duration=1, power_price_band=2),
)  # fmt: skip
STEEL_AND_POWER = ["tangshan", "anshan", "shizuishan", "pingdingshan", "liupanshui", "hebi"]


@pytest.fixture(scope="module")
def model() -> zhuanxing.Model:
    return zhuanxing.load(end=2035)


@pytest.fixture(scope="module")
def runs(model: zhuanxing.Model) -> dict[str, xr.Dataset]:
    """Annual outputs by experiment, all run in one batch."""
    laboratory = Laboratory(model)
    laboratory.prepare(EXPERIMENTS)
    return {experiment.label: laboratory.paths(experiment) for experiment in EXPERIMENTS}


@pytest.fixture(scope="module")
def baseline(runs: dict[str, xr.Dataset]) -> xr.Dataset:
    return runs["baseline"]


def test_output_follows_the_record_to_the_last_year_of_information(baseline: xr.Dataset) -> None:
    """Annual means of the run against the table; growth within a year bends them a little."""
    table = pd.read_csv(DATA / "products.csv").set_index(["unit_id", "product", "year"])["value"]
    run = baseline["product_output"].to_series()
    large = table[table > 10]
    keys = pd.MultiIndex.from_frame(large.index.to_frame()[["year", "unit_id", "product"]])
    order = [str(dim) for dim in baseline["product_output"].dims]
    names = {"year": "year", "city": "unit_id", "product": "product"}
    keys = keys.reorder_levels([names[dim] for dim in order])
    ratio = run.reindex(keys).to_numpy() / large.to_numpy()
    assert np.quantile(np.abs(np.log(ratio)), 0.9) < 0.06


def test_without_reserves_nothing_is_mined_within_five_years(runs: dict[str, xr.Dataset]) -> None:
    output = runs["no reserves"]["product_output"]
    assert float(output.sel(product=MINED, year=slice(2020, None)).max()) < 1e-3


def test_without_scrap_arc_furnaces_stand_still(runs: dict[str, xr.Dataset]) -> None:
    assert float(runs["no scrap"]["product_output"].sel(product="arc_steel").max()) == 0


def test_without_coal_no_blast_furnace_works(runs: dict[str, xr.Dataset]) -> None:
    assert float(runs["no coal"]["product_output"].sel(product="blast_steel").max()) == 0


def test_a_closed_mine_yields_nothing(baseline: xr.Dataset) -> None:
    coal = baseline["product_output"].sel(city="mentougou", product="raw_coal")
    assert float(coal.sel(year=2015)) > 0
    assert float(coal.sel(year=slice(2020, None)).max()) == 0


def test_an_oil_field_runs_out_as_reserves_do(baseline: xr.Dataset) -> None:
    oil = baseline["product_output"].sel(city="daqing", product="crude_oil")
    assert 2900 <= float(oil.sel(year=2020)) <= 3100
    assert 1800 <= float(oil.sel(year=2035)) <= 2600


def test_a_carbon_price_of_100_yuan_cuts_three_to_eight_percent_in_five_years(
    runs: dict[str, xr.Dataset],
) -> None:
    """Beside no market: the price of the baseline comes near 100 CNY by itself in 2030."""
    paid, free = (runs[name]["co2_local"] for name in ("100 CNY a tonne", "no carbon market"))
    cut = 100 * (1 - paid / free).sel(city=STEEL_AND_POWER, year=2031)
    assert float(cut.min()) > 3
    assert float(cut.max()) < 8


def test_carbon_peaks_before_2032_under_full_rules(runs: dict[str, xr.Dataset]) -> None:
    full, plan = (runs[name]["co2_local"].sum("city") for name in ("full rules", "plan"))
    assert int(full.idxmax("year")) < 2032
    assert float(full.sel(year=2035)) < 0.97 * float(plan.sel(year=2035))


def test_half_the_cost_of_capital_builds_a_third_more_wind_and_sun(
    runs: dict[str, xr.Dataset],
) -> None:
    def built(name: str) -> float:
        plant = (runs[name]["solar_capacity"] + runs[name]["wind_capacity"]).sum("city")
        return float(plant.sel(year=2025) - plant.sel(year=2022))

    assert built("cheap capital") > 1.3 * built("baseline")


def test_nobody_loses_much_wind_and_sun_unless_without_lines(runs: dict[str, xr.Dataset]) -> None:
    years = slice(2021, None)
    assert float(runs["baseline"]["curtailment_rate"].sel(year=years).max()) < 15
    assert float(runs["no lines"]["curtailment_rate"].sel(year=years).max()) > 25


def test_dear_coal_makes_power_short_where_its_price_may_not_follow(
    runs: dict[str, xr.Dataset],
) -> None:
    """As in autumn 2021; a price that may follow the cost of coal keeps stations running."""
    usual, scarce, free = (
        runs[name]["power_adequacy"].sel(year=2027).mean()
        for name in ("baseline", "scarce coal", "scarce coal, free price")
    )
    assert float(scarce) < float(usual) - 0.5
    assert float(free) > float(scarce) + 0.3


def test_the_petrochemical_base_that_the_plan_promotes_is_not_curbed(
    runs: dict[str, xr.Dataset],
) -> None:
    """Article 9 builds up the base on Changxing island of Dalian and curbs heavy projects."""
    ratio = runs["curb"]["product_capacity"] / runs["baseline"]["product_capacity"]
    left = ratio.sel(product="petrochemicals", year=2035)
    others = left.drop_sel(city="dalian").dropna("city")
    assert float(others.mean()) < 0.995
    assert float(left.sel(city="dalian")) > 0.9999


def test_power_is_short_and_curtailed_alike_within_a_province(baseline: xr.Dataset) -> None:
    units = pd.read_csv(DATA / "units.csv").set_index("unit_id")["province_en"]
    for name in ("power_adequacy", "curtailment_rate"):
        paths = baseline[name].transpose("city", "year").to_pandas()
        spread = paths.groupby(units).agg(lambda values: values.max() - values.min())
        assert float(spread.to_numpy().max()) < 1e-6


@pytest.mark.slow
def test_a_threefold_price_moves_only_cities_that_have_the_resource(
    model: zhuanxing.Model, baseline: xr.Dataset
) -> None:
    name, product = "product price index by year", "coke"
    dear = np.array(model.source.equations.values()[name])
    dear[-12:, list(model.elements("product")).index(product)] *= 3
    requests = yearly_requests(model.outputs)
    inputs = model.inputs(model.scenario("baseline"))
    found = model.program.run({**inputs, name: dear}, requests)
    paths = annual({n: model.series(n, found[n], requests[n]) for n in requests}, model.outputs)
    capacity = (paths["product_capacity"], baseline["product_capacity"])
    before, after = (c.sel(product=product, year=2033) for c in reversed(capacity))
    having = baseline["product_output"].sel(product=product).max("year") > 0
    assert bool((after > 1.05 * before).where(having, True).all())
    assert float(after.where(~having, 0).max()) == 0
    moved = abs(paths["gdp"] / baseline["gdp"] - 1).sel(year=2033).where(~having, 0)
    assert float(moved.max()) < 1e-3


def test_cities_have_only_the_products_that_the_table_gives_them(baseline: xr.Dataset) -> None:
    held = pd.read_csv(DATA / "products.csv").groupby(["unit_id", "product"]).size()
    made = baseline["product_output"].max("year").to_series()
    assert set(made[made > 1e-6].index) <= {tuple(key) for key in held.index}
