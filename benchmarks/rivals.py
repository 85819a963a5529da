"""The other programs: `python benchmarks/rivals.py pysd|simlin|sde|ema FOLDER CORE`.

FOLDER holds plan.mdl and plan.xmile of `zhuanxing export`. Prints one JSON object; a program that
is not here gives {"missing": reason}.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from workload import OUTPUTS, SCENARIO, cpu_seconds, pin, prepare

SDE_RUNS = 60
SIMLIN_RUNS = 2
PYSD_STEPS = (1, 5)
# The exact file name that SDEverywhere's own model.c leaves free.
SDE_NAME = "cities"


def pysd(folder: Path) -> dict[str, Any]:
    """Time a few steps of PySD by the difference of two short runs, and extrapolate to a run."""
    from zhuanxing.engine import ReferenceEngine

    model, requests, steps = prepare()
    inputs = model.inputs(model.scenario(SCENARIO))
    paths = dict.fromkeys(requests, "path")
    with cpu_seconds() as loading:
        engine = ReferenceEngine(model.source.equations.text())
    times = model.program.times()
    spent = []
    for count in PYSD_STEPS:
        with cpu_seconds() as one:
            engine.run({**inputs, "final time": times[count]}, paths)
        spent.append(one[0])
    each = (spent[1] - spent[0]) / (PYSD_STEPS[1] - PYSD_STEPS[0])
    return {
        "cpu_per_run": each * steps,
        "cpu_per_step": each,
        "load_cpu": loading[0],
        "extrapolated": f"from {PYSD_STEPS[1] - PYSD_STEPS[0]} of {steps} steps",
    }


def ema(folder: Path) -> dict[str, Any]:
    """Time EMA Workbench's own work for an experiment with a model that does nothing.

    Over PySD it adds this to PySD's time, which is extrapolated.
    """
    from ema_workbench import Model, RealParameter, ScalarOutcome, SequentialEvaluator

    model = Model("nothing", function=lambda a=0.0: {"b": a})
    model.uncertainties = [RealParameter("a", 0.0, 1.0)]
    model.outcomes = [ScalarOutcome("b")]
    count = 1000
    with cpu_seconds() as spent, SequentialEvaluator(model) as evaluator:
        evaluator.perform_experiments(scenarios=count)
    return {"cpu_per_experiment": spent[0] / count, "extrapolated": "its own work plus PySD's run"}


def simlin(folder: Path) -> dict[str, Any]:
    """Time whole runs of the exported XMILE."""
    import simlin as library

    with cpu_seconds() as loading:
        model = library.load(folder / f"{SCENARIO}.xmile")
    spent = []
    for _ in range(SIMLIN_RUNS):
        with cpu_seconds() as one, model.simulate() as simulation:
            simulation.run_to_end()
        spent.append(one[0])
    return {"cpu_per_run": min(spent), "load_cpu": loading[0], "extrapolated": "times the runs"}


def sde(folder: Path) -> dict[str, Any]:
    """Time SDEverywhere's C with ten outputs, compiled with -O3 and as fast as gcc allows."""
    if shutil.which("sde") is None:
        return {"missing": "no `sde` on the path"}
    model, _, _ = prepare()
    variables = [item.variable for item in model.outputs if item.name in OUTPUTS]
    cities = model.elements("city")
    plain = [name for name in variables if model.program.variables[name].dims == ("city",)]
    effect = min(name for name in model.program.constants() if name.startswith("effect of "))
    spec = {
        "inputVarNames": [effect],
        "outputVarNames": [f"{name}[{city}]" for name in plain for city in cities],
    }
    (folder / "spec.json").write_text(json.dumps(spec), encoding="utf-8")
    text = (folder / f"{SCENARIO}.mdl").read_text(encoding="utf-8")
    (folder / f"{SDE_NAME}.mdl").write_text(text.split("\\\\\\---///")[0], encoding="utf-8")
    shutil.copy(Path(__file__).with_name("sde_main.c"), folder / "main.c")
    quiet = {"cwd": folder, "check": True, "capture_output": True}
    generate = ["sde", "generate", "--outformat=c", "--spec", "spec.json", f"{SDE_NAME}.mdl"]
    subprocess.run(generate, **quiet)
    found: dict[str, Any] = {"outputs": len(spec["outputVarNames"]), "runs": SDE_RUNS}
    # Its makefile names clang; this run only lays out the sources.
    environment = {**os.environ, "MAKEFLAGS": "CC=gcc"}
    subprocess.run(["sde", "compile", f"{SDE_NAME}.mdl"], env=environment, **quiet)
    sources = sorted((folder / "build").glob("*.c"))
    for label, flags in (("O3", ["-O3"]), ("fast", ["-O3", "-march=native", "-ffast-math"])):
        binary = folder / f"sde_{label}"
        subprocess.run(["gcc", *flags, "-w", "-o", binary, *sources, "-lm"], **quiet)
        answer = subprocess.run([binary, str(SDE_RUNS)], **quiet)
        found[f"cpu_per_run_{label}"] = float(answer.stdout) / SDE_RUNS
    return found


if __name__ == "__main__":
    kind, folder, core = sys.argv[1:]
    pin(int(core))
    program = {"pysd": pysd, "simlin": simlin, "sde": sde, "ema": ema}[kind]
    print(json.dumps(program(Path(folder))))
