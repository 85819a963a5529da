"""Parts of a whole over time as stacked areas or bars, each part named at its right end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from zhuanxing.charts import style
from zhuanxing.results import names
from zhuanxing.results.bands import centre
from zhuanxing.results.numerals import signed
from zhuanxing.results.words import Language, with_unit, word

__all__ = [
    "Part", "draw_areas", "draw_bars", "draw_changes", "is_detailed", "parts", "same_top", "since",
    "stack_note",
]  # fmt: skip

_TOO_THIN = 0.012


@dataclass(frozen=True)
class Part:
    """One part of a whole: `key` is its element or output, `values` its annual values."""

    key: str
    label: str
    values: np.ndarray


def is_detailed(data: xr.DataArray) -> bool:
    """Say whether `data` has a dimension to stack besides city, year and runs."""
    return bool(set(map(str, data.dims)) - {"city", "year", "run", "quantile", "scenario"})


def parts(
    dataset: xr.Dataset,
    variables: Sequence[str],
    city: str,
    language: Language,
    total: str | None = None,
) -> list[Part]:
    """Return the parts that `variables` of one city make up, dims (year,) each.

    A variable with one more dimension (sector, fuel, land use, funding source) gives a part for
    each element, any other gives one part. `total` names the whole: what the parts leave of it
    becomes a last part, "other".
    """
    found: list[Part] = []
    for name in variables:
        data = centre(names.variable(dataset, name)).sel(city=city)
        if not is_detailed(data):
            found.append(Part(name, names.variable_label(data, language), data.values))
            continue
        dim = names.detail_dim(data)
        for element in map(str, data[dim].values):
            label = names.element_label(data, dim, element, language)
            found.append(Part(element, label, data.sel({dim: element}).values))
    if total is not None:
        whole = centre(names.variable(dataset, total)).sel(city=city).values
        rest = whole - sum(part.values for part in found)
        if np.any(rest > 1e-3 * whole):
            found.append(Part("other", word("other", language), np.maximum(rest, 0.0)))
    return found


def same_top(axes: Sequence[Axes], size: int) -> None:
    """Give each run of `size` axes the y axis of its tallest, so that scenarios compare."""
    for start in range(0, len(axes), size):
        group = axes[start : start + size]
        top = max(axis.get_ylim()[1] for axis in group)
        for axis in group:
            axis.set_ylim(0, top)


def draw_areas(axis: Axes, years: Sequence[int], stack: Sequence[Part]) -> None:
    """Stack `stack` as areas and name each part at its right end, unless too thin to see."""
    palette = style.colours(len(stack))
    axis.stackplot(
        years, [part.values for part in stack], colors=palette, alpha=0.85, lw=0.4,
        edgecolor="white", labels=[part.key for part in stack],
    )  # fmt: skip
    tops = np.cumsum([part.values[-1] for part in stack])
    highest = max(float(np.sum([part.values for part in stack], axis=0).max()), 1e-12)
    for part, top, colour in zip(stack, tops, palette, strict=True):
        last = part.values[-1]
        if last > _TOO_THIN * highest:
            style.end_label(axis, years[-1], top - last / 2, part.label, style.darker(colour))
    axis.set_ylim(0, highest * 1.02)
    axis.grid(visible=False)


def draw_bars(axis: Axes, years: Sequence[int], stack: Sequence[Part]) -> None:
    """Stack `stack` as one bar a year and name each part that is ever seen."""
    palette = style.colours(len(stack))
    base = np.zeros(len(years))
    highest = max(float(np.sum([part.values for part in stack], axis=0).max()), 1e-12)
    for part, colour in zip(stack, palette, strict=True):
        axis.bar(years, part.values, bottom=base, color=colour, width=0.7, label=part.key)
        if part.values.max() > _TOO_THIN * highest:
            middle = base[-1] + part.values[-1] / 2
            style.end_label(axis, years[-1] + 0.4, middle, part.label, style.darker(colour))
        base = base + part.values


def draw_changes(
    axis: Axes,
    datasets: Mapping[str, xr.Dataset],
    stacks: Mapping[str, Sequence[Part]],
    base: int,
    language: Language,
) -> None:
    """Draw the change of every part from the year at `base` to the last, a bar a scenario.

    Stacks of several scenarios that differ by a few percent cannot be told apart.
    """
    palette = style.scenario_colours(list(stacks))
    height = 0.8 / len(stacks)
    labels = {part.key: part.label for stack in stacks.values() for part in stack}
    for place, (key, stack) in enumerate(stacks.items()):
        found = {part.key: float(part.values[-1] - part.values[base]) for part in stack}
        changes = [found.get(part, 0.0) for part in labels]
        rows = [row + height * ((len(stacks) - 1) / 2 - place) for row in range(len(labels))]
        label = names.scenario_label(datasets, key, language)
        bars = axis.barh(rows, changes, height=height * 0.9, color=palette[key], label=label)
        axis.bar_label(bars, [signed(change) for change in changes], padding=2, fontsize=6.5)
    axis.set_yticks(range(len(labels)), list(labels.values()))
    axis.axvline(0, color=style.GREY, linewidth=0.8)
    axis.grid(visible=False, axis="y")
    axis.margins(x=0.18)
    style.part_thousands(axis.xaxis)
    if len(stacks) > 1:
        axis.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(stacks), frameon=False,
                    fontsize=7.5, borderaxespad=0.2)  # fmt: skip


def since(year: int, units: str, language: Language) -> str:
    """Return the title of an axis of changes since a year."""
    return with_unit(word("added_since", language, year=year), units, language)


def stack_note(datasets: Mapping[str, xr.Dataset], language: Language) -> list[str]:
    """Return which of several scenarios is stacked."""
    if len(datasets) < 2:
        return []
    label = names.scenario_label(datasets, next(iter(datasets)), language)
    return [word("stack_of", language, scenario=label)]
