"""Packages that other libraries import whole wherever they are installed, hidden from them.

xarray imports Dask to ask whether an array is one of Dask's, and pandera hypothesis to offer
tables to its tests: together half a second of a command, which needs neither.
"""

from __future__ import annotations

import sys
from typing import Any

__all__ = ["hide", "show"]

PACKAGES = ("dask", "hypothesis")


def hide() -> None:
    """Hide the packages from this process, which must be that of the command line alone."""
    # Python's own way to say that a module cannot be imported is None in its place.
    modules: dict[str, Any] = sys.modules
    for name in PACKAGES:
        modules.setdefault(name, None)


def show(name: str) -> None:
    """Let a package be imported again: here it is needed."""
    if sys.modules.get(name, ...) is None:
        del sys.modules[name]
