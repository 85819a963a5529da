"""Parts of an XMILE model in other files: included files, and files of single submodels.

They are read below the model's own folder only, or below the folder that the user names, and
joined to the model as XMILE 1.0 says (2.11, 3.7.4, 4.7): what the model itself has goes first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from lxml import etree

from zhuanxing.engine.reading.contents import content_of
from zhuanxing.engine.reading.encodings import decode
from zhuanxing.engine.reading.parser import Parts
from zhuanxing.engine.reading.spreadsheets import Files
from zhuanxing.engine.reading.xmile_file import XmileFile, from_file, open_xmile, tag
from zhuanxing.engine.running.failures import TranslationError, key_of

__all__ = ["joined", "other_files"]

REFERRING = ("include", "module", "model")
_ELSEWHERE = re.compile(rf"<(?:\w+:)?(?:{'|'.join(REFERRING)})\b[^>]*\bresource\s*=")
_NETWORK = re.compile(r"(?!file:)[A-Za-z][\w+.-]+://|[A-Za-z]:[\\/]")


def other_files(text: str, origin: str, files: Files) -> Parts:
    """Return all other files that a model consists of.

    Raises TranslationError for a file that cannot be read, or that lies elsewhere.
    """
    parts = Parts()
    todo = [("", text)]
    while todo:
        path, content = todo.pop()
        if not _ELSEWHERE.search(content):
            continue
        file = open_xmile(content, path or origin)
        for node in _referring(file.root):
            paths = _paths(file, node, PurePosixPath(path).parent, files)
            parts.links[path, node.get("resource")] = paths
            for other in (other for other in paths if other not in parts.texts):
                parts.texts[other] = _read(file, node, other, files)
                todo.append((other, parts.texts[other]))
    return parts


def _referring(root: etree._Element) -> Iterator[etree._Element]:
    return (node for node in root.iter() if tag(node) in REFERRING and node.get("resource"))


def _paths(
    file: XmileFile, node: etree._Element, folder: PurePosixPath, files: Files
) -> tuple[str, ...]:
    """Return the paths that a resource stands for, from the model's folder."""
    resource = str(node.get("resource"))
    if _NETWORK.match(resource):
        raise file.refuse(node, f"'{resource}' lies elsewhere; put it beside the model")
    bare = resource.removeprefix("file:").replace("\\", "/")
    # An absolute path is looked up beside the file, as XMILE 1.0 allows (2.11).
    whole = folder / (PurePosixPath(bare).name if bare.startswith("/") else bare)
    if "*" not in bare:
        return (str(whole),)
    found = sorted(path.name for path in (files.folder / whole.parent).glob(whole.name))
    if not found:
        raise file.refuse(node, f"there is no file '{resource}'")
    return tuple(str(whole.parent / name) for name in found)


def _read(file: XmileFile, node: etree._Element, path: str, files: Files) -> str:
    try:
        content = content_of(files.folder / files.require(path))
        return decode(content, path)[0]
    except TranslationError as failure:
        raise file.refuse(node, str(failure).rstrip(".")) from None
    except OSError as failure:
        why = failure.strerror or type(failure).__name__
        raise file.refuse(node, f"the file '{path}' cannot be read ({why})") from None


def joined(file: XmileFile, parts: Parts) -> XmileFile:
    """Return the file with the parts from other files in their places.

    Raises TranslationError for a part that is not what is asked for.
    """
    if parts.links:
        _Joiner(file, parts).take(file.root, "")
    return file


class _Joiner:
    """Joins other files to a model, each once; `sources` tells where a model or macro is from."""

    def __init__(self, file: XmileFile, parts: Parts) -> None:
        self.file = file
        self.parts = parts
        self.roots: dict[str, etree._Element] = {}
        self.sources = {
            (tag(child), key_of(child.get("name", ""))): ""
            for child in file.root
            if tag(child) in ("model", "macro") and not child.get("resource")
        }

    def take(self, root: etree._Element, path: str) -> None:
        """Join to the model what one file of it names."""
        for node in list(_referring(root)):
            others = [
                (other, self._brought(other))
                for other in self.parts.links[path, node.get("resource")]
            ]
            del node.attrib["resource"]
            if tag(node) == "include":
                continue
            other, found = others[0]
            if tag(node) == "module":
                node.set("model_name", self._submodel(node, other, found, other))
            else:
                root.remove(node)
                self._submodel(node, other, found, node.get("name", ""))

    def _brought(self, path: str) -> etree._Element:
        """Return the root of a file whose named models, macros and dimensions are joined."""
        if path in self.roots:
            return self.roots[path]
        root = self.roots[path] = open_xmile(self.parts.texts[path], path).root
        self.take(root, path)
        own = self.file.root
        rules = self.file.child(root, "behavior")
        for child in list(root):
            if tag(child) in ("model", "macro") and child.get("name"):
                self._add(child, path, rules)
            elif tag(child) == "dimensions":
                holder = self.file.child(own, "dimensions")
                holder = etree.SubElement(own, "dimensions") if holder is None else holder
                holder.extend(from_file(dim, path) for dim in self._new(child, holder))
        if rules is not None and self.file.child(own, "behavior") is None:
            own.append(from_file(rules, path))
        return root

    def _add(self, child: etree._Element, path: str, rules: etree._Element | None) -> None:
        """Add a model or macro to the model, unless it has one of this name itself."""
        label = tag(child), key_of(child.get("name", ""))
        from_file(child, path)
        source = self.sources.setdefault(label, path)
        if source not in ("", path):
            raise self.file.refuse(
                child, f"'{source}' and '{path}' both have a {label[0]} of this name"
            )
        if source == path:
            own = rules if self.file.child(child, "behavior") is None else None
            if own is not None and label[0] == "model":
                child.append(from_file(own, path))
            self.file.root.append(child)

    def _new(self, child: etree._Element, holder: etree._Element) -> list[etree._Element]:
        """Return the dimensions that the model does not have yet."""
        there = {key_of(dim.get("name", "")): _members(dim) for dim in holder}
        named = [(key_of(dim.get("name", "")), dim) for dim in child if tag(dim) == "dim"]
        for name, dim in named:
            if there.get(name, _members(dim)) != _members(dim):
                raise self.file.refuse(dim, "another file has a dimension of this name")
        return [dim for name, dim in named if name not in there]

    def _submodel(self, node: etree._Element, path: str, root: etree._Element, called: str) -> str:
        """Return the name of the model in a file that a module or model stands for.

        That is the one of its own name, else the main one, which is `called` so from now on.
        """
        name = str(node.get("name", ""))
        if self.sources.get(("model", key_of(name))) == path:
            return name
        main = next((child for child in root if tag(child) == "model"), None)
        if main is not None:
            if called:
                main.set("name", called)
            self._add(main, path, self.file.child(root, "behavior"))
        elif ("model", key_of(called)) not in self.sources:
            raise self.file.refuse(node, f"'{path}' holds no model for it")
        return called


def _members(dim: etree._Element) -> tuple[str | None, ...]:
    return (dim.get("size"), *(key_of(elem.get("name", "")) for elem in dim))
