"""What the engine refuses, in one sentence that says where."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from zhuanxing.errors import ZhuanxingError

__all__ = ["TranslationError", "key_of", "located", "within_memory"]


class TranslationError(ZhuanxingError):
    """A model that cannot be compiled: names variable, function, file and line."""


def key_of(name: str) -> str:
    """Return the one spelling of a Vensim or XMILE name: lower case, single spaces, no quotes."""
    bare = name.strip()
    if len(bare) > 1 and bare[0] == bare[-1] == '"':
        bare = bare[1:-1]
    bare = bare.replace('\\"', '"').replace("\\n", " ").replace("_", " ")
    return " ".join(bare.lower().split())


def located(origin: str, line: int) -> str:
    """Return 'file:line', or the file alone where the line is not known (0)."""
    return f"{origin}:{line}" if line else origin


@contextmanager
def within_memory(sentence: str) -> Iterator[None]:
    """Raise ZhuanxingError with a sentence where what is computed does not fit into memory."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:  # JAX's own is a RuntimeError
        if isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in str(error):
            raise ZhuanxingError(sentence) from error
        raise
