"""All benchmarks in one run on one machine: `python benchmarks/run.py [--quick] [--full]`.

`make bench` runs it without either.

Prints a table, writes benchmarks/results.json and, from it, docs/performance.md. Everything is
measured in CPU seconds of pinned processes, so that other work on the machine disturbs little.
`--quick` leaves out the batch of 10,000 runs; `--full` sweeps 100,000 runs (ten minutes of two
cores, 5 GB of disk), which is otherwise kept from the last time.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import page

from zhuanxing.engine.running.devices import choose_device

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
LARGE = 10_000
USUAL = 1_000
SCALING = 8_192
FULL = 100_000
BLOCKS = (2_048, 8_192, 16_384, 32_768)
COMPARED = 256
CARD_SWEEP = 131_072
# Measured on other machines or seldom: kept from the last time.
KEPT = ("full", "card")


def measure(script: str, *arguments: str | int) -> dict[str, Any]:
    """Run one script in a process of its own and return the JSON of its last line."""
    command = [sys.executable, str(HERE / script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return {"missing": (done.stderr.strip().splitlines() or ["it failed"])[-1]}
    print(f"  {script} {' '.join(map(str, arguments[:2]))}", file=sys.stderr, flush=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def machine() -> dict[str, Any]:
    """Return what the numbers were measured on."""
    names = [
        line.split(":")[1].strip()
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if line.startswith("model name")
    ]
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "when": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "load": os.getloadavg()[0],
    }


def card() -> dict[str, Any]:
    """Return what a graphics card does, on the machine that has it."""
    return {
        "machine": machine(),
        "blocks": [measure("card.py", "compute", block) for block in BLOCKS],
        "numbers": measure("card.py", "numbers", COMPARED),
        "sweep": measure("card.py", "sweep", CARD_SWEEP),
    }


def main() -> None:
    """Measure, in an order that puts what is compared side by side."""
    core = sorted(os.sched_getaffinity(0))[:2][-1]
    found: dict[str, Any] = {"machine": machine()}
    with tempfile.TemporaryDirectory() as folder:
        exporter = [str(Path(sys.executable).with_name("zhuanxing")), "export", folder]
        subprocess.run([*exporter, "scenario=plan"], check=True, capture_output=True)
        found["usual"] = measure("ours.py", "batch", USUAL, core)
        found["limit"] = measure("limit.py", core)
        found["sde"] = measure("rivals.py", "sde", folder, core)
        found["again"] = measure("ours.py", "batch", USUAL, core)
        for name in ("simlin", "pysd", "ema"):
            found[name] = measure("rivals.py", name, folder, core)
    found["single"] = measure("ours.py", "single", 1, core)
    found["gradient"] = measure("ours.py", "gradient", 1, core)
    found["posterior"] = measure("ours.py", "posterior", 1, core)
    found["start"] = measure("start.py")
    found["scaling"] = measure("sweeping.py", "scaling", SCALING)
    if "--quick" not in sys.argv:
        found["large"] = measure("ours.py", "batch", LARGE, core)
    if "--full" in sys.argv:
        found["full"] = measure("sweeping.py", "full", FULL)
    if choose_device("auto").kind == "gpu":
        found["card"] = card()
    if RESULTS.exists():
        earlier = json.loads(RESULTS.read_text(encoding="utf-8"))
        found |= {name: earlier[name] for name in KEPT if name in earlier and name not in found}
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(page.write(found))


if __name__ == "__main__":
    main()
