"""XMILE's graphical functions: points, or values at even distances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from lxml import etree

from zhuanxing.engine.reading import syntax_tree
from zhuanxing.engine.reading.numbers import finite_number
from zhuanxing.engine.reading.syntax_tree import Call, Component, Element, Lookup, Reference
from zhuanxing.engine.reading.xmile_file import XmileFile, tag
from zhuanxing.engine.running.failures import key_of

__all__ = ["defines_points", "graphical_function", "points_of", "with_tables"]

READERS = ("lookup", "lookup invert")

RULES = {"continuous": "interpolate", "extrapolate": "extrapolate", "discrete": "hold_backward"}


def graphical_function(
    file: XmileFile, source: etree._Element, variable: etree._Element
) -> Lookup | None:
    """Return the table of an element, else that of its variable, or None where neither has one.

    Raises TranslationError naming the variable for a table that makes no sense.
    """
    node = variable if tag(variable) == "gf" else file.child(source, "gf")
    node = file.child(variable, "gf") if node is None else node
    return None if node is None else points_of(file, node, variable)


def defines_points(file: XmileFile, node: etree._Element) -> bool:
    """Return whether a graphical function has points, or is the name of one that has."""
    return file.child(node, "ypts") is not None or not node.get("name")


def points_of(file: XmileFile, node: etree._Element, variable: etree._Element) -> Lookup:
    """Return the table of a graphical function, or of the one that it names."""
    if not defines_points(file, node):
        name = key_of(node.get("name"))
        every = (other for other in variable.getparent().iter() if tag(other) == "gf")
        named = (other for other in every if key_of(other.get("name", "")) == name)
        found = next((other for other in named if defines_points(file, other)), None)
        if found is None:
            raise file.refuse(variable, f"there is no graphical function '{name}'")
        node = found
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
        type=RULES[kind],
    )


def with_tables(
    elements: Mapping[str, Element], tables: Mapping[str, list[Component]]
) -> dict[str, Element]:
    """Return the variables, with the table of a variable apart where others read it.

    LOOKUP(x, 3) reads the graphical function of x, not what x itself makes of it.
    """
    apart: set[str] = set()

    def change(node: Any) -> Any:
        if not isinstance(node, Call):
            return node
        called = node.function.name in tables
        source = node.function if called else next(iter(node.arguments), None)
        reads = called or node.function.name in READERS
        if not reads or not isinstance(source, Reference) or source.name not in tables:
            return node
        apart.add(source.name)
        table = replace(source, name=_table_name(source.name))
        if called:
            return replace(node, function=table)
        return replace(node, arguments=(table, *node.arguments[1:]))

    def changed(part: Component) -> Any:
        return syntax_tree.rewrite(part.expression, change)

    found = {
        key: syntax_tree.with_expressions(element, changed) for key, element in elements.items()
    }
    for key in sorted(apart):
        name = _table_name(key)
        found[name] = replace(elements[key], name=name, components=tuple(tables[key]))
    return found


def _table_name(key: str) -> str:
    return f"{key} graphical function"


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
        return finite_number(text or "")
    except ValueError:
        raise file.refuse(variable, f"'{text}' in its graphical function is not a number") from None
