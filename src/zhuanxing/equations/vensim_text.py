"""Ranges, constants and look-ups as Vensim writes them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["array_text", "equation_text", "lookup_text", "range_text", "subscripted"]

# Vensim reads these as the end of an equation or of one of its parts.
RESERVED = str.maketrans({"|": "/", "~": "-", "\n": " "})


def range_text(name: str, elements: Sequence[str]) -> str:
    """Return the definition of a subscript range."""
    return f"{name}:\n\t{', '.join(elements)}\n\t~~|"


def equation_text(name: str, right: str, unit: str, comment: str) -> str:
    """Return an equation; bars and tildes in the comment are replaced."""
    return f"{name} = {right}\n\t~ {unit}\n\t~ {comment.translate(RESERVED)}\n\t|"


def lookup_text(
    name: str, times: np.ndarray, values: np.ndarray, unit: str, comment: str = ""
) -> str:
    """Return a look-up over `times` (points,) with ordinates `values` (points,)."""
    pairs = zip(times, values, strict=True)
    points = ",".join(f"({_number(time)},{_number(value)})" for time, value in pairs)
    return f"{name}(\n\t{points})\n\t~ {unit}\n\t~ {comment.translate(RESERVED)}\n\t|"


def array_text(values: np.ndarray) -> str:
    """Return an array: commas along the last dimension, and a semicolon after each row."""
    array = np.asarray(values, float)
    if array.ndim == 0:
        return _number(array)
    if array.ndim == 1:
        return ",".join(map(_number, array))
    return "".join(f"{array_text(row)};" for row in array)


def subscripted(name: str, dims: Sequence[str]) -> str:
    """Return a name with its subscripts, if it has any."""
    return f"{name}[{','.join(dims)}]" if dims else name


def _number(value: float | np.ndarray) -> str:
    return repr(float(value))
