"""Whether stored results may be compared: made with one model, one data set, to one year."""

from __future__ import annotations

from collections.abc import Mapping

import xarray as xr

from zhuanxing.errors import ZhuanxingError

__all__ = ["require_comparable"]

# What must be the same in two results for their difference to be one of scenarios alone.
ATTRIBUTES = {
    "calibration": "calibration",
    "model_hash": "model",
    "data_hash": "data",
    "information_year": "year of information",
    "engine": "engine",
}
_HASH = 12


def require_comparable(results: Mapping[str, xr.Dataset]) -> None:
    """Raise ZhuanxingError, naming both results, if a difference of two would mislead.

    Model, data, calibration, year of information, engine and years must be the same in all.
    """
    (first, reference), *others = results.items()
    for name, result in others:
        for attribute, what in ATTRIBUTES.items():
            one, other = (str(r.attrs.get(attribute, "")) for r in (reference, result))
            if one != other:
                _refuse(first, name, what, one, other)
        one, other = (f"{int(r['year'][0])} to {int(r['year'][-1])}" for r in (reference, result))
        if one != other:
            _refuse(first, name, "range of years", one, other)


def _refuse(first: str, second: str, what: str, one: str, other: str) -> None:
    # A hash is told by its beginning, and a stale calibration by its name.
    short = [text.partition(" (")[0] for text in (one, other)]
    if short[0] == short[1]:
        short = [one, other]
    short = [text if " " in text else text[:_HASH] for text in short]
    raise ZhuanxingError(
        "the results of {first} and {second} cannot be compared, because their {what} differs "
        "({one} and {other}); run both again with the same settings",
        first=first, second=second, what=what, one=short[0] or "none", other=short[1] or "none",
    )  # fmt: skip
