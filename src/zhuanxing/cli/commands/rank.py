"""Rank levers by what they add, and what that costs.

举措贡献排序：各举措带来多少、花多少钱。
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pandas as pd
import xarray as xr

from zhuanxing.cli.asking import AskingPackage, asked_scenario, number
from zhuanxing.cli.chosen import model_of
from zhuanxing.cli.command import Command, Context
from zhuanxing.cli.console import Column, print_table, progress_bar
from zhuanxing.config import Count, File, InLanguages, Lever, Output, Several, checked
from zhuanxing.results.numerals import significant
from zhuanxing.results.words import Language, unit, with_unit
from zhuanxing.storage.atomic import require_writable
from zhuanxing.storage.netcdf import write, write_table

if TYPE_CHECKING:
    from zhuanxing.model import Model

__all__ = ["COMMAND", "RankSettings"]

SECTION = "ask"
# What a lever does for so many 1e8 CNY.
HUNDRED = 100.0


@checked
class RankSettings(AskingPackage, InLanguages):
    """What a package loses without each of its levers, what each does alone, and what it costs.

    从方案中逐一去掉各举措、以及单独实施各举措的效果与花费。
    """

    outputs: Several[Output]
    """Outputs; the first sorts the table and is drawn.
    指标，按第一个排序并绘图。"""
    lever: Lever | None
    """One lever in every city instead of every lever in one city.
    只看一项举措在各城市的效果。"""
    top: Count
    """Rows that are printed.
    显示行数。"""
    format: Several[Literal["png", "svg", "pdf"]]
    """Formats of the chart.
    图的格式。"""
    output: File
    """Folder of table, chart and dataset.
    输出文件夹。"""


def run(settings: RankSettings, context: Context) -> int:
    """Run the package whole, without each lever and with each alone; print, write and draw."""
    require_writable(settings.output / "rank.nc")
    from zhuanxing.engine import load_ahead

    load_ahead(context.places.origin, "past", "rest")
    model = model_of(settings, context)
    from zhuanxing.analyses.rank import contributions, lever_effect

    scenario = asked_scenario(model, settings)
    outputs = list(settings.outputs)
    if settings.lever is not None:
        found = lever_effect(model, scenario, settings.lever, outputs=outputs)
        return _of_one_lever(model, found, settings, context)
    with progress_bar() as progress:
        task = progress.add_task("举措 levers", total=1.0, visible=settings.draws > 0)
        found = contributions(
            model, scenario, model.scenario(settings.against), city=settings.city, outputs=outputs,
            draws=settings.draws, report=lambda part: progress.update(task, completed=part),
        )  # fmt: skip
    return _of_all_levers(found, settings, context)


def _of_all_levers(found: xr.Dataset, settings: RankSettings, context: Context) -> int:
    from zhuanxing.analyses.rank import ranked
    from zhuanxing.charts import contributions as chart
    from zhuanxing.charts.save import save

    folder = settings.output / settings.city
    first = settings.outputs[0]
    _print(found, ranked(found, first), settings, context)
    write(found, folder / "rank.nc")
    written = [folder / "rank.nc"]
    for output in settings.outputs:
        write_table(ranked(found, output), folder / f"rank_{output}.csv")
        written.append(folder / f"rank_{output}.csv")
    for language in context.languages:
        figure = chart.draw(found, output=first, cities=context.names.cities, language=language)
        written += save(figure, folder / language / f"rank_{first}", settings.format)
    print(*written, sep="\n")
    return 0


def _print(
    found: xr.Dataset, table: pd.DataFrame, settings: RankSettings, context: Context
) -> None:
    language = context.language
    names = dict(zip(found["lever"].values, found[f"lever_{language}"].values, strict=True))
    others = [str(name) for name in found["output"].values[1:]]
    drawn = "left_out_low" in found
    rows = []
    for row in table.head(settings.top).to_dict("records"):
        one = found.sel(lever=row["lever"])
        spread = (
            [
                f"{significant(row['low'])} … {significant(row['high'])}",
                f"{row['best']:.0f}–{row['worst']:.0f}",
            ]
            if drawn
            else []
        )
        rows.append(
            [
                str(names[row["lever"]]), significant(row["left_out"]), *spread,
                significant(row["alone"]), number(row["cost"], False) if row["cost"] else "—",
                significant(HUNDRED * row["per_money"]),
                *(significant(float(one["left_out"].sel(output=name))) for name in others),
            ]
        )  # fmt: skip
    labels = {str(n): found.sel(output=n) for n in found["output"].values}
    intervals = [Column("80%区间", "80 % interval"), Column("名次区间", "place")] if drawn else []
    columns = [
        Column("举措", "lever"),
        Column("去掉后少", "left out"),
        *intervals,
        Column("单独实施", "alone"),
        Column("花费(亿元)", "cost, 1e8 CNY"),
        Column("每百亿元", "per 1e10 CNY"),
        *(
            Column(
                str(labels[n]["output_zh"].item()), str(labels[n]["output_en"].item()), spare=True
            )
            for n in others
        ),
    ]
    one = found.sel(output=settings.outputs[0])
    place = context.names.cities[settings.city]
    zh, en = (unit(str(one["unit"].item()), each) for each in ("zh", "en"))
    title = (
        f"{place['name_zh']} {found.attrs['year']}年 {one['output_zh'].item()}（{zh}）：各举措贡献",
        f"{place['name_en']} {found.attrs['year']}, {one['output_en'].item()} ({en}): what levers "
        "add",
    )
    print_table(title, columns, rows, language)
    sums = {
        "zh": "合计 {total}（相对对照），其中举措相互作用 {interaction}，其他城市的举措 {others}",
        "en": "total {total} against the baseline, of it interaction {interaction}, levers of "
        "other cities {others}",
    }[language]
    if not drawn:
        sums += {
            "zh": "\n没有区间，名次相近的举措未必分得出先后；加 draws=16 给出区间。",
            "en": "\nWithout intervals levers of like size may not differ; for them add "
            "calibration=default draws=16.",
        }[language]
    keys = ("total", "interaction", "others")
    print(sums.format(**{key: significant(float(one[key])) for key in keys}))


def _of_one_lever(model: Model, found: xr.Dataset, settings: RankSettings, context: Context) -> int:
    folder = settings.output / str(settings.lever)
    first = settings.outputs[0]
    row = context.names.levers[str(settings.lever)]
    order = abs(found[first]).sortby(-abs(found[first]))["city"].values
    rows = [
        [
            context.names.cities[city][f"name_{context.language}"],
            *(significant(float(found[name].sel(city=city))) for name in settings.outputs),
        ]
        for city in order[: settings.top]
    ]
    labels = {output.name: output for output in model.outputs}

    def head(name: str, language: Language) -> str:
        output = labels[name]
        return with_unit(output.label(language), unit(output.unit, language), language)

    columns = [
        Column("城市", "city"),
        *(Column(head(n, "zh"), head(n, "en")) for n in settings.outputs),
    ]
    year = found.attrs["year"]
    title = (f"{row['name_zh']}：{year}年的效果", f"{row['name_en']}: effect in {year}")
    print_table(title, columns, rows, context.language)
    table = found[list(settings.outputs)].to_dataframe().reset_index()
    write_table(table, folder / "lever_effect.csv")
    print(folder / "lever_effect.csv")
    return 0


COMMAND = Command(
    RankSettings,
    run,
    examples=(
        "city=唐山 scenario=plan",
        "city=包头 'outputs=[gdp,government_debt]' calibration=default draws=32",
        "lever=dual_control",
    ),
)
