"""Where the initial values of a city come from, in a sentence."""

from __future__ import annotations

import xarray as xr

from zhuanxing.results.words import Language, word

__all__ = ["starts_in_words"]


def starts_in_words(origins: xr.Dataset, city: str, language: Language) -> str:
    """Return how many initial values of a city are observed, carried and estimated."""
    found = [
        str(value)
        for data in origins.data_vars.values()
        if "city" in data.dims
        for value in data.sel(city=city).values.ravel()
    ]
    counts = {origin: found.count(origin) for origin in ("observed", "carried", "estimated")}
    return word("starts", language, total=len(found), **counts)
