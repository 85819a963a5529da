"""Fit parameters, initial values and disturbances to observations; store them as a named set.

用统计数据估计参数、初值与逐年扰动，存为参数集。
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from zhuanxing.analyses.calibrate.settings import CalibrateSettings
from zhuanxing.cli.command import Command, Context
from zhuanxing.cli.console import Column, print_table, progress_bar
from zhuanxing.cli.fitting import fit_with_progress
from zhuanxing.config import Language
from zhuanxing.storage.atomic import require_writable

if TYPE_CHECKING:
    from zhuanxing.analyses.calibrate.fit import Fit
    from zhuanxing.model import Model

SECTION = "trust"
FIT_COLUMNS = (
    ("统计指标", "statistic"), ("观测数", "observations"), ("校准前误差", "MAE before"),
    ("校准后误差", "MAE after"), ("偏差", "bias"), ("观测误差", "observation error"),
)  # fmt: skip
PARAMETER_COLUMNS = (
    ("参数", "parameter"), ("先验值", "tabled"), ("校准值", "fitted"),
    ("不确定性缩减", "uncertainty removed"),
)  # fmt: skip
DISTURBANCE_COLUMNS = (
    Column("扰动", "", "zh"), Column("", "disturbance", "en"), ("年新息", "news of a year"),
    ("初始", "at the start"), ("各市共同", "of all cities"), ("年保留", "left after a year"),
    ("惯性", "momentum"), ("最大城市", "largest: city"), ("年份", "year"), ("值", "value"),
)  # fmt: skip
SHOWN = 15


def run(settings: CalibrateSettings, context: Context) -> int:
    """Fit, store and report."""
    fit, model = _fit(settings, context)
    _report(fit, context.language)
    _report_disturbances(fit, model, context.language)
    _report_parameters(fit, context.language)
    return 0


def _fit(settings: CalibrateSettings, context: Context) -> tuple[Fit, Model]:
    from zhuanxing.analyses.calibrate.store import begin, checkpoint_path, save, target_path

    folder = context.places.model
    require_writable(target_path(folder, settings.name))
    began = begin(folder)
    checkpoint = checkpoint_path(settings, began)
    with progress_bar() as progress:
        model, fit = fit_with_progress(context, settings, progress, checkpoint)
    print(save(model, settings, fit, began))
    checkpoint.unlink(missing_ok=True)
    return fit, model


def _report(fit: Fit, language: Language) -> None:
    """Print how far the statistics were and are missed, by target."""
    seen = fit.posterior.observations
    bias = np.asarray(fit.posterior.biases(fit.mode.own))
    after = fit.shape.predicted + bias - seen.value
    rows = []
    for place, target in enumerate(seen.targets):
        chosen = seen.present[place]
        if chosen.any():
            before = (fit.before - seen.value)[place][chosen]
            error = after[place][chosen]
            rows.append(
                [
                    target.label,
                    str(chosen.sum()),
                    f"{np.abs(before).mean():.2f}",
                    f"{np.abs(error).mean():.2f}",
                    f"{error.mean():+.2f}",
                    f"{np.median(seen.error[place][chosen]):.2f}",
                ]
            )
    count = fit.posterior.parameters.count
    title = (
        f"拟合（{count} 个未知数，{seen.count} 个观测，百分点）",
        f"fit of {count} unknowns to {seen.count} observations, points",
    )
    print_table(title, FIT_COLUMNS, rows, language)


def _report_disturbances(fit: Fit, model: Model, language: Language) -> None:
    """Print the sizes of what the equations do not explain, and where it is largest."""
    from zhuanxing.results.labels import element_names

    parameters, scales = fit.posterior.parameters, fit.mode.scales
    level = parameters.disturbances_of(fit.mode.shared, fit.mode.own, scales)
    names = element_names(model.places.model / "data")
    rows = []
    for place, kind in enumerate(parameters.disturbances):
        city, year = np.unravel_index(np.abs(level[:, place]).argmax(), level[:, place].shape)
        rows.append(
            [
                *names[kind],
                f"{scales.size[place]:.4f}",
                f"{scales.opening[place]:.4f}",
                f"{scales.common[place]:.4f}",
                f"{scales.persistence[place]:.2f}",
                f"{scales.momentum[place]:.2f}",
                parameters.cities[city],
                str(parameters.years[year]),
                f"{level[city, place, year]:+.3f}",
            ]
        )
    title = ("方程未能解释的部分（扰动）", "what the equations do not explain (disturbances)")
    print_table(title, DISTURBANCE_COLUMNS, rows, language)


def _report_parameters(fit: Fit, language: Language) -> None:
    """Print the numbers with a range of which the statistics say most."""
    parameters = fit.posterior.parameters
    values = np.asarray(parameters.values(fit.mode.shared))
    removed = 1 - np.sqrt(fit.shape.curvature.variance()[0][: len(parameters.numbers)])
    rows = [
        [
            parameters.numbers[place].label,
            f"{parameters.numbers[place].value:.4g}",
            f"{values[place]:.4g}",
            f"{removed[place]:.0%}",
        ]
        for place in np.argsort(-removed)[:SHOWN]
    ]
    title = ("统计数据最能说明的参数", "parameters of which the statistics say most")
    print_table(title, PARAMETER_COLUMNS, rows, language)


COMMAND = Command(
    CalibrateSettings, run, examples=("", "name=to_2020 last_year=2020", "rounds=2 method=map")
)
