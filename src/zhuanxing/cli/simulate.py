"""`zhuanxing simulate`: run any Vensim or XMILE model and write every variable's path."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from zhuanxing.errors import ZhuanxingError, nearest

__all__ = ["main"]

SUFFIXES = (".mdl", ".xmile", ".xml", ".stmx")


def main(argv: list[str]) -> int:
    """Simulate a model file. Returns 0; raises ZhuanxingError for anything that is refused."""
    options = _parser().parse_args(argv)
    path = Path(options.model)
    text = _read(path)
    from zhuanxing.engine import ReferenceEngine, compile_text

    data = [Path(file) for file in options.data]
    program = compile_text(text, str(path), path.suffix, data)
    overrides = _overrides(program, options.set)
    names = [name for name, found in program.variables.items() if found.kind != "lookup"]
    engine: Any = program
    if options.engine == "reference":
        engine = ReferenceEngine(text, str(path), path.suffix, data)
    paths = engine.run(overrides, dict.fromkeys(names, "path"))
    times = program.times(overrides)
    kept = _saved(times, paths)
    paths = {name: array[kept] for name, array in paths.items()}
    if options.output is None:
        _write_csv(sys.stdout, program, times[kept], paths)
    else:
        _write(Path(options.output), program, times[kept], paths, options.engine)
        print(f"{options.output}: {len(names)} variables, {int(kept.sum())} times")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="zhuanxing simulate",
        description="模拟任意 Vensim 或 XMILE 模型。 Simulate any Vensim or XMILE model.",
    )
    parser.add_argument("model", help="模型文件 model file: .mdl .xmile .stmx")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="改变一个常数 change a constant, all of it or one element: 'rate[north]=0.1'",
    )
    parser.add_argument(
        "--data",
        action="append",
        default=[],
        metavar="FILE",
        help="数据变量的文件 file of data variables: .csv .tab .dat .nc",
    )
    parser.add_argument(
        "--output", metavar="FILE", help="结果文件 result: .nc or .csv (default: CSV to the screen)"
    )
    parser.add_argument("--engine", choices=("compiled", "reference"), default="compiled")
    return parser


def _read(path: Path) -> str:
    if path.suffix.lower() not in SUFFIXES:
        raise ZhuanxingError(f"{path} is not a model file, expected one of {', '.join(SUFFIXES)}.")
    try:
        content = path.read_bytes()
    except OSError as failure:
        raise ZhuanxingError(f"{path} cannot be read: {failure.strerror}.") from failure
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Older Vensim files are in the encoding of the Windows that wrote them.
        return content.decode("cp1252", errors="replace")


def _overrides(program: Any, settings: Sequence[str]) -> dict[str, np.ndarray]:
    """Return the arrays that NAME=VALUE and NAME[ELEMENT,...]=VALUE settings ask for."""
    from zhuanxing.engine.failures import key_of

    changed: dict[str, np.ndarray] = {}
    constants = program.constants()
    for setting in settings:
        left, mark, right = setting.partition("=")
        if not mark:
            raise ZhuanxingError(f"--set {setting!r} has no '=', expected NAME=VALUE.")
        name, _, subscripts = left.partition("[")
        key = key_of(name)
        if key not in program.variables:
            close = nearest(key, program.variables)
            raise ZhuanxingError(f"--set: no variable '{key}', did you mean '{close}'?")
        if program.variables[key].kind == "lookup":
            raise ZhuanxingError(f"--set: '{key}' is a look-up, which one number cannot replace.")
        value = _number(right, setting)
        if not subscripts:
            changed[key] = np.array(value)
            continue
        if key not in constants:
            raise ZhuanxingError(f"--set: '{key}' is no constant, so one element cannot be set.")
        array = changed.get(key, constants[key])
        array = np.array(np.broadcast_to(array, constants[key].shape))
        array[_cell(program, key, subscripts.rstrip("]"))] = value
        changed[key] = array
    return changed


def _number(text: str, setting: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ZhuanxingError(f"--set {setting!r}: '{text}' is not a number.") from None


def _cell(program: Any, key: str, subscripts: str) -> tuple[int, ...]:
    from zhuanxing.engine.failures import key_of

    dims = program.variables[key].dims
    elements = [key_of(part) for part in subscripts.split(",")]
    if len(elements) != len(dims):
        raise ZhuanxingError(f"--set: '{key}' has {len(dims)} subscripts, {len(elements)} given.")
    for element, dim in zip(elements, dims, strict=True):
        if element not in program.dims[dim]:
            close = nearest(element, program.dims[dim])
            raise ZhuanxingError(f"--set: '{dim}' has no '{element}', did you mean '{close}'?")
    return tuple(
        program.dims[dim].index(element) for element, dim in zip(elements, dims, strict=True)
    )


def _saved(times: np.ndarray, paths: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return which times are saved: whole multiples of SAVEPER after the start, as in PySD.

    SAVEPER and TIME STEP may change during the run; a model without SAVEPER saves every time.
    """
    step = paths["time step"]
    saveper = paths.get("saveper", step)
    every = np.where(saveper > 0, saveper, step)
    passed = (times - times[0]) / every
    return np.abs(passed - np.round(passed)) * every < step * 1e-5


def _write(
    path: Path, program: Any, times: np.ndarray, paths: Mapping[str, np.ndarray], engine: str
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix.lower() == ".csv":
        with path.open("w", newline="", encoding="utf-8") as file:
            _write_csv(file, program, times, paths)
    elif path.suffix.lower() == ".nc":
        _write_netcdf(path, program, times, paths, engine)
    else:
        raise ZhuanxingError(f"--output {path} must end in .nc or .csv.")


def _write_csv(
    file: TextIO, program: Any, times: np.ndarray, paths: Mapping[str, np.ndarray]
) -> None:
    """Write a row a time and a column an element, titled as PySD titles them."""
    columns = list(_columns(program, paths))
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["time", *(title for title, _ in columns)])
    for row, time in enumerate(times):
        writer.writerow([repr(float(time)), *(repr(float(values[row])) for _, values in columns)])


def _columns(program: Any, paths: Mapping[str, np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
    for name, array in paths.items():
        dims = program.variables[name].dims
        for cell in np.ndindex(*array.shape[1:]):
            elements = [program.dims[dim][place] for dim, place in zip(dims, cell, strict=True)]
            title = f"{name}[{','.join(elements)}]" if elements else name
            yield title, array[(slice(None), *cell)]


def _write_netcdf(
    path: Path, program: Any, times: np.ndarray, paths: Mapping[str, np.ndarray], engine: str
) -> None:
    import xarray as xr

    used = {dim for name in paths for dim in program.variables[name].dims}
    dataset = xr.Dataset(
        coords={
            "time": times,
            **{dim.replace(" ", "_"): list(program.dims[dim]) for dim in sorted(used)},
        },
        attrs={"engine": engine},
    )
    for name, array in paths.items():
        found = program.variables[name]
        dims = ["time", *(dim.replace(" ", "_") for dim in found.dims)]
        attributes = {
            "long_name": name,
            "units": found.units,
            "comment": found.comment,
            "equation": found.equation,
        }
        # A variable may be called as a range is; netCDF keeps one name for both.
        title = name.replace(" ", "_").replace("/", "_per_")
        title = f"{title}_value" if title in dataset.coords else title
        dataset[title] = (dims, array, attributes)
    dataset.to_netcdf(path)
