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
from zhuanxing.engine.reading.encodings import decode
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
    root = None if options.data_root is None else _folder(options.data_root)
    program = compile_text(text, str(path), path.suffix, data, root)
    overrides = overrides_of(program, options.set)
    names = [name for name, found in program.variables.items() if found.kind != "lookup"]
    engine: Any = program
    if options.engine == "reference":
        engine = ReferenceEngine(text, str(path), path.suffix, data, root)
    paths = engine.run(overrides, dict.fromkeys(names, "path"))
    times = program.times(overrides)
    if not options.keep_nonfinite:
        _refuse_nonfinite(program, paths, times)
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
    parser.add_argument(
        "--data-root",
        metavar="FOLDER",
        help="模型引用的表格所在的上级文件夹 the model may read spreadsheets below this folder"
        " (default: its own)",
    )
    parser.add_argument(
        "--keep-nonfinite",
        action="store_true",
        help="保留无穷大和非数值 keep infinite values and those that are no numbers",
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
    text, note = decode(content, str(path))
    if note is not None:
        print(f"zhuanxing: {note}.", file=sys.stderr)
    return text


def _folder(name: str) -> Path:
    if not Path(name).is_dir():
        raise ZhuanxingError(f"--data-root {name}: there is no such folder.")
    return Path(name)


def _refuse_nonfinite(program: Any, paths: Mapping[str, np.ndarray], times: np.ndarray) -> None:
    """Raise ZhuanxingError for the first value that a division by zero or overflow made."""
    found = program.unsound(paths)
    if found is not None:
        name, row, value = found
        raise ZhuanxingError(
            f"variable '{name}' ({program.where(name)}): its value is {value} at time "
            f"{times[row]:g}, as a division by zero or an overflow gives; mend the equation, or "
            "keep such values with --keep-nonfinite."
        )


def _saved(times: np.ndarray, paths: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return which times are saved: whole multiples of SAVEPER after the start, as in PySD.

    SAVEPER and TIME STEP may change during the run; a model without SAVEPER saves every time.
    """
    step = paths["time step"]
    saveper = paths.get("saveper", step)
    if (saveper < 0).any():
        raise ZhuanxingError(f"SAVEPER is {saveper.min():g}, expected 0 or more.")
    every = np.where(saveper > 0, saveper, step)
    passed = (times - times[0]) / every
    return np.abs(passed - np.round(passed)) * every < step * 1e-5
