"""What a person has set on the page: one value, which an address or a scenario file can hold."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

import numpy as np
import yaml

from zhuanxing.data.kinds import LEVER_YEARS
from zhuanxing.errors import ZhuanxingError
from zhuanxing.inputs import LeverSetting, ModelNames
from zhuanxing.results.words import Language
from zhuanxing.storage.yaml_files import parse_yaml

if TYPE_CHECKING:
    from zhuanxing.model import Model

__all__ = ["FULL", "NONE", "PACKAGE", "TABS", "State", "from_query", "from_yaml"]

TABS = ("levers", "payers", "why", "cities", "tradeoff", "aims", "trust")
# Keys of the web address, short because people send it on.
KEYS = {"city": "c", "scenario": "s", "output": "o", "tab": "t", "language": "lang", "made": "h"}
LEVERS, GROUPS, STARTS = "l", "g", "y"
SHARES = {"scale": "x", "budget": "b"}
# Strength of a group: none of it, as in the package, every lever in full.
NONE, PACKAGE, FULL = 0.0, 1.0, 2.0


@dataclass(frozen=True)
class State:
    """`levers` are the intensities in `city` that differ from `scenario`, `starts` the years in
    which levers start there instead of when its file has it; its strength as a whole is `scale`
    times the file's and in `groups` goes from NONE over PACKAGE to FULL; `budget` is the part of
    their money for levers that public payers keep; `made` marks the model that the address was
    made with."""

    city: str
    scenario: str
    output: str
    language: Language = "zh"
    tab: str = TABS[0]
    scale: float = 1.0
    budget: float = 1.0
    groups: Mapping[str, float] = field(default_factory=dict)
    levers: Mapping[str, float] = field(default_factory=dict)
    starts: Mapping[str, float] = field(default_factory=dict)
    made: str = ""

    def query(self) -> str:
        """Return the state as the query of a web address, with what differs from a file only."""
        words = {short: str(getattr(self, key)) for key, short in KEYS.items()}
        for key, found in ((LEVERS, self.levers), (GROUPS, self.groups), (STARTS, self.starts)):
            if found:
                words[key] = ",".join(f"{name}:{value:g}" for name, value in found.items())
        for key, short in SHARES.items():
            if getattr(self, key) != 1.0:
                words[short] = f"{getattr(self, key):g}"
        return "?" + urlencode(words, safe=":,")

    @property
    def package(self) -> tuple[object, ...]:
        """What the runs of the state depend on."""
        return (
            self.city, self.scenario, self.scale, self.budget, tuple(self.groups.items()),
            tuple(self.levers.items()), tuple(self.starts.items()),
        )  # fmt: skip

    def strength(self, intensity: float, lever: str, group: str) -> float:
        """Return the strength of a lever that has `intensity` in the scenario's file."""
        if lever in self.levers:
            return self.levers[lever]
        scaled = intensity * self.scale
        moved = self.groups.get(group, PACKAGE)
        return scaled * moved if moved <= PACKAGE else scaled + (moved - PACKAGE) * (1 - scaled)

    def to_yaml(self, labels: Mapping[str, str], changed: Mapping[str, LeverSetting]) -> str:
        """Return the state as a scenario file.

        `labels` are the names of the scenario extended, `changed` what differs by lever.
        """
        suffix = {"name_zh": "（本市已修改）", "name_en": " (changed here)"}
        content: dict[str, Any] = {key: labels[key] + end for key, end in suffix.items()}
        content |= {
            "description_zh": "由页面导出。",
            "description_en": "Exported from the page.",
            "extends": self.scenario,
        }
        if self.budget != 1.0:
            content["budget"] = float(self.budget)
        if changed:
            levers = {name: _plain(setting) for name, setting in changed.items()}
            content["overrides"] = [{"where": {"city": self.city}, "levers": levers}]
        return yaml.safe_dump(content, allow_unicode=True, sort_keys=False)


def from_query(query: str, default: State, names: ModelNames, outputs: set[str]) -> State:
    """Return the state that the query of a web address holds; what it gets wrong is left out."""
    said = dict(parse_qsl(query.lstrip("?")))
    state = default
    known = {
        "city": set(names.cities),
        "scenario": set(names.of("scenario").spellings),
        "output": outputs,
        "tab": set(TABS),
        "language": {"zh", "en"},
    }
    for key, short in KEYS.items():
        value = said.get(short, "")
        if value and value in known.get(key, {value}):
            chosen: dict[str, Any] = {key: value}
            state = replace(state, **chosen)
    for key, short in SHARES.items():
        share = _share(said.get(short, "1"))
        kept: dict[str, Any] = {key: 1.0 if share is None else share}
        state = replace(state, **kept)
    return replace(
        state,
        levers=_pairs(said.get(LEVERS, ""), names.levers, 1.0),
        groups=_pairs(said.get(GROUPS, ""), names.lever_groups, FULL),
        starts={
            lever: year
            for lever, year in _pairs(said.get(STARTS, ""), names.levers, LEVER_YEARS[1]).items()
            if year >= LEVER_YEARS[0]
        },
    )


def _pairs(text: str, known: Container[str], most: float) -> dict[str, float]:
    """Return the numbers of `name:number,...` of names that are known."""
    found = {}
    for word in filter(None, text.split(",")):
        name, _, number = word.partition(":")
        value = _share(number, most)
        if name in known and value is not None:
            found[name] = value
    return found


def from_yaml(text: str, state: State, model: Model) -> State:
    """Return the state that a scenario file holds: what it changes in the one city it changes
    levers of, else in that of `state`.

    Raises ZhuanxingError for a file that is not a scenario, or has what the page has not.
    """
    content = parse_yaml(text, "the file")
    if not isinstance(content, dict) or "extends" not in content:
        raise ZhuanxingError("the file is not a scenario of the page: 'extends' is missing")
    scenario = model.names.of("scenario").find(str(content["extends"]), "extends")
    made, base = model.scenario({**content, "extends": scenario}), model.scenario(scenario)
    budget = content.get("budget")
    budget = 1.0 if budget is None else budget  # a key without a value is as if it were not there
    if isinstance(budget, dict) or content.get("assumptions"):
        raise ZhuanxingError("the page has neither assumptions nor ceilings of single payers")
    if (made.end != base.end).any():
        raise ZhuanxingError("the page has no years in which levers end")
    stronger, later = made.intensity != base.intensity, made.start != base.start
    (changed,) = np.nonzero((stronger | later).any(axis=1))
    row = changed[0] if len(changed) == 1 else made.cities.index(state.city)
    return replace(
        state, city=made.cities[row], scenario=scenario, scale=1.0, budget=float(budget), groups={},
        levers=_by_lever(made.levers, made.intensity[row], stronger[row]),
        starts=_by_lever(made.levers, made.start[row], later[row]),
    )  # fmt: skip


def _by_lever(levers: Sequence[str], values: np.ndarray, chosen: np.ndarray) -> dict[str, float]:
    return {levers[place]: float(values[place]) for place, one in enumerate(chosen) if one}


def _plain(setting: LeverSetting) -> float | LeverSetting:
    """Return a lever's setting as a scenario file has it: its intensity, or a start with it."""
    return setting if "start" in setting else setting["intensity"]


def _share(text: str, most: float = 1.0) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0.0 <= value <= most else None
