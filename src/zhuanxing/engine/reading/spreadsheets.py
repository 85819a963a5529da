"""Constants and series in spreadsheets and text files, read by PySD's own readers."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from zhuanxing.engine.reading import syntax_tree
from zhuanxing.engine.running.failures import TranslationError

__all__ = ["Files", "read_constants", "read_series", "reading_failure"]

Members = Mapping[str, tuple[str, ...]]
Source = syntax_tree.GetConstants | syntax_tree.GetData | syntax_tree.GetLookups


@dataclass(frozen=True)
class Files:
    """Where a model's spreadsheets lie: beside it in `folder`, and nowhere but below `root`."""

    folder: Path = field(default_factory=Path)
    root: Path | None = None

    def require(self, file: str) -> str:
        """Return a file as the disk spells it: to Windows, where models are made, capitals are the
        same.

        Raises TranslationError for a file that lies outside, links followed.
        """
        allowed = (self.root or self.folder).resolve()
        # Not `Path.resolve`, which since Python 3.13 takes a circle of links for a file to come.
        place = Path(os.path.realpath(self.folder / file))
        if place.is_symlink():
            raise TranslationError(f"the file {file} is a link that leads nowhere.")
        if not place.is_relative_to(allowed):
            raise TranslationError(
                f"the file {file} lies outside {allowed}; name a folder above it with "
                "data_root=FOLDER if the model may read there."
            )
        return self._as_spelt(file)

    def _as_spelt(self, file: str) -> str:
        place = self.folder
        for part in Path(file).parts:
            if not (place / part).exists() and place.is_dir():
                alike = [found for found in place.iterdir() if found.name.lower() == part.lower()]
                part = alike[0].name if len(alike) == 1 else part
            place /= part
        return str(place.relative_to(self.folder)) if place.exists() else file


def read_constants(
    source: syntax_tree.GetConstants, files: Files, members: Members, name: str
) -> np.ndarray:
    """Return the constants of a GET CONSTANTS call, an axis for every range in `members`.

    Raises TranslationError for a cell that is no number, as Vensim does.
    """
    from pysd.py_backend.external import ExtConstant

    coords = {label: list(elements) for label, elements in members.items()}
    file = files.require(source.file)
    reader = ExtConstant(file, source.tab, source.cell, coords, files.folder, coords, name)
    found = np.asarray(_initialised(reader, source)(), dtype=np.float64)
    wrong = found.size - np.isfinite(found).sum()
    if wrong:
        raise TranslationError(
            f"in {source.file}, '{source.tab}', {wrong} of the {found.size} cells from "
            f"{source.cell} on are empty or no numbers."
        )
    return found


def read_series(
    source: syntax_tree.GetData | syntax_tree.GetLookups,
    files: Files,
    members: Members,
    name: str,
    rule: str = "interpolate",
) -> tuple[Float[np.ndarray, " points"], Float[np.ndarray, " points *ranges"]]:
    """Return x and y of a GET DATA or LOOKUPS.

    Missing values are filled by `rule`, except that a raw series keeps them.
    """
    from pysd.py_backend.external import ExtData, ExtLookup

    coords = {label: list(elements) for label, elements in members.items()}
    folder = files.folder
    file = files.require(source.file)
    reader: Any
    if isinstance(source, syntax_tree.GetData):
        reader = ExtData(
            file, source.tab, source.time_row_or_col, source.cell, rule, coords, folder,
            coords, name,
        )  # fmt: skip
    else:
        reader = ExtLookup(
            file, source.tab, source.x_row_or_col, source.cell, coords, folder, coords, name
        )
    data = _initialised(reader, source).data
    x = np.asarray(data[data.dims[0]].values, dtype=np.float64)
    return x, np.asarray(data.values, dtype=np.float64)


def reading_failure(failure: Exception) -> str:
    """Return what a reader of spreadsheets complains about, on one line without full stop."""
    if isinstance(failure, UnicodeDecodeError):
        return "it is not UTF-8"
    title, _, rest = str(failure).strip().partition("\n")  # PySD's first line is a name of its own
    lines = [line.strip() for line in (rest or title).splitlines()]
    told = " ".join(line for line in lines if not line.startswith(("File name:", "Sheet name:")))
    if "Excel file format cannot be determined" in told:
        return "it is not an Excel file"
    return told.strip().rstrip(".") or type(failure).__name__


def _initialised(reader: Any, source: Source) -> Any:
    try:
        with warnings.catch_warnings():
            # Of every missing value, in six lines; they are filled by the rule of the series.
            warnings.simplefilter("ignore")
            reader.initialize()
    except Exception as failure:  # spreadsheet readers raise what they like
        raise TranslationError(
            f"its data cannot be read from {source.file}, cell {source.cell} of '{source.tab}': "
            f"{reading_failure(failure)}."
        ) from failure
    return reader
