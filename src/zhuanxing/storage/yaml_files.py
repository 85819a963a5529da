"""YAML files that people write: read without what can fill memory or hang the reader."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any
from unicodedata import category

import yaml

from zhuanxing.engine.reading.contents import content_of
from zhuanxing.errors import Sentence, ZhuanxingError

__all__ = ["DEEPEST", "MOST_DIGITS", "load_yaml", "parse_yaml"]

LARGEST_FILE = 1_000_000
DEEPEST = 30
# More than any number in use; Python itself refuses 4,300.
MOST_DIGITS = 300


class _Loader(yaml.SafeLoader):
    """Refuses a key written twice or not as text, aliases, deep nesting and endless numbers."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
        if self.check_event(yaml.AliasEvent):
            raise _refusal("aliases ('*name') are not read, write the value again", mark)
        if self.depth >= DEEPEST:
            raise _refusal(f"lists and names are nested more than {DEEPEST} deep", mark)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _refusal("a key is not text but a list or keys", key.start_mark)
            if key.tag != "tag:yaml.org,2002:str":
                raise _refusal(
                    f"the key '{key.value[:40]}' is not text, put it in quotes", key.start_mark
                )
            if key.value in seen:
                raise _refusal(
                    Sentence("the key '{key}' is written twice", key=key.value), key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)

    def construct_scalar(self, node: Any) -> Any:
        """Return a text, if it can be written again: half a pair of UTF-16 cannot."""
        found = super().construct_scalar(node)
        if any(category(sign) == "Cs" for sign in found):
            raise _refusal("a text has an escape that is not a character", node.start_mark)
        return found

    def construct_number(self, node: yaml.ScalarNode) -> Any:
        """Return a whole number that is not too long to be one."""
        if len(node.value) > MOST_DIGITS:
            raise _refusal(f"a number has {len(node.value)} digits", node.start_mark)
        return super().construct_yaml_int(node)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Return the value of a node; what its tag says of it may be wrong in any way."""
        try:
            return super().construct_object(node, deep)
        except (AttributeError, KeyError, TypeError, ValueError):
            shown = node.value[:40] if isinstance(node, yaml.ScalarNode) else ""
            problem = f"'{shown}' is not a value of the kind '{node.tag.rsplit(':', 1)[-1]}'"
            raise _refusal(problem, node.start_mark) from None


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_number)


def _refusal(problem: str, mark: yaml.Mark) -> yaml.constructor.ConstructorError:
    return yaml.constructor.ConstructorError(None, None, problem, mark)


def load_yaml(path: Path, where: str) -> Any:
    """Return what a YAML file holds; `where` names the file in messages.

    Raises ZhuanxingError for a file that cannot be read, and as `parse_yaml`.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ZhuanxingError(f"{where}: the file is larger than {LARGEST_FILE:,} bytes")
        text = content_of(path).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(where, error) from error
    return parse_yaml(text, where)


def parse_yaml(text: str, where: str) -> Any:
    """Return what a text in YAML holds; `where` names it in messages.

    Raises ZhuanxingError, in one sentence with the line, for a text that is larger than a
    megabyte, or holds what only a mistake or malice writes.
    """
    if len(text) > LARGEST_FILE:
        raise ZhuanxingError(f"{where}: the text is longer than {LARGEST_FILE:,} characters")
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise ZhuanxingError(
            "{where}, line {line}: {problem}", where=where, line=line, problem=error.problem
        ) from error
    # PyYAML lets numbers of characters through that are none.
    except (OverflowError, ValueError, yaml.YAMLError) as error:
        raise _unreadable(where, error) from error


def _unreadable(where: str, error: Exception) -> ZhuanxingError:
    first = getattr(error, "strerror", None) or str(error).splitlines()[0]
    return ZhuanxingError(
        "{where}: the file cannot be read as YAML ({reason})", where=where, reason=first
    )
