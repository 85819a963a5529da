"""What `set NAME=VALUE` changes in a model that `zhuanxing simulate` runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from zhuanxing.engine.reading.numbers import finite_number
from zhuanxing.errors import ZhuanxingError, nearest

__all__ = ["overrides_of"]


def overrides_of(program: Any, settings: Sequence[str]) -> dict[str, np.ndarray]:
    """Return the arrays that NAME=VALUE and NAME[ELEMENT,...]=VALUE settings ask for.

    Raises ZhuanxingError for a name, element or value that there is not.
    """
    from zhuanxing.engine.running.failures import key_of

    changed: dict[str, np.ndarray] = {}
    constants = program.constants()
    for setting in settings:
        left, mark, right = setting.rpartition("=")
        if not mark:
            raise ZhuanxingError(f"set {setting!r} has no '=', expected NAME=VALUE.")
        name, bracket, subscripts = left.partition("[")
        key = key_of(name)
        _require_settable(program, key)
        value = _number(right, setting)
        if not bracket:
            changed[key] = np.array(value)
            continue
        if not subscripts.rstrip().endswith("]"):
            raise ZhuanxingError(f"set {setting!r} has no ']' before '=', expected NAME[ELEMENT].")
        if key not in constants:
            raise ZhuanxingError(f"set: '{key}' is not a constant, so one element cannot be set.")
        array = changed.get(key, constants[key])
        array = np.array(np.broadcast_to(array, constants[key].shape))
        array[_cell(program, key, subscripts.rstrip().removesuffix("]"))] = value
        changed[key] = array
    return changed


def _require_settable(program: Any, key: str) -> None:
    """Raise ZhuanxingError unless the key is that of a constant, a stock or a control variable."""
    from zhuanxing.engine.reading.syntax_tree import CONTROLS

    if key not in program.variables:
        close = nearest(key, program.variables)
        raise ZhuanxingError(f"set: no variable '{key}', did you mean '{close}'?")
    kind = program.variables[key].kind
    if kind == "lookup":
        raise ZhuanxingError(f"set: '{key}' is a look-up, which one number cannot replace.")
    if kind not in ("constant", "stock") and key not in CONTROLS:
        raise ZhuanxingError(
            f"set: '{key}' ({program.where(key)}) is computed by the model, set a constant or "
            "the initial value of a stock."
        )


def _number(text: str, setting: str) -> float:
    try:
        return finite_number(text)
    except ValueError:
        raise ZhuanxingError(f"set {setting!r}: '{text}' is not a finite number.") from None


def _cell(program: Any, key: str, subscripts: str) -> tuple[int, ...]:
    from zhuanxing.engine.running.failures import key_of

    dims = program.variables[key].dims
    elements = [key_of(part) for part in subscripts.split(",")]
    if len(elements) != len(dims):
        raise ZhuanxingError(
            f"set: '{key}' has {len(dims)} subscripts{_listed(dims)}, {len(elements)} given."
        )
    for element, dim in zip(elements, dims, strict=True):
        if element not in program.dims[dim]:
            close = nearest(element, program.dims[dim])
            raise ZhuanxingError(f"set: '{dim}' has no '{element}', did you mean '{close}'?")
    return tuple(
        program.dims[dim].index(element) for element, dim in zip(elements, dims, strict=True)
    )


def _listed(dims: Sequence[str]) -> str:
    return f" ({', '.join(dims)})" if dims else ""
