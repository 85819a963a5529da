"""The engines: a model's text to numbers, compiled by JAX or by PySD as a reference."""

from zhuanxing.engine.program import Failure, Program, Runs, Variable, compile_text
from zhuanxing.engine.reference_pysd import ReferenceEngine
from zhuanxing.engine.running.failures import TranslationError

__all__ = [
    "Failure",
    "Program",
    "ReferenceEngine",
    "Runs",
    "TranslationError",
    "Variable",
    "compile_text",
]
