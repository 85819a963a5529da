"""Compiled functions on disk: a second start neither traces nor compiles the model again.

JAX's own cache is left alone: finding something there takes tracing and lowering the whole model
first, which is most of a second start, and what comes from there cannot be stored here, since XLA
leaves the kernels out when an executable that it loaded is serialised again.
"""

from __future__ import annotations

import hashlib
import logging
import os
import pickle
import platform
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import serialize_executable
from jax.stages import Compiled

from zhuanxing.engine.cache import discard, entry, keep, kept, one_at_a_time, prune
from zhuanxing.engine.running.xla_options import known

__all__ = ["jitted", "load_ahead", "occasion_of", "stored"]

Function = Callable[..., Any]

LOG = logging.getLogger(__name__)
EXECUTABLES = "executables"
# What threads load, by its file.
AHEAD: dict[Path, Future[Function | None]] = {}


def stored(
    text: str,
    question: object,
    arguments: Sequence[Any],
    compile_: Callable[[], Compiled],
    occasion: str | None = None,
) -> Function:
    """Return the executable that answers `question` about a text, compiled or from disk.

    `question` is all, beside text and shapes of the arguments, that the executable depends on.
    What is asked for on an `occasion` is remembered for `load_ahead`.
    """
    shapes = [
        (jax.tree_util.keystr(path), np.shape(leaf))
        for path, leaf in jax.tree_util.tree_leaves_with_path(tuple(arguments))
    ]
    signature = repr((hashlib.sha256(text.encode()).hexdigest(), question, shapes, _machinery()))
    path = entry(EXECUTABLES, signature)
    if occasion is not None:
        _remember(occasion, path)

    def found() -> Function | None:
        begun = AHEAD.pop(path, None)
        loaded = kept(path, _loaded) if begun is None else begun.result()
        return None if loaded is None else _Untried(loaded, path, afresh)

    def afresh() -> Function:
        compiled = compile_()
        payload = pickle.dumps(serialize_executable.serialize(compiled))
        if _runs(payload, arguments):
            keep(path, payload)
            prune()
        return compiled

    if (ready := found()) is not None:
        return ready
    # The workers of a sweep all ask at the same moment, and compiling takes half a gigabyte.
    with one_at_a_time(path):
        return found() or afresh()


def occasion_of(origin: str, kind: str) -> str:
    """Return the occasion on which a model is run as a `kind` of plan; see `load_ahead`."""
    return f"{origin} {kind}"


@lru_cache(maxsize=8)
def load_ahead(occasion: str) -> None:
    """Begin to load, in a thread, what `stored` returned the last time on an occasion.

    To link a run takes XLA most of a second, in which Python has time to read tables. If something
    else is asked for then, nothing but that second is lost.
    """
    name = kept(_note(occasion), bytes.decode)
    if name is not None:
        path = _note(occasion).parents[1] / EXECUTABLES / name
        loader = ThreadPoolExecutor(1)
        AHEAD[path] = loader.submit(kept, path, _loaded)
        loader.shutdown(wait=False)


def _remember(occasion: str, path: Path) -> None:
    if kept(_note(occasion), bytes.decode) != path.name:
        keep(_note(occasion), path.name.encode())


def _note(occasion: str) -> Path:
    return entry("occasions", occasion)


def jitted(function: Function, options: Mapping[str, Any] | None = None) -> Function:
    """Return a function that is compiled for the shapes it is called with, as by `jax.jit`.

    It is found on disk by what it computes, so that it may depend on anything; see `stored`.
    """
    options = known(options or {})
    compiled: dict[Any, Function] = {}

    def call(*arguments: Any) -> Any:
        leaves, tree = jax.tree.flatten(arguments)
        shapes = (tree, *((np.shape(leaf), jnp.result_type(leaf)) for leaf in leaves))
        if shapes not in compiled:
            lowered = jax.jit(function, compiler_options=options).lower(*arguments)
            question = sorted(options.items())
            compiled[shapes] = stored(lowered.as_text(), question, arguments, lowered.compile)
        return compiled[shapes](*arguments)

    return call


class _Untried:
    """An executable from disk: one that cannot run is dropped, compiled again and run instead."""

    def __init__(self, loaded: Function, path: Path, afresh: Callable[[], Function]) -> None:
        self._function = loaded
        self._path = path
        self._afresh = afresh
        self._tried = False
        self._lock = Lock()

    def __call__(self, *arguments: Any) -> Any:
        if not self._tried:
            with self._lock:
                if not self._tried:
                    return self._first(arguments)
        return self._function(*arguments)

    def _first(self, arguments: Sequence[Any]) -> Any:
        try:
            # What a device cannot do is said where its results are waited for.
            found = jax.block_until_ready(self._function(*arguments))
        except jax.errors.JaxRuntimeError as error:
            if "RESOURCE_EXHAUSTED" in str(error):
                raise
            LOG.warning("a stored executable cannot run and is compiled again: %s", error)
            discard(self._path)
            self._function = self._afresh()
            found = self._function(*arguments)
        self._tried = True
        return found


def _loaded(payload: bytes) -> Function:
    found: Function = serialize_executable.deserialize_and_load(*pickle.loads(payload))
    return found


def _runs(payload: bytes, arguments: Sequence[Any]) -> bool:
    """Tell whether what is about to be stored can run when it is read back."""
    try:
        jax.block_until_ready(_loaded(payload)(*arguments))
    except Exception:  # versions of JAX raise errors of different kinds
        return False
    return True


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
