"""Compiled runs of one model: one for every shape of question, in memory and on disk."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Any

import jax
import numpy as np
from jax.stages import Compiled

from zhuanxing.engine.running.devices import Device
from zhuanxing.engine.running.executable_cache import occasion_of, stored
from zhuanxing.engine.running.run_plan import inputs_read
from zhuanxing.engine.running.scan import Plan, simulate, simulate_many
from zhuanxing.engine.running.xla_options import HASTY, known

__all__ = ["CompiledRuns"]

Function = Callable[..., Any]


class CompiledRuns:
    """What is compiled of the model with `text`, which comes from the file `origin`.

    `made_of` is what else its numbers depend on.
    """

    def __init__(self, text: str, origin: str, made_of: tuple[str, ...]) -> None:
        self._text = text
        self._origin = origin
        self._made_of = made_of
        self._runs: dict[Any, Function] = {}

    def function(
        self,
        question: object,
        function: Function,
        arguments: Sequence[Any],
        options: Mapping[str, Any],
    ) -> Function:
        """Return a function compiled for arguments of these shapes, from disk if it was before."""
        return self._stored(
            question,
            arguments,
            lambda: jax.jit(function, compiler_options=known(options)).lower(*arguments).compile(),
        )

    def run(
        self, plan: Plan, inputs: Sequence[str], batched: frozenset[str], device: Device
    ) -> Function:
        """Return the run of a plan as a function of named inputs, compiled when first called."""
        key = (
            plan.outputs,
            tuple(inputs),
            tuple(sorted(batched)),
            plan.runs,
            plan.steps,
            plan.steps_per_year,
            plan.begin,
            plan.handed_on,
            tuple(sorted(plan.lengths.items())),
            device.identity,
        )
        if key not in self._runs:
            self._runs[key] = self._first(plan, inputs_read(plan, inputs), key, device)
        return self._runs[key]

    def _first(
        self, plan: Plan, read: list[str], question: tuple[Any, ...], device: Device
    ) -> Function:
        found: list[Function] = []
        loading = Lock()  # blocks that run side by side load it once

        def compiled(chosen: Mapping[str, Any]) -> Any:
            options = known(HASTY) if plan.runs is None else device.options
            run = simulate if plan.runs is None else simulate_many
            jitted = jax.jit(lambda inputs: run(plan, inputs), compiler_options=options)
            return jitted.lower(chosen).compile()

        def call(given: Mapping[str, np.ndarray]) -> Any:
            chosen = device.place({name: given[name] for name in read})
            with loading:
                if not found:
                    # That of the last command is likely asked for again.
                    occasion = occasion_of(self._origin, plan.kind)
                    made = self._stored(question, (chosen,), lambda: compiled(chosen), occasion)
                    found.append(made)
            return found[0](chosen)

        return call

    def _stored(
        self,
        question: object,
        arguments: Sequence[Any],
        compile_: Callable[[], Compiled],
        occasion: str | None = None,
    ) -> Function:
        # The data in files beside a model may have changed.
        if re.search(r"GET[ _](XLS|DIRECT)", self._text, re.IGNORECASE):
            return compile_()
        made_of = (self._origin, *self._made_of, question)
        return stored(self._text, made_of, arguments, compile_, occasion)
