"""The arithmetic limit: `python benchmarks/limit.py CORE` counts a run's operations, and times them
alone in C. Prints one JSON object."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import jax
import numpy as np
from workload import draw, pin, prepare

from zhuanxing.engine.running.devices import CPU_BLOCK as BLOCK
from zhuanxing.engine.translating.vector_logarithm import compiled_logarithm

SIMPLE = {"add", "sub", "mul", "max", "min", "neg", "select_n", "lt", "gt", "ge", "le", "add_any"}
KINDS = {
    "div": "division",
    "sqrt": "root",
    "exp": "exponential",
    "log": "logarithm",
    "pow": "power",
}
ORDER = ("simple", "division", "root", "exponential", "logarithm", "power")
COMPILER = ["gcc", "-O3", "-march=native", "-ffast-math", "-ffp-contract=off"]
WIDE = ["-mprefer-vector-width=512"]


def operations() -> dict[str, float]:
    """Return the operations of one run by kind, as the engine asks them of XLA for a block."""
    model, requests, steps = prepare()
    program = model.program
    jaxpr = program.block(draw(model, 0, BLOCK), requests)
    counts: Counter[str] = Counter()
    _count(jaxpr, counts, scanning=False)
    return {kind: counts[kind] * steps / BLOCK for kind in ORDER}


def _count(jaxpr: Any, counts: Counter[str], scanning: bool) -> None:
    for equation in jaxpr.eqns:
        name = equation.primitive.name
        if equation.params.get("name") == compiled_logarithm.__name__:
            # Our own, of many operations: to the model it is one logarithm.
            sizes = [int(np.prod(out.aval.shape)) for out in equation.outvars]
            counts["logarithm"] += sum(sizes) * scanning
            continue
        inner = [
            getattr(value, "jaxpr", value)
            for value in equation.params.values()
            if hasattr(value, "eqns") or hasattr(value, "jaxpr")
        ]
        if inner:
            for part in inner[:1]:
                _count(part, counts, scanning or name == "scan")
        elif scanning:
            size = sum(int(np.prod(out.aval.shape)) for out in equation.outvars)
            if name == "reduce_sum":
                counts["simple"] += int(np.prod(equation.invars[0].aval.shape))
            elif name == "dot_general":
                ((axes, _), _) = equation.params["dimension_numbers"]
                shape = equation.invars[0].aval.shape
                counts["simple"] += 2 * size * int(np.prod([shape[axis] for axis in axes]))
            elif name == "integer_pow":
                counts["simple"] += size * int(np.log2(equation.params["y"]))
            elif name in KINDS:
                counts[KINDS[name]] += size
            elif name in SIMPLE:
                counts["simple"] += size


def seconds(counts: dict[str, float]) -> float:
    """Return CPU seconds of the operations of one run, by the better of two vector widths."""
    source = Path(__file__).with_name("limit.c")
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for width in ([], WIDE):
            target = Path(folder) / "limit"
            subprocess.run([*COMPILER, *width, "-o", target, source, "-lm"], check=True)
            arguments = [str(counts[kind]) for kind in ORDER]
            answer = subprocess.run([target, *arguments], check=True, capture_output=True)
            found.append(float(answer.stdout))
    return min(found)


if __name__ == "__main__":
    pin(int(sys.argv[1]))
    jax.config.update("jax_enable_x64", True)
    counts = operations()
    print(json.dumps({"operations": counts, "cpu_per_run": seconds(counts)}))
