"""`zhuanxing chart`: draw stored results as PNG and SVG, without running the model."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from zhuanxing.charts import names
from zhuanxing.charts.kinds import ALL, KINDS, Request, figures, require_kind
from zhuanxing.charts.save import FORMATS, remove_outdated, save
from zhuanxing.charts.style import FIRST_PROJECTED_YEAR
from zhuanxing.charts.words import Language, check_language
from zhuanxing.errors import ZhuanxingError
from zhuanxing.inputs import scenario_names
from zhuanxing.results.aims import city_targets, read_aims
from zhuanxing.results.comparable import require_comparable
from zhuanxing.storage import netcdf
from zhuanxing.storage.netcdf import comparison_path, intervals_path
from zhuanxing.storage.paths import Places, find_places

__all__ = ["main"]


def main(argv: Sequence[str]) -> int:
    """Draw what the key=value words of `argv` ask for, over conf/chart.yaml; print the files.

    Returns 0. Raises ZhuanxingError, in one sentence with the nearest valid name, for an unknown
    key, kind, scenario, city or variable, and for a result that has not been made yet.
    """
    places = find_places()
    path = places.conf / "chart.yaml"
    if {"-h", "--help"} & set(argv):
        print(path.read_text(encoding="utf-8"), end="")
        return 0
    config = _configure(argv, path)
    kind = str(config["kind"])
    require_kind(kind)
    languages = [check_language(str(language)) for language in _listed(config["language"])]
    formats = [names.find(str(f), FORMATS, "chart format") for f in _listed(config["format"])]
    shared = _request(config, places)
    jobs = [
        _Job(each, Request(language=language, **shared), config["output"], formats, languages)
        for language in languages
        for each in (KINDS if kind == ALL else [kind])
    ]
    for written in _drawn(jobs):
        print(*written, sep="\n")
    return 0


@dataclass(frozen=True)
class _Job:
    """Charts of one kind in one language, and where they go."""

    kind: str
    request: Request
    output: str | None
    formats: list[str]
    languages: Sequence[Language]

    def draw(self) -> list[Path]:
        """Draw and save; return the files."""
        folder = Path("outputs") / "charts" / self.request.language
        files: list[Path] = []
        for name, figure in figures(self.kind, self.request):
            target, endings = _target(self.output, folder / name, self.formats)
            if self.output is None:
                remove_outdated(folder.parent, name, self.languages)
            files += save(figure, target, endings)
        return files


def _drawn(jobs: Sequence[_Job]) -> Iterator[list[Path]]:
    """Yield the files of each job in order; many jobs are shared among the cores."""
    if len(jobs) == 1:
        yield jobs[0].draw()
        return
    # Fresh processes: a fork of a process that has threads, as a caller's may, can hang.
    workers = min(len(jobs), os.cpu_count() or 1)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_Job.draw, jobs)


def _configure(argv: Sequence[str], path: Path) -> dict[str, Any]:
    """Return the configuration of `path` with the words of `argv` laid over it."""
    base = OmegaConf.load(path)
    assert isinstance(base, DictConfig)
    for argument in argv:
        key, equals, _ = argument.partition("=")
        if not equals:
            raise ZhuanxingError(
                f"zhuanxing chart: {argument!r} is no key=value; expected for example kind=paths"
            )
        _require_key(base, key)
    try:
        merged = OmegaConf.merge(base, OmegaConf.from_dotlist(list(argv)))
    except (OmegaConfBaseException, YAMLError) as error:
        reason = str(error).splitlines()[0]
        raise ZhuanxingError(
            f"zhuanxing chart: {' '.join(argv)!r} cannot be read ({reason})"
        ) from error
    plain = OmegaConf.to_container(merged)
    assert isinstance(plain, dict)
    return {str(key): value for key, value in plain.items()}


def _require_key(base: DictConfig, key: str) -> None:
    """Refuse a dotted key that the configuration does not have."""
    level: Any = base
    for part in key.split("."):
        if not isinstance(level, DictConfig):
            raise ZhuanxingError(f"zhuanxing chart: the key {key!r} goes too deep")
        names.find(part, level, "chart key")
        level = level[part]


def _request(config: Mapping[str, Any], places: Places) -> dict[str, Any]:
    """Return the fields of a Request that are the same for every language."""
    data = places.model / "data"
    options = config["options"]
    scorecard = options["scorecard"]
    targets = city_targets(
        _table(data / "targets.csv"),
        scorecard["compared_with"],
        scorecard["at_most"],
        FIRST_PROJECTED_YEAR - 1,
    )
    cities = _listed(config["city"])
    variables = _listed(config["variable"])
    datasets = _results(config, places)
    return {
        "datasets": datasets,
        "cities": None if cities in ([], [ALL]) else [str(city) for city in cities],
        "intervals": _beside(datasets, config, intervals_path),
        "comparisons": _beside(datasets, config, comparison_path),
        "options": options,
        "variables": [str(name) for name in variables] or None,
        "year": config["year"],
        "observations": _table(data / "observations.csv"),
        "aims": pd.concat([targets, read_aims(data / "aims.csv")], ignore_index=True),
    }


def _results(config: Mapping[str, Any], places: Places) -> dict[str, xr.Dataset]:
    """Read the stored results of the scenarios, in the order asked for."""
    known = scenario_names(places.scenarios)
    results: dict[str, xr.Dataset] = {}
    for scenario in map(str, _listed(config["scenario"])):
        path = Path(str(config["results"])) / scenario / "paths.nc"
        if not path.is_file():
            names.find(scenario, known, "scenario")
            raise ZhuanxingError(
                f"{path}: there is no result; make it with 'zhuanxing run scenario={scenario}'"
            )
        results[scenario] = netcdf.read(path)
    if not results:
        raise ZhuanxingError("zhuanxing chart: scenario is empty; expected at least one")
    require_comparable(results)
    return results


def _beside(
    datasets: Mapping[str, xr.Dataset],
    config: Mapping[str, Any],
    beside: Callable[[Path], Path],
) -> dict[str, xr.Dataset]:
    """Read the quantiles over draws that lie beside the results."""
    paths = {key: Path(str(config["results"])) / key / "paths.nc" for key in datasets}
    found = {key: beside(path) for key, path in paths.items()}
    return {key: netcdf.read(path) for key, path in found.items() if path.is_file()}


def _target(output: str | None, default: Path, formats: list[str]) -> tuple[Path, list[str]]:
    """Return the file without ending and the formats: an ending of `output` is its format."""
    if output is None:
        return default, formats
    path = Path(output)
    if path.suffix.lstrip(".") in FORMATS:
        return path.with_suffix(""), [path.suffix.lstrip(".")]
    return path, formats


def _table(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path)
    except OSError as error:
        raise ZhuanxingError(f"{path}: the table cannot be read ({error.strerror})") from error


def _listed(value: Any) -> list[Any]:
    """Return a list for one value, several, or none."""
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]
