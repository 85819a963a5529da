"""Land use: what the built-up area is made of, and what every class gained or lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import xarray as xr
from matplotlib.figure import Figure

from zhuanxing.charts import style
from zhuanxing.charts.stacks import draw_areas, draw_changes, parts, since, stack_note
from zhuanxing.results import names
from zhuanxing.results.words import Language, word

__all__ = ["draw"]


def draw(
    datasets: Mapping[str, xr.Dataset],
    *,
    cities: Sequence[str] | None,
    classes: Sequence[str],
    built_up: Sequence[str],
    language: Language = "zh",
) -> Figure:
    """Draw a row a city: built-up classes of the first scenario stacked, and change by class.

    `classes`: one output with a land-use dimension, or an output (city, year) a class, in one
    unit of area; `built_up`: the classes (elements or outputs) that are built on. The change is
    from `base_year` to the last year, a bar a scenario, the classes in the order of the first.
    Raises ZhuanxingError for an unknown name or year.
    """
    first = next(iter(datasets.values()))
    base_year = names.base_year(first)
    ids = names.city_ids(first, cities)
    data = names.variable(first, classes[0])
    years = [int(year) for year in data["year"].values]
    base = years.index(names.get_year(data, base_year))
    units = names.unit_label(data, language)
    with style.house_style():
        figure, axes = style.panels(len(ids), 2, width=4.6, height=3.2)
        for (left, right), city in zip(axes, ids, strict=True):
            stacks = {
                key: parts(dataset, classes, city, language) for key, dataset in datasets.items()
            }
            every = next(iter(stacks.values()))
            chosen = [names.find(name, [p.key for p in every], "land use") for name in built_up]
            draw_areas(left, years, [part for part in every if part.key in chosen])
            left.set_title(names.city_label(first, city, language))
            style.value_axis(left, f"{word('built_up', language)}\n{units}")
            style.year_axis(left, years)
            style.mark_projection(left, years, None, names.last_known(first))
            order = [
                part.key
                for part in sorted(every, key=lambda one: float(one.values[-1] - one.values[base]))
            ]
            ordered = {
                key: sorted(stack, key=lambda part: order.index(part.key))
                for key, stack in stacks.items()
            }
            draw_changes(right, datasets, ordered, base, language)
            right.set_xlabel(since(base_year, units, language))
        return style.finish(
            figure, language, title=word("land_title", language),
            notes=[*names.result_notes(datasets, language), *stack_note(datasets, language)],
        )  # fmt: skip
