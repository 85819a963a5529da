"""All benchmarks in one run on one machine: `python benchmarks/run.py [PART ...]`.

`make bench` runs it without parts: all but `full`, which sweeps 100,000 runs (ten minutes of two
cores, 5 GB of disk), and `former`, which takes a former engine out of the repository. Parts that
are not named keep their figures, and the page says of when they are.

Prints a table, writes benchmarks/results.json and, from it, docs/performance.md. Everything is
measured in CPU seconds of pinned processes, so that other work on the machine disturbs little.
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

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
LARGE = 10_000
USUAL = 1_000
SCALING = 8_192
FULL = 100_000
BLOCKS = (2_048, 8_192, 16_384, 32_768)
COMPARED = 256
CARD_SWEEP = 131_072
# The engine of 25 November 2026, whose batches later ones are held against.
FORMER = "46440ab"
# In an order that puts what is compared side by side.
PARTS = (
    "usual", "limit", "sde", "again", "simlin", "pysd", "ema", "single", "gradient", "posterior",
    "start", "scaling", "large", "card", "full", "former",
)  # fmt: skip
RIVALS = frozenset(("sde", "simlin", "pysd", "ema"))
SELDOM = frozenset(("full", "former"))


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
    """Return what a graphics card does, on the machine that has it.

    Only the measured processes open it: one more would hold three quarters of its memory.
    """
    return {
        "machine": machine(),
        "blocks": [measure("card.py", "compute", block) for block in BLOCKS],
        "numbers": measure("card.py", "numbers", COMPARED),
        "sweep": measure("card.py", "sweep", CARD_SWEEP),
    }


def measured(part: str, folder: str, core: int) -> dict[str, Any]:
    """Return what one part finds; `folder` holds the exported model."""
    if part in RIVALS:
        return measure("rivals.py", part, folder, core)
    if part == "card":
        return card()
    scripts: dict[str, tuple[str | int, ...]] = {
        "limit": ("limit.py", core),
        "start": ("start.py",),
        "scaling": ("sweeping.py", "scaling", SCALING),
        "full": ("sweeping.py", "full", FULL),
        "former": ("former.py", FORMER, 1),
        "large": ("ours.py", "batch", LARGE, core),
        "usual": ("ours.py", "batch", USUAL, core),
        "again": ("ours.py", "batch", USUAL, core),
    }
    script, *arguments = scripts.get(part, ("ours.py", part, 1, core))
    return measure(str(script), *arguments)


def main(named: list[str]) -> None:
    """Measure the parts that are named, or all that are not seldom."""
    if unknown := set(named) - set(PARTS):
        sys.exit(f"{', '.join(sorted(unknown))}: no part; there are {', '.join(PARTS)}")
    core = sorted(os.sched_getaffinity(0))[:2][-1]
    wanted = named or [part for part in PARTS if part not in SELDOM]
    here = machine()
    found: dict[str, Any] = {}
    if RESULTS.exists():
        found = json.loads(RESULTS.read_text(encoding="utf-8"))
    found["machine"] = here
    with tempfile.TemporaryDirectory() as folder:
        if not RIVALS.isdisjoint(wanted):
            exporter = [str(Path(sys.executable).with_name("zhuanxing")), "export", folder]
            subprocess.run([*exporter, "scenario=plan"], check=True, capture_output=True)
        for part in PARTS:
            if part in wanted and (part != "card" or measure("card.py", "present", 0)["card"]):
                found[part] = {**measured(part, folder, core), "when": here["when"]}
                RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(page.write(found))


if __name__ == "__main__":
    main(sys.argv[1:])
