"""Why a text cannot be read as a model: one sentence for a failure of PySD's parsers."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

from zhuanxing.engine.running.failures import key_of

__all__ = ["unreadable"]

# The parsers tell where they were by the piece of text at hand.
_AT = re.compile(r'matching "(?P<piece>[^\n]*)">  <-- \*\*\* We were here')
# Longer pieces of text are not looked for: the pattern would be too long.
MOST_WORDS = 2000
SHOWN = 40


def unreadable(failure: Exception, text: str, origin: str, suffix: str) -> str:
    """Return the sentence for a parser's failure, with variable and line where they are found."""
    if suffix == ".mdl":
        if not re.search(r"~[^|]*\|", text):
            return (
                f"{origin} is not a Vensim model: it holds no equation of the form "
                "'name = expression ~ units ~ comment |'."
            )
    else:
        reason = _xml_defect(text, origin)
        if reason is not None:
            return reason
    sentence = _from_grammar(failure, text, origin, suffix)
    if sentence is not None:
        return sentence
    reason = _first_line(failure)
    if isinstance(failure, (AttributeError, IndexError, KeyError, TypeError)):
        reason = f"PySD's reader meets a part that it does not expect ({reason})"
    return f"{origin} cannot be read as a {suffix} model: {reason}."


def _first_line(failure: Exception) -> str:
    lines = str(failure).strip().splitlines()
    return (lines[0] if lines else type(failure).__name__).rstrip(".")


def _from_grammar(failure: Exception, text: str, origin: str, suffix: str) -> str | None:
    """Return the sentence for a piece of text that the grammar does not know, if it is found."""
    piece, at = getattr(failure, "text", None), getattr(failure, "pos", 0)
    visited = _AT.search(str(failure))
    if visited is not None:
        piece = visited["piece"].replace("\\n", " ").replace("\\t", " ")
    if not isinstance(piece, str) or not piece.strip():
        return None
    words = [re.escape(word) for word in piece.split()]
    found = re.search(r"[\s\\]+".join(words), text) if len(words) < MOST_WORDS else None
    if found is None:
        return None
    line = text.count("\n", 0, found.start()) + 1
    where = f"variable '{_name_before(text[: found.start()], piece, suffix)}' ({origin}:{line})"
    if visited is not None:
        shown = " ".join(piece.split())
        wrong = "has too few or too many arguments"
        if "positional argument" not in str(failure):
            wrong = f"is not understood ({_first_line(failure)})"
        return f"{where}: {shown} {wrong}."
    return f"{where}: {_rest(piece, at, suffix)}"


def _rest(piece: str, at: int, suffix: str) -> str:
    rest = " ".join(piece[at:].split())[:SHOWN]
    if rest:
        return f"its equation is not understood at '{rest}'."
    if suffix == ".mdl" and not re.search(r"[=(]", piece):
        return (
            "nothing follows its name; expected '=' and an expression, or for a data variable a "
            "rule such as :INTERPOLATE:."
        )
    return "its equation ends too early, add the bracket or operand that is missing."


def _name_before(before: str, piece: str, suffix: str) -> str:
    """Return the name of the variable whose equation holds the piece that follows `before`."""
    if suffix != ".mdl":
        names = re.findall(r'name\s*=\s*"([^"]*)"', before)
        return key_of(names[-1]) if names else "?"
    left = before.rsplit("|", 1)[-1].split("~")[0].split("}")[-1]
    if not left.strip():  # the piece is the whole entry
        left = re.sub(r"\{[^}]*\}", "", piece)
    left = re.sub(r"^\s*:MACRO:", "", left, flags=re.IGNORECASE)
    return key_of(re.split(r"[=\[(:]", left.strip(), maxsplit=1)[0])


def _xml_defect(text: str, origin: str) -> str | None:
    """Return what an XMILE file lacks that PySD takes for granted, if it lacks any of it."""
    try:
        root = ElementTree.fromstring(text.encode())
    except ElementTree.ParseError as failure:
        line = failure.position[0]
        return f"{origin}:{line} is not well-formed XML ({failure}); save the model again."
    space = root.tag.rpartition("}")[0] + "}" if "}" in root.tag else ""
    if root.tag != f"{space}xmile":
        return f"{origin} is not an XMILE model: its first element is <{root.tag}>, not <xmile>."
    for part in ("model", "sim_specs", "sim_specs/start", "sim_specs/stop"):
        if root.find("/".join(space + name for name in part.split("/"))) is None:
            return f"{origin} has no <{part.split('/')[-1]}>, which every model needs."
    for variables in root.iter(f"{space}variables"):
        for element in variables:
            name = element.get("name")
            if element.tag not in (space + "stock", space + "flow", space + "aux") or not name:
                continue
            cells = element.findall(f"{space}element") or [element]
            if any(not (cell.findtext(f"{space}eqn") or "").strip() for cell in cells):
                line = text.count("\n", 0, max(text.find(f'name="{name}"'), 0)) + 1
                return (
                    f"variable '{key_of(name)}' ({origin}:{line}): its <eqn> is missing or empty "
                    "(conveyors, queues and look-ups without an equation are not read)."
                )
    return None
