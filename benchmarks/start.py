"""Time to a first result: `python benchmarks/start.py` runs `zhuanxing run` cold, warm and changed.

Each is a process of its own that writes a file. Prints one JSON object of CPU seconds, wall
seconds and megabytes.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("model", "scenarios", "conf")
COMMAND = [str(Path(sys.executable).with_name("zhuanxing")), "run", "scenario=plan"]
WARM = 3


def timed(folder: Path, cache: Path) -> dict[str, float]:
    """Run once in `folder`; CPU seconds are the child's own."""
    before, clock = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        COMMAND,
        cwd=folder,
        env={**os.environ, "XDG_CACHE_HOME": str(cache)},
        check=True,
        capture_output=True,
    )
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - clock
    user, system = after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime
    return {"cpu": user + system, "wall": wall, "megabytes": after.ru_maxrss / 1024}


def main() -> None:
    """Measure an empty cache, a warm one, and one whose model has changed since."""
    with tempfile.TemporaryDirectory() as place:
        folder, cache = Path(place) / "project", Path(place) / "cache"
        for name in FOLDERS:
            shutil.copytree(ROOT / name, folder / name)
        found = {"uncached": timed(folder, cache)}
        warm = [timed(folder, cache) for _ in range(WARM)]
        found["cached"] = min(warm, key=lambda one: one["cpu"])
        sector = next(path for path in sorted((folder / "model" / "sectors").glob("*.mdl")))
        text = sector.read_text(encoding="utf-8")
        changed = text.rsplit("\\\\\\---///", 1)[0].rstrip()
        sector.write_text(
            f"{changed}\n\nbenchmark marker = 1\n\t~ Dmnl\n\t~ Changes the model.\n\t|\n",
            encoding="utf-8",
        )
        found["changed"] = timed(folder, cache)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
