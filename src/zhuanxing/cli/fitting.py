"""A fit with its progress on the screen, for the commands that begin with one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import Progress

from zhuanxing.analyses.calibrate.settings import CalibrateSettings
from zhuanxing.cli.command import Context

if TYPE_CHECKING:
    from zhuanxing.analyses.calibrate.fit import Fit
    from zhuanxing.model import Model

__all__ = ["fit_with_progress"]


def fit_with_progress(
    context: Context,
    settings: CalibrateSettings,
    progress: Progress,
    checkpoint: Path | None = None,
    until: int | None = None,
) -> tuple[Model, Fit]:
    """Fit on the years to `settings.last_year` with a model that knows nothing after it.

    An interrupted fit goes on from `checkpoint`; `until` as for `pose`. Raises ZhuanxingError for
    a name in the settings that the model does not have.
    """
    # Imported here: a misspelt setting is refused before the seconds that the imports take.
    from zhuanxing.analyses.calibrate.fit import fit
    from zhuanxing.analyses.calibrate.problem import pose
    from zhuanxing.model import load

    last = settings.last_year
    model = load(context.places.root, information_year=last, data=settings.data)
    said = f"校准至{last}年" if context.language == "zh" else f"fitting to {last}"
    task = progress.add_task(said, total=1.0)
    found = fit(
        pose(model, settings, until), settings.rounds, settings.iterations,
        lambda part: progress.update(task, completed=part), checkpoint,
    )  # fmt: skip
    return model, found
