"""The scenario and the model that the settings of a command choose."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zhuanxing.cli.command import Context
from zhuanxing.config import Device, OfModel, Years
from zhuanxing.errors import Notice
from zhuanxing.inputs import Changes, ModelNames, Scenario, changed, resolve
from zhuanxing.inputs.changes import Assumptions
from zhuanxing.storage.paths import Places

if TYPE_CHECKING:
    from zhuanxing.model import Model

__all__ = ["model_of", "named_scenario", "renamed"]

# A folder's name that says more than this is hard to read.
LONGEST_NAME = 60


def named_scenario(settings: Any, context: Context) -> Scenario:
    """Return the scenario of `settings` with its changes, and with a name that says them.

    Raises ZhuanxingError for a lever where it cannot act.
    """
    base = resolve(context.places.scenarios, settings.scenario, context.names)
    return changed(renamed(base, settings, context.names), settings, context.names)


def renamed(scenario: Scenario, changes: Changes, names: ModelNames) -> Scenario:
    """Return a scenario under a name and labels that say what is changed in it."""
    said = _in_words(changes)
    if not said:
        return scenario
    labels = {
        **scenario.labels,
        "name_zh": "，".join([scenario.labels["name_zh"], *_in_chinese(changes, names)]),
        "name_en": f"{scenario.labels['name_en']}, {', '.join(said)}",
    }
    return replace(scenario, name=_name(scenario.name, said), labels=labels)


def _in_words(changes: Changes) -> list[str]:
    """Return in words, which a folder can have, what `changes` have otherwise than the scenario."""
    said = []
    for lever, choice in changes.levers.items():
        for key, value in choice.items():
            said.append(f"{lever} {value:g}" if key == "intensity" else f"{lever} {value:.0f}")
    if changes.scale != 1.0:
        said.append(f"scale {changes.scale:g}")
    if said and changes.city:
        said.append("+".join(changes.city))
    if changes.budget is not None:
        said.append(f"budget {_budget_words(changes.budget)}")
    return [*said, *_assumptions_in_words(changes.assumptions)]


def _in_chinese(changes: Changes, names: ModelNames) -> list[str]:
    """Return in Chinese what `changes` have otherwise than the scenario."""
    kinds = {"intensity": "{:.0%}", "start": "{:.0f}年起", "end": "{:.0f}年前"}
    said = [
        f"{names.levers[lever]['name_zh']}{kinds[key].format(value)}"
        for lever, choice in changes.levers.items()
        for key, value in choice.items()
    ]
    if changes.scale != 1.0:
        said.append(f"力度{changes.scale:.0%}")
    if said and changes.city:
        said.append("、".join(names.cities[city]["name_zh"] for city in changes.city))
    if isinstance(changes.budget, Mapping):
        payers = names.of("payer").spellings
        said += [f"{payers[n][0]} {_budget_words(value)}" for n, value in changes.budget.items()]
    elif changes.budget is not None:
        said.append(f"公共资金{changes.budget:.0%}")
    return [*said, *_assumptions_in_words(changes.assumptions)]


def _assumptions_in_words(assumptions: Assumptions) -> Iterator[str]:
    """Yield the assumptions that are replaced, which have no other names than their ids."""
    for name, value in assumptions.items():
        if isinstance(value, Mapping):
            yield from (f"{name} {element} {number:g}" for element, number in value.items())
        else:
            yield f"{name} {value:g}"


def _budget_words(budget: Any) -> str:
    """Return a budget in words: a share, or payers with their ceilings."""
    if not isinstance(budget, Mapping):
        return f"{budget:g}"
    return " ".join(f"{payer} {_budget_words(value)}" for payer, value in budget.items())


def _name(scenario: str, said: list[str]) -> str:
    """Return a name for a folder: the scenario and what is changed, short but its own."""
    text = "-".join([scenario, *said]).replace(" ", "_")
    if len(text) <= LONGEST_NAME:
        return text
    mark = hashlib.sha256(text.encode()).hexdigest()[:6]
    return f"{text[: LONGEST_NAME - 7]}-{mark}"


def model_of(settings: OfModel, context: Context, device: Device = "cpu") -> Model:
    """Return the model of `settings`: its years, calibration and own statistics.

    Warn if the calibration is old, and of statistics that a run does not follow.
    """
    return _loaded(context.places, settings.years, settings.calibration, settings.data, device)


@lru_cache(maxsize=8)
def _loaded(
    places: Places, years: Years, calibration: str | None, data: Path | None, device: Device
) -> Model:
    # Imported here: a misspelt setting is refused before the seconds that the imports take.
    from zhuanxing.model import load

    model = load(
        places.root, end=years.end, information_year=years.information,
        calibration=calibration, data=data, device=device,
    )  # fmt: skip
    if idle := ", ".join(model.source.not_followed(model.calibration)):
        told = Notice(
            "{data}: {idle} change no initial value, so runs do not follow them; those with a fit "
            "that saw them do ('zhuanxing calibrate name=own data={data}')",
            data=data, idle=idle,
        )  # fmt: skip
        warnings.warn(told, stacklevel=2)
    if stale := model.calibration and model.calibration.warning(places.model):
        warnings.warn(Notice(stale), stacklevel=2)
    return model
