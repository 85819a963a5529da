"""Read a model's text with PySD's parsers, and keep the parsed model on disk.

The parsers take seconds and import pandas; a second start reads the cached tree instead.
"""

from __future__ import annotations

import re
import tempfile
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from zhuanxing.engine.cache import entry, unpickled
from zhuanxing.engine.reading import syntax_tree
from zhuanxing.engine.reading.parse_errors import unreadable
from zhuanxing.engine.reading.spreadsheets import reading_failure
from zhuanxing.engine.reading.subscript_mappings import Images, split_mappings
from zhuanxing.engine.running.failures import TranslationError, key_of, locate

__all__ = ["parse"]

# Raise when the classes of syntax_tree.py change: a cached tree of another shape is not read.
TREE_VERSION = 3
VENSIM = (".mdl",)
XMILE = (".xmile", ".xml", ".stmx")


def parse(text: str, origin: str, suffix: str) -> syntax_tree.ParsedModel:
    """Return the parsed model, from the cache when the same text was parsed before.

    Raises TranslationError if the text is not a model that PySD can read.
    """
    signature = f"{TREE_VERSION}|{version('pysd')}|{suffix}|{Path(origin).parent}|{text}"
    # Ranges in spreadsheets may change while the text does not.
    if re.search(r"GET[ _](XLS|DIRECT)[ _]SUBSCRIPT", text, re.IGNORECASE):
        return _parse(text, origin, suffix)
    return unpickled(entry("parsed", signature), lambda: _parse(text, origin, suffix))


def _parse(text: str, origin: str, suffix: str) -> syntax_tree.ParsedModel:
    if suffix.lower() not in VENSIM + XMILE:
        raise TranslationError(
            f"{origin} ends in {suffix!r}, but a model file ends in .mdl, .xmile, .xml or .stmx."
        )
    plain, images = split_mappings(text) if suffix.lower() in VENSIM else (text, {})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            abstract = _abstract_model(plain, suffix.lower())
        except Exception as failure:  # the parsers raise whatever their grammar raises
            raise TranslationError(unreadable(failure, text, origin, suffix.lower())) from failure
    return syntax_tree.ParsedModel(
        sections=tuple(_section(section, text, origin, images) for section in abstract.sections),
        method=_method(text, suffix.lower()),
    )


def _abstract_model(text: str, suffix: str) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"model{suffix}"
        if suffix in VENSIM:
            from pysd.translators.vensim.vensim_file import VensimFile

            path.write_text(text, encoding="utf-8")
            file: Any = VensimFile(path, encoding="utf-8")
        else:
            from pysd.translators.xmile.xmile_file import XmileFile

            path.write_text(text, encoding="utf-8")
            file = XmileFile(path)
        file.parse()
        return file.get_abstract_model()


def _method(text: str, suffix: str) -> str:
    """Return the integration method that the file asks for: euler, rk2 or rk4."""
    if suffix in XMILE:
        found = re.search(r"<(?:\w+:)?sim_specs[^>]*\bmethod\s*=\s*[\"']([^\"']*)", text)
        name = found.group(1).lower() if found else "euler"
        return name if name in ("rk2", "rk4") else "euler"
    found = re.search(r"^15:\d+,\d+,\d+,(\d+)", text, re.MULTILINE)
    return {"1": "rk4", "5": "rk4", "3": "rk2", "4": "rk2"}.get(found[1] if found else "", "euler")


def _section(section: Any, text: str, origin: str, images: Images) -> syntax_tree.Section:
    ranges = [
        _range(item, text, origin, images.get(key_of(item.name), {})) for item in section.subscripts
    ]
    return syntax_tree.Section(
        name=key_of(section.name),
        params=tuple(key_of(param) for param in section.params),
        ranges=tuple(ranges),
        elements=tuple(_element(element) for element in section.elements),
    )


def _range(
    item: Any, text: str, origin: str, images: dict[str, tuple[str, ...]]
) -> syntax_tree.Range:
    mapping = tuple(key_of(name) for name in item.mapping)
    definition = item.subscripts
    if isinstance(definition, str):
        return syntax_tree.Range(key_of(item.name), (key_of(definition),), mapping, copied=True)
    if isinstance(definition, dict):
        definition = _external_elements(item.name, definition, text, origin)
    elements = tuple(key_of(name) for name in definition)
    return syntax_tree.Range(
        key_of(item.name), elements, mapping, images=tuple(sorted(images.items()))
    )


def _external_elements(name: str, source: dict[str, str], text: str, origin: str) -> list[str]:
    from pysd.py_backend.external import ExtSubscript

    try:
        return ExtSubscript(
            file_name=source["file"],
            tab=source["tab"],
            firstcell=source["firstcell"],
            lastcell=source["lastcell"],
            prefix=source["prefix"],
            root=Path(origin).parent,
        ).subscript
    except Exception as failure:  # spreadsheet readers raise what they like
        where = locate(text, origin, name)
        raise TranslationError(
            f"subscript range '{key_of(name)}' ({where}): its elements cannot be read from "
            f"{source['file']}, cells {source['firstcell']} to {source['lastcell']} of "
            f"'{source['tab']}': {reading_failure(failure)}."
        ) from failure


def _element(element: Any) -> syntax_tree.Element:
    return syntax_tree.Element(
        name=element.name,
        components=tuple(_component(component) for component in element.components),
        units=element.units or "",
        documentation=element.documentation or "",
        limits=tuple(element.limits or (None, None)),
    )


def _component(component: Any) -> syntax_tree.Component:
    role = {
        "AbstractLookup": "lookup",
        "AbstractData": "data",
        "AbstractUnchangeableConstant": "constant",
    }.get(type(component).__name__, "auxiliary")
    own, excepts = component.subscripts or ([], [])
    return syntax_tree.Component(
        subscripts=tuple(key_of(name) for name in own),
        excepts=tuple(tuple(key_of(name) for name in group) for group in excepts),
        expression=_expression(component.ast),
        role=role,
        keyword=getattr(component, "keyword", None),
    )


def _expression(node: Any) -> Any:
    """Return our node for an abstract node: same fields, keys for names, floats for numbers."""
    kind = type(node).__name__
    if kind == "ReferenceStructure":
        listed = getattr(node.subscripts, "subscripts", None)
        subscripts = None if not listed else tuple(_subscript(name) for name in listed)
        return syntax_tree.Reference(key_of(node.reference), subscripts)
    if kind.endswith("Structure"):
        own = {"DataStructure": "DataFile", "LookupsStructure": "Lookup"}.get(
            kind, kind.removesuffix("Structure").replace("InlineLookups", "InlineLookup")
        )
        children = {name: _expression(value) for name, value in vars(node).items()}
        return getattr(syntax_tree, own)(**children)
    if isinstance(node, (list, tuple)):
        return tuple(_expression(child) for child in node)
    if isinstance(node, (bool, int, float, np.number)):
        return float(node)
    return node


def _subscript(name: str) -> str:
    """Return the key of a subscript, with the mark of a summed range kept at its end."""
    bare = name.strip()
    return key_of(bare[:-1]) + "!" if bare.endswith("!") else key_of(bare)
