"""An engine of former days beside this one: `python benchmarks/former.py REVISION THREADS`.

Both run the model, the scenario and the draws of REVISION, in turns with this engine on the model
of today, which tells what a run has come to cost. The order in which a process found its memory
makes as much difference as what is compared, so each engine starts several times; a first start
that compiles is not counted. Prints JSON.
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from workload import SCENARIO, cpu_seconds, draw, pin, prepare

ROOT = Path(__file__).parents[1]
# Folders of the two models.
FORMER, TODAY = "former", "today"
STARTS = 4
TURNS = 8
RUNS = 32


def give(folder: Path) -> None:
    """Write the model and what its runs are given, as the revision at hand has them."""
    folder.mkdir()
    model, requests, _ = prepare()
    exporter = [str(Path(sys.executable).with_name("zhuanxing")), "export", str(folder)]
    subprocess.run([*exporter, f"scenario={SCENARIO}"], check=True, capture_output=True)
    given = requests, draw(model, 0, RUNS), model.inputs(model.scenario(SCENARIO))
    (folder / "given").write_bytes(pickle.dumps(given))


def answer(folder: Path, threads: int) -> None:
    """Write the numbers of a block of runs, and at every line of stdin the seconds of one of them,
    and of a run by itself."""
    from zhuanxing.engine import compile_text

    if threads == 1:
        pin(min(os.sched_getaffinity(0)))
    program = compile_text((folder / f"{SCENARIO}.mdl").read_text(encoding="utf-8"))
    requests, overrides, one = pickle.loads((folder / "given").read_bytes())
    found = program.run_many(overrides, requests)
    program.run(one, requests)
    print(pickle.dumps(dict(found)).hex(), flush=True)
    for _ in sys.stdin:
        with cpu_seconds() as spent:
            program.run_many(overrides, requests)
        with cpu_seconds() as alone:
            program.run(one, requests)
        print(spent[0] / RUNS, spent[1] / RUNS, alone[0], flush=True)


def called(tree: Path, folder: Path, *words: str | int) -> subprocess.Popen[str]:
    """Start this script with the engine of a tree, and caches of its own."""
    name = "caches of this" if tree == ROOT else "caches of the former"
    return subprocess.Popen(
        [sys.executable, __file__, *map(str, words)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=tree,
        env={
            **os.environ, "PYTHONPATH": str(tree / "src"), "XDG_CACHE_HOME": str(folder / name)
        },
    )  # fmt: skip


def compared(tree: Path, folder: Path, threads: int) -> tuple[np.ndarray, float]:
    """Return seconds [engine, turn, kind], and the largest difference of the first two engines.

    Engines are the former one and this one on the former model, and this one on that of today;
    kinds are CPU and wall seconds of a run in a batch, and CPU seconds of a run by itself.
    """
    places = (tree, FORMER), (ROOT, FORMER), (ROOT, TODAY)
    engines = [called(one, folder, "answer", folder / model, threads) for one, model in places]
    numbers = [pickle.loads(bytes.fromhex(_line(one))) for one in engines]
    seconds: list[list[list[float]]] = [[] for _ in engines]
    for turn in range(TURNS):
        order = range(len(engines))
        for which in order if turn % 2 else reversed(order):
            seconds[which].append([float(word) for word in _line(engines[which], "\n").split()])
    for one in engines:
        one.communicate()
    first, second, _ = numbers
    differences = (np.abs(first[n] - second[n]).max() / np.abs(first[n]).max() for n in first)
    return np.array(seconds), float(max(differences))


def _line(engine: subprocess.Popen[str], question: str = "") -> str:
    assert engine.stdin and engine.stdout
    engine.stdin.write(question)
    engine.stdin.flush()
    return engine.stdout.readline()


def main(revision: str, threads: int) -> dict[str, Any]:
    """Compare this engine with that of a revision on its model."""
    with tempfile.TemporaryDirectory() as name:
        folder, tree = Path(name), Path(name) / "tree"
        worktree = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*worktree, "add", "-q", "--detach", str(tree), revision], check=True)
        try:
            for one, model in ((tree, FORMER), (ROOT, TODAY)):
                called(one, folder, "give", folder / model).communicate()
            found = [compared(tree, folder, threads) for _ in range(STARTS + 1)][1:]
        finally:
            subprocess.run([*worktree, "remove", "--force", str(tree)], check=True)
    seconds = np.array([one for one, _ in found])  # [start, engine, turn, kind of seconds]
    times = np.median(seconds[:, 0] / seconds[:, 1], axis=1)
    dearer = np.median(seconds[:, 2] / seconds[:, 0], axis=(0, 1))
    return {
        "revision": revision,
        "threads": threads,
        "times_as_fast": dict(zip(("cpu", "wall"), np.median(times, axis=0)[:2], strict=True)),
        "of_each_start": times.T[:2].round(3).tolist(),
        "times_as_dear": {"in_a_batch": dearer[0], "by_itself": dearer[2]},
        "cpu_by_itself": seconds[..., 2].min(axis=(0, 2)).tolist(),
        "cpu_per_run": seconds[..., 0].min(axis=(0, 2)).tolist(),
        "largest_difference": max(difference for _, difference in found),
    }


if __name__ == "__main__":
    kind, *words = sys.argv[1:]
    if kind == "give":
        give(Path(words[0]))
    elif kind == "answer":
        answer(Path(words[0]), int(words[1]))
    else:
        print(json.dumps(main(kind, int(words[0]))))
