"""The manual is built without a warning, its reference says what the model says, its lines run."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import zhuanxing
from zhuanxing.cli.main import main
from zhuanxing.engine.reading import syntax_tree
from zhuanxing.manual.diagram import links
from zhuanxing.manual.pages import pages

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
BLOCK = re.compile(r"^```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TUTORIALS = ("tutorials/planner", "zh/planner", "tutorials/economist", "tutorials/analyst")


@pytest.fixture(scope="module")
def reference(model: zhuanxing.Model) -> dict[str, str]:
    """The generated pages by path."""
    return pages(model)


def test_every_variable_of_the_sector_files_stands_in_the_reference_once(
    model: zhuanxing.Model, reference: dict[str, str]
) -> None:
    text = "\n".join(reference.values())
    for name, row in model.variables.iterrows():
        if row["where"] != "model/data":
            assert text.count(f"### {name} {{") == 1, name


def test_a_diagram_shows_every_flow_of_every_stock(model: zhuanxing.Model) -> None:
    variables = model.variables
    moving = frozenset(variables[variables["kind"].isin(["stock", "auxiliary"])].index)
    stocks = variables[variables["kind"] == "stock"].index
    drawn = links(
        list(stocks),
        model.program.elements,
        {str(name): read for name, read in variables["causes"].items()},
        moving,
    )
    flows = {(link.start, link.end) for link in drawn if link.kind != "cause"}
    for stock in stocks:
        (component, *_) = model.program.elements[stock].components
        assert isinstance(component.expression, syntax_tree.Integ)
        if isinstance(component.expression.flow, syntax_tree.Reference):
            flow = component.expression.flow.name
            assert flow not in moving or (flow, stock) in flows


@pytest.mark.slow
def test_the_manual_is_built_strictly(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    built = subprocess.run(
        [*command, "--site-dir", str(tmp_path)], cwd=ROOT, capture_output=True, text=True
    )
    assert built.returncode == 0, built.stderr
    assert (tmp_path / "reference" / "sectors" / "industry" / "index.html").is_file()


@pytest.fixture
def own_scenarios(workplace: Path) -> Path:
    """A working directory whose scenarios are its own, so that one can be added."""
    shipped = (workplace / "scenarios").resolve()
    (workplace / "scenarios").unlink()
    (workplace / "scenarios").mkdir()
    for path in shipped.glob("*.yaml"):
        (workplace / "scenarios" / path.name).write_bytes(path.read_bytes())
    return workplace


def run_blocks(page: Path) -> int:
    """Run every block of code of a page in the working directory; return how many there were."""
    blocks = BLOCK.findall(page.read_text(encoding="utf-8"))
    names: dict[str, Any] = {}
    for kind, title, body in blocks:
        if title:
            Path(title).write_text(body, encoding="utf-8")
        elif kind == "python":
            exec(compile(body, str(page), "exec"), names)
        elif kind == "bash":
            for line in filter(None, body.splitlines()):
                words = shlex.split(line.removesuffix(" || true"))
                assert words[0] == "zhuanxing"
                assert main(words[1:]) == 0 or line.endswith("|| true"), line
    return len(blocks)


@pytest.mark.slow
@pytest.mark.parametrize("page", TUTORIALS)
def test_every_line_of_a_tutorial_runs(own_scenarios: Path, page: str) -> None:
    assert run_blocks(DOCS / f"{page}.md") >= 4


def test_the_engine_runs_alone_as_its_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for _, _, body in BLOCK.findall((DOCS / "explanation/engine.md").read_text(encoding="utf-8")):
        exec(compile(body, "engine.md", "exec"), names)
    assert names["paths"]["stock"][-1] > 10
    assert set(names["slopes"]) == {"residence time"}
