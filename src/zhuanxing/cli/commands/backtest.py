"""Forecast known years and compare with naive forecasts.

样本外检验：预测已知年份并与简单预测比较。
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zhuanxing.analyses.backtest.settings import BacktestSettings
from zhuanxing.analyses.calibrate.settings import CalibrateSettings
from zhuanxing.cli.command import Command, Context
from zhuanxing.cli.console import print_table, progress_bar
from zhuanxing.cli.fitting import fit_with_progress
from zhuanxing.config import Language, read_settings
from zhuanxing.storage.atomic import require_writable

if TYPE_CHECKING:
    from zhuanxing.analyses.backtest.judge import Backtest
    from zhuanxing.analyses.backtest.project import Projection

__all__ = ["COMMAND"]

SECTION = "trust"
COLUMNS = (
    ("指标", "variable", ""),
    ("预测方法", "forecast", ""),
    ("数", "n", ""),
    ("平均绝对误差", "MAE", ""),
    ("偏差", "bias", ""),
    ("均方根误差", "RMSE", ""),
    ("泰尔分解", "Theil bias/variance/covariance", ""),
    ("技巧", "skill", ""),
    ("CRPS", "CRPS", ""),
    ("50%", "50 %", ""),
    ("80%", "80 %", ""),
    ("95%", "95 %", ""),
)
PROJECTION_COLUMNS = (
    ("指标", "statistic", ""),
    ("年份", "year", ""),
    ("预测方法", "forecast", ""),
    ("城市平均", "mean of cities", ""),
    ("城市间范围", "range over cities", ""),
    ("80%区间宽度", "width of the 80 % interval", ""),
)


def run(settings: BacktestSettings, context: Context) -> int:
    """Fit, forecast, print and write scores and charts."""
    path = context.places.conf / "calibrate.yaml"
    calibration = read_settings(CalibrateSettings, path)
    require_writable(settings.output / "backtest.nc")
    result = _backtest(context, settings, calibration)
    _report(result, settings, context.language)
    for written in _write(result, settings, context.languages):
        print(written)
    if settings.project_years:
        projection = _project(context, settings, calibration)
        _report_projection(projection, settings, context.language)
        print(_write_projection(projection, settings))
    return 0


def _backtest(
    context: Context, settings: BacktestSettings, calibration: CalibrateSettings
) -> Backtest:
    # Imported here: a misspelt setting is refused before the seconds that the imports take.
    from zhuanxing.analyses.backtest.judge import judge

    with progress_bar() as progress:
        to_year = replace(calibration, last_year=settings.fit_year)
        model, fit = fit_with_progress(context, to_year, progress)
        task = progress.add_task("预测" if context.language == "zh" else "forecasting", total=1.0)
        return judge(
            model, fit, settings, calibration, lambda part: progress.update(task, completed=part)
        )


def _project(
    context: Context, settings: BacktestSettings, calibration: CalibrateSettings
) -> Projection:
    from zhuanxing.analyses.backtest.project import project

    with progress_bar() as progress:
        to_year = replace(calibration, last_year=settings.project_from)
        model, fit = fit_with_progress(context, to_year, progress)
        progress.add_task("推算" if context.language == "zh" else "projecting", total=None)
        return project(model, fit, settings, calibration, settings.project_years)


def _report(result: Backtest, settings: BacktestSettings, language: Language) -> None:
    scores = result.scores
    rows = []
    for pool in settings.variables:
        whole = pool.name_zh if language == "zh" else pool.name_en
        for kind in ("all", "statistic", "year"):
            part = scores[(scores["pool"] == pool.name) & (scores["kind"] == kind)]
            for of, group in part.groupby("of", sort=False):
                best = group.loc[group["forecaster"] == result.best[pool.name], "mae"].iloc[0]
                rows += [
                    _row(str(of) or whole, row, best, language) for row in group.to_dict("records")
                ]
    title = (
        f"样本外检验：以{settings.fit_year}年为界（百分点）",
        f"forecasts made with what was known in {settings.fit_year}, points",
    )
    print_table(title, COLUMNS, rows, language)
    _report_lead(result, settings, language)


def _report_lead(result: Backtest, settings: BacktestSettings, language: Language) -> None:
    from zhuanxing.analyses.backtest.forecasts import NAMES

    for pool in settings.variables:
        name_zh, name_en = NAMES[result.best[pool.name]]
        mean, low, high = result.lead[pool.name]
        if language == "zh":
            print(
                f"{pool.name_zh}：平均绝对误差比“{name_zh}”小 {mean:+.2f}"
                f"（90% 区间 {low:+.2f} 至 {high:+.2f}，按城市重抽样）"
            )
        else:
            print(
                f"{pool.name_en}: mean absolute error smaller than that of '{name_en}' by "
                f"{mean:+.2f} (90 % interval {low:+.2f} to {high:+.2f}, cities drawn again)"
            )


def _report_projection(
    projection: Projection, settings: BacktestSettings, language: Language
) -> None:
    """Print the forecasts of all cities together, by year."""
    from zhuanxing.analyses.backtest.forecasts import NAMES

    table = projection.table()
    rows = []
    for (observed, year, name), part in table.groupby(
        ["observed", "year", "forecaster"], sort=False
    ):
        wide = (part["q90"] - part["q10"]).mean()
        spread = f"{part['q50'].min():.1f} … {part['q50'].max():.1f}"
        who = NAMES[str(name)][language == "en"]
        rows.append(
            [str(observed), str(year), who, f"{part['q50'].mean():.1f}", spread, f"{wide:.1f}"]
        )
    title = (
        f"推算：以{settings.project_from}年底所知（百分点）",
        f"projections from what was known in {settings.project_from}, points",
    )
    print_table(title, PROJECTION_COLUMNS, rows, language)


def _row(of: str, row: dict[Hashable, Any], best: float, language: Language) -> list[str]:
    """Return one line of the table; `best` is the error that skill is measured against."""
    from zhuanxing.analyses.backtest.forecasts import NAMES

    theil = "/".join(f"{row[f'{part}_part']:.2f}" for part in ("bias", "variance", "covariance"))
    return [
        of,
        NAMES[row["forecaster"]][language == "en"],
        str(row["count"]),
        f"{row['mae']:.2f}",
        f"{row['bias']:+.2f}",
        f"{row['rmse']:.2f}",
        theil,
        f"{1 - row['mae'] / best:+.0%}",
        f"{row['crps']:.2f}",
        *(f"{row[f'coverage_{level}']:.0%}" for level in (50, 80, 95)),
    ]


def _write(
    result: Backtest, settings: BacktestSettings, languages: Sequence[Language]
) -> list[Path]:
    from zhuanxing.analyses.backtest.forecasts import MODEL, NAMES
    from zhuanxing.analyses.backtest.judge import CHART_LEVELS
    from zhuanxing.charts import errors, reliability
    from zhuanxing.charts.save import save
    from zhuanxing.storage import netcdf

    folder = settings.output
    dataset = result.dataset().assign_attrs(fit_year=settings.fit_year)
    netcdf.write(dataset, folder / "backtest.nc")
    netcdf.write_table(result.scores, folder / "scores.csv")
    netcdf.write_table(result.figures.drop(columns=["target", "place"]), folder / "figures.csv")
    written = [folder / name for name in ("backtest.nc", "scores.csv", "figures.csv")]
    pools = {pool.name: (pool.name_zh, pool.name_en) for pool in settings.variables}
    for language in languages:
        figure = errors.draw(
            result.scores,
            model=MODEL,
            forecasters=NAMES,
            pools=pools,
            fit_year=settings.fit_year,
            language=language,
        )
        written += save(figure, folder / language / "errors")
        figure = reliability.draw(
            result.coverage(CHART_LEVELS),
            CHART_LEVELS,
            pools=pools,
            fit_year=settings.fit_year,
            language=language,
        )
        written += save(figure, folder / language / "reliability")
    return written


def _write_projection(projection: Projection, settings: BacktestSettings) -> Path:
    from zhuanxing.storage.netcdf import write_table

    path = settings.output / "projection.csv"
    write_table(projection.table().round(3), path)
    return path


COMMAND = Command(
    BacktestSettings, run, examples=("", "fit_year=2019 'test_years=[2020,2021,2022]'")
)
