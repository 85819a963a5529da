"""Charts show the data they are given, in both languages, with glyphs for every character."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font
from matplotlib.text import Text

from zhuanxing.charts import (
    compare,
    contributions,
    energy,
    errors,
    finance,
    fonts,
    land,
    paths,
    reliability,
    scorecard,
    sensitivity,
    structure,
)
from zhuanxing.charts.fonts import check_glyphs, font_file
from zhuanxing.charts.kinds import KINDS, Request
from zhuanxing.charts.save import save
from zhuanxing.charts.style import BAD, GOOD, GREY, SEQUENCE
from zhuanxing.cli.main import main
from zhuanxing.errors import ZhuanxingError
from zhuanxing.results import words
from zhuanxing.results.aims import aims_of, city_targets, read_aims
from zhuanxing.results.comparable import require_comparable
from zhuanxing.results.numerals import signed
from zhuanxing.storage import netcdf

ROOT = Path(__file__).parents[1]
UNITS = ROOT / "model" / "data" / "units.csv"
YEARS = np.arange(2015, 2026)
SECTORS = {
    "agriculture": "农业", "mining": "采矿业", "materials": "原材料工业", "manufacturing": "制造业",
    "emerging": "战略性新兴产业", "construction": "建筑业", "producer_services": "生产性服务业",
    "consumer_services": "生活性服务业",
}  # fmt: skip
LAND = {
    "farmland": "耕地", "ecological": "生态用地", "residential": "居住用地",
    "service": "服务业用地", "industrial_efficient": "高效工业用地",
    "industrial_inefficient": "低效工业用地", "mixed_use": "混合用地", "idle": "闲置用地",
    "mining_damaged": "采矿损毁地", "barren": "未利用地", "energy_base": "能源基地",
}  # fmt: skip
FUELS = {"coal": "煤炭", "oil": "石油", "gas": "天然气", "nonfossil": "非化石能源"}
SOURCES = {
    "central": "中央资金", "local": "地方财政", "private": "社会资本", "cdb": "开发性金融",
    "bond": "专项债券", "international": "国际贷款",
}  # fmt: skip
SHARES = ["primary_share", "secondary_share", "tertiary_share"]
# name: (unit, Chinese name, English name, level, growth a year)
OUTPUTS = {
    "gdp": ("1e8 CNY", "地区生产总值（2020年价）", "GDP (2020 prices)", 2000.0, 0.05),
    "gdp_nominal": ("1e8 CNY", "地区生产总值(现价)", "Gross domestic product", 1900.0, 0.07),
    "gdp_growth": ("percent", "地区生产总值实际增速", "Real GDP growth", 5.0, 0.0),
    "primary_share": ("percent", "第一产业占比", "Primary sector", 10.0, -0.02),
    "secondary_share": ("percent", "第二产业占比", "Secondary sector", 48.0, -0.01),
    "tertiary_share": ("percent", "第三产业占比", "Tertiary sector", 42.0, 0.015),
    "emerging_share": ("percent", "新兴产业占比", "Emerging in industrial output", 12.0, 0.05),
    "population": ("1e4 persons", "常住人口", "Resident population", 300.0, -0.004),
    "energy_consumption": ("1e4 tce", "能源消费总量", "Energy consumption", 3000.0, 0.02),
    "energy_intensity": ("tce per 1e4 CNY", "单位GDP能耗", "Energy intensity", 1.5, -0.03),
    "coal_consumption": ("1e4 tce", "煤炭消费", "Coal", 2100.0, 0.005),
    "co2": ("1e4 t", "二氧化碳排放", "CO2 emissions", 7000.0, 0.01),
    "solar_capacity": ("MW", "光伏", "Solar", 900.0, 0.25),
    "wind_capacity": ("MW", "风电", "Wind", 1500.0, 0.12),
    "coal_power_capacity": ("MW", "煤电", "Coal power", 3000.0, 0.01),
    "storage_capacity": ("MW", "储能", "Storage", 60.0, 0.35),
    "investment": ("1e8 CNY", "固定资产投资", "Investment", 900.0, 0.03),
    "five_g_coverage": ("percent", "5G网络覆盖率", "5G coverage", 20.0, 0.15),
    "circular_park_share": ("percent", "循环化改造园区占比", "Circular parks", 40.0, 0.09),
}  # fmt: skip


def made_up_result(scenario: str, name_zh: str, boost: float) -> xr.Dataset:
    """A result in the stored format, with smooth paths that `boost` bends from 2021 on."""
    with UNITS.open(encoding="utf-8", newline="") as file:
        units = list(csv.DictReader(file))
    random = np.random.default_rng(7)
    size = random.lognormal(0, 0.8, len(units))[:, None]
    after = np.maximum(YEARS - 2020, 0)
    wave = 1 + 0.02 * np.sin(YEARS + random.uniform(0, 6, (len(units), 1)))
    policy = boost * random.uniform(-0.3, 1, (len(units), 1)) * after
    dataset = xr.Dataset(
        coords={
            "city": [row["unit_id"] for row in units],
            "year": YEARS,
            "name_zh": ("city", [row["name_zh"] for row in units]),
            "name_en": ("city", [row["name_en"] for row in units]),
            "province_en": ("city", [row["province_en"] for row in units]),
        },
        attrs={
            "scenario": scenario,
            "scenario_zh": name_zh,
            "scenario_en": scenario,
            "base_year": "2020",
            "information_year": "2020",
        },
    )
    for name, (unit, zh, en, level, growth) in OUTPUTS.items():
        spread = size if not unit.startswith(("percent", "tce")) else 1 + 0.1 * np.log(size)
        values = level * spread * (1 + growth) ** (YEARS - 2020) * wave * (1 + policy)
        attrs = {"units": unit, "long_name": en, "long_name_zh": zh}
        dataset[name] = (("city", "year"), values, attrs)
    _detail(dataset, "value_added", "sector", SECTORS, "1e8 CNY", dataset["gdp"], 3)
    _detail(dataset, "land", "land_use", LAND, "km2", 4 * size + 0 * dataset["gdp"], 4)
    _detail(dataset, "energy_by_fuel", "fuel", FUELS, "1e4 tce", dataset["energy_consumption"], 6)
    spending = dataset["gdp"] * 0.01 * (boost > 0) * (dataset["year"] > 2020)
    _detail(dataset, "lever_spending", "funding_source", SOURCES, "1e8 CNY", spending, 5)
    return dataset


def _detail(
    dataset: xr.Dataset,
    name: str,
    dim: str,
    elements: dict[str, str],
    unit: str,
    whole: xr.DataArray,
    seed: int,
) -> None:
    """Add `name` with dimension `dim`: `whole` divided by shares that drift over the years."""
    random = np.random.default_rng(seed)
    weights = random.uniform(0.3, 1.5, (dataset.sizes["city"], 1, len(elements)))
    drift = 1 + random.uniform(-0.04, 0.05, len(elements)) * (YEARS[:, None] - 2015)
    shares = weights * drift
    shares /= shares.sum(axis=2, keepdims=True)
    dataset.coords[dim] = list(elements)
    dataset.coords[f"{dim}_zh"] = (dim, list(elements.values()))
    attrs = {"units": unit, "long_name": name.replace("_", " "), "long_name_zh": "构成"}
    dataset[name] = (("city", "year", dim), whole.values[:, :, None] * shares, attrs)


@pytest.fixture(scope="module")
def results() -> dict[str, xr.Dataset]:
    return {
        "baseline": made_up_result("baseline", "基准情景", 0.0),
        "plan": made_up_result("plan", "实施方案", 0.01),
    }


@pytest.fixture(scope="module")
def statistics(results: dict[str, xr.Dataset]) -> pd.DataFrame:
    """Dots for one city: official figures to 2018, other sources after."""
    path = results["baseline"]["gdp_nominal"].sel(city="baotou", year=slice(2015, 2020))
    return pd.DataFrame(
        {
            "unit_id": "baotou",
            "year": path["year"].values,
            "variable": "gdp",
            "value": path.values * 1.04,
            "quality": ["official"] * 4 + ["secondary"] * 2,
            "basis": ["pre_2018_census"] * 3 + [""] * 3,
        }
    )


@pytest.fixture(scope="module")
def options() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "conf" / "chart.yaml").read_text(encoding="utf-8"))["options"]


@pytest.fixture(scope="module")
def aims() -> pd.DataFrame:
    return read_aims(ROOT / "model" / "data" / "aims.csv")


@pytest.fixture(scope="module", params=["zh", "en"])
def drawn(
    request: pytest.FixtureRequest,
    results: dict[str, xr.Dataset],
    statistics: pd.DataFrame,
    options: dict[str, Any],
    aims: pd.DataFrame,
) -> dict[str, Figure]:
    """Every kind of chart but disturbances in one language, as `zhuanxing chart` makes them."""
    one_variable = {**options, "compare": {**options["compare"], "variable": ["gdp"]}}
    wanted = Request(
        results, ["baotou"], request.param, one_variable, observations=statistics, aims=aims
    )
    drawn = [kind for kind in KINDS if kind != "disturbances"]
    return dict(figure for kind in drawn for figure in KINDS[kind](wanted))


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def line(axis: Axes, label: str) -> np.ndarray:
    return next(np.asarray(one.get_ydata()) for one in axis.lines if one.get_label() == label)


def test_every_kind_of_chart_is_drawn_in_both_languages(drawn: dict[str, Figure]) -> None:
    assert {name.split("_gdp")[0] for name in drawn} == {
        "paths", "compare", "structure", "energy", "land", "finance", "scorecard_baotou",
    }  # fmt: skip


def test_the_font_holds_every_character_drawn(drawn: dict[str, Figure]) -> None:
    glyphs = get_font(str(font_file())).get_charmap()
    for figure in drawn.values():
        used = {character for text in texts(figure) for character in text} - {" ", "\n"}
        assert used and all(ord(character) in glyphs for character in used)
        for text in figure.findobj(Text):
            found = Path(findfont(text.get_fontproperties()))
            assert found.resolve() == font_file().resolve()


def test_no_text_is_cut_off_at_the_edge_of_the_picture(drawn: dict[str, Figure]) -> None:
    for name, figure in drawn.items():
        require_whole_words(name, figure)


def require_whole_words(name: str, figure: Figure) -> None:
    for text in figure.findobj(Text):
        if text.get_visible() and text.get_text() and text not in never_drawn(figure):
            box = text.get_window_extent()
            assert box.x0 > -2 and box.y0 > -2, (name, text.get_text())
            assert box.x1 < figure.bbox.width + 2, (name, text.get_text())
            assert box.y1 < figure.bbox.height + 2, (name, text.get_text())


@pytest.mark.parametrize("language", ["zh", "en"])
def test_charts_of_trust_have_the_width_of_a_page_and_whole_words(language: Any) -> None:
    pools = {f"p{place}": (f"第{place}项指标", f"indicator {place}") for place in range(7)}
    levels = np.linspace(0.1, 0.9, 9)
    coverage = dict.fromkeys(pools, (levels**2, 99))
    rows = [(pool, years, who, 1.0) for pool in pools for years in (1, 2) for who in ("us", "last")]
    scores = pd.DataFrame(rows, columns=["pool", "horizon", "forecaster", "crps"])
    with UNITS.open(encoding="utf-8-sig", newline="") as file:
        cities = {row["unit_id"]: (row["name_zh"], row["name_en"]) for row in csv.DictReader(file)}
    parameters = {f"q{place}": (f"参数{place}", f"parameter {place}") for place in range(9)}
    shares = xr.DataArray(
        np.random.default_rng(1).random((2, len(cities), 9)), dims=("output", "city", "parameter"),
        coords={"output": ["p0", "p1"], "city": [*cities], "parameter": [*parameters]},
    )  # fmt: skip
    told: dict[str, Any] = {"pools": pools, "origins": (2018, 2021), "language": language}
    pictures = {
        "reliability": reliability.draw(coverage, levels, **told),
        "errors": errors.draw(scores, model="us", reference="last", **told),
        "sensitivity": sensitivity.draw(
            shares, outputs=pools, cities=cities, parameters=parameters, year=2025, shown=6,
            language=language,
        ),
    }  # fmt: skip
    for name, figure in pictures.items():
        assert figure.get_figwidth() == pytest.approx(16 / 2.54, rel=0.05), name
        require_whole_words(name, figure)
    shown = [axis for axis in pictures["reliability"].axes if axis.get_visible()]
    assert len(shown) == len(pools)


@lru_cache
def never_drawn(figure: Figure) -> frozenset[Text]:
    """Texts of hidden panels, and tick labels beyond the limits of their axis."""
    found: set[Text] = set()
    for panel in figure.axes:
        if not panel.get_visible():
            found |= set(panel.findobj(Text))
        for axis in (panel.xaxis, panel.yaxis):
            low, high = sorted(axis.get_view_interval())
            ticks = [tick for tick in axis.get_major_ticks() if not low <= tick.get_loc() <= high]
            found |= {tick.label1 for tick in ticks}
            if not panel.axison:
                found |= set(axis.findobj(Text))
    return frozenset(found)


def test_a_character_that_the_font_lacks_is_refused() -> None:
    figure = Figure()
    figure.text(0, 0, "CO\u2082")
    with pytest.raises(ZhuanxingError, match="'₂'"):
        check_glyphs(figure)


def test_a_missing_font_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "find_spec", lambda _: None)
    with pytest.raises(ZhuanxingError, match=f"pip install {fonts.DISTRIBUTION}"):
        fonts.font_file()


def test_drawing_leaves_the_settings_of_matplotlib_alone(results: dict[str, xr.Dataset]) -> None:
    before = dict(matplotlib.rcParams)
    structure.draw(results, cities=["baotou"], shares=SHARES)
    assert dict(matplotlib.rcParams) == before


def test_charts_do_without_pyplot() -> None:
    code = "import sys, zhuanxing.cli.commands.chart; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_paths_show_the_results_and_the_statistics(
    results: dict[str, xr.Dataset], statistics: pd.DataFrame
) -> None:
    figure = paths.draw(
        results, cities=["包头市"], variables=["gdp_nominal", "gdp"], observations=statistics,
        observed_as={"gdp_nominal": "gdp", "gdp": None}, language="zh",
    )  # fmt: skip
    nominal, real, gap, _ = figure.axes
    for scenario, dataset in results.items():
        expected = dataset["gdp_nominal"].sel(city="baotou").values
        assert np.array_equal(line(nominal, scenario), expected[YEARS >= 2020])
    history = results["baseline"]["gdp_nominal"].sel(city="baotou", year=slice(2015, 2020))
    assert np.array_equal(line(nominal, "history"), history.values), "history is drawn once"
    plan, base = (results[k]["gdp_nominal"].sel(city="baotou") for k in ("plan", "baseline"))
    assert np.allclose(line(gap, "less plan"), 100 * (plan / base - 1))
    dots = [one for one in nominal.lines if one.get_marker() == "o"]
    assert [one.get_ydata()[0] for one in dots] == statistics["value"].tolist()
    assert [one.get_markerfacecolor() != "white" for one in dots] == [True] * 4 + [False] * 2
    assert [one.get_markeredgecolor() == GREY for one in dots] == [True] * 3 + [False] * 3
    assert not [one for one in real.lines if one.get_marker() == "o"]
    assert [one.get_xdata()[0] for one in nominal.lines if one.get_linestyle() == "--"] == [2020.5]


def test_runs_become_a_median_and_a_shaded_interval(results: dict[str, xr.Dataset]) -> None:
    runs = xr.concat([results["plan"][["gdp"]] * f for f in np.linspace(0.9, 1.1, 21)], "run")
    figure = paths.draw({"plan": runs.assign_coords(results["plan"].coords)}, cities=["baotou"],
                        variables=["gdp"], language="en")  # fmt: skip
    axis = figure.axes[0]
    middle = results["plan"]["gdp"].sel(city="baotou").values
    assert np.allclose(line(axis, "plan"), middle)
    outline = axis.collections[0].get_paths()[0].vertices
    assert outline[:, 1].min() == pytest.approx((middle * 0.91).min())
    assert outline[:, 1].max() == pytest.approx((middle * 1.09).max())
    assert any("5%–95%" in text for text in texts(figure))


def test_compare_shows_the_difference_of_the_output_itself_in_every_city(
    results: dict[str, xr.Dataset],
) -> None:
    """Neither of an index nor of anything else: what a planner quotes is what the results say."""
    for variable in ("emerging_share", "gdp", "five_g_coverage"):
        axis = compare.draw(results, variable=variable, language="en").axes[0]
        plan, base = (results[k][variable].sel(year=2025) for k in ("plan", "baseline"))
        true = plan - base
        if variable == "gdp":
            true = 100 * true / base
            assert "%" in axis.get_xlabel()
        else:
            assert "percentage points" in axis.get_xlabel()
        dots = [line.get_xdata()[0] for line in axis.lines if line.get_marker() == "o"]
        assert np.allclose(dots, np.sort(true.values))
        said = [text.get_text() for text in axis.texts]
        assert said == [signed(value) for value in np.sort(true.values)]


def test_compare_shows_all_scenarios_or_refuses(results: dict[str, xr.Dataset]) -> None:
    three = {**results, "half": made_up_result("half", "一半", 0.005)}
    axis = compare.draw(three, variable="gdp", language="zh").axes[0]
    for key in ("plan", "half"):
        assert len([line for line in axis.lines if line.get_label() == key]) == 36
    with pytest.raises(ZhuanxingError, match=r"1 scenarios \(plan\)"):
        compare.draw({"plan": results["plan"]}, variable="gdp")


def test_compare_marks_the_own_city_and_draws_the_interval_of_the_difference(
    results: dict[str, xr.Dataset],
) -> None:
    true = results["plan"]["gdp"] - results["baseline"]["gdp"]
    bands = xr.concat([true * f for f in (0.5, 1.0, 2.0)], xr.Variable("quantile", [0.1, 0.5, 0.9]))
    comparisons = {"plan": xr.Dataset({"difference_of_gdp": bands})}
    figure = compare.draw(
        results, variable="gdp", marked=["包头市"], comparisons=comparisons, language="zh"
    )
    axis = figure.axes[0]
    marked = [label for label in axis.get_yticklabels() if label.get_color() == SEQUENCE[0]]
    assert [label.get_text() for label in marked] == ["包头市"]
    lines = [line.get_xdata() for line in axis.lines if len(line.get_xdata()) == 2]
    base = results["baseline"]["gdp"].sel(city="baotou", year=2025)
    share = float(100 * true.sel(city="baotou", year=2025) / base)
    assert any(np.allclose(ends, [share * 0.5, share * 2.0]) for ends in lines)
    assert any("10%–90%" in text for text in texts(figure))


@pytest.mark.parametrize("attribute", ["calibration", "model_hash", "data_hash"])
def test_results_that_differ_in_more_than_the_scenario_are_refused(
    results: dict[str, xr.Dataset], attribute: str
) -> None:
    other = results["plan"].assign_attrs({attribute: "fitted"})
    with pytest.raises(ZhuanxingError, match=r"baseline and plan .*none and fitted"):
        require_comparable({"baseline": results["baseline"], "plan": other})
    with pytest.raises(ZhuanxingError, match="2015 to 2025 and 2015 to 2024"):
        require_comparable({**results, "short": results["plan"].isel(year=slice(0, -1))})
    require_comparable(results)


def test_a_fit_of_other_data_is_named_when_results_are_refused(
    results: dict[str, xr.Dataset],
) -> None:
    said = "default (calibration default: made with another model or other data; fit it again)"
    other = results["plan"].assign_attrs(calibration=said)
    with pytest.raises(ZhuanxingError, match=r"\(none and default\)"):
        require_comparable({"baseline": results["baseline"], "plan": other})


def test_structure_stacks_sectors_to_a_hundred(results: dict[str, xr.Dataset]) -> None:
    plan = {"plan": results["plan"]}
    figure = structure.draw(plan, cities=["baotou"], shares=SHARES, detail="value_added")
    areas = figure.axes[0].collections
    assert [area.get_label() for area in areas] == list(SECTORS)
    tops = [area.get_paths()[0].vertices[:, 1].max() for area in areas]
    assert tops[-1] == pytest.approx(100)
    assert set(SECTORS.values()) <= set(texts(figure))


def test_structure_falls_back_on_three_shares(results: dict[str, xr.Dataset]) -> None:
    plan = {"plan": results["plan"].drop_vars("value_added")}
    figure = structure.draw(plan, cities=["baotou"], shares=SHARES, detail="value_added")
    assert [area.get_label() for area in figure.axes[0].collections] == SHARES


def test_what_fuels_leave_of_the_total_is_drawn_as_other(
    results: dict[str, xr.Dataset], options: dict[str, Any]
) -> None:
    only_coal = {**options["energy"], "fuels": ["coal_consumption"]}
    figure = energy.draw(results, cities=["baotou"], **only_coal)
    areas = figure.axes[0].collections
    assert [area.get_label() for area in areas] == ["coal_consumption", "other"]
    total = results["baseline"]["energy_consumption"].sel(city="baotou")
    assert np.array_equal(line(figure.axes[0], "energy_consumption"), total.values)
    assert areas[-1].get_paths()[0].vertices[:, 1].max() == pytest.approx(float(total.max()))


def test_land_changes_sum_to_nothing(
    results: dict[str, xr.Dataset], options: dict[str, Any]
) -> None:
    figure = land.draw({"plan": results["plan"]}, cities=["baotou"], **options["land"])
    widths = [bar.get_width() for bar in figure.axes[1].patches]
    assert len(widths) == len(LAND)
    assert sum(widths) == pytest.approx(0, abs=1e-9)


def test_spending_bars_add_up_to_the_spending(
    results: dict[str, xr.Dataset], options: dict[str, Any]
) -> None:
    figure = finance.draw(results, cities=["baotou"], **options["finance"])
    assert len(figure.axes) == 2  # the baseline spends nothing and gets no bars
    bars = figure.axes[1].patches
    assert sum(bar.get_height() for bar in bars) == pytest.approx(
        float(results["plan"]["lever_spending"].sel(city="baotou").sum())
    )


def test_an_aim_of_the_city_goes_before_one_of_its_province_and_one_of_all(
    results: dict[str, xr.Dataset], aims: pd.DataFrame
) -> None:
    def intensity(city: str) -> float:
        found = aims_of(aims, results["plan"], city, 2025)
        return next(aim.value for aim in found if aim.variable == "energy_intensity")

    assert [intensity(city) for city in ("ordos", "baotou", "tangshan")] == [-16.5, -15.0, -13.5]


@pytest.mark.parametrize(
    ("coverage", "mark", "said"),
    [(95.0, "✓", "95.0"), (94.96, "×", "94.96"), (94.9, "×", "94.9"), (80.0, "×", "80.0")],
)
def test_scorecard_forgives_nothing_and_writes_what_tells_a_result_from_its_aim(
    results: dict[str, xr.Dataset], aims: pd.DataFrame, coverage: float, mark: str, said: str
) -> None:
    plan = results["plan"].assign(five_g_coverage=xr.full_like(results["plan"]["gdp"], coverage))
    only = aims[aims["variable"] == "five_g_coverage"]
    figure = scorecard.draw({"plan": plan}, city="baotou", aims=only)
    assert mark in texts(figure) and said in texts(figure)


def test_an_aim_inside_the_interval_is_too_close_to_call(
    results: dict[str, xr.Dataset], aims: pd.DataFrame
) -> None:
    plan = results["plan"].assign(five_g_coverage=xr.full_like(results["plan"]["gdp"], 96.0))
    only = aims[aims["variable"] == "five_g_coverage"]
    spread = xr.Variable("quantile", [0.1, 0.5, 0.9])
    for width, mark in ((0.5, "✓"), (2.0, "≈")):
        bands = xr.concat([plan + shift for shift in (-width, 0, width)], spread)
        figure = scorecard.draw({"plan": plan}, city="baotou", aims=only, bands={"plan": bands})
        assert mark in texts(figure)


def test_city_targets_are_compared_with_the_output_they_mean() -> None:
    said = pd.DataFrame(
        {"unit_id": ["x", "x"], "year": 2025, "variable": ["gdp", "co2"], "value": [10.0, 5.0]}
    )
    table = city_targets(said, {"gdp": "gdp_nominal"}, ["co2"], 2020)
    assert table["variable"].tolist() == ["gdp_nominal", "co2"]
    assert table["direction"].tolist() == ["at_least", "at_most"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["kind=path"], "'path'.*all, paths, compare, .*'paths'"),
        (["kidn=paths"], "'kidn'.*'kind'"),
        (["format=pgn"], "'pgn'.*'png'"),
        (["kind=paths", "city=baotuo"], "'baotuo'.*'baotou'"),
        (["kind=paths", "variable=[gdpp]"], "'gdpp'.*'gdp'"),
        (["kind=structure", "scenario=plam"], "'plam'.*'plan'"),
        (["kind=paths", "scenario=[tight_finance]"], "'zhuanxing run scenario=tight_finance'"),
        (["kind=compare", "year=2031"], "2031.*2015 至 2025"),
        (["paths"], "key=value"),
        (["kind=paths", "city=null"], "kind=compare"),
    ],
)
def test_mistakes_are_answered_with_the_nearest_name(
    workplace: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    assert main(["chart", "language=zh", *arguments]) == 2
    said = capsys.readouterr().err.removesuffix("\n").split("\n")[-1]
    assert re.search(message, said)


@pytest.fixture
def workplace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, results: dict[str, xr.Dataset]
) -> Path:
    """A working directory with two stored results."""
    for scenario, dataset in results.items():
        netcdf.write(dataset, tmp_path / "outputs" / scenario / "paths.nc")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_command_writes_both_formats_in_both_languages(
    workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["chart", "kind=structure", "city=Baotou"]) == 0
    made = sorted(Path("outputs/charts").rglob("*.*"))
    assert [str(path.relative_to("outputs/charts")) for path in made] == [
        "en/structure.png", "en/structure.svg", "zh/structure.png", "zh/structure.svg",
    ]  # fmt: skip
    assert sorted(capsys.readouterr().out.split()) == [str(path) for path in made]
    png, svg = made[0].read_bytes(), made[1].read_text(encoding="utf-8")
    assert png.startswith(b"\x89PNG") and len(png) > 20_000
    assert svg.rstrip().endswith("</svg>") and "<text" not in svg


def test_the_ending_of_output_picks_the_format(workplace: Path) -> None:
    assert main(["chart", "kind=scorecard", "city=ordos", "language=zh", "output=x/ordos.svg"]) == 0
    assert [path.name for path in (workplace / "x").iterdir()] == ["ordos.svg"]


def test_the_same_chart_is_the_same_svg(tmp_path: Path, results: dict[str, xr.Dataset]) -> None:
    contents = []
    for name in ("one", "two"):
        figure = structure.draw(results, cities=["baotou"], shares=SHARES)
        contents.append(save(figure, tmp_path / name, ["svg"])[0].read_bytes())
    assert contents[0] == contents[1]


def test_an_interrupted_chart_leaves_the_old_file(
    tmp_path: Path, results: dict[str, xr.Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    figure = structure.draw(results, cities=["baotou"], shares=SHARES)
    save(figure, tmp_path / "chart", ["png"])
    before = (tmp_path / "chart.png").read_bytes()

    def broken(path: Path, **_: Any) -> None:
        path.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(figure, "savefig", broken)
    with pytest.raises(ZhuanxingError, match=r"chart.png: .*disk full"):
        save(figure, tmp_path / "chart", ["png"])
    assert (tmp_path / "chart.png").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["chart.png"]


def test_every_unit_of_an_output_is_said_in_both_languages() -> None:
    units = pd.read_csv(ROOT / "model" / "data" / "outputs.csv")["unit"].unique()
    unspoken = [one for one in units if "1e" in words.unit(one, "zh")]
    assert not unspoken


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_bars_of_a_package_add_up_to_its_effect_and_less_coal_is_good(language: str) -> None:
    sizes = np.array([-9.0, 4.0, *np.linspace(-1.0, 0.5, 18)])
    found = xr.Dataset(
        {
            "left_out": (("lever", "output"), sizes[:, None]),
            "cost": ("lever", np.arange(20.0)),
            "interaction": ("output", [1.5]),
            "others": ("output", [-0.25]),
            "total": ("output", [sizes.sum() + 1.5 - 0.25]),
        },
        {
            "output": ["coal"],
            **{name: ("output", ["煤炭"]) for name in ("output_zh", "output_en")},
            "better": ("output", ["down"]),
            "unit": ("output", ["1e4 tce"]),
            **{
                name: ("lever", [f"举措{n}" for n in range(20)])
                for name in ("lever_zh", "lever_en")
            },
        },
        {"city": "baotou", "year": 2025},
    )
    cities = {"baotou": {"name_zh": "包头", "name_en": "Baotou"}}
    figure = contributions.draw(found, output="coal", cities=cities, language=language)
    bars = figure.axes[0].patches
    drawn = [bar.get_width() for bar in bars]
    assert drawn[0] == -9.0 and len(drawn) == 14 + 4
    assert sum(drawn[:-1]) == pytest.approx(drawn[-1]) == pytest.approx(float(found["total"][0]))
    colours = [matplotlib.colors.to_hex(bar.get_facecolor(), keep_alpha=False) for bar in bars]
    assert colours[:2] == [GOOD.lower(), BAD.lower()] and set(colours[14:]) == {GREY.lower()}
