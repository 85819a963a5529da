"""The manual is built without a warning, and its reference says what the model says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import zhuanxing
from zhuanxing.engine.reading import syntax_tree
from zhuanxing.manual.diagram import links
from zhuanxing.manual.pages import pages

ROOT = Path(__file__).parents[1]


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
