"""The reference engine: PySD itself runs the same text, with its defects worked round.

PySD prints array constants and look-up points with eight decimals into the Python that it
generates; they are set on the loaded model instead, with all their digits (from the same parsed
tree; only tables written inside WITH LOOKUP stay as printed). It also
fails to put states of such shapes as (3,) and (3, 3) into one object array, and makes a smooth with
an integer initial value an integer for ever; both are mended on the loaded model.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from zhuanxing.engine.compiling import compile_text
from zhuanxing.engine.program import Program
from zhuanxing.engine.reading import syntax_tree
from zhuanxing.engine.reading.parser import parse, parts_of
from zhuanxing.engine.running.failures import TranslationError, key_of
from zhuanxing.engine.running.inputs import FINAL_TIME, TIME_STEP
from zhuanxing.errors import ZhuanxingError, nearest

__all__ = ["ReferenceEngine"]

# What PySD's run is told in words of its own.
CLOCK = (FINAL_TIME, TIME_STEP)


def _require_known(program: Program, several_files: bool, origin: str) -> None:
    """Raise TranslationError for what PySD passes over in silence."""
    if several_files:
        raise TranslationError(f"{origin} consists of several files, and PySD reads one only.")
    for name, element in program.elements.items():
        if isinstance(element.components[0].expression, syntax_tree.Conveyor):
            raise TranslationError(
                f"variable '{name}' ({program.where(name)}): PySD does not know conveyors."
            )


class ReferenceEngine:
    """PySD on a model's text, with the interface of `Program.run`. Slow, for comparison."""

    def __init__(
        self,
        text: str,
        origin: str = "model",
        suffix: str = ".mdl",
        data: Sequence[Path] = (),
        data_root: Path | None = None,
    ) -> None:
        """Translate the text. Raises TranslationError if PySD cannot."""
        self._program: Program = compile_text(text, origin, suffix, data, data_root)
        _require_known(self._program, bool(parts_of(text, origin, suffix, data_root).links), origin)
        self._origin = origin
        self._tables = {
            key_of(element.name): [component.expression for component in element.components]
            for element in parse(text, origin, suffix).sections[0].elements
            if all(isinstance(part.expression, syntax_tree.Lookup) for part in element.components)
        }
        self._folder = tempfile.TemporaryDirectory()
        # PySD writes its Python beside the model and looks for data there.
        path = Path(self._folder.name) / f"model{suffix}"
        path.write_text(text, encoding="utf-8")
        beside = Path(origin).parent
        if Path(origin).is_file():
            for file in beside.iterdir():
                if file.suffix.lower() in (".xlsx", ".xls", ".csv", ".tab", ".txt"):
                    (path.parent / file.name).symlink_to(file.resolve())
        self._model = self._load(path, suffix, [str(file.resolve()) for file in data])

    def _load(self, path: Path, suffix: str, data: list[str]) -> Any:
        import pysd
        from pysd.builders.python import python_model_builder

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            formatter = python_model_builder.black
            # Laying out the generated Python for a reader takes two thirds of the time.
            python_model_builder.black = _Unformatted
            try:
                if suffix.lower() == ".mdl":
                    model = pysd.read_vensim(str(path), encoding="utf-8", data_files=data)
                else:
                    model = pysd.read_xmile(str(path), data_files=data)
                return _mended(model)
            except Exception as failure:  # PySD raises what its builders raise
                raise TranslationError(self._refusal(failure)) from failure
            finally:
                python_model_builder.black = formatter

    def _refusal(self, failure: Exception) -> str:
        reason = (str(failure).strip().splitlines() or [type(failure).__name__])[0].rstrip(".")
        return f"{self._origin} cannot be run by PySD: {reason}."

    @property
    def dims(self) -> dict[str, tuple[str, ...]]:
        """Return the elements of every range."""
        return self._program.dims

    def run(
        self, overrides: Mapping[str, ArrayLike], outputs: Mapping[str, str]
    ) -> dict[str, np.ndarray]:
        """Return the outputs of one run, with the shapes and aggregates of `Program.run`."""
        named = {key_of(name): how for name, how in outputs.items()}
        python = {key_of(real): name for real, name in self._model.namespace.items()}
        for name in named:
            if name not in python:
                raise ZhuanxingError(
                    f"{self._origin} has no variable '{name}', "
                    f"did you mean '{nearest(name, python)}'?"
                )
        times = self._program.times(overrides)
        step = float(times[1] - times[0]) if len(times) > 1 else 1.0
        clock = {}
        if not self._program.moves_its_clock(overrides):
            clock = {"final_time": float(times[-1]), "time_step": step}
            overrides = {name: v for name, v in overrides.items() if key_of(name) not in CLOCK}
        columns = [python[name] for name in named]
        try:
            table = self._table(overrides, python, columns, float(times[0]), clock)
        except Exception as failure:  # PySD and what it calls raise what they like
            raise ZhuanxingError(self._refusal(failure)) from failure
        paths = {name: self._path(table[python[name]], name) for name in named}
        return {name: _aggregate(paths[name], how, step) for name, how in named.items()}

    def _table(
        self,
        overrides: Mapping[str, ArrayLike],
        python: Mapping[str, str],
        columns: list[str],
        initial_time: float,
        clock: Mapping[str, float],
    ) -> Any:
        """Return PySD's table of a run: a row a time, a column a variable."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._model.reload()
            self._model.time.in_return = lambda: True  # every time, whatever SAVEPER says
            self._set_tables(python)
            start = self._set(overrides, python)
            return self._model.run(
                **clock, initial_condition=(initial_time, start) if start else "original",
                return_columns=columns, flatten_output=False, cache_output=False,
            )  # fmt: skip

    def _set_tables(self, python: Mapping[str, str]) -> None:
        """Give the look-ups of the loaded model all their digits."""
        named = {f"_hardcodedlookup_{python[name]}": name for name in self._tables}
        for table in self._model._lookup_elements:
            pieces = self._tables.get(named.get(table.py_name, ""), [])
            if len(pieces) == len(getattr(table, "values", [])):
                table.values = [
                    (np.array(piece.x), np.array(piece.y), coords)
                    for piece, (_, _, coords) in zip(pieces, table.values, strict=True)
                ]
                table.initialize()

    def _set(self, overrides: Mapping[str, ArrayLike], python: Mapping[str, str]) -> dict[str, Any]:
        """Set constants on the loaded model; return the initial values of overridden stocks."""
        given = {key_of(name): np.asarray(v, dtype=np.float64) for name, v in overrides.items()}
        values: dict[str, Any] = {
            python[name]: self._array(name, value)
            for name, value in self._program.constants().items()
            if name in python and (value.ndim or name in given)
        }
        start: dict[str, Any] = {}
        for name, value in given.items():
            if self._program.variables[name].kind == "stock":
                start[python[name]] = self._array(name, value)
            else:
                values[python[name]] = self._array(name, value)
        self._model.set_components(values)
        return start

    def _array(self, name: str, value: np.ndarray) -> Any:
        import xarray as xr

        dims = self._program.variables[name].dims
        if not dims:
            return float(value)
        own = self._model.get_coords(name)
        coords, names = own if own is not None else ({}, list(dims))
        full = np.broadcast_to(value, tuple(len(coords[dim]) for dim in names))
        return xr.DataArray(full.copy(), coords, names)

    def _path(self, column: Any, name: str) -> np.ndarray:
        rows = [np.asarray(getattr(row, "values", row), dtype=np.float64) for row in column.values]
        sizes = tuple(len(self.dims[dim]) for dim in self._program.variables[name].dims)
        return np.stack([np.broadcast_to(row, sizes) for row in rows])


class _Unformatted:
    """Stands in for `black` while PySD writes its Python."""

    @staticmethod
    def FileMode() -> None:
        return None

    @staticmethod
    def format_file_contents(text: str, **_: object) -> str:
        return text


def _mended(model: Any) -> Any:
    """Return the PySD model with states of any shapes side by side, all of them floats."""

    def column(values: list[Any]) -> np.ndarray:
        array = np.empty(len(values), dtype=object)
        for place, value in enumerate(values):
            array[place] = value
        return array

    kind = type(model)

    class Mended(kind):  # type: ignore[misc, valid-type]
        def initialize(self) -> None:
            super().initialize()
            for state in self._dynamicstateful_elements:
                if np.issubdtype(getattr(state.state, "dtype", np.float64), np.integer):
                    state.state = state.state.astype(np.float64)

        def ddt(self) -> np.ndarray:
            return column([state.ddt() for state in self._dynamicstateful_elements])

        @property
        def state(self) -> np.ndarray:
            return column([state.state for state in self._dynamicstateful_elements])

        @state.setter
        def state(self, values: np.ndarray) -> None:
            for state, value in zip(self._dynamicstateful_elements, values, strict=True):
                state.update(value)

    model.__class__ = Mended
    return model


def _aggregate(path: np.ndarray, how: str, step: float) -> np.ndarray:
    if how == "path":
        return path
    per_year = round(1.0 / step)
    years = (path.shape[0] - 1) // per_year
    flow = path[: years * per_year].reshape((years, per_year, *path.shape[1:]))
    if how == "year_sum":
        return np.asarray(flow.sum(axis=1) * step)
    if how == "year_mean":
        return np.asarray(flow.mean(axis=1))
    return path[per_year::per_year][:years]
