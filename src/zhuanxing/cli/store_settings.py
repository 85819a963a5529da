"""Settings of the commands that read a sweep's store: STORE, and key=value over a file of conf."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from omegaconf import OmegaConf

from zhuanxing.charts.style import FIRST_PROJECTED_YEAR
from zhuanxing.charts.words import Language, check_language
from zhuanxing.cli.configuration import overlaid
from zhuanxing.errors import ZhuanxingError
from zhuanxing.results.aims import city_targets, read_aims
from zhuanxing.storage.paths import Places

__all__ = ["aims_table", "languages", "listed", "read_store_settings"]


def read_store_settings(path: Path, argv: Sequence[str]) -> tuple[Path, dict[str, Any]]:
    """Return the store that `argv` names and the settings of `path` with its key=value put in.

    Raises ZhuanxingError for a missing store, a key that is not in the file, or a wrong value.
    """
    command = path.stem
    stores = [word for word in argv if "=" not in word]
    if len(stores) != 1:
        found = f"{len(stores)} ({' '.join(stores)})" if stores else "none"
        raise ZhuanxingError(
            f"zhuanxing {command} takes one store, as 'zhuanxing {command} "
            f"outputs/sweeps/sobol.zarr key=value', but found {found}"
        )
    values = overlaid(path, [word for word in argv if "=" in word])
    assert isinstance(values, dict)
    return Path(stores[0]), {str(key): value for key, value in values.items()}


def aims_table(places: Places) -> pd.DataFrame:
    """Return the aims of cities, provinces and the nation, read as the scorecard reads them."""
    options: Any = OmegaConf.load(places.conf / "chart.yaml")
    scorecard = options.options.scorecard
    data = places.model / "data"
    try:
        targets = pd.read_csv(data / "targets.csv")
    except OSError as error:
        raise ZhuanxingError(f"{error.filename}: the table cannot be read") from error
    own = city_targets(
        targets, scorecard.compared_with, scorecard.at_most, FIRST_PROJECTED_YEAR - 1
    )
    return pd.concat([own, read_aims(data / "aims.csv")], ignore_index=True)


def languages(value: Any) -> list[Language]:
    """Return the languages asked for, one at least."""
    chosen = [check_language(str(language)) for language in listed(value)]
    if not chosen:
        raise ZhuanxingError("language is empty, but zh, en or both are expected")
    return chosen


def listed(value: Any) -> list[Any]:
    """Return a list for one value, several, or none."""
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]
