"""Draw charts from stored paths.

绘制图表。
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
import xarray as xr

from zhuanxing.charts.differences import difference
from zhuanxing.cli.command import Command, Context
from zhuanxing.config import (
    City,
    File,
    InLanguages,
    Language,
    Output,
    Several,
    Text,
    Year,
    as_mapping,
    checked,
)
from zhuanxing.data.names import read_names
from zhuanxing.data.observed import statistics_of_outputs
from zhuanxing.data.reading import read_table
from zhuanxing.errors import ZhuanxingError
from zhuanxing.inputs import resolve
from zhuanxing.inputs.scenario import BASELINE
from zhuanxing.results import names
from zhuanxing.results.aims import city_targets, read_aims
from zhuanxing.results.comparable import require_comparable
from zhuanxing.results.numerals import signed
from zhuanxing.results.words import listing
from zhuanxing.storage import netcdf
from zhuanxing.storage.atomic import require_writable
from zhuanxing.storage.netcdf import comparison_path, intervals_path
from zhuanxing.storage.paths import Places

if TYPE_CHECKING:
    from zhuanxing.charts.kinds import Request

__all__ = ["COMMAND", "ChartSettings", "aims_table"]

FOUND = {
    "zh": "{city}，{year}年，“{scenario}”与“{base}”之差：{differences}",
    "en": "{city} in {year}, {scenario} less {base}: {differences}",
}
OPEN = {"zh": "共{count}个图文件；先打开 {first}", "en": "{count} files; open first {first}"}

SECTION = "run"


Kind = Literal[
    "all", "paths", "compare", "structure", "energy", "land", "finance", "scorecard",
    "disturbances",
]  # fmt: skip
Format = Literal["png", "svg", "pdf"]


@checked
class PathOptions:
    """Paths by city."""

    variable: Several[Output]


@checked
class CompareOptions:
    """Two scenarios, city by city."""

    variable: Several[Output]


@checked
class StructureOptions:
    """Sectors of the economy."""

    detail: str
    shares: Several[Output]


@checked
class EnergyOptions:
    """Energy, carbon and power capacity."""

    fuels: Several[Text]
    total: Output
    co2: Output
    capacity: Several[Output]


@checked
class LandOptions:
    """Land by class."""

    classes: Several[Text]
    built_up: Several[Text]


@checked
class FinanceOptions:
    """Investment and the sources of policy money."""

    investment: str
    spending: str


@checked
class ScorecardOptions:
    """Aims of a city and what it reaches."""

    year: Year
    compared_with: Mapping[str, str]
    at_most: Several[Output]


@checked
class DisturbancesOptions:
    """What the equations do not explain."""

    variable: Text


@checked
class ChartOptions:
    """What each kind draws."""

    paths: PathOptions
    compare: CompareOptions
    structure: StructureOptions
    energy: EnergyOptions
    land: LandOptions
    finance: FinanceOptions
    scorecard: ScorecardOptions
    disturbances: DisturbancesOptions


@checked
class ChartSettings(InLanguages):
    """Draw stored results as PNG, SVG or PDF; the model is not run.

    把已存结果绘成 PNG、SVG 或 PDF，不运行模型。
    """

    kind: Kind
    """Kind of chart.
    图的种类。"""
    scenario: Several[Text]
    """Stored results to draw, the one to compare with first.
    要画的情景，第一个为比较基准。"""
    results: File
    """Folder of the results: <results>/<scenario>/paths.nc.
    结果文件夹。"""
    city: Several[City] | None
    """Cities, which compare marks among all; null is every city.
    城市（compare 画全部并标出这些），null 为全部。"""
    variable: Several[Output] | None
    """Outputs of paths and compare; null takes each kind's own.
    指标，null 为各图默认。"""
    year: Year | None
    """Year of compare; null is the last.
    compare 的年份，null 为末年。"""
    format: Several[Format]
    """Formats of the files.
    文件格式。"""
    output: File | None
    """File of a single chart; null is outputs/charts/<language>/<kind>.
    单张图的文件。"""
    options: ChartOptions


def run(settings: ChartSettings, context: Context) -> int:
    """Draw what is asked for and print the files."""
    require_writable(settings.output or Path("outputs") / "charts" / "chart.png")
    # Imported here: Matplotlib takes half a second, and others ask this module for the aims alone.
    from zhuanxing.charts.kinds import KINDS, Request

    shared = _request(settings, context)
    jobs = [
        _Job(each, Request(language=language, **shared), settings, context.languages)
        for language in context.languages
        for each in (KINDS if settings.kind == "all" else [settings.kind])
    ]
    files = [path for written in _drawn(jobs) for path in written]
    if settings.kind != "all":
        print(*files, sep="\n")
        return 0
    print(*_found(settings, shared, context.language), sep="\n")
    print(OPEN[context.language].format(count=len(files), first=_first(files, context.language)))
    return 0


def _found(settings: ChartSettings, shared: Mapping[str, Any], language: Language) -> list[str]:
    """Return a sentence a city: how the last scenario differs from the first in the last year."""
    shown = list(shared["datasets"].items())
    (first, base), (last, other) = shown[0], shown[-1]
    if other is base or not settings.city:
        return []
    labels = [names.scenario_label(shared["datasets"], key, language) for key in (first, last)]
    sentences = []
    for city in names.city_ids(base, settings.city):
        said = []
        for name in settings.options.compare.variable:
            gap = difference(base, other, name, shared["comparisons"].get(last))
            value = signed(float(gap.values.sel(city=city).isel(year=-1)))
            unit = gap.unit(language)
            said.append(f"{names.variable_label(base[name], language)} {value} {unit}")
        year = int(base["year"].values[-1])
        sentences.append(
            FOUND[language].format(
                city=names.city_label(base, city, language), year=year, base=labels[0],
                scenario=labels[1], differences=listing(said, language),
            )
        )  # fmt: skip
    return sentences


def _first(files: Sequence[Path], language: Language) -> Path:
    """Return the picture to open first: the comparison of cities, in the reader's language."""
    own = [path for path in files if path.parent.name == language] or list(files)
    return next((path for path in own if path.name.startswith("compare")), own[0])


@dataclass(frozen=True)
class _Job:
    """Charts of one kind in one language, and where they go."""

    kind: str
    request: Request
    settings: ChartSettings
    languages: Sequence[Language]

    def draw(self) -> list[Path]:
        """Draw and save; return the files."""
        from zhuanxing.charts.kinds import KINDS
        from zhuanxing.charts.save import remove_outdated, save

        folder = Path("outputs") / "charts" / self.request.language
        files: list[Path] = []
        for name, figure in KINDS[self.kind](self.request):
            output = self.settings.output
            target, endings = _target(output, folder / name, list(self.settings.format))
            if output is None:
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


def _request(settings: ChartSettings, context: Context) -> dict[str, Any]:
    """Return the fields of a Request that are the same for every language."""
    data = context.places.model / "data"
    datasets = _results(settings, context)
    return {
        "datasets": datasets,
        "cities": settings.city,
        "intervals": _beside(datasets, settings, intervals_path),
        "comparisons": _beside(datasets, settings, comparison_path),
        "options": as_mapping(settings.options),
        "variables": settings.variable,
        "year": settings.year,
        "observations": read_table(data / "observations.csv"),
        "observed_as": statistics_of_outputs(read_table(data / "variables.csv")),
        "aims": aims_table(settings.options.scorecard, context.places),
    }


def aims_table(options: ScorecardOptions, places: Places) -> pd.DataFrame:
    """Return the aims of cities, provinces and the nation, as the scorecard reads them."""
    data = places.model / "data"
    targets = read_table(data / "targets.csv")
    base_year = resolve(places.scenarios, BASELINE, read_names(places.model)).base_year
    own = city_targets(targets, options.compared_with, options.at_most, base_year)
    return pd.concat([own, read_aims(data / "aims.csv")], ignore_index=True)


def _results(settings: ChartSettings, context: Context) -> dict[str, xr.Dataset]:
    """Read the stored results of the scenarios, in the order asked for."""
    results: dict[str, xr.Dataset] = {}
    for said in settings.scenario:
        path = settings.results / said / "paths.nc"
        scenario = said
        if not path.is_file():
            scenario = context.names.of("scenario").find(said, "scenario")
            path = settings.results / scenario / "paths.nc"
        if not path.is_file():
            raise ZhuanxingError(
                "{path}: there is no result; make it with 'zhuanxing run scenario={scenario}'",
                path=path,
                scenario=scenario,
            )
        results[scenario] = netcdf.read(path)
    if not results:
        raise ZhuanxingError("scenario is empty, but one scenario at least is expected")
    require_comparable(results)
    return results


def _beside(
    datasets: Mapping[str, xr.Dataset], settings: ChartSettings, beside: Callable[[Path], Path]
) -> dict[str, xr.Dataset]:
    """Read the quantiles over draws that lie beside the results."""
    found = {key: beside(settings.results / key / "paths.nc") for key in datasets}
    return {key: netcdf.read(path) for key, path in found.items() if path.is_file()}


def _target(output: Path | None, default: Path, formats: list[str]) -> tuple[Path, list[str]]:
    """Return the file without ending and the formats: an ending of `output` is its format."""
    from zhuanxing.charts.save import FORMATS

    if output is None:
        return default, formats
    if output.suffix.lstrip(".") in FORMATS:
        return output.with_suffix(""), [output.suffix.lstrip(".")]
    return output, formats


COMMAND = Command(
    ChartSettings,
    run,
    examples=(
        "",
        "kind=paths 'city=[baotou,tangshan]' 'variable=[gdp,energy_intensity]' language=zh",
        "kind=compare 'scenario=[baseline,coal_reduction]' variable=coal_consumption",
        "kind=scorecard city=baotou output=baotou.png",
    ),
)
