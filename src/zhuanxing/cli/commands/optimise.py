"""Find packages that reach a city's aims at the least of something.

寻找达到目标且代价最小的举措组合。
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import xarray as xr

from zhuanxing.analyses.optimise.goals import goals_in_words, verdicts_in_words
from zhuanxing.cli.asking import AskingPackage, asked_scenario
from zhuanxing.cli.chosen import model_of
from zhuanxing.cli.command import Command, Context
from zhuanxing.cli.console import Column, print_table, progress_bar
from zhuanxing.config import (
    Count,
    File,
    InLanguage,
    Output,
    Several,
    Share,
    Text,
    Year,
    as_mapping,
    checked,
)
from zhuanxing.errors import ZhuanxingError
from zhuanxing.results.numerals import wide
from zhuanxing.results.words import unit, word
from zhuanxing.storage.atomic import require_writable, written_whole
from zhuanxing.storage.netcdf import write

if TYPE_CHECKING:
    from zhuanxing.model import Model

__all__ = ["COMMAND", "OptimiseSettings"]

SECTION = "ask"
STAGES = {
    "search": ("寻找最优组合（首次需先编译梯度）", "search (the first compiles the gradient)"),
    "draws": ("逐次抽样检验", "test over draws"),
    "alternatives": ("寻找备选组合", "alternatives"),
}


@checked
class OptimiseSettings(AskingPackage, InLanguage):
    """Aims as limits on outputs of the last year; several near-best packages that differ.

    目标写成末年指标的上下限；给出几个接近最优而不同的组合。
    """

    aims: Several[Text]
    """Aims, as energy_intensity<=-14.5%2020, emerging_share>=+3, gdp>=baseline.
    目标，如 energy_intensity<=-14.5%2020、emerging_share>=+3、gdp>=baseline。"""
    keep: Several[Text]
    """Conditions besides the aims.
    另外要保持的条件。"""
    minimise: Output | None
    """Output that is brought down.
    要降低的指标。"""
    maximise: Output | None
    """Output that is brought up instead.
    或要提高的指标。"""
    base_year: Year | None
    """Year since which a change as +3 counts; null is the year before the scenario's levers start.
    变化的基年，null 为举措开始前一年。"""
    step: Share
    """Steps of the intensities.
    力度的步长。"""
    allowance: Share
    """What an alternative may cost more, as a part of the size.
    备选方案允许多出的比例。"""
    sureness: Share
    """Share of the draws in which they shall.
    目标须成立的抽样比例。"""
    watch: Several[Output]
    """Outputs that ought not to shrink.
    不应缩减的指标。"""
    iterations: Count
    """Most rounds of the search.
    搜索轮数上限。"""
    output: File
    """Folder of the packages, also as scenario files.
    输出文件夹，组合另存为情景文件。"""


def run(settings: OptimiseSettings, context: Context) -> int:
    """Search, print the packages and write them as scenario files."""
    folder = settings.output / settings.city
    require_writable(folder / "packages.nc")
    goal = settings.maximise or settings.minimise
    if goal is None:
        raise ZhuanxingError("minimise or maximise must name an output, as minimise=co2")
    from zhuanxing.analyses.optimise.optimise import Question, optimise, require_goals

    model = model_of(settings, context)
    scenario = asked_scenario(model, settings)
    question = Question(
        settings.city, goal, settings.maximise is not None, tuple(settings.aims),
        tuple(settings.keep), settings.step, settings.allowance, settings.draws,
        settings.sureness, tuple(settings.watch), settings.base_year, settings.iterations,
    )  # fmt: skip
    require_goals(model, scenario, question)
    with progress_bar() as progress:
        task = progress.add_task("", total=None)

        def report(stage: str) -> None:
            progress.update(task, description=STAGES[stage][context.language == "en"])

        found = optimise(model, scenario, model.scenario(settings.against), question, report)
    _print(found, context)
    write(found, folder / "packages.nc")
    print(folder / "packages.nc")
    for package in found["package"].values:
        path = folder / f"package_{package}.yaml"
        with written_whole(path) as temporary:
            temporary.write_text(_scenario_file(found, int(package), settings, model), "utf-8")
        print(path)
    return 0


def _print(found: xr.Dataset, context: Context) -> None:
    """Print the verdicts, the packages with their goals (and the share of draws that meets each),
    and their levers."""
    names = {}
    for output in found["output"]:
        name, units = (str(output[key].item()) for key in (f"output_{context.language}", "unit"))
        names[str(output.item())] = f"{name} {unit(units, context.language)}".strip()
    words = goals_in_words(found, context.language)
    for sentence in verdicts_in_words(found, context.language):
        print(sentence)
    heads = [Column(f"组合{p}", f"package {p}") for p in found["package"].values]
    baseline = Column("基准", "baseline")
    rows = [
        [
            names[str(name)], wide(float(found["baseline"].sel(output=name))),
            *(wide(float(v)) for v in found["value"].sel(output=name).values),
        ]
        for name in found["output"].values
    ]  # fmt: skip
    for goal in found["goal"].values:
        marks = ["✓" if one else "×" for one in found["met"].sel(goal=goal).values]
        if "sure" in found:
            shares = found["sure"].sel(goal=goal).values
            marks = [f"{mark} {share:.0%}" for mark, share in zip(marks, shares, strict=True)]
        rows.append([words[str(goal)], "", *marks])
    columns = [Column("指标与目标", "outputs and aims"), baseline, *heads]
    print_table(_title(found), columns, rows, context.language)
    used = found["lever"].values[(found["intensity"].values > 0).any(axis=0)]
    labels = dict(zip(found["lever"].values, found[f"lever_{context.language}"].values,
                      strict=True))  # fmt: skip
    rows = [
        [str(labels[lever]), *(f"{v:.0%}" if v else "" for v in
                               found["intensity"].sel(lever=lever).values)]
        for lever in used
    ]  # fmt: skip
    print_table(("力度", "Intensities"), [Column("举措", "lever"), *heads], rows, context.language)


def _title(found: xr.Dataset) -> tuple[str, str]:
    """Return what the packages are, in Chinese and English."""
    year, one = found.attrs["year"], found.sel(output=found.attrs["objective"])
    if found.attrs["feasible"] == "False":
        return f"差距最小的组合（{year}年）", f"Nearest package, {year}"
    zh, en = (word(found.attrs["sense"], each) for each in ("zh", "en"))
    return (
        f"接近最优的组合（{year}年，{one['output_zh'].item()}{zh}）",
        f"Near-best packages, {year} ({en} {one['output_en'].item()})",
    )


def _scenario_file(
    found: xr.Dataset, package: int, settings: OptimiseSettings, model: Model
) -> str:
    """Return a package as a scenario that extends the one of the search."""
    import yaml

    intensity = found["intensity"].sel(package=package)
    labels = model.scenario(settings.scenario).labels
    aims = ", ".join([*settings.aims, *settings.keep])
    pairs = zip(intensity["lever"].values, intensity.values, strict=True)
    levers = {str(name): round(float(value), 4) for name, value in pairs}
    content = {
        "name_zh": f"{labels['name_zh']}：优化组合{package}",
        "name_en": f"{labels['name_en']}: package {package}",
        "description_zh": f"由 zhuanxing optimise 找到：{aims}",
        "description_en": f"Found by zhuanxing optimise: {aims}",
        "extends": settings.scenario,
        "overrides": [{"where": {"city": settings.city}, "levers": levers}],
    }
    if settings.budget is not None:
        content["budget"] = as_mapping(settings.budget)
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False)


COMMAND = Command(
    OptimiseSettings,
    run,
    examples=(
        "city=唐山 'aims=[energy_intensity<=-14.5%2020,emerging_share>=+0.5]'",
        "city=包头 'aims=[co2<=baseline-3%]' minimise=lever_spending_total",
    ),
)
