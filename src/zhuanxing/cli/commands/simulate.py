"""Simulate any Vensim or XMILE model.

模拟任意 Vensim 或 XMILE 模型。
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from zhuanxing.cli.command import Command, Context
from zhuanxing.cli.simulate_settings import overrides_of
from zhuanxing.cli.simulated import ENDINGS, write, write_csv
from zhuanxing.config import Assignments, File, Several, Text, checked
from zhuanxing.engine.reading.contents import content_of
from zhuanxing.engine.reading.encodings import decode
from zhuanxing.errors import ZhuanxingError
from zhuanxing.storage.atomic import require_writable

SECTION = "exchange"

SUFFIXES = (".mdl", ".xmile", ".xml", ".stmx")


@checked
class SimulateSettings:
    """Simulate a Vensim or XMILE model file and write the path of every variable.

    模拟一个 Vensim 或 XMILE 模型文件，写出每个变量的路径。
    """

    model: File
    """Model file: .mdl, .xmile, .xml or .stmx.
    模型文件。"""
    set: Assignments = ()
    """set.NAME=VALUE changes a constant, 'set.rate[north]=0.1' one element of it, or the initial
    value of a stock.
    set.名称=数值 改变常数、其一个元素或存量初值。"""
    data: Several[Text] = ()
    """Files of data variables: .csv, .tab, .dat or .nc.
    数据变量的文件。"""
    data_root: File | None = None
    """The model may read spreadsheets and other files below this folder; null is its own.
    模型可读取此文件夹下的表格和其他文件，null 为其所在文件夹。"""
    keep_nonfinite: bool = False
    """Keep infinite values and those that are not numbers instead of refusing them.
    保留无穷大和非数值。"""
    engine: Literal["compiled", "reference"] = "compiled"
    """compiled is fast (NumPy steps a large model with few steps), reference is PySD itself.
    compiled 快速（变量多、步数少时由 NumPy 逐步计算），reference 为 PySD。"""
    output: File | None = None
    """File of the result, .nc or .csv; null prints CSV.
    结果文件，null 为输出 CSV。"""


def run(settings: SimulateSettings, context: Context) -> int:
    """Simulate a model file."""
    path, output = settings.model, settings.output
    if output is not None:
        require_writable(output, ENDINGS)
    text = _read(path)
    from zhuanxing.engine import ReferenceEngine, compile_text

    data = [Path(file) for file in settings.data]
    root = None if settings.data_root is None else _folder(settings.data_root)
    program = compile_text(text, str(path), path.suffix, data, root)
    overrides = overrides_of(program, settings.set)
    names = [name for name, found in program.variables.items() if found.kind != "lookup"]
    outputs = dict.fromkeys(names, "path")
    if settings.engine == "reference":
        reference = ReferenceEngine(text, str(path), path.suffix, data, root)
        paths = reference.run(overrides, outputs)
    else:
        paths = program.run(overrides, outputs, stepped=program.is_sooner_stepped(overrides))
    times = program.times(overrides)
    if not settings.keep_nonfinite:
        _refuse_nonfinite(program, paths, times)
    kept = _saved(times, paths)
    paths = {name: array[kept] for name, array in paths.items()}
    if output is None:
        write_csv(sys.stdout, program, times[kept], paths)
    else:
        write(output, program, times[kept], paths, settings.engine)
        print(f"{output}: {len(names)} variables, {int(kept.sum())} times")
    return 0


def _read(path: Path) -> str:
    if path.suffix.lower() not in SUFFIXES:
        raise ZhuanxingError(f"{path} is not a model file, expected one of {', '.join(SUFFIXES)}.")
    try:
        content = content_of(path)
    except OSError as failure:
        raise ZhuanxingError(f"{path} cannot be read: {failure.strerror}.") from failure
    text, note = decode(content, str(path))
    if note is not None:
        print(f"zhuanxing: {note}.", file=sys.stderr)
    return text


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise ZhuanxingError(f"data_root={path}: there is no such folder.")
    return path


def _refuse_nonfinite(program: Any, paths: Mapping[str, np.ndarray], times: np.ndarray) -> None:
    """Raise ZhuanxingError for the first value that a division by zero or overflow made."""
    found = program.unsound(paths)
    if found is not None:
        name, row, value = found
        raise ZhuanxingError(
            f"variable '{name}' ({program.where(name)}): its value is {value} at time "
            f"{times[row]:g}, as a division by zero or an overflow gives; mend the equation, or "
            "keep such values with keep_nonfinite=true."
        )


def _saved(times: np.ndarray, paths: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return which times are saved: whole multiples of SAVEPER after the start, or nearest to them.

    Vensim's manual leaves open what becomes of multiples between two steps. SAVEPER and TIME STEP
    may change during the run; a model without SAVEPER saves every time.
    """
    step = paths["time step"]
    saveper = paths.get("saveper", step)
    if (saveper < 0).any():
        raise ZhuanxingError(f"SAVEPER is {saveper.min():g}, expected 0 or more.")
    every = np.where(saveper > 0, saveper, step)
    passed = (times - times[0]) / every
    late = (passed - np.round(passed)) * every / step
    found: np.ndarray = (late > -0.5 + 1e-6) & (late <= 0.5 + 1e-6)
    return found


COMMAND = Command(
    SimulateSettings,
    run,
    word="model",
    examples=(
        "teacup.mdl",
        "teacup.mdl 'set.room temperature=25' output=teacup.nc",
        "regions.mdl 'set.rate[north]=0.1' 'data=[trade.csv]'",
    ),
)
