"""Heavy industry by product: tables as their rules make them, and physics that nobody disputes."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import zhuanxing
from zhuanxing.data.selection.areas import write_areas
from zhuanxing.data.selection.product_markets import write_product_drivers
from zhuanxing.data.selection.products import write_products
from zhuanxing.data.selection.provincial_prices import write_provincial_prices
from zhuanxing.data.selection.renewables import write_renewables
from zhuanxing.data.selection.reserves import write_reserves

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


@pytest.mark.parametrize("table", MAKERS)
def test_made_tables_are_what_their_rules_make_of_the_raw_ones(table: str, copy: Path) -> None:
    assert (copy / f"{table}.csv").read_bytes() == (DATA / f"{table}.csv").read_bytes()


@pytest.fixture(scope="module")
def model() -> zhuanxing.Model:
    return zhuanxing.load(end=2025)


@pytest.fixture(scope="module")
def baseline(model: zhuanxing.Model) -> xr.Dataset:
    return model.run("baseline")


def changed(model: zhuanxing.Model, name: str) -> xr.DataArray:
    return model.run("baseline", assumptions={name: 0.0})["product_output"]


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


def test_without_reserves_nothing_is_mined(model: zhuanxing.Model) -> None:
    output = changed(model, "reserve switch")
    assert float(output.sel(product=MINED, year=slice(2020, None)).max()) < 1e-3


def test_without_scrap_arc_furnaces_stand_still(model: zhuanxing.Model) -> None:
    assert float(changed(model, "scrap switch").sel(product="arc_steel").max()) == 0


def test_without_coal_no_blast_furnace_works(model: zhuanxing.Model) -> None:
    assert float(changed(model, "coal switch").sel(product="blast_steel").max()) == 0


def test_cities_have_only_the_products_that_the_table_gives_them(baseline: xr.Dataset) -> None:
    held = pd.read_csv(DATA / "products.csv").groupby(["unit_id", "product"]).size()
    made = baseline["product_output"].max("year").to_series()
    assert set(made[made > 1e-6].index) <= {tuple(key) for key in held.index}
