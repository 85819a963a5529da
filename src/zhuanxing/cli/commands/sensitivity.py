"""Find which parameters matter, and which the data tell apart.

敏感性与可识别性。
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from zhuanxing.analyses.sensitivity.settings import SensitivitySettings
from zhuanxing.cli.command import Command, Context
from zhuanxing.cli.console import print_table, progress_bar
from zhuanxing.config import Language
from zhuanxing.storage.atomic import require_writable

if TYPE_CHECKING:
    from zhuanxing.model import Model

SECTION = "trust"
COLUMNS = (
    ("结果", "output"), ("参数", "parameter"), ("平均总指数", "mean total index"),
    ("最强城市", "strongest in"), ("该市指数", "index there"),
)  # fmt: skip


def run(settings: SensitivitySettings, context: Context) -> int:
    """Screen, divide the variance, print, write and draw."""
    require_writable(settings.output / "sensitivity.nc")
    model, effects, shares = _analyse(context, settings)
    _report(shares, settings, context.language)
    if settings.calibration is not None:
        _identify(context, settings.calibration)
    for written in _write(model, effects, shares, settings, context.languages):
        print(written)
    return 0


def _analyse(
    context: Context, settings: SensitivitySettings
) -> tuple[Model, xr.DataArray, xr.DataArray]:
    from zhuanxing.analyses.sensitivity.analyse import chosen_ranges, screen, variance_shares
    from zhuanxing.model import load
    from zhuanxing.results.outputs import select_outputs

    model = load(context.places.root, end=settings.year, calibration=settings.calibration)
    select_outputs(model.outputs, settings.outputs)
    numbers = chosen_ranges(model, settings)
    chinese = context.language == "zh"
    with progress_bar() as progress:
        task = progress.add_task(f"{'筛选' if chinese else 'screening'} {len(numbers)}", total=1.0)
        effects = screen(
            model, numbers, settings, lambda part: progress.update(task, completed=part)
        )
        kept = _survivors(effects, settings.survivors)
        task = progress.add_task(f"{'方差' if chinese else 'variance of'} {len(kept)}", total=1.0)
        shares = variance_shares(
            model,
            [numbers[place] for place in kept],
            settings,
            lambda part: progress.update(task, completed=part),
        )
    return model, effects, shares


def _survivors(effects: xr.DataArray, count: int) -> list[int]:
    """Return the places of the parameters with the largest effect relative to the sum of all,
    averaged over cities and outputs.
    """
    relative = effects / effects.sum("parameter").where(lambda total: total > 0)
    order = np.argsort(-relative.mean(("output", "city")).values)
    return [int(place) for place in order[:count]]


def _report(shares: xr.DataArray, settings: SensitivitySettings, language: Language) -> None:
    rows = []
    for name in map(str, shares["output"].values):
        part = shares.sel(output=name)
        mean = part.mean("city").values
        for place in np.argsort(-mean)[: settings.shown]:
            by_city = part.isel(parameter=place)
            strongest = int(by_city.argmax("city"))
            parameter = str(part["parameter"].values[place])
            city = str(part["city"].values[strongest])
            top = f"{float(by_city[strongest]):.2f}"
            rows.append([name, parameter, f"{mean[place]:.2f}", city, top])
    title = (
        f"{settings.year}年的敏感性（Sobol' 总指数）",
        f"total Sobol' indices, {settings.year}",
    )
    print_table(title, COLUMNS, rows, language)


def _identify(context: Context, name: str) -> None:
    """Print what the statistics behind a stored set identify."""
    from zhuanxing.analyses.calibrate.identify import identify, in_words
    from zhuanxing.calibrations import FOLDER
    from zhuanxing.storage import netcdf

    stored = netcdf.read(context.places.model / FOLDER / f"{name}.nc")
    labels = [str(label) for label in stored["parameter"].values]
    found = identify(labels, stored["covariance_z"].values.astype(float))
    chinese = context.language == "zh"
    print(f"\n{'可识别性' if chinese else 'identifiability'} ({name})")
    for zh, en in in_words(found):
        print(f"- {zh if chinese else en}")


def _write(
    model: Model,
    effects: xr.DataArray,
    shares: xr.DataArray,
    settings: SensitivitySettings,
    languages: Sequence[Language],
) -> list[Path]:
    from zhuanxing.charts import sensitivity
    from zhuanxing.charts.save import save
    from zhuanxing.results.glossary import parameter_label, read_glossary
    from zhuanxing.results.labels import element_names
    from zhuanxing.storage import netcdf

    folder = settings.output
    table = xr.Dataset(
        {"mean_absolute_effect": effects.rename(parameter="screened"), "total_index": shares},
        attrs={"scenario": settings.scenario, "year": settings.year, "seed": settings.seed},
    )
    netcdf.write(table, folder / "sensitivity.nc")
    netcdf.write_table(shares.to_dataframe("total_index").reset_index(), folder / "total_index.csv")
    written = [folder / "sensitivity.nc", folder / "total_index.csv"]
    outputs = {o.name: (o.name_zh, o.name_en) for o in model.outputs}
    cities = {city: (row["name_zh"], row["name_en"]) for city, row in model.names.cities.items()}
    elements = element_names(model.places.model / "data", model.names.cities)
    glossary = read_glossary(model.places.model)
    parameters = {
        label: parameter_label(label, glossary, elements)
        for label in map(str, shares["parameter"].values)
    }
    for language in languages:
        figure = sensitivity.draw(
            shares, outputs=outputs, cities=cities, parameters=parameters, year=settings.year,
            shown=settings.shown, language=language,
        )  # fmt: skip
        written += save(figure, folder / language / "sensitivity")
    return written


COMMAND = Command(
    SensitivitySettings, run, examples=("", "calibration=default 'outputs=[gdp,co2]'")
)
