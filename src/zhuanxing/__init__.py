"""Industrial transformation of China's old industrial and resource-based cities (转型)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zhuanxing.model import Model, load

__all__ = ["Model", "__version__", "load"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import the model only when it is asked for: the command line must start quickly."""
    if name in ("Model", "load"):
        from zhuanxing import model

        return getattr(model, name)
    raise AttributeError(f"module 'zhuanxing' has no attribute {name!r}")
