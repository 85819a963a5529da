"""Where batches of runs are computed: the processor, or a graphics card that JAX can use.

The size of a block is part of what is computed: bits are the same for one device and block size
only; between devices numbers agree to 1e-12.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from typing import Any, Literal

import jax
import numpy as np

from zhuanxing.engine.running.xla_options import CARD, THOROUGH, known
from zhuanxing.errors import ZhuanxingError

__all__ = ["CPU", "GPU_BLOCK", "Device", "DeviceName", "choose_device", "use_platforms"]

DeviceName = Literal["auto", "cpu", "gpu"]
CPU_BLOCK = 32
# A step of so many runs is some hundred kernels of about 20 microseconds and takes 7 GB: fewer runs
# leave the card waiting to be told what to do, more gain little.
GPU_BLOCK = 16384
LEAST_BLOCK = 256
PLUGINS = ("jax_cuda12_plugin", "jax_cuda13_plugin", "jax_rocm60_plugin")


@dataclass(frozen=True)
class Device:
    """A kind of device, and how many runs go through it at once."""

    kind: Literal["cpu", "gpu"]
    block: int

    def for_runs(self, count: int) -> Device:
        """Return the device with a block for `count` runs: a card computes a block whole.

        Of a power of two, since every size is compiled by itself, which takes half a minute.
        """
        if self.kind == "cpu":
            return self
        size = max(LEAST_BLOCK, 1 << (count - 1).bit_length())
        return Device(self.kind, min(self.block, size))

    @property
    def options(self) -> dict[str, Any]:
        """The compiler's options for a batch."""
        return known(THOROUGH if self.kind == "cpu" else CARD)

    @property
    def identity(self) -> str:
        """What decides the bits of a batch, beside the model and its inputs."""
        kind = self.kind if self.kind == "cpu" else _cards()[0].device_kind
        return f"{kind} in blocks of {self.block}"

    def place(self, arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
        """Return the arrays where the device computes with them: a card has memory of its own."""
        if self.kind == "cpu":
            return dict(arrays)
        card = _cards()[0]
        return {name: jax.device_put(array, card) for name, array in arrays.items()}

    @property
    def too_small(self) -> str:
        """What is said where a block does not fit into memory."""
        name = "this machine" if self.kind == "cpu" else _cards()[0].device_kind
        return (
            f"{name} has too little free memory for {self.block:,} runs at once; keep fewer "
            "outputs, or choose device=cpu"
        )


CPU = Device("cpu", CPU_BLOCK)


def use_platforms() -> None:
    """Let JAX see graphics cards where their libraries are installed, and compute on the processor
    unless a batch asks for one of them."""
    if not any(find_spec(name) for name in PLUGINS):
        jax.config.update("jax_platforms", "cpu")
    elif _cards():
        jax.config.update("jax_default_device", jax.devices("cpu")[0])


@lru_cache(maxsize=1)
def _cards() -> tuple[Any, ...]:
    """Return the graphics cards that JAX can use."""
    if not any(find_spec(name) for name in PLUGINS):
        return ()
    try:
        return tuple(jax.devices("gpu"))
    except RuntimeError:  # libraries without a card, or a driver that is too old
        return ()


def choose_device(name: DeviceName, block: int | None = None) -> Device:
    """Return the device that is asked for; 'auto' takes a card where there is one.

    `block` replaces the number of runs that go through it at once. Raises ZhuanxingError for a
    card that is not there.
    """
    if name not in ("auto", "cpu", "gpu"):
        raise ZhuanxingError(f"device is '{name}', but it must be auto, cpu or gpu")
    if name == "gpu" and not _cards():
        raise ZhuanxingError(
            "device=gpu: JAX finds no graphics card; install zhuanxing[gpu] on a machine with an "
            "NVIDIA card and its driver, or choose device=cpu"
        )
    kind: Literal["cpu", "gpu"] = "gpu" if name != "cpu" and _cards() else "cpu"
    usual = GPU_BLOCK if kind == "gpu" else CPU_BLOCK
    return Device(kind, usual if block is None else block)
