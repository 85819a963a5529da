"""Fit parameters to observations and store them as a named set.

用统计数据校准参数，存为参数集。
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from zhuanxing.analyses.calibrate.settings import CalibrateSettings
from zhuanxing.cli.command import Command, Context
from zhuanxing.cli.console import print_table, progress_bar
from zhuanxing.cli.fitting import fit_with_progress
from zhuanxing.config import Language
from zhuanxing.storage.atomic import require_writable

if TYPE_CHECKING:
    from zhuanxing.analyses.calibrate.fit_map import Fit
    from zhuanxing.analyses.calibrate.store import Beginning
    from zhuanxing.model import Model

__all__ = ["COMMAND"]

SECTION = "trust"
FIT_COLUMNS = (
    ("统计指标", "statistic", ""),
    ("观测数", "figures", ""),
    ("校准前误差", "MAE before", ""),
    ("校准后误差", "MAE after", ""),
    ("逐一剔除误差", "MAE left out", ""),
    ("偏差", "bias", ""),
    ("模型误差", "structural error", ""),
)
PARAMETER_COLUMNS = (
    ("参数", "parameter", ""),
    ("先验值", "tabled", ""),
    ("校准值", "fitted", ""),
    ("不确定性缩减", "uncertainty removed", ""),
)
SHOWN = 15
# What is told of the draws, and what is asked of them (Vehtari and others, 2021, Bayesian Analysis
# 16, 667-718: R-hat below 1.01, a hundred effective draws a chain).
DIAGNOSTICS = (
    ("divergences", "发散次数", "divergences", "0"),
    ("rhat", "最大 R-hat", "largest R-hat", "<= 1.01"),
    ("ess", "最小有效样本数", "smallest effective sample", ">= 400"),
    ("inside_80", "80%预测区间内的观测比例", "figures inside their 80 % interval", "0.8"),
)
DIAGNOSTIC_COLUMNS = (
    ("诊断", "诊断", "zh"),
    ("diagnostic", "diagnostic", "en"),
    ("值", "value", ""),
    ("要求", "wanted", ""),
)


def run(settings: CalibrateSettings, context: Context) -> int:
    """Fit, store and report."""
    fit, model, began = _fit(settings, context)
    _report(fit, context.language)
    if settings.method == "nuts":
        _sample(fit, model, settings, began, context.language)
    return 0


def _fit(settings: CalibrateSettings, context: Context) -> tuple[Fit, Model, Beginning]:
    # Imported here: a misspelt setting is refused before the seconds that the imports take.
    from zhuanxing.analyses.calibrate.store import begin, save, target_path

    target = target_path(context.places.model, settings.name)
    require_writable(target.with_suffix(".nc"))
    began = begin(context.places.model)
    with progress_bar() as progress:
        model, fit = fit_with_progress(context, settings, progress)
    drawn = None if settings.method == "map" else fit.laplace.draws(settings.draws, settings.seed)
    print(*save(model, settings, fit, drawn, began), sep="\n")
    return fit, model, began


def _sample(
    fit: Fit, model: Model, settings: CalibrateSettings, began: Beginning, language: Language
) -> None:
    """Draw from the full posterior, store it, and say how far the draws can be trusted."""
    # Imported here: only this method needs the seconds that NumPyro and ArviZ take.
    from zhuanxing.analyses.calibrate.nuts import sample_and_store

    with progress_bar() as progress:
        task = progress.add_task("抽样" if language == "zh" else "sampling", total=1.0)
        files, found = sample_and_store(
            model, settings, fit, began, lambda part: progress.update(task, completed=part)
        )
    print(*files, sep="\n")
    rows = [[zh, en, f"{found[key]:.4g}", aim] for key, zh, en, aim in DIAGNOSTICS]
    title = (
        "抽样诊断（未达要求时增加 nuts.samples）",
        "sampler; if it falls short, raise nuts.samples",
    )
    print_table(title, DIAGNOSTIC_COLUMNS, rows, language)


def _report(fit: Fit, language: Language) -> None:
    statistics = fit.posterior.statistics
    before = statistics.value - fit.before
    after = statistics.value - fit.laplace.said
    left_out = fit.laplace.left_out(statistics.value)
    rows = []
    for index, target in enumerate(statistics.targets):
        chosen = statistics.target == index
        if chosen.any():
            rows.append(
                [
                    target.observed,
                    str(chosen.sum()),
                    f"{np.abs(before[chosen]).mean():.2f}",
                    f"{np.abs(after[chosen]).mean():.2f}",
                    f"{np.abs(left_out[chosen]).mean():.2f}",
                    f"{-after[chosen].mean():+.2f}",
                    f"{fit.noise.structural[index]:.2f}",
                ]
            )
    count = fit.posterior.parameters.count
    title = (f"拟合（{count} 个参数，百分点）", f"fit of {count} parameters, points")
    print_table(title, FIT_COLUMNS, rows, language)
    _report_parameters(fit, language)


def _report_parameters(fit: Fit, language: Language) -> None:
    """Print the numbers with a range of which the statistics say most."""
    parameters = fit.posterior.parameters
    values = np.asarray(parameters.values(fit.z))
    removed = 1 - np.sqrt(fit.laplace.variance())[: len(values)]
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
    CalibrateSettings,
    run,
    examples=("", "name=to_2020 last_year=2020 method=laplace", "method=nuts nuts.archetype=steel"),
)
