"""Forecast known years from rolling origins and compare with naive forecasts.

滚动样本外检验：预测已知年份并与简单预测比较。
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zhuanxing.analyses.backtest.settings import BacktestSettings, Pool
from zhuanxing.analyses.calibrate.settings import CalibrateSettings
from zhuanxing.cli.command import Command, Context
from zhuanxing.cli.console import print_table, progress_bar
from zhuanxing.cli.fitting import fit_with_progress
from zhuanxing.config import Language, read_settings
from zhuanxing.errors import ZhuanxingError
from zhuanxing.storage.atomic import require_writable

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import xarray as xr
    from rich.progress import Progress

SECTION = "trust"
COLUMNS = (
    ("指标", "variable"), ("步长", "horizon"), ("预测方法", "forecast"), ("数", "n"),
    ("平均绝对误差", "MAE"), ("偏差", "bias"), ("CRPS", "CRPS"),
    ("较上次数值", "skill over the last value"), ("90%区间", "90 % interval"), ("50%", "50 %"),
    ("80%", "80 %"), ("若模型无误", "if right"), ("95%", "95 %"),
)  # fmt: skip


def run(settings: BacktestSettings, context: Context) -> int:
    """Fit, forecast, print and write scores and charts."""
    calibration = read_settings(CalibrateSettings, context.places.conf / "calibrate.yaml")
    require_writable(settings.output / "scores.csv")
    found = _forecasts(context, settings, calibration)
    if not found.sizes["row"]:
        raise ZhuanxingError(
            f"observations.csv: nothing of the years after {min(settings.origins)} to "
            f"{settings.last_year} is there to be forecast"
        )
    for written in _report(found, settings, context):
        print(written)
    return 0


def _forecasts(
    context: Context, settings: BacktestSettings, calibration: CalibrateSettings
) -> xr.Dataset:
    """Return the forecasts of all origins; those already stored are not made again."""
    import xarray as xr

    from zhuanxing.analyses.backtest.rolling import identity, stored

    wanted = identity(context.places.model, settings, calibration)
    parts = []
    with progress_bar() as progress:
        for origin in settings.origins:
            path = settings.output / f"origin_{origin}.nc"
            found = stored(path, wanted)
            if found is None:
                to_year = replace(calibration, last_year=origin)
                found = _origin(context, settings, to_year, progress, path, wanted)
            parts.append(found)
    return xr.concat(parts, "row", combine_attrs="drop")


def _origin(
    context: Context,
    settings: BacktestSettings,
    calibration: CalibrateSettings,
    progress: Progress,
    path: Path,
    wanted: str,
) -> xr.Dataset:
    from zhuanxing.analyses.backtest.rolling import forecasts, keep
    from zhuanxing.analyses.calibrate.store import begin, checkpoint_path

    checkpoint = checkpoint_path(calibration, begin(context.places.model))
    model, fit = fit_with_progress(
        context, calibration, progress, checkpoint, until=settings.last_year
    )
    found = forecasts(model, fit, settings, calibration)
    keep(path, found, wanted)
    checkpoint.unlink(missing_ok=True)
    return found


def _report(found: xr.Dataset, settings: BacktestSettings, context: Context) -> Iterator[Path]:
    """Print the scores, write them and the charts, and yield the files."""
    from zhuanxing.analyses.backtest.scores import WORLDS, scores
    from zhuanxing.storage import netcdf

    folder = settings.output
    forecasts = found.drop_vars(WORLDS).to_dataframe().reset_index(drop=True)
    table = scores(forecasts)
    for more in (_skills(forecasts, settings), _if_right(forecasts, found[WORLDS].values)):
        table = table.merge(more, on=["pool", "horizon", "forecaster"], how="left")
    rows = [
        _row(pool, row, context.language)
        for pool in settings.variables
        for row in table[table["pool"] == pool.name].sort_values("horizon").to_dict("records")
    ]
    origins = f"{min(settings.origins)}-{max(settings.origins)}"
    title = (
        f"滚动样本外检验，起点{origins}（百分点；步长0为合计）",
        f"rolling backtest from {origins}, points; horizon 0 is all together",
    )
    print_table(title, COLUMNS, rows, context.language)
    for name, frame in (("forecasts", forecasts), ("scores", table)):
        netcdf.write_table(frame, folder / f"{name}.csv")
        yield folder / f"{name}.csv"
    yield from _charts(forecasts, table, settings, context.languages)


def _skills(forecasts: pd.DataFrame, settings: BacktestSettings) -> pd.DataFrame:
    """Return the skill of every forecaster over the last value, by pool and horizon."""
    import pandas as pd

    from zhuanxing.analyses.backtest.naive import LAST
    from zhuanxing.analyses.backtest.scores import ALL, skill

    rows = []
    both = pd.concat([forecasts, forecasts.assign(horizon=ALL)], ignore_index=True)
    for (pool, horizon), part in both.groupby(["pool", "horizon"], sort=False):
        last = part[part["forecaster"] == LAST]
        for name, own in part.groupby("forecaster", sort=False):
            if name != LAST and len(last):
                part_better, low, high = skill(own, last, settings.seed)
                rows.append((pool, horizon, name, part_better, low, high))
    columns = ["pool", "horizon", "forecaster", "skill", "skill_low", "skill_high"]
    return pd.DataFrame(rows, columns=columns)


def _if_right(forecasts: pd.DataFrame, inside: np.ndarray) -> pd.DataFrame:
    """Return what coverage a right model would show, by pool and horizon."""
    import pandas as pd

    from zhuanxing.analyses.backtest.rolling import MODEL
    from zhuanxing.analyses.backtest.scores import ALL, coverage_if_right

    mine = forecasts[forecasts["forecaster"] == MODEL]
    both = pd.concat([mine, mine.assign(horizon=ALL)])
    rows = [
        (pool, horizon, MODEL, *coverage_if_right(inside[part.index]))
        for (pool, horizon), part in both.groupby(["pool", "horizon"], sort=False)
    ]
    columns = ["pool", "horizon", "forecaster", "if_right_low", "if_right_high"]
    return pd.DataFrame(rows, columns=columns)


def _row(pool: Pool, row: Mapping[Hashable, Any], language: Language) -> list[str]:
    """Return one line of the table."""
    from zhuanxing.analyses.backtest.rolling import NAMES

    skilled, judged = (row[name] == row[name] for name in ("skill", "if_right_low"))
    inside = [f"{row[f'coverage_{level}']:.0%}" for level in (50, 80, 95)]
    inside[2:2] = [f"{row['if_right_low']:.0%} … {row['if_right_high']:.0%}" if judged else ""]
    return [
        pool.name_zh if language == "zh" else pool.name_en,
        str(row["horizon"]),
        NAMES[str(row["forecaster"])][0 if language == "zh" else 1],
        str(row["count"]),
        f"{row['mae']:.2f}",
        f"{row['bias']:+.2f}",
        f"{row['crps']:.2f}",
        f"{row['skill']:+.0%}" if skilled else "",
        f"{row['skill_low']:+.0%} … {row['skill_high']:+.0%}" if skilled else "",
        *inside,
    ]


def _charts(
    forecasts: pd.DataFrame,
    table: pd.DataFrame,
    settings: BacktestSettings,
    languages: tuple[Language, ...],
) -> Iterator[Path]:
    from zhuanxing.analyses.backtest.naive import LAST
    from zhuanxing.analyses.backtest.rolling import MODEL
    from zhuanxing.analyses.backtest.scores import CHART_LEVELS, coverage
    from zhuanxing.charts import errors, reliability
    from zhuanxing.charts.save import save

    pools = {pool.name: (pool.name_zh, pool.name_en) for pool in settings.variables}
    origins = (min(settings.origins), max(settings.origins))
    mine = forecasts[forecasts["forecaster"] == MODEL]
    inside = {
        str(pool): (coverage(part["rank"].to_numpy(), CHART_LEVELS), len(part))
        for pool, part in mine.groupby("pool", sort=False)
    }
    for language in languages:
        folder = settings.output / language
        figure = errors.draw(
            table, model=MODEL, reference=LAST, pools=pools, origins=origins, language=language
        )
        yield from save(figure, folder / "errors")
        figure = reliability.draw(
            inside, CHART_LEVELS, pools=pools, origins=origins, language=language
        )
        yield from save(figure, folder / "reliability")


COMMAND = Command(BacktestSettings, run, examples=("", "origins=[2020] 'horizons=[1,2]'"))
