"""What a person has set on the page: one value, which an address or a scenario file can hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import yaml

from zhuanxing.errors import ZhuanxingError
from zhuanxing.inputs import ModelNames
from zhuanxing.inputs.yaml_files import parse_yaml
from zhuanxing.results.words import Language

__all__ = ["State", "from_query", "from_yaml"]

TABS = ("levers", "payers", "why", "cities", "tradeoff", "trust")
# Keys of the web address, short because people send it on.
KEYS = {"city": "c", "scenario": "s", "output": "o", "tab": "t", "language": "lang", "made": "h"}
LEVERS, SCALE = "l", "x"


@dataclass(frozen=True)
class State:
    """`levers` are the intensities in `city` that differ from `scenario`, whose strength as a whole
    is `scale` times the file's; `made` marks the model that the address was made with."""

    city: str
    scenario: str
    output: str
    language: Language = "zh"
    tab: str = TABS[0]
    scale: float = 1.0
    levers: Mapping[str, float] = field(default_factory=dict)
    made: str = ""

    def query(self) -> str:
        """Return the state as the query of a web address, with what differs from a file only."""
        words = {short: str(getattr(self, key)) for key, short in KEYS.items()}
        if self.levers:
            words[LEVERS] = ",".join(f"{name}:{value:g}" for name, value in self.levers.items())
        if self.scale != 1.0:
            words[SCALE] = f"{self.scale:g}"
        return "?" + urlencode(words, safe=":,")

    def to_yaml(self, labels: Mapping[str, str]) -> str:
        """Return the state as a scenario file; `labels` are the names of the scenario extended."""
        suffix = {"name_zh": "（本市已修改）", "name_en": " (changed here)"}
        content: dict[str, Any] = {key: labels[key] + end for key, end in suffix.items()}
        content |= {
            "description_zh": "由页面导出。",
            "description_en": "Exported from the page.",
            "extends": self.scenario,
        }
        if self.levers:
            levers = {name: float(value) for name, value in self.levers.items()}
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
    levers = {}
    for word in filter(None, said.get(LEVERS, "").split(",")):
        name, _, number = word.partition(":")
        strength = _share(number)
        if name in names.levers and strength is not None:
            levers[name] = strength
    scale = _share(said.get(SCALE, "1"))
    return replace(state, levers=levers, scale=1.0 if scale is None else scale)


def from_yaml(text: str, state: State, names: ModelNames) -> State:
    """Return the state that a scenario file of the page holds, for the city it names.

    Raises ZhuanxingError for a file that is not such a scenario.
    """
    content = parse_yaml(text, "the file")
    if not isinstance(content, dict) or "extends" not in content:
        raise ZhuanxingError("the file is not a scenario of the page: 'extends' is missing")
    scenario = names.of("scenario").find(str(content["extends"]), "extends")
    levers: dict[str, float] = {}
    city = state.city
    for item in content.get("overrides") or []:
        city = names.of("city").find(str(item.get("where", {}).get("city", city)), "where.city")
        for name, value in (item.get("levers") or {}).items():
            lever = names.of("lever").find(str(name), "levers")
            strength = _share(str(value))
            if strength is None:
                raise ZhuanxingError(
                    f"levers.{lever} is '{value}', but a number from 0 to 1 is due"
                )
            levers[lever] = strength
    return replace(state, city=city, scenario=scenario, levers=levers, scale=1.0)


def _share(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0.0 <= value <= 1.0 else None
