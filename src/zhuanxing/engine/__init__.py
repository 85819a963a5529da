"""The engines: a model's text to numbers, compiled by JAX or by PySD as a reference.

This package can be used alone: it depends on nothing else of zhuanxing but its errors.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zhuanxing.engine.compiling import compile_file, compile_text, load_ahead
    from zhuanxing.engine.program import Failure, Program, Runs, Variable
    from zhuanxing.engine.reference_pysd import ReferenceEngine
    from zhuanxing.engine.running.failures import TranslationError

HOMES = {
    "Failure": "program",
    "Program": "program",
    "ReferenceEngine": "reference_pysd",
    "Runs": "program",
    "TranslationError": "running.failures",
    "Variable": "program",
    "compile_file": "compiling",
    "compile_text": "compiling",
    "load_ahead": "compiling",
}

__all__ = [
    "Failure", "Program", "ReferenceEngine", "Runs", "TranslationError", "Variable", "compile_file",
    "compile_text", "load_ahead",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import JAX and PySD only when they are asked for: they take most of a second."""
    if name in HOMES:
        return getattr(import_module(f"zhuanxing.engine.{HOMES[name]}"), name)
    raise AttributeError(f"module 'zhuanxing.engine' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
