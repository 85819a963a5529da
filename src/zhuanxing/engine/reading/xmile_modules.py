"""XMILE's submodels: every module of a model with the names that its variables get."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from lxml import etree

from zhuanxing.engine.reading.expression_parser import qualified
from zhuanxing.engine.reading.syntax_tree import Reference, Subscripted
from zhuanxing.engine.reading.xmile_file import XmileFile, named, other, tag
from zhuanxing.engine.reading.xmile_functions import CONSTANTS, SELF
from zhuanxing.engine.running.failures import key_of

__all__ = ["Instance", "instances", "own_names"]


class Tie(NamedTuple):
    """What an input is connected to, by full name, and the <connect> that says so."""

    source: str
    node: etree._Element


@dataclass(frozen=True)
class Instance:
    """The variables of one submodel, and what their names become.

    `own` are its variables and `modules` its submodels, by key; `ties` gives, for an input by its
    full name, the variable that is connected to it and the <connect> that says so.
    """

    prefix: str
    variables: etree._Element
    own: frozenset[str]
    modules: frozenset[str] = field(default_factory=frozenset)
    ties: Mapping[str, Tie] = field(default_factory=dict)

    def absolute(self, name: str) -> str:
        """Return the full name of a variable as the equations of this submodel write it."""
        if name.startswith("."):
            return name[1:]
        if name in self.own or name.split(".")[0] in self.modules:
            return self.prefix + name
        return name

    def resolver(self, key: str) -> Callable[[Any], Any]:
        """Return the change that gives references of `key`'s equation their full names."""

        def change(node: Any) -> Any:
            if isinstance(node, Subscripted):
                name = key if node.name == SELF and SELF not in self.own else node.name
                return replace(node, name=self.absolute(name))
            if not isinstance(node, Reference):
                return node
            if node.name == SELF and SELF not in self.own:
                return replace(node, name=key)
            if node.name not in self.own:
                constant = CONSTANTS.get(node.name)
                if constant is not None and node.subscripts is None:
                    return constant
            return replace(node, name=self.absolute(node.name))

        return change


def instances(file: XmileFile, models: list[etree._Element]) -> list[Instance]:
    """Return the main model and every submodel, each once for every module that is one.

    A model that no module refers to keeps its own name in front. Raises TranslationError for a
    module that lies in another file, is not there, or holds itself.
    """
    known = {key_of(model.get("name")): model for model in models if model.get("name")}
    ties: dict[str, Tie] = {}
    used: set[str] = set()
    found = list(_instances(file, models[0], known, "", (), used, ties))
    for name, model in known.items():
        if name not in used and model is not models[0]:
            found += _instances(file, model, known, f"{name}.", (name,), used, ties)
    return found


def _instances(
    file: XmileFile,
    model: etree._Element,
    known: Mapping[str, etree._Element],
    prefix: str,
    above: tuple[str, ...],
    used: set[str],
    ties: dict[str, Tie],
) -> Iterator[Instance]:
    # In the first drafts of XMILE variables stand in the model itself.
    holder = file.child(model, "variables")
    variables = model if holder is None else holder
    modules = {key_of(named(file, node)): node for node in file.children(variables, "module")}
    instance = Instance(prefix, variables, own_names(variables), frozenset(modules), ties)
    yield instance
    for name, node in modules.items():
        kind = key_of(other(node, "model_name") or name)
        if kind not in known:
            raise file.refuse(node, f"the file holds no <model name='{kind}'> for this module")
        if kind in above:
            raise file.refuse(node, "the submodel holds itself")
        used.add(kind)
        _tie(file, node, instance, ties)
        yield from _instances(
            file, known[kind], known, f"{prefix}{name}.", (*above, kind), used, ties
        )


def own_names(variables: etree._Element) -> frozenset[str]:
    """Return the keys of the variables that stand in a model, and of its graphical functions."""
    nodes = [node for node in variables if tag(node) in ("stock", "flow", "aux", "gf")]
    graphs = [child for node in nodes for child in node.iter() if tag(child) == "gf"]
    return frozenset(key_of(node.get("name")) for node in (*nodes, *graphs) if node.get("name"))


def _tie(file: XmileFile, node: etree._Element, instance: Instance, ties: dict[str, Tie]) -> None:
    """Note what is connected to the inputs of a module, and what it is connected to, in full."""
    listed = list(file.children(node, "connect")) or list(file.children(node, "connect2"))
    for tie in listed:
        to, source = qualified(tie.get("to", "")), qualified(tie.get("from", ""))
        if not to.strip(".") or not source.strip("."):
            raise file.refuse(node, "a <connect> of it lacks 'to' or 'from'")
        # Without a point it is the submodel's own name.
        name = key_of(named(file, node))
        to = to if "." in to else f"{name}.{to}"
        ties[instance.absolute(to)] = Tie(instance.absolute(source), tie)
