"""The page in a real browser: it shows what the command line says, to each person alone."""

from __future__ import annotations

import re
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, urlparse

import numpy as np
import pytest
import yaml

import zhuanxing
from zhuanxing.app import downloads
from zhuanxing.app.engine import Engine
from zhuanxing.app.patience import Overtaken, Turns
from zhuanxing.app.state import State, from_query, from_yaml
from zhuanxing.app.tabs import Tabs
from zhuanxing.app.words import failure, say
from zhuanxing.errors import ZhuanxingError
from zhuanxing.inputs import LeverSetting
from zhuanxing.results.words import Language

ROOT = Path(__file__).parents[1]
BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
needs_browser = pytest.mark.skipif(
    not BROWSER, reason="no Chromium is installed: apt-get install chromium"
)
PATIENCE = 300_000
DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def address(model: zhuanxing.Model) -> Iterator[str]:
    """A server of the page on a free port of this machine."""
    from zhuanxing.app.engine import warm
    from zhuanxing.app.serve import serve
    from zhuanxing.app.settings import AppSettings
    from zhuanxing.cli.asking import aims_of_model
    from zhuanxing.config import read_settings

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings: Any = read_settings(AppSettings, ROOT / "conf" / "app.yaml")
    settings = replace(settings, port=port)
    server = serve(warm(model, aims_of_model(model.places), settings), settings, blocking=False)
    yield f"http://127.0.0.1:{port}"
    server.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=BROWSER, args=FLAGS)
        yield opened
        opened.close()


def visit(browser: Any, address: str, query: str = "", **options: Any) -> Any:
    context = browser.new_context(locale="zh-CN", **{"viewport": DESKTOP, **options})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{address}/{query}", timeout=PATIENCE)
    page.wait_for_selector(".tile, [role=alert]")
    all_is_well(page)
    return page


def all_is_well(page: Any) -> None:
    """Fail with what the page says is wrong, rather than wait for what does not come."""
    told = page.locator("[role=alert]").all_inner_texts()
    assert not told, told


def saved(page: Any, kind: str) -> Any:
    """Return the file of a button, once it is there."""
    files: list[Any] = []
    page.once("download", lambda file: files.append(file))
    page.locator(f".save-{kind} a, .save-{kind} button").first.click()
    until = time.monotonic() + PATIENCE / 1000
    while not files:
        all_is_well(page)
        assert time.monotonic() < until
        page.wait_for_timeout(50)
    return files[0]


def shown(page: Any, output: str) -> float:
    return float(page.locator(f'[data-output="{output}"]').get_attribute("data-value"))


def settled(page: Any, output: str, expected: float) -> None:
    """Wait until a number has become what it should be."""
    until = time.monotonic() + PATIENCE / 1000
    while not np.isclose(shown(page, output), expected, rtol=1e-9):
        all_is_well(page)
        assert time.monotonic() < until, (shown(page, output), expected)
        page.wait_for_timeout(50)


def strength(page: Any, group: str, lever: str, presses: int) -> None:
    """Open a group of levers and press an arrow key on a slider, as a keyboard user does."""
    # The first of them: a lever that was sought stands in its group, too.
    slider = page.locator(f".lever-{lever} .noUi-handle").first
    if slider.count() == 0:
        page.locator(f".open-{group} button").click()
    slider.focus()
    for _ in range(abs(presses)):
        page.keyboard.press("ArrowRight" if presses > 0 else "ArrowLeft")


def true_value(model: zhuanxing.Model, output: str, **levers: float) -> float:
    paths = model.run("plan", levers=levers, city=["tangshan"], outputs=[output])
    return float(paths[output].sel(city="tangshan", year=2025))


@needs_browser
def test_a_lever_gives_the_number_that_the_command_line_gives_and_loads_nothing_from_elsewhere(
    browser: Any, address: str, model: zhuanxing.Model
) -> None:
    page = visit(browser, address)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    page.wait_for_selector(".tile")
    settled(page, "energy_intensity", true_value(model, "energy_intensity"))
    # Presses that follow fast are one move, so each move here is waited for.
    strength(page, "energy", "dual_control", -3)
    settled(page, "energy_intensity", true_value(model, "energy_intensity", dual_control=0.35))
    strength(page, "energy", "dual_control", -1)
    settled(page, "energy_intensity", true_value(model, "energy_intensity", dual_control=0.3))
    foreign = [url for url in asked if not url.startswith((address, "data:", "blob:", "ws://127"))]
    assert not foreign
    page.get_by_role("button", name="撤销").click()
    settled(page, "energy_intensity", true_value(model, "energy_intensity", dual_control=0.35))


@needs_browser
def test_an_address_brings_everything_back_in_either_language(
    browser: Any, address: str, model: zhuanxing.Model
) -> None:
    page = visit(browser, address, "?c=tangshan&s=plan&l=dual_control:0.2&o=co2&t=trust")
    settled(page, "co2", true_value(model, "co2", dual_control=0.2))
    assert "就业" in page.locator(".tiles").inner_text()
    with page.expect_navigation():
        page.get_by_role("button", name="English").click()
    page.wait_for_selector(".tile")
    settled(page, "co2", true_value(model, "co2", dual_control=0.2))
    words = page.locator(".tiles").inner_text()
    assert "Employment" in words and not re.search(r"[\u4e00-\u9fff]", words)
    said = parse_qs(urlparse(page.url).query)
    assert said["l"] == ["dual_control:0.2"] and said["o"] == ["co2"] and said["t"] == ["trust"]


@needs_browser
def test_a_lever_that_starts_later_does_what_the_command_line_says_and_tells_its_cost(
    browser: Any, address: str, model: zhuanxing.Model
) -> None:
    page = visit(browser, address)
    page.locator(".open-manufacturing button").first.click()
    page.locator(".start-traditional_upgrading select").select_option("2023")
    paths = model.run(
        "plan", levers={"traditional_upgrading": {"start": 2023}}, city=["tangshan"],
        outputs=["gdp", "lever_spending_by_lever"],
    ).sel(city="tangshan")  # fmt: skip
    settled(page, "gdp", float(paths["gdp"].sel(year=2025)))
    page.wait_for_function("location.search.includes('traditional_upgrading:2023')")
    cost = float(paths["lever_spending_by_lever"].sel(lever="traditional_upgrading").sum())
    page.get_by_text(f"花费 {cost:.1f} 亿元").first.wait_for()


@needs_browser
def test_two_people_do_not_mix_and_quick_moves_end_at_the_last(
    browser: Any, address: str, model: zhuanxing.Model
) -> None:
    one, other = visit(browser, address), visit(browser, address)
    before = true_value(model, "energy_intensity")
    strength(one, "energy", "dual_control", -10)
    strength(one, "energy", "dual_control", 10)
    strength(one, "energy", "dual_control", -8)
    settled(one, "energy_intensity", true_value(model, "energy_intensity", dual_control=0.1))
    settled(other, "energy_intensity", before)


@needs_browser
def test_files_of_the_page_open(browser: Any, address: str, tmp_path: Path) -> None:
    from docx import Document
    from openpyxl import load_workbook

    page = visit(browser, address, "?l=dual_control:0.2")
    files = {}
    for kind in ("yaml", "table", "report", "picture", "vector"):
        found = saved(page, kind)
        files[kind] = tmp_path / found.suggested_filename
        found.save_as(files[kind])
    content = yaml.safe_load(files["yaml"].read_text(encoding="utf-8"))
    assert content["overrides"] == [
        {"where": {"city": "tangshan"}, "levers": {"dual_control": 0.2}}
    ]
    assert "目标" in load_workbook(files["table"]).sheetnames
    assert any(
        "唐山市" in paragraph.text for paragraph in Document(str(files["report"])).paragraphs
    )
    assert files["picture"].read_bytes().startswith(b"\x89PNG")
    assert files["vector"].read_text(encoding="utf-8").rstrip().endswith("</svg>")


@needs_browser
@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_fails_is_said_on_the_page_in_one_sentence_that_names_the_log(
    browser: Any, address: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, language: str
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    monkeypatch.setitem(downloads.KINDS, "yaml", broken)
    monkeypatch.setattr(Engine, "strengths", broken)
    monkeypatch.setattr(Tabs, "_show_cities", broken)
    start = {"zh": "无法完成：程序出错", "en": "This cannot be done: an unforeseen error"}[language]

    def told(page: Any) -> None:
        alert = page.locator("[role=alert]")
        alert.wait_for()
        said = alert.inner_text()
        assert said.startswith(start) and re.search("ZeroDivisionError.{1,2}by nothing", said)
        (log,) = tmp_path.glob("zhuanxing-*.txt")
        assert str(log) in said and "broken" in log.read_text(encoding="utf-8")
        log.unlink()

    page = visit(browser, address, f"?lang={language}")
    page.locator(".save-yaml a, .save-yaml button").first.click()
    told(page)  # a download
    for tab in ("tradeoff", "cities"):  # an answer from the background, a drawing
        page = visit(browser, address, f"?lang={language}")
        name = say(f"tab_{tab}", cast("Language", language))
        page.get_by_text(name, exact=True).first.click()
        told(page)


@needs_browser
def test_a_group_and_the_budget_move_as_the_command_line_moves_them(
    browser: Any, address: str, model: zhuanxing.Model
) -> None:
    page = visit(browser, address, "?g=energy:0.5&b=0.5&x=0.8")
    plan, names = model.scenario("plan"), model.names
    row = plan.cities.index("tangshan")
    levers = {
        lever: round(
            float(plan.intensity[row, column]) * 0.8 * (0.5 if group == "energy" else 1), 3
        )
        for column, (lever, group) in enumerate((n, r["group"]) for n, r in names.levers.items())
        if names.targets[row, column]
    }
    paths = model.run("plan", levers=levers, city=["tangshan"], budget=0.5, outputs=["co2"])
    settled(page, "co2", float(paths["co2"].sel(city="tangshan", year=2025)))
    page.get_by_role("button", name="收藏").click()
    page.locator(".search input").fill("双控")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    strength(page, "energy", "dual_control", -1)
    page.wait_for_function("location.search.includes('dual_control')")
    page.locator(".kept-0 button").click()
    page.wait_for_function("!location.search.includes('dual_control')")
    settled(page, "co2", float(paths["co2"].sel(city="tangshan", year=2025)))


@needs_browser
def test_the_page_fits_a_phone(browser: Any, address: str) -> None:
    page = visit(browser, address, viewport=PHONE, is_mobile=True, has_touch=True)
    page.wait_for_timeout(500)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.locator("#levers").get_attribute("open") is None
    boxes = [tile.bounding_box() for tile in page.locator(".tile").all()]
    assert len({round(box["x"]) for box in boxes}) == 2


def test_a_state_comes_back_from_its_address_and_its_file(model: zhuanxing.Model) -> None:
    default = State("tangshan", "plan", "gdp")
    state = replace(
        default, city="baotou", output="co2", language="en", levers={"solar_base": 0.4}, scale=0.5,
        budget=0.5, groups={"land": 1.5}, starts={"solar_base": 2023.0},
    )  # fmt: skip
    names = model.names
    assert from_query(state.query(), default, names, {"gdp", "co2"}) == state
    wrong = from_query(
        "?c=nowhere&l=nothing:2,solar_base:9&x=-1&g=land:3&b=2&y=solar_base:12",
        default,
        names,
        {"gdp"},
    )
    assert wrong == default
    labels = model.scenario("plan").labels
    changed = {"solar_base": LeverSetting(intensity=0.4, start=2023.0)}
    again = from_yaml(state.to_yaml(labels, changed), default, model)
    assert (again.city, again.levers, again.budget) == ("baotou", state.levers, 0.5)
    assert again.starts == state.starts
    with pytest.raises(ZhuanxingError, match="extends"):
        from_yaml("a: 1", default, model)
    assert from_yaml("extends: plan\nbudget:\n", default, model).budget == 1
    with pytest.raises(ZhuanxingError, match="end"):
        from_yaml("extends: plan\nlevers: {dual_control: {end: 2024}}", default, model)


def test_the_page_says_why_in_its_language() -> None:
    refusal = ZhuanxingError("the page has no years in which levers end")
    assert "页面不能设举措的结束年份" in failure(refusal, "zh")


def test_work_in_the_background_waits_for_a_slider_and_ends_once_it_is_not_wanted() -> None:
    turns, begun = Turns(), threading.Event()

    def work() -> None:
        with turns.after_quick(lambda: True):
            begun.set()

    worker = threading.Thread(target=work)
    with turns.quick:
        worker.start()
        assert not begun.wait(0.1)
    assert begun.wait(10)
    worker.join()
    with pytest.raises(Overtaken), turns.after_quick(lambda: False):
        pytest.fail("what nobody wants has begun")
