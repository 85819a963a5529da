"""The engines: a model's text to numbers, compiled by JAX or by PySD as a reference."""

from zhuanxing.engine.failures import TranslationError
from zhuanxing.engine.program import Failure, Program, Runs, Variable, compile_text
from zhuanxing.engine.reference import ReferenceEngine

__all__ = [
    "Failure",
    "Program",
    "ReferenceEngine",
    "Runs",
    "TranslationError",
    "Variable",
    "compile_text",
]
