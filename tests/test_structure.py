"""The house: a package imports only from those before it, and the engine can be used alone."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from jaxtyping import TypeCheckError

SOURCE = Path(__file__).parents[1] / "src" / "zhuanxing"
# From the ground floor up.
FLOORS = (
    "errors", "engine", "storage", "cores", "hidden", "data", "config", "equations", "inputs",
    "results", "calibrations", "uncertainty", "assembled", "catalogue", "probes", "batches",
    "model", "analyses", "charts", "export", "report", "app", "cli", "manual",
)  # fmt: skip


def imported(path: Path) -> set[str]:
    """Return the parts of zhuanxing that a file imports, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("zhuanxing."):
            found.add((node.module or "").split(".")[1])
    return found


@pytest.mark.parametrize("floor", FLOORS)
def test_arrows_point_down_only(floor: str) -> None:
    folder, file = SOURCE / floor, SOURCE / f"{floor}.py"
    files = folder.rglob("*.py") if folder.is_dir() else [file]
    allowed = {*FLOORS[: FLOORS.index(floor) + 1]}
    upward = {f"{path.name} -> {part}" for path in files for part in imported(path) - allowed}
    assert not upward


def test_every_module_has_its_floor() -> None:
    modules = {path.stem for path in SOURCE.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert modules - {"__init__", "__pycache__", "__main__", "shipped"} == {*FLOORS}


def test_the_engine_runs_without_the_rest_of_the_package() -> None:
    code = (
        "import sys; from zhuanxing.engine import compile_text;"
        "compile_text('x = 1 ~~| INITIAL TIME = 0 ~~| FINAL TIME = 1 ~~| TIME STEP = 1 ~~|"
        "SAVEPER = 1 ~~|').run({}, {'x': 'path'});"
        "print({n.split('.')[1] for n in sys.modules if n.startswith('zhuanxing.')})"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert eval(result.stdout) == {"engine", "errors"}, result.stderr


def test_dask_is_imported_where_it_is_needed_and_not_by_what_would_take_it_along() -> None:
    code = (
        "import sys; from types import SimpleNamespace as Stub\n"
        "from zhuanxing.hidden import hide\n"
        "if __name__ == '__main__':\n"
        "    hide(); import xarray as xr; xr.DataArray([1.0], dims='year').sum()\n"
        "    print('dask.array' in sys.modules)\n"
        "    from zhuanxing.analyses.sweep.cluster import Cluster, compute_on\n"
        "    sweep = Stub(simulation=Stub(read_files=list))\n"
        "    print([*compute_on(Cluster(workers=2), sweep, [])], 'distributed' in sys.modules)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout == "False\n[] True\n", result.stderr


def test_calls_are_held_to_the_shapes_that_annotations_state() -> None:
    from zhuanxing.analyses.calibrate.curvature import Jacobian
    from zhuanxing.engine.translating.lookup_tables import evaluate

    with pytest.raises(TypeCheckError):
        Jacobian(np.zeros((2, 5, 3)), np.zeros((2, 4, 1)))
    with pytest.raises(TypeCheckError):
        evaluate(np, np.ones(2), np.zeros((3, 2)), np.zeros((4, 2)), "interpolate")
