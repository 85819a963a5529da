"""The settings of a scenario written into the model's text as its constants."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from zhuanxing.engine.running.failures import key_of
from zhuanxing.errors import ZhuanxingError

__all__ = ["with_constants"]


def with_constants(text: str, values: Mapping[str, np.ndarray]) -> str:
    """Return the Vensim text with the constants in `values` replaced, whole arrays at a time.

    Raises ZhuanxingError for a name that the text does not define, or defines in pieces.
    """
    wanted = {key_of(name): value for name, value in values.items()}
    done: set[str] = set()
    entries = text.split("|")
    for place, entry in enumerate(entries):
        left, mark, rest = entry.partition("=")
        key = key_of(left.split("[")[0])
        if mark and key in done:
            raise ZhuanxingError(f"'{key}' is defined in pieces, so it cannot be set as a whole")
        if mark and key in wanted:
            done.add(key)
            _, tilde, remarks = rest.partition("~")
            entries[place] = f"{left}= {_numbers(wanted.pop(key))}\n\t{tilde}{remarks}"
    if wanted:
        raise ZhuanxingError(f"the equations have no constant '{next(iter(wanted))}' to be set")
    return "|".join(entries)


def _numbers(values: np.ndarray) -> str:
    """Return an array as Vensim writes it: commas along the last dimension, rows end in `;`."""
    array = np.asarray(values, float)
    if array.ndim == 0:
        return repr(float(array))
    if array.ndim == 1:
        return ",".join(repr(float(value)) for value in array)
    return "".join(f"{_numbers(row)};" for row in array)
