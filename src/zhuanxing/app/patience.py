"""Background work of the page: a block of runs at a time, behind the sliders."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from threading import Lock
from typing import Any

import xarray as xr

from zhuanxing.engine.running.devices import CPU
from zhuanxing.inputs import Scenario
from zhuanxing.model import Model

__all__ = ["Overtaken", "PatientModel", "Turns"]

Turn = Callable[[], AbstractContextManager[None]]


class Overtaken(Exception):
    """What was asked in the background is wanted no more."""


class Turns:
    """Who may run: sliders at once, the background one block at a time and never before them."""

    def __init__(self) -> None:
        self.quick = Lock()
        self._block = Lock()

    @contextmanager
    def after_quick(self, wanted: Callable[[], bool], soon: bool = False) -> Iterator[None]:
        """Wait until no slider does, then hold the one place in the background.

        What is to come `soon` needs no place: its blocks go through the cores side by side. Raises
        Overtaken where the answer is not wanted any more.
        """
        with nullcontext() if soon else self._block:
            with self.quick:
                pass
            if not wanted():
                raise Overtaken
            yield


@dataclass(frozen=True, repr=False)
class PatientModel(Model):
    """A model that takes a turn for every block of runs."""

    turn: Turn = nullcontext

    @classmethod
    def of(cls, model: Model, turn: Turn) -> PatientModel:
        """Return the same model, with what was compiled and read for it, made patient."""
        patient = object.__new__(cls)
        vars(patient).update(vars(model), turn=turn)
        return patient

    def batches(self, design: xr.Dataset, scenario: Scenario, **how: Any) -> Iterator[xr.Dataset]:
        """Yield the annual values of one block after the other; see `Model.batches`."""
        parts = super().batches(design, scenario, **{**how, "chunk": CPU.block})
        while True:
            with self.turn():
                part = next(parts, None)
            if part is None:
                return
            yield part
