"""What a model's text holds, for the writers of other formats: ranges, equations, causes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from zhuanxing.engine.reading import syntax_tree
from zhuanxing.engine.reading.parser import parse
from zhuanxing.engine.running.failures import key_of
from zhuanxing.engine.translating.subscripts import Dimensions
from zhuanxing.errors import ZhuanxingError

__all__ = ["CLOCK", "Content", "causes", "is_constant", "is_lookup", "is_stock", "read_content"]

# The names that every model has without defining them, or defines to control its run.
CLOCK = ("time", *syntax_tree.CONTROLS)


@dataclass(frozen=True)
class Content:
    """A parsed model: its ranges, and its equations by key in the order of the text."""

    ranges: tuple[syntax_tree.Range, ...]
    dimensions: Dimensions
    elements: Mapping[str, syntax_tree.Element]
    method: str


def read_content(text: str, origin: str) -> Content:
    """Return the content of a Vensim text. Raises ZhuanxingError if it has macros or no grammar."""
    parsed = parse(text, origin, ".mdl")
    main, *macros = parsed.sections
    if macros:
        raise ZhuanxingError(
            f"{origin}: the macro '{macros[0].name}' cannot be exported; write its equations out"
        )
    elements = {key_of(element.name): element for element in main.elements}
    return Content(main.ranges, Dimensions(main.ranges), elements, parsed.method)


def causes(
    element: syntax_tree.Element, known: Mapping[str, syntax_tree.Element]
) -> tuple[str, ...]:
    """Return the keys of the variables that an equation reads, `time` among them, in order."""
    return tuple(
        name for name in syntax_tree.references(element) if name in known or name == "time"
    )


def is_stock(element: syntax_tree.Element) -> bool:
    """Return whether the variable is a level."""
    return isinstance(element.components[0].expression, syntax_tree.Integ)


def is_lookup(element: syntax_tree.Element) -> bool:
    """Return whether the variable is a table."""
    return isinstance(element.components[0].expression, syntax_tree.Lookup)


def is_constant(element: syntax_tree.Element) -> bool:
    """Return whether the variable is numbers only."""
    return all(isinstance(part.expression, (float, np.ndarray)) for part in element.components)
