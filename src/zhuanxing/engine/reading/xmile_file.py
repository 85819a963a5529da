"""An XMILE file as XML: well formed, with what every model needs, and nothing that is not read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from zhuanxing.engine.reading.numbers import finite_number
from zhuanxing.engine.running.failures import TranslationError, key_of

__all__ = [
    "Specs", "XmileFile", "from_file", "named", "open_xmile", "other", "other_file", "tag",
    "text_of", "without_comments",
]  # fmt: skip

METHODS = ("euler", "rk4", "rk2")
# What holds material in another way than a stock does.
HOLDERS = ("queue", "oven")
# What has a name and is not a variable.
NAMED = {"dim": "dimension", "macro": "macro", "model": "submodel", "module": "module"}
SAVE_INTERVAL = "save_interval"
ORIGIN = "{zhuanxing}origin"


@dataclass(frozen=True)
class Specs:
    """The clock: start, stop, time step, the interval of saved times, and the method."""

    start: float
    stop: float
    step: float
    save: float
    method: str


@dataclass(frozen=True)
class XmileFile:
    """The root of a file that is an XMILE model, and the file's name for messages."""

    root: etree._Element
    origin: str

    def where(self, node: etree._Element) -> str:
        """Return file and line of an element."""
        return f"{other_file(node) or self.origin}:{node.sourceline}"

    def refuse(self, node: etree._Element, reason: str) -> TranslationError:
        """Return the error that names a variable, or the element, with file and line."""
        name = node.get("name")
        what = f"{NAMED.get(tag(node), 'variable')} '{key_of(name)}'" if name else f"<{tag(node)}>"
        return TranslationError(f"{what} ({self.where(node)}): {reason}.")

    def children(self, node: etree._Element, name: str) -> Iterator[etree._Element]:
        """Yield the children with a tag, whatever their namespace."""
        return (child for child in node if tag(child) == name)

    def child(self, node: etree._Element, name: str) -> etree._Element | None:
        """Return the first child with a tag, or None."""
        return next(self.children(node, name), None)

    def models(self) -> list[etree._Element]:
        """Return the models of the file; the first one without a name is the main one."""
        found = list(self.children(self.root, "model"))
        if not found:
            raise TranslationError(f"{self.origin} has no <model>, which every model needs.")
        return sorted(found, key=lambda model: model.get("name") is not None)

    def non_negative(self, node: etree._Element) -> bool | None:
        """Return whether the flag <non_negative/> is set, or None without it."""
        child = self.child(node, "non_negative")
        return None if child is None else "false" not in (child.text or "").lower()

    def specs(self, model: etree._Element) -> Specs:
        """Return the clock of a model: its own <sim_specs>, or those of the file."""
        node = self.child(model, "sim_specs")
        node = self.child(self.root, "sim_specs") if node is None else node
        if node is None:
            raise TranslationError(f"{self.origin} has no <sim_specs>, which every model needs.")
        start, stop = (self._number(node, name) for name in ("start", "stop"))
        run = self.child(node, "run")
        if run is not None and run.get("by", "all").lower() != "all":
            raise self.refuse(run, "it runs only some groups or submodels; let it run all")
        step = self._step(node)
        saved = next((v for k, v in node.attrib.items() if k.endswith(SAVE_INTERVAL)), None)
        child = self.child(node, SAVE_INTERVAL)
        saved = child.text if saved is None and child is not None else saved
        save = step if saved is None else self._float(node, SAVE_INTERVAL, saved)
        return Specs(start, stop, step, save, self._method(node))

    def require_same_clock(self, model: etree._Element, specs: Specs) -> None:
        """Raise TranslationError for a submodel that has another clock or method."""
        node = self.child(model, "sim_specs")
        if node is None:
            return
        names = {"start": specs.start, "stop": specs.stop, "dt": specs.step}
        given = {name for name in names if self.child(node, name) is not None}
        filled = {name: self._step(node) if name == "dt" else self._number(node, name)
                  for name in given}  # fmt: skip
        same = all(filled[name] == names[name] for name in given)
        if not same or (node.get("method") and self._method(node) != specs.method):
            raise self.refuse(
                model, "the submodel has a clock or method of its own, which the engine cannot run"
            )

    def _step(self, node: etree._Element) -> float:
        """Return the time step, 1 where none is given."""
        dt = self.child(node, "dt")
        if dt is None:
            return 1.0
        step = self._number(node, "dt")
        reciprocal = dt.get("reciprocal", "false").lower() == "true"
        return 1.0 / step if reciprocal and step else step

    def _number(self, node: etree._Element, name: str) -> float:
        child = self.child(node, name)
        if child is None:
            raise TranslationError(
                f"{self.where(node)} has no <{name}> in <sim_specs>, which every model needs."
            )
        return self._float(child, name, child.text or "")

    def _float(self, node: etree._Element, name: str, text: str) -> float:
        try:
            return finite_number(text)
        except ValueError:
            raise TranslationError(
                f"{self.where(node)}: <{name}> is '{text.strip()}', expected a number."
            ) from None

    def _method(self, node: etree._Element) -> str:
        """Return the first method of a list that is known here."""
        listed = [part.strip().lower() for part in node.get("method", "euler").split(",")]
        known = next((name for name in listed if name in METHODS), None)
        if known is None:
            raise TranslationError(
                f"{self.where(node)}: the integration method '{node.get('method')}' is not one "
                f"that the engine has ({', '.join(METHODS)})."
            )
        found: str = known
        return found


def tag(node: etree._Element) -> str:
    """Return an element's name without its namespace, empty for comments and the like."""
    return etree.QName(node).localname if isinstance(node.tag, str) else ""


def from_file(node: etree._Element, path: str) -> etree._Element:
    """Return an element that remembers that it is from another file, with all that it holds."""
    node.set(ORIGIN, path)
    return node


def other_file(node: etree._Element) -> str:
    """Return the path of the other file that an element is from, empty for the model's own."""
    while node is not None:
        if isinstance(node.tag, str) and node.get(ORIGIN):
            return str(node.get(ORIGIN))
        node = node.getparent()
    return ""


def other(node: etree._Element, name: str) -> str | None:
    """Return an attribute whatever its namespace."""
    return next((value for key, value in node.attrib.items() if key.endswith(name)), None)


def text_of(file: XmileFile, node: etree._Element, name: str) -> str:
    """Return the text of a child, without comments in braces; empty without the child."""
    child = file.child(node, name)
    return "" if child is None else without_comments("".join(child.itertext()))


def without_comments(text: str) -> str:
    """Return an equation with comments in braces as spaces."""
    return re.sub(r"\{[^{}]*\}", lambda found: " " * len(found[0]), text)


def named(file: XmileFile, node: etree._Element) -> str:
    """Return the name of a variable as written. Raises TranslationError if it has none."""
    name = node.get("name")
    if not name or not key_of(name):
        raise file.refuse(node, "it has no name")
    found: str = name.replace("\\n", " ")
    return found


def open_xmile(text: str, origin: str) -> XmileFile:
    """Return the file. Raises TranslationError unless it is XML whose root is <xmile>.

    Entities and document types are refused: models have none, and they can be used to fill memory.
    """
    body = re.sub(r"^\s*<\?xml[^>]*\?>", "<?xml version='1.0'?>", text, count=1)
    # Two hyphens in a comment, which XML does not allow, change nothing.
    body = re.sub(r"<!--(.*?)-->", lambda found: f"<!--{found[1].replace('-', '~')}-->", body,
                  flags=re.DOTALL)  # fmt: skip
    body = _with_namespaces(body)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(body.encode(), parser)
    except etree.XMLSyntaxError as failure:
        line = failure.lineno or 1
        reason = " ".join((failure.msg or "the text ends too early").split(", line")[0].split())
        raise TranslationError(
            f"{origin}:{line} is not well-formed XML ({reason}); save the model again."
        ) from None
    if root.getroottree().docinfo.doctype:
        raise TranslationError(f"{origin} holds a document type, which no XMILE model has.")
    if tag(root) != "xmile":
        raise TranslationError(
            f"{origin} is not an XMILE model: its first element is <{tag(root)}>, not <xmile>."
        )
    return XmileFile(root, origin)


def _with_namespaces(text: str) -> str:
    """Return the text with every prefix declared: vendors use theirs without a declaration."""
    used = {found[1] for found in re.finditer(r"[<\s/](\w+):[\w.-]+(?=[\s=/>])", text)}
    known = {"xml", "xmlns", *re.findall(r"\bxmlns:(\w+)\s*=", text)}
    missing = "".join(f' xmlns:{prefix}="{prefix}"' for prefix in sorted(used - known))
    return re.sub(r"<((?:\w+:)?xmile)\b", lambda found: found[0] + missing, text, count=1)


def require_readable(file: XmileFile, node: etree._Element) -> None:
    """Raise TranslationError for a stock that is not a stock but a queue or oven."""
    for holder in HOLDERS:
        if file.child(node, holder) is not None:
            raise file.refuse(node, f"it is a {holder}, which the engine does not know")
