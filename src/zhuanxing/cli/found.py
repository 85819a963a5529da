"""What a run found, in a few lines, and what to look at first."""

from __future__ import annotations

from pathlib import Path

import xarray as xr

from zhuanxing.cli.console import Column, print_table
from zhuanxing.config import Language
from zhuanxing.errors import ZhuanxingError
from zhuanxing.results.binding import BINDING, bound_years
from zhuanxing.results.comparable import require_comparable
from zhuanxing.results.names import unit_label
from zhuanxing.results.numerals import number, significant
from zhuanxing.results.refusals import in_chinese
from zhuanxing.storage import netcdf

__all__ = ["print_found"]

# As many outputs, one a sector, and cities as a glance takes in.
MOST = 6
PLAIN = {"city", "year"}
COLUMNS = (Column("结果", "output"), Column("单位", "unit", spare=True))
OF_ONE = (Column("数值", "value"),)
OF_MANY = (
    Column("城市中位数", "median city"), Column("最低", "lowest", spare=True),
    Column("最高", "highest", spare=True),
)  # fmt: skip
DIFFERENCE = Column("与基准相比", "against the baseline")
BOUND = {
    "zh": "举措主要受限于{limit}：{years}年{where}",
    "en": "levers were held back most by: {limit}, {years}{where}",
}
WHERE = {
    "zh": "，{last}年在{count}/{cities}个城市",
    "en": ", in {last} in {count} of {cities} cities",
}
NEXT = {"zh": "接着看：{command}", "en": "look at it with: {command}"}


def print_found(paths: xr.Dataset, target: Path, baseline: Path, language: Language) -> None:
    """Print the last year of an output a sector that has a good direction, and what bound levers.

    The last line is the command to go on with.

    `paths` [year, city, ...] are those of `target`; where `baseline` holds a run of the same
    cities, the difference from it is shown, or why the two cannot be compared.
    """
    reference: xr.Dataset | None = None
    refusal: ZhuanxingError | None = None
    try:
        reference = _reference(paths, baseline, target)
    except ZhuanxingError as error:
        refusal = error
    by_sector: dict[str, str] = {}
    for name, values in paths.data_vars.items():
        if values.attrs.get("better") in ("up", "down") and set(values.dims) == PLAIN:
            by_sector.setdefault(str(values.attrs.get("sector_file")), str(name))
    names = list(by_sector.values())[:MOST]
    if not names:
        return
    year = int(paths["year"].values[-1])
    rows = [_row(name, paths, reference, language) for name in names]
    columns = (*COLUMNS, *(OF_ONE if paths.sizes["city"] == 1 else OF_MANY))
    columns = columns if reference is None else (*columns, DIFFERENCE)
    print_table((f"{year}年", str(year)), columns, rows, language)
    _print_bound(paths, language)
    if refusal is not None:
        print(in_chinese(refusal.args[0]) if language == "zh" else refusal)
    command = _next(paths, target, baseline, reference is not None)
    if command:
        print(NEXT[language].format(command=command))


def _print_bound(paths: xr.Dataset, language: Language) -> None:
    if BINDING not in paths:
        return
    for first, last, limit, count in bound_years(paths, language):
        years = f"{first}–{last}" if last > first else f"{last}"
        cities = paths.sizes["city"]
        where = WHERE[language].format(last=last, count=count, cities=cities) if cities > 1 else ""
        print(BOUND[language].format(years=years, limit=limit, where=where))


def _row(
    name: str, paths: xr.Dataset, reference: xr.Dataset | None, language: Language
) -> list[str]:
    values = paths[name].isel(year=-1)
    label = values.attrs.get("long_name_zh" if language == "zh" else "long_name", name)
    numbers = [float(values.median())]
    if values.size > 1:
        numbers += [float(values.min()), float(values.max())]
    cells = [f"{label} ({name})", unit_label(values, language), *map(number, numbers)]
    if reference is None:
        return cells
    change = (values - reference[name].isel(year=-1)).median()
    return [*cells, significant(float(change))]


def _reference(paths: xr.Dataset, baseline: Path, target: Path) -> xr.Dataset | None:
    """Return the run at `baseline`; raise ZhuanxingError if it was made otherwise than `paths`."""
    if baseline.absolute() == target.absolute() or not baseline.is_file():
        return None
    found = netcdf.read(baseline)
    require_comparable({str(baseline): found, str(target): paths})
    has_all = paths["city"].isin(found["city"]).all()
    return found.sel(city=paths["city"]) if has_all else None


def _next(paths: xr.Dataset, target: Path, baseline: Path, compared: bool) -> str:
    """Return the command that draws the result, where it lies as charts expect it.

    A result of few cities may lack those that charts draw unless told otherwise: they are named.
    """
    name = target.parent.name
    if target != baseline.parents[1] / name / baseline.name:
        return ""
    cities = ",".join(paths["city"].values) if paths.sizes["city"] <= MOST else ""
    chosen = f" 'city=[{cities}]'" if cities else ""
    if compared:
        return f"zhuanxing chart kind=compare 'scenario=[{baseline.parent.name},{name}]'{chosen}"
    return f"zhuanxing chart kind=paths scenario={name}{chosen}"
