"""Compiled runs on disk: a second start neither traces nor compiles the model again.

JAX's own cache holds what XLA compiled, but finding it there takes tracing and lowering the whole
model first, which is most of a second start.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import platform
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax.experimental import serialize_executable

from zhuanxing.engine.cache import entry, keep, kept, one_at_a_time, prune

__all__ = ["WORTH_KEEPING", "stored"]

# What JAX compiles in fewer seconds stays out of its own cache.
WORTH_KEEPING = 0.2


def stored(
    text: str, question: object, arguments: Mapping[str, np.ndarray], compile_: Callable[[], Any]
) -> Any:
    """Return the executable that answers `question` about a model's text, compiled or from disk.

    `question` is all, beside text and shapes of the arguments, that the executable depends on.
    A model with data in files beside it is compiled every time: the data may have changed.
    """
    if re.search(r"GET[ _](XLS|DIRECT)", text, re.IGNORECASE):
        return compile_()
    shapes = sorted((name, np.shape(value)) for name, value in arguments.items())
    signature = repr((hashlib.sha256(text.encode()).hexdigest(), question, shapes, _machinery()))
    path = entry("executables", signature)
    if (found := kept(path, _loaded)) is not None:
        return found
    # The workers of a sweep all ask at the same moment, and compiling takes half a gigabyte.
    with one_at_a_time(path):
        if (found := kept(path, _loaded)) is not None:
            return found
        compiled = _afresh(compile_)
        keep(path, pickle.dumps(serialize_executable.serialize(compiled)))
    prune()
    return compiled


def _loaded(payload: bytes) -> Any:
    return serialize_executable.deserialize_and_load(*pickle.loads(payload))


def _afresh(compile_: Callable[[], Any]) -> Any:
    """Compile and keep the result out of JAX's own cache: what comes from there cannot be stored.

    XLA leaves the kernels out when an executable that it loaded is serialised again.
    """
    jax.config.update("jax_persistent_cache_min_compile_time_secs", float("inf"))
    try:
        return compile_()
    finally:
        jax.config.update("jax_persistent_cache_min_compile_time_secs", WORTH_KEEPING)


@lru_cache(maxsize=1)
def _machinery() -> tuple[str, ...]:
    """Return what else makes an executable: the engine's source, JAX, and the processor."""
    source = hashlib.sha256()
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        source.update(path.read_bytes())
    return (
        source.hexdigest(),
        version("jax"),
        version("jaxlib"),
        os.environ.get("XLA_FLAGS", ""),
        platform.machine(),
        _processor(),
    )


def _processor() -> str:
    """Return the instructions that the processor knows, where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith(("flags", "Features"))), "")
