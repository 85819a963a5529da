"""XMILE's macros: their parameters, and what stands for those that a call leaves out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lxml import etree

from zhuanxing.engine.reading import syntax_tree
from zhuanxing.engine.reading.syntax_tree import Call, Reference
from zhuanxing.engine.reading.xmile_file import XmileFile, named
from zhuanxing.engine.running.failures import key_of

__all__ = ["Defaults", "parameters"]


def parameters(file: XmileFile, node: etree._Element) -> tuple[str, ...]:
    """Return the keys of a macro's parameters, in order."""
    return tuple(key_of(parm.text or "") for parm in file.children(node, "parm"))


class Defaults:
    """The expressions of parameters that calls of macros may leave out, by macro.

    Raises TranslationError for two macros of one name.
    """

    def __init__(self, file: XmileFile, parsed: Callable[[etree._Element, str], Any]) -> None:
        self._of: dict[str, list[tuple[str, Any]]] = {}
        for node in file.children(file.root, "macro"):
            name = key_of(named(file, node))
            if name in self._of:
                raise file.refuse(node, "another macro has the same name")
            texts = [parm.get("default") for parm in file.children(node, "parm")]
            self._of[name] = [
                (parameter, None if text is None else parsed(node, text))
                for parameter, text in zip(parameters(file, node), texts, strict=True)
            ]

    def filled(self, node: Any) -> Any:
        """Return a call of a macro with all arguments, anything else as it is.

        A default may read the parameters before it.
        """
        if not isinstance(node, Call) or node.function.name not in self._of:
            return node
        arguments = list(node.arguments)
        wanted = self._of[node.function.name]
        for _, default in wanted[len(arguments) :]:
            if default is None:
                break
            known = dict(zip((name for name, _ in wanted), arguments, strict=False))
            arguments.append(_replaced(default, known))
        return Call(node.function, tuple(arguments))


def _replaced(tree: Any, known: dict[str, Any]) -> Any:
    def change(node: Any) -> Any:
        bare = isinstance(node, Reference) and node.subscripts is None
        return known.get(node.name, node) if bare else node

    return syntax_tree.rewrite(tree, change)
