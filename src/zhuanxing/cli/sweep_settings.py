"""Settings of `zhuanxing sweep`: conf/sweep.yaml with a design and a cluster, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml
from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from zhuanxing.analyses.sweep.cluster import Cluster
from zhuanxing.cli.settings import (
    calendar_year,
    chosen_cities,
    composing_error,
    offer_tables,
    parse_setting,
    read_settings,
    set_only,
)
from zhuanxing.errors import ZhuanxingError
from zhuanxing.inputs import ModelNames
from zhuanxing.inputs.names import require_known
from zhuanxing.storage.paths import Places

__all__ = ["SweepSettings", "compose_sweep"]

CONFIG = "sweep"
GROUPS = ("design", "cluster")


@dataclass(frozen=True)
class SweepSettings:
    """What a sweep is told. `levers` and `assumptions` hold what is fixed in every run."""

    scenarios: tuple[str, ...]
    vary: tuple[str, ...]
    design: Mapping[str, Any]
    cluster: Cluster
    cities: tuple[str, ...] | None
    outputs: tuple[str, ...] | None
    end: int
    information: int
    keep: tuple[int, ...] | None
    chunk: int
    output: Path
    levers: Mapping[str, Mapping[str, float]]
    assumptions: Mapping[str, Any]


def compose_sweep(places: Places, names: ModelNames, arguments: Sequence[str]) -> SweepSettings:
    """Return the settings that `arguments` (`key=value`) ask for.

    Raises ZhuanxingError, in one sentence, for anything that Hydra or this program refuses.
    """
    path = places.conf / f"{CONFIG}.yaml"
    try:
        known = {**read_settings(path), **offer_tables(names)}
        chosen = _groups(path, arguments)
        for group, name in chosen.items():
            known[group] = read_settings(places.conf / group / f"{name}.yaml")
        lines = [f"{group}={name}" for group, name in chosen.items()]
        for argument in arguments:
            if argument.partition("=")[0] in GROUPS:
                continue
            override = parse_setting(argument, known)
            if override.is_sweep_override():
                raise ZhuanxingError(
                    f"'{argument}' gives several values; write a list in brackets and quotes, as "
                    "in 'scenario=[a,b]'"
                )
            lines.append(argument)
        with initialize_config_dir(str(places.conf.resolve()), version_base="1.3"):
            config = compose(CONFIG, lines)
        values: Any = OmegaConf.to_container(config, resolve=True)
    except (HydraException, OmegaConfBaseException, yaml.YAMLError) as error:
        raise ZhuanxingError(composing_error(error, path)) from error
    return _settings(values, names)


def _groups(path: Path, arguments: Sequence[str]) -> dict[str, str]:
    """Return the file chosen for each group: what the command line says, else the default."""
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    defaults = {k: v for item in raw["defaults"] if isinstance(item, dict) for k, v in item.items()}
    chosen = {group: str(defaults[group]) for group in GROUPS}
    for argument in arguments:
        group, equals, name = argument.partition("=")
        if group in GROUPS and equals:
            files = sorted(file.stem for file in (path.parent / group).glob("*.yaml"))
            require_known(group, name, files, "command line")
            chosen[group] = name
    return chosen


def _settings(values: Mapping[str, Any], names: ModelNames) -> SweepSettings:
    if not values["output"]:
        raise ZhuanxingError("output is empty, but the name of a store is expected")
    years = values["years"]
    keep = years["keep"]
    return SweepSettings(
        scenarios=_words(values["scenario"], "scenario") or (),
        vary=_words(values["vary"], "vary") or (),
        design=values["design"],
        cluster=_cluster(values["cluster"]),
        cities=chosen_cities(values["city"], names),
        outputs=_words(values["outputs"], "outputs"),
        end=calendar_year(years["end"], "years.end"),
        information=calendar_year(years["information"], "years.information"),
        keep=None if keep is None else tuple(calendar_year(y, "years.keep") for y in _list(keep)),
        chunk=_count(values["chunk"], "chunk") or _refuse_chunk(),
        output=Path(str(values["output"])),
        levers=set_only(values["levers"]),
        assumptions=set_only(values["assumptions"]),
    )


def _cluster(values: Mapping[str, Any]) -> Cluster:
    """Return the cluster of a file of conf/cluster, which may leave out what it does not set."""
    for key in values:
        require_known("setting", str(key), [f.name for f in fields(Cluster)], "cluster")
    given = {key: value for key, value in values.items() if value is not None}
    return Cluster(**{**given, "workers": _count(given.get("workers"), "cluster.workers")})


def _words(value: Any, key: str) -> tuple[str, ...] | None:
    if value is None:
        return None
    words = tuple(dict.fromkeys(str(word) for word in _list(value)))
    if not words:
        raise ZhuanxingError(f"{key} is an empty list, but one name at least is expected")
    return words


def _count(value: Any, key: str) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ZhuanxingError(f"{key} is '{value}', but a whole number from 1 is expected")
    return value


def _refuse_chunk() -> int:
    raise ZhuanxingError("chunk is empty, but a number of runs is expected")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
