"""A fit with its progress on the screen, for the commands that begin with one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from zhuanxing.analyses.calibrate.settings import CalibrateSettings
from zhuanxing.storage.paths import Places

if TYPE_CHECKING:
    from zhuanxing.analyses.calibrate.fit_map import Fit
    from zhuanxing.model import Model

__all__ = ["fit_with_progress", "progress_bar"]


def progress_bar() -> Progress:
    """Return a bar for work whose parts are known, with the time it has taken."""
    return Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())


def fit_with_progress(
    places: Places, settings: CalibrateSettings, progress: Progress
) -> tuple[Model, Fit]:
    """Fit on the years to `settings.last_year` with a model that knows nothing after it.

    Raises ZhuanxingError for a name in the settings that the model does not have.
    """
    # Imported here: a misspelt setting is refused before the seconds that the imports take.
    from zhuanxing.analyses.calibrate.fit_map import fit_map
    from zhuanxing.analyses.calibrate.problem import pose
    from zhuanxing.model import load

    model = load(places.root, information_year=settings.last_year)
    last = settings.last_year
    task = progress.add_task(f"校准至{last}年 fitting to {last}", total=1.0)
    fit = fit_map(
        pose(model, settings),
        settings.rounds,
        settings.iterations,
        lambda part: progress.update(task, completed=part),
    )
    return model, fit
