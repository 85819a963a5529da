"""In what two sweeps differ, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["difference"]

# Hashes say nothing to a person; these do.
CHANGED = {
    "values": "its design has other values",
    "model": "model/sectors has changed since",
    "data": "model/data has changed since",
    "code": "the code of the engine has changed since",
}


def difference(there: Mapping[str, Any], here: Mapping[str, Any]) -> str:
    """Return the first difference between two identities in words, "" if there is none."""
    for key in here:
        if there.get(key) == here[key]:
            continue
        if key in CHANGED:
            return CHANGED[key]
        if key == "scenario":
            return _of_scenarios(there.get(key, {}), here[key])
        if key == "vary":
            return _of_factors(there.get(key, {}), here[key])
        return _of_values(key, there.get(key), here[key])
    return ""


def _of_scenarios(there: Mapping[str, str], here: Mapping[str, str]) -> str:
    if list(there) == list(here):
        changed = next(name for name in here if there[name] != here[name])
        return f"the settings of the scenario {changed} have changed since"
    return f"scenario is {', '.join(there)} there and {', '.join(here)} here"


def _of_factors(there: Mapping[str, Any], here: Mapping[str, Any]) -> str:
    for name in there:
        if name not in here:
            return f"{name} varies there and not here"
    for name in here:
        if name not in there:
            return f"{name} varies here and not there"
        if there[name] != here[name]:
            return f"{name} has the range {_range(there[name])} there and {_range(here[name])} here"
    return "its factors are in another order"


def _of_values(key: str, there: Any, here: Any) -> str:
    if isinstance(there, Mapping) and isinstance(here, Mapping):
        inner = next(k for k in [*here, *there] if there.get(k) != here.get(k))
        return _of_values(f"{key}.{inner}", there.get(inner), here.get(inner))
    return f"{key} is {_text(there)} there and {_text(here)} here"


def _range(values: list[float]) -> str:
    return " to ".join(f"{value:g}" for value in values[:2])


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
