"""Simulate any Vensim or XMILE model.

模拟任意 Vensim 或 XMILE 模型。
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from zhuanxing.cli.simulate_settings import overrides_of
from zhuanxing.cli.simulated import require_writable, write, write_csv
from zhuanxing.errors import ZhuanxingError

__all__ = ["main"]

SUFFIXES = (".mdl", ".xmile", ".xml", ".stmx")


def main(argv: list[str]) -> int:
    """Simulate a model file. Returns 0; raises ZhuanxingError for anything that is refused."""
    options = _parser().parse_args(argv)
    path = Path(options.model)
    output = None if options.output is None else Path(options.output)
    if output is not None:
        require_writable(output)
    text = _read(path)
    from zhuanxing.engine import ReferenceEngine, compile_text

    data = [Path(file) for file in options.data]
    program = compile_text(text, str(path), path.suffix, data)
    overrides = overrides_of(program, options.set)
    names = [name for name, found in program.variables.items() if found.kind != "lookup"]
    engine: Any = program
    if options.engine == "reference":
        engine = ReferenceEngine(text, str(path), path.suffix, data)
    paths = engine.run(overrides, dict.fromkeys(names, "path"))
    times = program.times(overrides)
    kept = _saved(times, paths)
    paths = {name: array[kept] for name, array in paths.items()}
    if output is None:
        write_csv(sys.stdout, program, times[kept], paths)
    else:
        write(output, program, times[kept], paths, options.engine)
        print(f"{output}: {len(names)} variables, {int(kept.sum())} times")
    return 0


class _Parser(argparse.ArgumentParser):
    """Options whose mistakes are told in one sentence, as all others are."""

    def error(self, message: str) -> NoReturn:
        raise ZhuanxingError(f"simulate: {message} ('{self.prog} --help' lists the options).")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="zhuanxing simulate",
        description="模拟任意 Vensim 或 XMILE 模型。 Simulate any Vensim or XMILE model.",
    )
    parser.add_argument("model", help="模型文件 model file: .mdl .xmile .stmx")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="改变一个常数（或其一个元素）或存量初值 change a constant, one element of it as in"
        " 'rate[north]=0.1', or a stock's initial value",
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


def _saved(times: np.ndarray, paths: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return which times are saved: whole multiples of SAVEPER after the start, as in PySD.

    SAVEPER and TIME STEP may change during the run; a model without SAVEPER saves every time.
    """
    step = paths["time step"]
    saveper = paths.get("saveper", step)
    every = np.where(saveper > 0, saveper, step)
    passed = (times - times[0]) / every
    return np.abs(passed - np.round(passed)) * every < step * 1e-5
