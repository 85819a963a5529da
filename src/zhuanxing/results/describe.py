"""What a result says of itself: attributes of its variables and of the run that made it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from zhuanxing.results.outputs import Output
from zhuanxing.storage.hashes import folder_hash

__all__ = ["attributes", "git_revision", "run_attributes"]

PACKAGES = ("zhuanxing", "jax", "numpy", "pysd", "xarray")

WAYS = {
    "sum": "sum over the year of: {0}",
    "end": "at the end of the year: {0}",
    "mean": "mean over the year of: {0}",
    "ratio": "sum over the year of: {0}\ndivided by the sum over the year of: {1}",
    "end_ratio": "at the end of the year: {0}\ndivided by the sum over the year of: {1}",
    "change": "percent change on last year of the sum over the year of: {0}",
}
CHANGE_OF_RATIO = WAYS["change"] + "\ndivided by the sum over the year of: {1}"


def attributes(output: Output, equations: Mapping[str, str]) -> dict[str, str]:
    """Return unit, names, sector file and equation of an output, as a result has them."""
    return {
        "units": output.unit,
        "long_name": output.name_en,
        "long_name_zh": output.name_zh,
        "sector_file": f"{output.sector_file}.mdl",
        "equation": _equation(output, equations),
        "aggregate": output.aggregate,
        "better": output.better,
    }


def _equation(output: Output, equations: Mapping[str, str]) -> str:
    numerator = equations.get(output.variable, output.variable)
    denominator = equations.get(output.denominator, output.denominator)
    way = WAYS[output.aggregate]
    if output.aggregate == "change" and output.denominator:
        way = CHANGE_OF_RATIO
    text = way.format(numerator, denominator)
    return text if output.scale == 1.0 else f"{text}\ntimes {output.scale:g}"


def run_attributes(root: Path, config: Mapping[str, Any]) -> dict[str, str]:
    """Return the global attributes that tell how to make a result again.

    `config` is everything that the run was told. Model and data hashes cover model/sectors and
    model/data of `root`.
    """
    return {
        "title": "Zhuanxing: industrial transformation of old industrial and resource-based cities",
        "config": json.dumps(config, ensure_ascii=False, sort_keys=True),
        "model_hash": folder_hash(root / "model" / "sectors"),
        "data_hash": folder_hash(root / "model" / "data"),
        "package_versions": json.dumps({name: _version(name) for name in PACKAGES}),
        "git_revision": git_revision(root),
    }


def git_revision(root: Path) -> str:
    """Return the commit of `root`, with "+changes" if files differ from it, or "unknown"."""
    try:
        commit = _git(root, "rev-parse", "HEAD")
        changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{commit}+changes" if changed else commit


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
