"""The store of a sweep: one Zarr group, whole at any moment, written a piece at a time.

A piece is one Zarr chunk of every output, so that writing it touches no other piece, and its mark
in `done` is written last. What is not yet there is NaN. Nothing in the store depends on when or
how often it was written, so that a finished store is the same bytes however it came about.
"""

from __future__ import annotations

import json
import os
import shutil
import time
import warnings
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import zarr
from filelock import FileLock, Timeout
from zarr.codecs import ZstdCodec

from zhuanxing.analyses.sweep.identity import difference
from zhuanxing.analyses.sweep.sweep import Piece, Sweep, Values
from zhuanxing.cores import cores
from zhuanxing.errors import ZhuanxingError
from zhuanxing.results.describe import attributes, run_attributes
from zhuanxing.storage.atomic import require_writable

__all__ = ["SweepStore", "open_for"]

IDENTITY = "sweep"
# Zarr writes each file under such a name first; a process that is killed leaves it behind.
UNFINISHED = "*.partial"


class SweepStore:
    """A sweep's store, open for writing by this process alone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._group = zarr.open_group(str(path), mode="r+", zarr_format=3)
        self._arrays: dict[str, Any] = {n: self._group[n] for n in self._group.array_keys()}

    @property
    def names(self) -> set[str]:
        """Return the names of what the store holds."""
        return set(self._arrays)

    def pending(self, sweep: Sweep) -> list[Piece]:
        """Return the pieces that are not done, in order."""
        done = np.asarray(self._arrays["done"][:])
        return [p for p in sweep.pieces if not done[p.scenario, p.first : p.last].all()]

    def write(self, piece: Piece, values: Values) -> None:
        """Write a piece; it counts only once its mark is written, which comes last."""
        place = (piece.scenario, slice(piece.first, piece.last))
        try:
            with ThreadPoolExecutor(len(cores())) as pool:
                # Compressing is most of the work, and holds no lock of Python's.
                writing = [
                    pool.submit(self._arrays[name].__setitem__, place, array)
                    for name, array in values.arrays.items()
                ]
            for written in writing:
                written.result()
            self._arrays["failure"][place] = np.array(values.failures, dtype=object)
            self._arrays["done"][place] = True
        except OSError as error:
            raise ZhuanxingError(
                f"{self.path}: a piece cannot be written ({error.strerror}); what is there stays, "
                "and the same command goes on from it"
            ) from error

    def failures(self) -> list[str]:
        """Return a text for every run that left the domain of the equations."""
        return [str(text) for text in self._arrays["failure"][:].ravel() if text]


@contextmanager
def open_for(sweep: Sweep, path: Path) -> Iterator[SweepStore]:
    """Hold the store of `sweep` at `path`, new or as an earlier command left it.

    Raises ZhuanxingError if `path` is something else, holds another sweep (the difference is
    named), cannot be written, or is held by another process.
    """
    identity = sweep.identity()
    if path.exists():
        _require_same(identity, path)
    else:
        require_writable(path)
        path.parent.mkdir(parents=True, exist_ok=True)
    # Beside the store, whose bytes are the same whoever wrote it. The system frees the lock when
    # the process ends, however it ends.
    lock = FileLock(path.with_name(f".{path.name}.lock"))
    owner = path.with_name(f".{path.name}.owner")
    try:
        with lock.acquire(timeout=0):
            since = time.strftime("%Y-%m-%d %H:%M:%S")
            owner.write_text(f"process {os.getpid()} since {since}", encoding="utf-8")
            if not path.exists():
                _create(sweep, identity, path)
            _require_same(identity, path)
            _drop_unfinished(path)
            yield _opened(sweep, path)
            owner.unlink(missing_ok=True)
    except Timeout as error:
        raise ZhuanxingError(
            f"{path}: another process is writing this sweep ({_owner(owner)}); wait for it, or "
            "choose another output"
        ) from error


def _opened(sweep: Sweep, path: Path) -> SweepStore:
    """Return the store, all of whose parts can be written to; refuse a damaged one."""
    try:
        store = SweepStore(path)
        store.pending(sweep)
        missing = {*sweep.simulation.outputs, "failure"} - store.names
    except Exception as error:  # as in _require_same
        raise ZhuanxingError(
            f"{path}: the store is damaged ({error}); delete it, and sweep again"
        ) from error
    if missing:
        raise ZhuanxingError(
            f"{path}: {min(missing)} is missing; delete the store, and sweep again"
        )
    return store


def _owner(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return "it has just started"


def _require_same(identity: Mapping[str, Any], path: Path) -> None:
    try:
        group = zarr.open_group(str(path), mode="r", zarr_format=3)
        there = json.loads(str(group.attrs[IDENTITY]))
        found = difference(there, json.loads(json.dumps(identity)))
    except Exception as error:  # a damaged store makes Zarr raise errors of any kind
        raise ZhuanxingError(
            f"{path}: this is not a store of a sweep; choose another output"
        ) from error
    if found:
        raise ZhuanxingError(
            f"{path}: this store belongs to another sweep ({found}); choose another output, or "
            "delete the store"
        )


def _create(sweep: Sweep, identity: Mapping[str, Any], path: Path) -> None:
    """Make the store with its design and empty outputs, under another name until it is whole."""
    require_writable(path)
    frame, templates = _prepared(sweep, identity)
    unfinished = _unfinished(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _fill(sweep, frame, templates, unfinished)
        unfinished.rename(path)
    except OSError as error:
        raise ZhuanxingError(f"{path}: the store cannot be made ({error.strerror})") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _prepared(
    sweep: Sweep, identity: Mapping[str, Any]
) -> tuple[xr.Dataset, dict[str, xr.DataArray]]:
    """Return the part of the store that is known now, and an empty template an output."""
    frame = _frame(sweep)
    templates = _described_templates(sweep, frame)
    simulation = sweep.simulation
    frame.attrs = {
        **run_attributes(simulation.model.places.root, dict(sweep.told)),
        "engine": "compiled",
        "information_year": str(simulation.model.source.information_year),
        "base_year": str(min(scenario.base_year for scenario in simulation.scenarios)),
        IDENTITY: json.dumps(identity, ensure_ascii=False),
    }
    # Zarr has a settled form for texts of any length only.
    texts = {
        name: (coord.dims, coord.values.astype(np.dtypes.StringDType()))
        for name, coord in frame.coords.items()
        if coord.dtype.kind in "UO"
    }
    return frame.assign_coords(texts), templates


def _fill(
    sweep: Sweep, frame: xr.Dataset, templates: Mapping[str, xr.DataArray], path: Path
) -> None:
    frame.to_zarr(path, mode="w", zarr_format=3, consolidated=False)
    group = zarr.open_group(str(path), mode="r+", zarr_format=3)
    shape = (len(sweep.simulation.scenarios), sweep.runs)
    for name, template in templates.items():
        dims = [str(dim) for dim in template.dims]
        sizes = tuple(template.sizes.values())
        array = group.create_array(
            name, shape=(*shape, *sizes), chunks=(1, min(sweep.chunk, sweep.runs), *sizes),
            dtype="float64", fill_value=np.nan, dimension_names=["scenario", "run", *dims],
            compressors=ZstdCodec(checksum=True),
        )  # fmt: skip
        array.attrs.update(template.attrs)
    marks: list[tuple[str, Any, Any, dict[str, str]]] = [
        ("done", "bool", False, {"long_name": "Run is computed", "long_name_zh": "已完成"}),
        (
            "failure", "string", "",
            {"long_name": "Variable and time that left the domain", "long_name_zh": "失败原因"},
        ),
    ]  # fmt: skip
    for name, dtype, empty, attrs in marks:
        array = group.create_array(
            name, shape=shape, chunks=(1, min(sweep.chunk, sweep.runs)), dtype=dtype,
            fill_value=empty, dimension_names=["scenario", "run"],
        )  # fmt: skip
        array.attrs.update(attrs)
    with warnings.catch_warnings():
        # Readers open a store with consolidated metadata in one read, and warn without it; that
        # Zarr 3 does not standardise it yet does not concern the user.
        warnings.simplefilter("ignore")
        zarr.consolidate_metadata(str(path), zarr_format=3)


def _frame(sweep: Sweep) -> xr.Dataset:
    """Return all that is known before the first run: coordinates, and the design itself."""
    simulation, factors = sweep.simulation, sweep.design.factors
    scenarios = simulation.scenarios
    design = xr.DataArray(
        sweep.design.values,
        dims=["run", "factor"],
        attrs={"long_name": "Values of the factors in each run", "long_name_zh": "试验设计"},
    )
    return xr.Dataset(
        {"design": design},
        {
            "scenario": [s.name for s in scenarios],
            "scenario_zh": ("scenario", [s.labels["name_zh"] for s in scenarios]),
            "scenario_en": ("scenario", [s.labels["name_en"] for s in scenarios]),
            "run": np.arange(sweep.runs),
            "year": sweep.years(),
            "factor": [f.name for f in factors],
            "factor_zh": ("factor", [f.label_zh for f in factors]),
            "factor_en": ("factor", [f.label_en for f in factors]),
            "factor_unit": ("factor", [f.unit for f in factors]),
            "factor_low": ("factor", [f.low for f in factors]),
            "factor_high": ("factor", [f.high for f in factors]),
        },
    )


def _described_templates(sweep: Sweep, frame: xr.Dataset) -> dict[str, xr.DataArray]:
    """Return one empty array [year, ...] an output with its attributes.

    The coordinates of its dimensions and their labels are added to `frame`.
    """
    model = sweep.simulation.model
    arrays = {}
    for output in sweep.outputs:
        # Lists, since xarray takes a tuple for dimensions and data.
        elements = {dim: list(each) for dim, each in model.dims(output.variable).items()}
        coords: dict[str, Any] = {"year": frame["year"].values, **elements}
        if "city" in coords and sweep.simulation.cities is not None:
            coords["city"] = list(sweep.simulation.cities)
        shape = tuple(map(len, coords.values()))
        arrays[output.name] = xr.DataArray(
            np.broadcast_to(np.nan, shape), coords, list(coords),
            attrs=attributes(output, model.equations),
        )  # fmt: skip
    described = xr.Dataset(arrays)
    described = described.assign_coords(model.labels(described))
    for name, coord in described.coords.items():
        frame.coords[name] = (coord.dims, coord.values)
    return {output.name: described[output.name] for output in sweep.outputs}


def _unfinished(path: Path) -> Path:
    """Where the store is made: its lock is held, so that no other process makes it."""
    return path.with_name(f".{path.name}.part")


def _drop_unfinished(path: Path) -> None:
    """Remove what killed processes left of the store and in it, while its lock is held."""
    shutil.rmtree(_unfinished(path), ignore_errors=True)
    for file in path.rglob(UNFINISHED):
        file.unlink(missing_ok=True)
