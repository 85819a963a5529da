"""XMILE's graphical functions: points, or values at even distances."""

from __future__ import annotations

import numpy as np
from lxml import etree

from zhuanxing.engine.reading.syntax_tree import Lookup
from zhuanxing.engine.reading.xmile_file import XmileFile, tag

__all__ = ["graphical_function"]

RULES = {"continuous": "interpolate", "extrapolate": "extrapolate", "discrete": "hold_backward"}


def graphical_function(
    file: XmileFile, source: etree._Element, variable: etree._Element
) -> Lookup | None:
    """Return the table of an element, else that of its variable, or None where neither has one.

    Raises TranslationError naming the variable for a table that makes no sense.
    """
    node = variable if tag(variable) == "gf" else file.child(source, "gf")
    node = file.child(variable, "gf") if node is None else node
    if node is None:
        return None
    y = _numbers(file, variable, node, "ypts")
    scale = file.child(node, "xscale")
    if file.child(node, "xpts") is not None:
        x = _numbers(file, variable, node, "xpts")
    elif scale is not None:
        low, high = (_number(file, variable, scale.get(end)) for end in ("min", "max"))
        x = np.linspace(low, high, len(y))
    else:
        raise file.refuse(variable, "its graphical function has neither <xscale> nor <xpts>")
    if len(x) != len(y) or not len(x):
        raise file.refuse(
            variable, f"its graphical function has {len(x)} x for {len(y)} values of y"
        )
    kind = node.get("type", "continuous").lower()
    if kind not in RULES:
        raise file.refuse(variable, f"its graphical function is of the unknown type '{kind}'")
    order = np.argsort(x, kind="stable")
    return Lookup(
        x=tuple(float(value) for value in x[order]),
        y=tuple(float(value) for value in y[order]),
        x_limits=(float(x.min()), float(x.max())),
        y_limits=(float(y.min()), float(y.max())),
        type=RULES[kind],
    )


def _numbers(
    file: XmileFile, variable: etree._Element, node: etree._Element, name: str
) -> np.ndarray:
    child = file.child(node, name)
    if child is None:
        raise file.refuse(variable, f"its graphical function has no <{name}>")
    parts = (child.text or "").split(child.get("sep", ","))
    return np.array([_number(file, variable, part) for part in parts if part.strip()])


def _number(file: XmileFile, variable: etree._Element, text: str | None) -> float:
    try:
        return float(text or "")
    except ValueError:
        raise file.refuse(variable, f"'{text}' in its graphical function is no number") from None
