"""Macros written out: every call becomes the macro's own variables under a prefix."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from zhuanxing.engine.reading import syntax_tree
from zhuanxing.engine.running.failures import TranslationError, key_of, located
from zhuanxing.engine.translating.subscripts import Dimensions

__all__ = ["expand_macros"]


def expand_macros(
    model: syntax_tree.ParsedModel, dimensions: Dimensions, origin: str
) -> tuple[tuple[syntax_tree.Element, ...], frozenset[str]]:
    """Return the main section's elements without macro calls, the macros' variables added.

    A macro's variables run over the ranges on the left-hand side of the equation that calls it.
    The second value are the keys of the model's own variables: those with an equation, and those
    that stand behind a colon in calls, which macros give.
    Raises TranslationError for a macro that calls itself.
    """
    main, *macros = model.sections
    own = frozenset(key_of(element.name) for element in main.elements)
    expansion = _Expansion({macro.name: macro for macro in macros}, dimensions, origin, own)
    if not macros:
        return main.elements, own
    for element in main.elements:
        expansion.add(element, ())
    return (*expansion.elements, *expansion.outputs.values()), own | expansion.outputs.keys()


class _Expansion:
    def __init__(
        self,
        macros: dict[str, syntax_tree.Section],
        dimensions: Dimensions,
        origin: str,
        written: frozenset[str],
    ) -> None:
        self.macros = macros
        self.origin = origin
        self.written = written
        self.dimensions = dimensions
        self.elements: list[syntax_tree.Element] = []
        self.outputs: dict[str, syntax_tree.Element] = {}
        self.calls = 0

    def add(self, element: syntax_tree.Element, above: tuple[str, ...]) -> None:
        def inlined(component: syntax_tree.Component) -> Any:
            labels = tuple(n for n in component.subscripts if not self.dimensions.is_element(n))

            def change(node: Any) -> Any:
                if isinstance(node, syntax_tree.Call) and node.function.name in self.macros:
                    return self._inline(node, element, labels, above)
                return node

            return syntax_tree.rewrite(component.expression, change)

        self.elements.append(syntax_tree.with_expressions(element, inlined))

    def _inline(
        self,
        call: syntax_tree.Call,
        caller: syntax_tree.Element,
        labels: tuple[str, ...],
        above: tuple[str, ...],
    ) -> syntax_tree.Reference:
        macro = self.macros[call.function.name]
        if macro.name in above:
            raise self._refuse(caller, f"macro '{macro.name}' calls itself")
        given, results = self._split(call)
        if len(given) != len(macro.params) or len(results) > len(macro.outputs):
            more = f", after a colon up to {len(macro.outputs)} results" if macro.outputs else ""
            raise self._refuse(
                caller,
                f"macro '{macro.name}' takes {len(macro.params)} arguments{more}, "
                f"{len(call.arguments)} given",
            )
        self.calls += 1
        prefix = f"{macro.name} {self.calls}: "
        own = {key_of(element.name) for element in macro.elements} | set(macro.params)
        own |= {result.name for node in self._calls(macro) for result in self._split(node)[1]}

        def rename(node: Any) -> Any:
            # A macro's result is a variable of the same name, and renamed by now.
            if isinstance(node, syntax_tree.Call) and node.function.name == prefix + macro.name:
                raise self._refuse(caller, f"macro '{macro.name}' calls itself")
            if isinstance(node, syntax_tree.Reference) and node.name.endswith("$"):
                return replace(node, name=node.name[:-1])  # Time$ is the model's own Time
            if isinstance(node, syntax_tree.Reference) and node.name in own:
                subscripts = node.subscripts or labels
                return syntax_tree.Reference(prefix + node.name, subscripts or None)
            return node

        for output, result in zip(macro.outputs, results, strict=False):
            self._give(result, syntax_tree.Reference(prefix + output, labels or None), caller)
        for parameter, argument in zip(macro.params, given, strict=True):
            component = syntax_tree.Component(labels, (), argument, "auxiliary")
            self.add(replace(caller, name=prefix + parameter, components=(component,)), above)
        for element in macro.elements:
            self._require_own(element, macro.name, own)
            components = tuple(
                replace(
                    component,
                    subscripts=component.subscripts
                    or (labels if component.role != "lookup" else ()),
                    expression=syntax_tree.rewrite(component.expression, rename),
                )
                for component in element.components
            )
            named = replace(element, name=prefix + key_of(element.name), components=components)
            self.add(named, (*above, macro.name))
        return syntax_tree.Reference(prefix + macro.name, labels or None)

    def _require_own(self, element: syntax_tree.Element, macro: str, own: set[str]) -> None:
        """Raise TranslationError if an equation of a macro reads what belongs to the model."""
        known = own | {syntax_tree.CLOCK, *syntax_tree.CONTROLS} | self.dimensions.elements.keys()
        for node in syntax_tree.nodes(element):
            if isinstance(node, syntax_tree.Reference) and node.name in self.written - known:
                raise self._refuse(
                    element,
                    f"macro '{macro}' does not define '{node.name}'; the model's own is "
                    f"'{node.name}$' in a macro",
                )

    def _calls(self, macro: syntax_tree.Section) -> Iterator[syntax_tree.Call]:
        for node in syntax_tree.nodes(macro.elements):
            if isinstance(node, syntax_tree.Call) and node.function.name in self.macros:
                yield node

    def _split(self, call: syntax_tree.Call) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """Return what a macro is given, and the variables that take its other results."""
        count = len(self.macros[call.function.name].params)
        given, results = call.arguments[:count], call.arguments[count:]
        named = (isinstance(result, syntax_tree.Reference) for result in results)
        return (given, results) if all(named) else (call.arguments, ())

    def _give(self, result: syntax_tree.Reference, value: Any, caller: syntax_tree.Element) -> None:
        """Define a variable by a result of a macro; pieces of an array may come from many calls."""
        if result.name in self.written:
            raise self._refuse(caller, f"'{result.name}' has an equation, and takes a result here")
        component = syntax_tree.Component(result.subscripts or (), (), value, "auxiliary")
        known = self.outputs.get(result.name)
        parts = known.components if known else ()
        self.outputs[result.name] = syntax_tree.Element(
            result.name, (*parts, component), line=caller.line
        )

    def _refuse(self, caller: syntax_tree.Element, reason: str) -> TranslationError:
        where = located(caller.file or self.origin, caller.line)
        return TranslationError(f"variable '{caller.name}' ({where}): {reason}.")
