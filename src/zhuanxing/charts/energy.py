"""Energy: use by fuel, carbon dioxide, and the power capacity that stands behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import xarray as xr
from matplotlib.figure import Figure

from zhuanxing.charts import style
from zhuanxing.charts.lines import draw_lines
from zhuanxing.charts.stacks import draw_areas, draw_changes, parts, since, stack_note
from zhuanxing.results import names
from zhuanxing.results.bands import centre
from zhuanxing.results.words import Language, word

__all__ = ["draw"]


def draw(
    datasets: Mapping[str, xr.Dataset],
    *,
    cities: Sequence[str] | None,
    fuels: Sequence[str],
    total: str,
    co2: str,
    capacity: Sequence[str],
    language: Language = "zh",
) -> Figure:
    """Draw two rows a city: energy by fuel and its change, power capacity by kind and carbon.

    Stacks are those of the first scenario; the change by fuel since `base_year` and carbon are
    drawn for all. `fuels`: outputs (city, year) or one with a fuel dimension, in the unit of
    `total`; what they leave of `total` is drawn as other, and `total` as a line. `co2`: (city,
    year). `capacity`: outputs (city, year) in one unit. Raises ZhuanxingError for an unknown name.
    """
    first = next(iter(datasets.values()))
    base_year = names.base_year(first)
    ids = names.city_ids(first, cities)
    whole = names.variable(first, total)
    years = [int(year) for year in whole["year"].values]
    units = names.unit_label(whole, language)
    base = years.index(names.get_year(whole, base_year))
    with style.house_style():
        figure, axes = style.panels(2 * len(ids), 2, width=4.4, height=2.6)
        for place, city in enumerate(ids):
            (fuel, change), (power, carbon) = axes[2 * place : 2 * place + 2]
            stacks = {
                key: parts(dataset, fuels, city, language, total)
                for key, dataset in datasets.items()
            }
            draw_areas(fuel, years, next(iter(stacks.values())))
            fuel.set_title(names.city_label(first, city, language))
            used = centre(whole).sel(city=city).values
            fuel.plot(years, used, color=style.INK, linewidth=1.1, linestyle="--", label=total)
            style.value_axis(fuel, f"{word('energy_by_fuel', language)}\n{units}")
            draw_changes(change, datasets, stacks, base, language)
            change.set_xlabel(since(base_year, units, language))
            draw_areas(power, years, parts(first, capacity, city, language))
            kind = names.unit_label(names.variable(first, capacity[0]), language)
            style.value_axis(power, f"{word('capacity', language)}\n{kind}")
            draw_lines(carbon, datasets, city, co2, language)
            style.value_axis(carbon, names.axis_title(names.variable(first, co2), language))
            for axis in (fuel, power, carbon):
                style.year_axis(axis, years)
                said = language if axis is carbon else None
                style.mark_projection(axis, years, said, names.last_known(first), low=True)
        notes = [
            *stack_note(datasets, language),
            word("total_line", language, total=names.variable_label(whole, language)),
            word("not_from_zero", language, what=names.variable_label(
                names.variable(first, co2), language)),
        ]  # fmt: skip
        return style.finish(
            figure, language, title=word("energy_title", language),
            notes=[*names.result_notes(datasets, language), *notes],
        )  # fmt: skip
