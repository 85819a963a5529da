"""Explain why a lever does what it does, what an output is made of, and which loops matter.

解释举措为何有此效果、指标由何构成、哪些反馈回路起作用。
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zhuanxing.cli.asking import Asking, asked_scenario
from zhuanxing.cli.chosen import model_of
from zhuanxing.cli.command import Command, Context
from zhuanxing.cli.console import Column, print_table, working
from zhuanxing.config import Count, File, InLanguage, Lever, Output, ScenarioName, checked
from zhuanxing.results.numerals import measured, significant, wide
from zhuanxing.storage.atomic import require_writable
from zhuanxing.storage.netcdf import write, write_table

if TYPE_CHECKING:
    from zhuanxing.model import Model

__all__ = ["COMMAND", "ExplainSettings"]

SECTION = "ask"
WORKING = ("推演因果（首次需先编译，要几分钟）", "tracing causes (first compiling: some minutes)")
CARRIES = {
    "zh": "承载：把该变量固定在没有此举措时的路径上，效果失去多少；负值为抵消。",
    "en": "carries: the part of the effect that is lost when the variable keeps to its path "
    "without the lever; below nothing, it takes back.",
}


@checked
class ExplainSettings(Asking, InLanguage):
    """Paths of causes with their sizes, trees of causes and uses with equations, or loops.

    因果路径及其大小、带方程的因果树，或反馈回路。
    """

    lever: Lever | None
    """Lever whose effect is explained; null shows what the output is made of and used for.
    要解释的举措，null 则列出指标的构成与用途。"""
    output: Output
    """Output.
    指标。"""
    scenario: ScenarioName
    """Package in which the lever is.
    举措所在的方案。"""
    depth: Count
    """Steps of the tree.
    因果树的层数。"""
    loops: bool
    """Show the loops that drive the behaviour over time.
    显示起主导作用的反馈回路。"""
    top: Count
    """Loops that are shown.
    显示的回路数。"""
    folder: File
    """Folder of the tables.
    输出文件夹。"""


def run(settings: ExplainSettings, context: Context) -> int:
    """Explain, print and write."""
    require_writable(settings.folder / "x.csv")
    model = model_of(settings, context)
    if settings.loops:
        return _loops(model, settings, context)
    if settings.lever is None:
        return _tree(model, settings, context)
    return _effect(model, settings, context)


def _effect(model: Model, settings: ExplainSettings, context: Context) -> int:
    from zhuanxing.analyses.explain.mediators import explain_effect, require_effect
    from zhuanxing.analyses.explain.shares import cancelling, part
    from zhuanxing.results.glossary import read_glossary
    from zhuanxing.results.words import unit

    scenario, lever = asked_scenario(model, settings), str(settings.lever)
    asked = {"lever": lever, "output": settings.output, "city": settings.city}
    require_effect(model, scenario, **asked)
    with working(WORKING, context.language):
        effect = explain_effect(model, scenario, **asked)
    glossary = read_glossary(context.places.model)
    places = model.variables["where"]
    named = {one.variable for one in model.outputs}
    size = measured(significant(effect.total), unit(effect.output.unit, context.language))
    said = {"zh": "效果：{}（无此举措时 {}）", "en": "effect: {} (without the lever {})"}
    print(said[context.language].format(size, wide(effect.base)))
    for number, path in enumerate(effect.paths, start=1):
        rows = []
        for name in effect.shown(path, named):
            share, change = effect.shares.get(name), effect.changes.get(name)
            rows.append(
                [
                    glossary.chinese(name) if context.language == "zh" else name,
                    "" if change is None or change != change else f"{significant(change)}%",
                    "" if share is None else part(share, context.language), places.get(name, ""),
                ]
            )  # fmt: skip
        columns = [
            Column("变量", "variable"), Column("被改变", "moved by"),
            Column("承载", "carries"), Column("位置", "where", spare=True),
        ]  # fmt: skip
        title = (f"路径 {number}", f"Path {number}")
        print_table(title, columns, rows, context.language)
    print(
        *filter(None, (cancelling(effect, context.language), CARRIES[context.language])), sep="\n"
    )
    target = settings.folder / f"{settings.lever}_{settings.output}_{settings.city}.nc"
    write(effect.to_dataset(model), target)
    print(target)
    return 0


def _tree(model: Model, settings: ExplainSettings, context: Context) -> int:
    from zhuanxing.analyses.explain.tree import tree

    table = tree(model, settings.output, settings.depth)
    side = {"cause": ("由", "from"), "use": ("用于", "used by"), "itself": ("本身", "itself")}
    place = 0 if context.language == "zh" else 1
    rows = [
        [
            side[row["side"]][place], "  " * int(row["depth"])
            + str(row["variable_zh" if place == 0 else "variable"]),
            str(row["units"]), str(row["place"]), str(row["equation"]),
        ]
        for row in table.to_dict("records")
    ]  # fmt: skip
    columns = [
        Column("方向", "side"), Column("变量", "variable"), Column("单位", "unit"),
        Column("文件与行", "file and line"), Column("方程", "equation", spare=True),
    ]  # fmt: skip
    print_table((f"{settings.output} 的因果树", f"Causes and uses of {settings.output}"), columns,
                rows, context.language)  # fmt: skip
    path = settings.folder / f"tree_{settings.output}.csv"
    write_table(table, path)
    print(path)
    return 0


def _loops(model: Model, settings: ExplainSettings, context: Context) -> int:
    from zhuanxing.analyses.explain.loops import loops_that_matter

    with working(WORKING, context.language):
        found = loops_that_matter(
            model, asked_scenario(model, settings), city=settings.city, most=settings.top
        )
    years = [int(year) for year in found["year"].values]
    shown = years[:: max(1, len(years) // 4)]
    name, more = {"zh": ("short_zh", "（共{}个变量）"), "en": ("short", " ({} variables)")}[
        context.language
    ]
    rows = [
        [
            str(found["sign"].values[place]),
            str(found[name].values[place]) + more.format(int(found["length"].values[place])),
            f"{100 * float(found['strength'][place]):.0f}",
            *(_percent(float(found["share"].isel(loop=place).sel(year=year))) for year in shown),
        ]
        for place in range(found.sizes["loop"])
    ]  # fmt: skip
    columns = [
        Column("极性", "sign"), Column("回路", "loop"), Column("强度", "strength"),
        *(Column(str(year), str(year), spare=True) for year in shown),
    ]  # fmt: skip
    print_table(("起主导作用的回路", "Loops that matter"), columns, rows, context.language)
    print(
        {
            "zh": "R 为增强、B 为调节；强度以最强回路为100；各年为占全部回路的份额。",
            "en": "R reinforces, B balances; the strongest loop has strength 100; years show the "
            "share of all loops.",
        }[context.language]
    )
    path = settings.folder / f"loops_{settings.city}.nc"
    write(found, path)
    print(path)
    return 0


def _percent(share: float) -> str:
    return f"{100 * share:+.1f}%".replace("-", "−")


COMMAND = Command(
    ExplainSettings,
    run,
    examples=("lever=high_energy_curb output=gdp city=唐山", "output=gdp", "loops=true city=包头"),
)
