"""Any model files: `python benchmarks/models.py FOLDER...` runs those below each folder and prints
the table of docs/simulate.md.

A model is compared with the results that its authors saved beside it: `output.csv` or `.tab`, or a
`.csv`, `.tab` or Vensim `.dat` of the model's own name. Models are stepped by NumPy, one after the
other: compiling hundreds would take longer. Models that are refused or differ are named with why on
stderr. A folder is a copy of a repository, such as https://github.com/SDXorg/test-models.
"""

from __future__ import annotations

import csv
import signal
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from zhuanxing.engine import compile_file
from zhuanxing.engine.program import Program
from zhuanxing.engine.reading.data_files import read_dat
from zhuanxing.engine.running.failures import key_of
from zhuanxing.engine.running.numpy_stepper import run_stepped
from zhuanxing.errors import ZhuanxingError

SUFFIXES = (".mdl", ".xmile", ".stmx", ".xml")
KINDS = ("agree", "nothing to compare with", "differ", "refused")
SECONDS = 60
# The digits that authors saved.
RELATIVE, ABSOLUTE = 2e-4, 1e-5
# How near a saved time must be to a step.
SAME_TIME = 1e-6

Saved = dict[str, dict[float, float]]


class TooLongError(Exception):
    """A model that takes longer than anybody waits."""


def main(folders: list[Path]) -> None:
    """Print a row for each folder."""
    print(f"| repository | files | {' | '.join(KINDS)} |")
    print(f"| --- |{' ---: |' * (1 + len(KINDS))}")
    for folder in folders:
        paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
        counts = Counter(_told(path) for path in paths)
        numbers = " | ".join(str(counts[kind]) for kind in KINDS)
        print(f"| {folder.name} | {len(paths)} | {numbers} |", flush=True)


def _told(path: Path) -> str:
    """Return what becomes of one model, and say why on stderr if it does not agree."""
    try:
        with _at_most(SECONDS):
            kind, why = _tried(path)
    except (ZhuanxingError, TooLongError) as failure:
        kind, why = "refused", str(failure)
    if why:
        print(f"{kind}: {path}: {why}", file=sys.stderr)
    return kind


def _tried(path: Path) -> tuple[str, str]:
    program = compile_file(path)
    names = [name for name, found in program.variables.items() if found.kind != "lookup"]
    inputs = program.given.gather({})
    pairs = [(name, "path") for name in names]
    times, paths = run_stepped(program.built, program.method, inputs, pairs)
    ours = _by_element(program, paths)
    bad, compared = [], 0
    for name, series in _saved(path).items():
        for time, value in series.items() if name in ours else ():
            step = int(np.argmin(abs(times - time)))
            if abs(times[step] - time) > SAME_TIME:
                continue
            compared += 1
            found = float(ours[name][step])
            if not np.isclose(found, value, rtol=RELATIVE, atol=ABSOLUTE, equal_nan=True):
                bad.append(f"{name} at {time:g} is {found:g}, saved is {value:g}")
    if not compared:
        return "nothing to compare with", ""
    why = f"{len(bad)} of {compared} values, {bad[0]}" if bad else ""
    return ("differ" if bad else "agree"), why


def _by_element(program: Program, paths: dict[str, Any]) -> dict[str, np.ndarray]:
    """Return the paths [time] of every element, by 'name[element,element]'."""
    found = {}
    for name, array in paths.items():
        labels = [program.dims[dim] for dim in program.variables[name].dims]
        for cell in np.ndindex(*array.shape[1:]):
            elements = [label[place] for label, place in zip(labels, cell, strict=True)]
            found[_title(name, elements)] = array[(slice(None), *cell)]
    return found


def _title(name: str, elements: list[str]) -> str:
    return f"{key_of(name)}[{','.join(map(key_of, elements))}]" if elements else key_of(name)


def _saved(path: Path) -> Saved:
    """Return the results beside a model, by element and time."""
    beside = [path.with_name("output.csv"), path.with_name("output.tab")]
    for table in [*beside, path.with_suffix(".csv"), path.with_suffix(".tab")]:
        if table.is_file():
            return _table(table)
    series = path.with_suffix(".dat")
    if not series.is_file():
        return {}
    return {
        _title(name, list(elements)): dict(zip(x.tolist(), y.tolist(), strict=True))
        for (name, elements), (x, y) in read_dat(series)
    }


def _table(path: Path) -> Saved:
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252")
    first = text.split("\n", 1)[0]
    head, *rows = csv.reader(text.splitlines(), delimiter="\t" if "\t" in first else ",")
    titles = []
    for cell in head:
        name, _, elements = cell.strip().partition("[")
        titles.append(_title(name, elements.rstrip("]").split(",") if elements else []))
    found: Saved = {title: {} for title in titles[1:]}
    for row in rows:
        time = _number(row[0]) if row else None
        for title, cell in zip(titles[1:], row[1:], strict=False):
            value = _number(cell)
            if time is not None and value is not None:
                found[title][time] = value
    return found


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


@contextmanager
def _at_most(seconds: int) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TooLongError(f"it takes longer than {seconds} seconds")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main([Path(argument) for argument in sys.argv[1:]])
