"""Settings of `zhuanxing run`: conf/run.yaml and the command line, composed by Hydra and checked.

Hydra composes only; it starts no jobs, changes no folder and writes no files of its own.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from zhuanxing.errors import ZhuanxingError
from zhuanxing.inputs import ModelNames
from zhuanxing.inputs.names import require_known
from zhuanxing.storage.paths import Places

__all__ = [
    "RunSettings",
    "calendar_year",
    "chosen_cities",
    "compose_runs",
    "composing_error",
    "offer_tables",
    "parse_setting",
    "read_settings",
    "set_only",
]

CONFIG = "run"
KEYS = (
    "scenario", "city", "engine", "calibration", "draws", "years", "output", "levers",
    "assumptions",
)  # fmt: skip
YEAR_KEYS = ("end", "information")
ENGINES = ("compiled", "reference")


@dataclass(frozen=True)
class RunSettings:
    """What one run is told. `levers` and `assumptions` hold only what was set."""

    scenario: str
    cities: tuple[str, ...] | None
    engine: str
    calibration: str | None
    draws: int
    end: int
    information: int
    output: Path
    levers: Mapping[str, Mapping[str, float]]
    assumptions: Mapping[str, Any]


def compose_runs(
    places: Places, names: ModelNames, arguments: Sequence[str], multirun: bool
) -> list[RunSettings]:
    """Return the settings of every run that `arguments` (`key=value`) ask for.

    Raises ZhuanxingError, in one sentence, for anything that Hydra or this program refuses.
    """
    path = places.conf / f"{CONFIG}.yaml"
    tables = offer_tables(names)
    try:
        known = {**read_settings(path), **tables}
        overrides = [parse_setting(argument, known) for argument in arguments]
        with initialize_config_dir(str(places.conf.resolve()), version_base="1.3"):
            runs = [
                _settings(compose(CONFIG, list(lines)), names)
                for lines in itertools.product(*_choices(overrides, multirun))
            ]
    except (HydraException, OmegaConfBaseException, yaml.YAMLError) as error:
        raise ZhuanxingError(composing_error(error, path)) from error
    _refuse_collisions(runs)
    return runs


def read_settings(path: Path) -> dict[str, Any]:
    """Return the settings as they stand in a file, before Hydra composes them."""
    if not path.is_file():
        raise ZhuanxingError(f"{path}: the settings of 'zhuanxing {path.stem}' are missing")
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(settings, dict):
        raise ZhuanxingError(f"{path}: expected settings as 'name: value'")
    return {key: value for key, value in settings.items() if key != "defaults"}


def offer_tables(names: ModelNames) -> dict[str, Any]:
    """Give Hydra an entry for each lever and assumption, so that none needs a plus sign."""
    store = ConfigStore.instance()
    setting = {"intensity": None, "start": None}
    levers = {lever: dict(setting) for lever in names.levers}
    store.store("table", levers, group="levers")
    assumptions: dict[str, Any] = {}
    for name, subscripts in names.assumptions.items():
        scalar = subscripts == ("",)
        assumptions[name.replace(" ", "_")] = None if scalar else dict.fromkeys(subscripts)
    store.store("table", assumptions, group="assumptions")
    return {"levers": levers, "assumptions": assumptions}


def parse_setting(argument: str, settings: Mapping[str, Any]) -> Override:
    """Return one `key=value` as Hydra reads it; refuse a key that `settings` does not have."""
    try:
        override: Override = OverridesParser.create().parse_override(argument)
    except HydraException as error:
        raise ZhuanxingError(
            f"'{argument}' is no setting; write key=value, and a list as 'city=[a,b]' in quotes"
        ) from error
    if override.type != OverrideType.CHANGE or override.package is not None:
        raise ZhuanxingError(f"'{argument}' is no setting; write key=value without signs")
    node: Any = settings
    path: list[str] = []
    for part in override.key_or_group.split("."):
        known = [str(key) for key in node] if isinstance(node, dict) else []
        kind = {"levers": "lever", "assumptions": "assumption"}.get(".".join(path), "setting")
        if part not in known:
            place = ".".join(path) or "command line"
            require_known(kind, part, known, place)
        path.append(part)
        node = node[part]
    if len(path) == 1 and isinstance(node, dict):
        raise ZhuanxingError(
            f"'{argument}' would replace a whole table; set one entry, as in "
            f"{path[0]}.{next(iter(node))!s}=value"
        )
    return override


def _choices(overrides: Sequence[Override], multirun: bool) -> list[list[str]]:
    """Return for each override the `key=value` lines that it stands for."""
    choices = []
    for override in overrides:
        line = str(override.input_line)
        if not override.is_sweep_override():
            choices.append([line])
            continue
        if not multirun:
            raise ZhuanxingError(
                f"'{line}' gives several values; add -m to run each, or write a list in brackets "
                "and quotes, as in 'city=[a,b]'"
            )
        key = override.key_or_group
        choices.append([f"{key}={value}" for value in override.sweep_string_iterator()])
    return choices


def _settings(config: DictConfig, names: ModelNames) -> RunSettings:
    for key in config:
        require_known("setting", str(key), KEYS, f"{CONFIG}.yaml")
    values: Any = OmegaConf.to_container(config, resolve=True)
    for key in values["years"]:
        require_known("setting", key, YEAR_KEYS, f"{CONFIG}.yaml: years")
    require_known("engine", str(values["engine"]), ENGINES, "engine")
    if not values["output"]:
        raise ZhuanxingError("output is empty, but the name of a file is expected")
    return RunSettings(
        scenario=str(values["scenario"]),
        cities=chosen_cities(values["city"], names),
        engine=values["engine"],
        calibration=None if values["calibration"] is None else str(values["calibration"]),
        draws=_draws(values["draws"], values["calibration"]),
        end=calendar_year(values["years"]["end"], "years.end"),
        information=calendar_year(values["years"]["information"], "years.information"),
        output=Path(str(values["output"])),
        levers=set_only(values["levers"]),
        assumptions=set_only(values["assumptions"]),
    )


def chosen_cities(value: Any, names: ModelNames) -> tuple[str, ...] | None:
    """Return one city or several as a tuple, None for all; refuse an unknown one."""
    if value is None:
        return None
    cities = tuple(str(city) for city in (value if isinstance(value, list) else [value]))
    if not cities:
        raise ZhuanxingError("city is an empty list; name cities, or leave it out for all")
    for city in cities:
        require_known("city", city, names.cities, "city")
    return tuple(dict.fromkeys(cities))


def _draws(value: Any, calibration: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ZhuanxingError(f"draws is '{value}', but a whole number from 0 is expected")
    if value and calibration is None:
        raise ZhuanxingError(f"draws={value} needs a calibration to draw from: calibration=default")
    return value


def calendar_year(value: Any, key: str) -> int:
    """Return a whole number; refuse anything else under `key`."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ZhuanxingError(f"{key} is '{value}', but a calendar year is expected")
    return value


def set_only(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entries that hold a value, dropping the empty ones that Hydra was offered."""
    chosen: dict[str, Any] = {}
    for key, value in table.items():
        kept = set_only(value) if isinstance(value, dict) else value
        if kept is not None and kept != {}:
            chosen[key] = kept
    return chosen


def _refuse_collisions(runs: Sequence[RunSettings]) -> None:
    targets = [run.output.absolute() for run in runs]
    for run, target in zip(runs, targets, strict=True):
        if targets.count(target) > 1:
            raise ZhuanxingError(
                f"several runs would write {run.output}; put what differs into the name, as in "
                "'output=outputs/${scenario}_${years.end}.nc'"
            )


def composing_error(error: Exception, path: Path) -> str:
    """Return the first line of a message of Hydra, OmegaConf or YAML, with the file's name."""
    first = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        first = f"line {error.problem_mark.line + 1}: {error.problem}"
    return f"{path}: the settings cannot be composed ({first.rstrip('.') or type(error).__name__})"
