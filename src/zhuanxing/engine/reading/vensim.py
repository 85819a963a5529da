"""Vensim's text format: from the file's text to ranges, variables and macros.

An entry is `name[subscripts] = expression ~ units ~ comment |`; everything is read at its place in
the text, so that a refusal can name file and line.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from zhuanxing.engine.reading import syntax_tree
from zhuanxing.engine.reading.expression_parser import Misread, Parser
from zhuanxing.engine.reading.numbers import finite_number
from zhuanxing.engine.reading.spreadsheets import Files
from zhuanxing.engine.reading.vensim_functions import BUILT_IN_MACROS, VENSIM
from zhuanxing.engine.reading.vensim_ranges import read_range
from zhuanxing.engine.running.failures import TranslationError, key_of

__all__ = ["read_vensim"]

SKETCH = r"\\+---///"
_MACRO = re.compile(
    r":MACRO:\s*(?P<name>[^(]+?)\s*\((?P<params>[^)]*)\)(?P<body>.*?):END OF MACRO:",
    re.IGNORECASE | re.DOTALL,
)
# Wherever a text can be read in two ways, to try all of them takes for ever: a quotation mark is
# that of a name if another follows on its line, and where no entry comes of that, a plain letter.
_PARTS = (r'(?:"(?:[^"\\\n]|\\.)*"|[^~|"]|"(?!(?:[^"\\\n]|\\.)*"))*+', r"[^~|]*")
_ENTRIES = tuple(
    re.compile(
        rf"(?P<equation>{part})(?:~(?P<units>{part}))?(?:~(?P<comment>[^~|]*))?"
        r"(?:~(?P<rest>[^|]*))?(?P<end>\|)"
    )
    for part in _PARTS
)
_NAME = r'"(?:[^"\\]|\\.)*"|[\w\x80-\U0010ffff][\w\s\'$\x80-\U0010ffff]*+'
_LEFT = re.compile(
    rf"""\s*(?P<name>{_NAME})\s*
    (?:\[(?P<subscripts>[^\]]*)\]\s*)?
    (?::EXCEPT:\s*(?P<excepts>\[[^\]]*\](?:\s*,\s*\[[^\]]*\])*)\s*)?
    (?::\s*(?P<rule>INTERPOLATE|RAW|HOLD[ _]BACKWARD|LOOK[ _]FORWARD)\s*:\s*)?
    (?P<sign>:THE\ CONDITION:|:TEST\ INPUT:|:IS:|==|:=|=|<->|:|\(|$)""",
    re.IGNORECASE | re.VERBOSE,
)
_TEXT = re.compile(rf"(?P<name>{_NAME})\s*:IS:\s*'(?P<text>[^'\n]*)'", re.IGNORECASE)
_ELSEWHERE = re.compile(r"[A-Za-z]:|[/\\]|$")
_READ = re.compile(
    r"(?P<call>\bGET[ _]+(?:XLS|DIRECT)[ _]+\w+\s*\()(?P<given>(?:'[^'\n]*'|[^'()])*)\)",
    re.IGNORECASE,
)
_UNITS = re.compile(r"(?P<units>.*?)\s*\[(?P<limits>[^\[\]]*)\]\s*", re.DOTALL)
# What stands for no limit in a units field; PySD's documents write the last two.
NO_LIMIT = ("?", "", "inf", "nan")
ONE_MARK = "expected 'name = expression ~ units ~ comment |'"


@dataclass(frozen=True)
class _Source:
    text: str
    origin: str
    files: Files

    @cached_property
    def line_ends(self) -> list[int]:
        return [found.start() for found in re.finditer("\n", self.text)]

    def line(self, at: int) -> int:
        return bisect_left(self.line_ends, at) + 1

    def first(self, begin: int, end: int) -> int:
        """Return the place of the first letter between two places."""
        return end - len(self.text[begin:end].lstrip())

    def refuse(self, key: str, at: int, reason: str) -> TranslationError:
        return TranslationError(f"variable '{key}' ({self.origin}:{self.line(at)}): {reason}.")


@dataclass(frozen=True)
class _Entry:
    begin: int
    end: int
    units: str
    comment: str


def read_vensim(text: str, origin: str, files: Files) -> syntax_tree.ParsedModel:
    """Return the model that a Vensim text describes.

    Raises TranslationError that names variable, file and line.
    """
    body = _with_names(_blanked(re.split(SKETCH, text, maxsplit=1)[0]), text)
    if not re.search(r"~[^|]*\|", body):
        raise TranslationError(
            f"{origin} is not a Vensim model: it holds no equation of the form "
            "'name = expression ~ units ~ comment |'."
        )
    source = _Source(body, origin, files)
    macros: dict[str, syntax_tree.Section] = {}
    for found in _MACRO.finditer(body):
        macro = _macro(source, found)
        if macro.name in macros:
            place = f"{origin}:{source.line(found.start())}"
            raise TranslationError(f"macro '{macro.name}' ({place}) is defined twice, keep one.")
        macros[macro.name] = macro
    main = _MACRO.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), body)
    section = _section(replace(source, text=main), "__main__", (), 0, len(main))
    sections = (section, *macros.values(), *_called(section, [*macros.values()]))
    return syntax_tree.ParsedModel(sections, _method(text))


def _with_names(body: str, settings: str) -> str:
    """Return the equations with calls that read files naming them: texts and aliases written out.

    Settings below the sketch map an alias such as '?data.xlsx' to a file; a path on the author's
    own drive leads nowhere here, and there the alias itself is the file.
    """
    texts = {key_of(found["name"]): found["text"] for found in _TEXT.finditer(body)}
    aliases = dict(re.findall(r"^30:(\?[^=\r\n]*)=([^\r\n]*)", settings, re.MULTILINE))

    def written(part: str) -> str:
        known = texts.get(key_of(part))
        text = part.strip() if known is None else f"'{known}'"
        if not text.startswith("'?"):
            return part if known is None else text
        file = aliases.get(text[1:-1], "")
        return f"'{text[2:-1] if _ELSEWHERE.match(file) else file}'"

    def named(found: re.Match[str]) -> str:
        parts = re.findall(r"(?:'[^']*'|[^',])+", found["given"])
        return f"{found['call']}{','.join(written(part) for part in parts)})"

    return _READ.sub(named, body)


def _blanked(text: str) -> str:
    """Return the text with comments in braces, and backslashes at line ends, as spaces.

    So are signs that nobody sees. Braces inside quoted names and in the comments of entries stay.
    """
    text = re.sub(r"[\x01-\x08\x0b-\x1f\x7f]", " ", text)
    text = re.sub(r"\\([ \t]*\n)", r" \1", text)
    quiet = re.compile(r'"(?:[^"\\\n]|\\.)*"|~[^|]*\||\{(?:[^{}]|\{[^{}]*\})*\}')

    def blank(found: re.Match[str]) -> str:
        return re.sub(r"[^\n]", " ", found[0]) if found[0].startswith("{") else found[0]

    return quiet.sub(blank, text)


def _method(text: str) -> str:
    """Return the method of integration in the settings below the sketch: euler, rk2 or rk4."""
    found = re.search(r"^15:\d+,\d+,\d+,(\d+)", text, re.MULTILINE)
    return {"1": "rk4", "5": "rk4", "3": "rk2", "4": "rk2"}.get(found[1] if found else "", "euler")


def _macro(source: _Source, found: re.Match[str]) -> syntax_tree.Section:
    params, _, outputs = found["params"].partition(":")
    section = _section(
        source, key_of(found["name"]), _keys(params), found.start("body"), found.end("body")
    )
    return replace(section, outputs=_keys(outputs))


def _keys(listed: str) -> tuple[str, ...]:
    return tuple(key_of(part) for part in listed.split(",") if part.strip())


def _called(
    main: syntax_tree.Section, macros: list[syntax_tree.Section]
) -> Iterator[syntax_tree.Section]:
    """Yield Vensim's own macros as far as the model calls them and has none of that name."""
    called = {
        node.function.name
        for section in (main, *macros)
        for node in syntax_tree.nodes(section.elements)
        if isinstance(node, syntax_tree.Call)
    }
    for name in sorted(called & BUILT_IN_MACROS.keys() - {macro.name for macro in macros}):
        text = BUILT_IN_MACROS[name]
        found = _MACRO.fullmatch(text)
        assert found is not None
        yield _macro(_Source(text, name, Files()), found)


def _section(
    source: _Source, name: str, params: tuple[str, ...], begin: int, end: int
) -> syntax_tree.Section:
    ranges: list[syntax_tree.Range] = []
    elements: dict[str, syntax_tree.Element] = {}
    for entry in _entries(source, begin, end):
        left = _LEFT.match(source.text, entry.begin, entry.end)
        if left is None or not left["name"].strip():
            raise _unnamed(source, entry)
        if left["sign"].upper() in (":THE CONDITION:", ":TEST INPUT:", ":IS:"):
            continue
        if left["sign"] in (":", "<->") and left["subscripts"] is None:
            right = source.text[left.end() : entry.end]
            line = source.line(left.start("name"))
            found = read_range(
                left["name"], left["sign"], right, f"{source.origin}:{line}", source.files
            )
            _require_new(found, ranges, f"{source.origin}:{line}")
            ranges.append(replace(found, line=line))
            continue
        for element in _elements(source, entry, left):
            key = key_of(element.name)
            elements[key] = _joined(elements.get(key), element)
    _require_apart(elements, ranges, source.origin)
    return syntax_tree.Section(name, params, tuple(ranges), tuple(elements.values()))


def _require_apart(
    elements: Mapping[str, syntax_tree.Element], ranges: list[syntax_tree.Range], origin: str
) -> None:
    """Raise TranslationError if a variable has the name of the clock, a range or an element."""
    taken = {syntax_tree.CLOCK: "the clock", **{found.name: "a range" for found in ranges}}
    taken |= {
        member: f"an element of the range '{found.name}'"
        for found in ranges
        for member in found.elements
        if member not in taken
    }
    for key, element in elements.items():
        if key in taken:
            raise TranslationError(
                f"variable '{key}' ({origin}:{element.line}): {taken[key]} has the same name."
            )


def _require_new(found: syntax_tree.Range, ranges: list[syntax_tree.Range], where: str) -> None:
    """Raise TranslationError if another definition gives the range other elements."""
    for known in ranges:
        if known.name == found.name and replace(known, line=found.line) != found:
            raise TranslationError(
                f"subscript range '{found.name}' ({where}): it is another on line {known.line}, "
                "keep one definition."
            )


def _joined(known: syntax_tree.Element | None, more: syntax_tree.Element) -> syntax_tree.Element:
    """Return a variable with one more of the pieces that define it."""
    if known is None:
        return more
    return replace(
        known,
        components=known.components + more.components,
        equation=f"{known.equation}\n{more.equation}",
        units=known.units or more.units,
        documentation=known.documentation or more.documentation,
    )


def _entries(source: _Source, begin: int, end: int) -> Iterator[_Entry]:
    """Yield the entries between two bars; titles of groups are left out."""
    at = begin
    while source.text[at:end].strip():
        tries = (entry.match(source.text, at, end) for entry in _ENTRIES)
        found = next((match for match in tries if match), None)
        if found is None:
            raise _unfinished(source, at, end)
        at = found.end()
        equation = found["equation"]
        if equation.lstrip().startswith("*") or not equation.strip():
            continue
        entry = _Entry(
            found.start("equation"),
            found.end("equation"),
            found["units"] or "",
            found["comment"] or "",
        )
        if found["comment"] is None:
            marks = "no '~'" if found["units"] is None else "one '~'"
            place = source.first(entry.begin, entry.end)
            raise source.refuse(_left_name(equation), place, f"its entry has {marks}, {ONE_MARK}")
        if "=" in found["comment"] and "~" in (found["rest"] or ""):
            raise source.refuse(
                _left_name(equation),
                found.start("comment"),
                f"no '|' ends its entry before the next variable, {ONE_MARK}",
            )
        yield entry


def _unfinished(source: _Source, at: int, end: int) -> TranslationError:
    reason = f"no '|' ends its entry, the last of the model, {ONE_MARK}"
    return source.refuse(_left_name(source.text[at:end]), source.first(at, end), reason)


def _unnamed(source: _Source, entry: _Entry) -> TranslationError:
    shown = " ".join(source.text[entry.begin : entry.end].split())[:40]
    line = source.line(source.first(entry.begin, entry.end))
    return TranslationError(
        f"{source.origin}:{line}: '{shown}' does not start with the name of a "
        f"variable or subscript range, {ONE_MARK}."
    )


def _left_name(equation: str) -> str:
    return key_of(re.split(r"[=\[(:~]", equation.strip(), maxsplit=1)[0])


def _elements(source: _Source, entry: _Entry, left: re.Match[str]) -> Iterator[syntax_tree.Element]:
    """Yield the variable that an entry defines, and the pipeline of a DELAYP in it."""
    key, at = key_of(left["name"]), left.start("name")
    try:
        expression = _expression(source, entry, left)
    except Misread as failure:
        raise source.refuse(key, at, failure.reason) from None
    units, limits = _units(source, key, at, entry.units)
    own = _keys(left["subscripts"] or "")
    component = syntax_tree.Component(own, _excepts(left), expression, *_role(left, expression))
    line = source.line(at)
    name = " ".join(left["name"].split())
    equation = " ".join(source.text[entry.begin : entry.end].split())
    yield syntax_tree.Element(
        name, (component,), units, entry.comment.strip(), limits, line=line, equation=equation
    )
    pipeline = re.search(r"\bDELAYP\s*\(", source.text[left.end() : entry.end], re.IGNORECASE)
    if pipeline:
        parser = Parser(VENSIM, source.text, left.end() + pipeline.start(), entry.end)
        stock = _pipeline(parser)
        yield syntax_tree.Element(
            stock[0], (replace(component, expression=stock[1]),), units, line=line
        )


def _pipeline(parser: Parser) -> tuple[str, syntax_tree.Integ]:
    """Return the variable that holds what is on its way in the DELAYP at hand, and its equation."""
    parser._next()
    x, time, pipeline = parser._arguments()
    out = syntax_tree.Delay(x, time, x, 3.0)
    initial = syntax_tree.Arithmetic(("*",), (x, time))
    return pipeline.name, syntax_tree.Integ(
        syntax_tree.Arithmetic(("-",), (x, out)), initial, False
    )


def _expression(source: _Source, entry: _Entry, left: re.Match[str]) -> Any:
    sign, begin = left["sign"], left.end()
    if sign == "":
        return syntax_tree.DataFile()
    if sign == "(":
        body = source.text[begin : entry.end]
        if re.match(r"\s*GET[ _]", body, re.IGNORECASE):
            parser = Parser(VENSIM, source.text, begin, source.text.rindex(")", begin, entry.end))
            found = parser.whole()
            if not isinstance(found, syntax_tree.GetLookups):
                raise Misread("a look-up takes its points from GET DIRECT LOOKUPS alone", begin)
            return found
        table, after = Parser(VENSIM, source.text, begin - 1, entry.end).table(begin - 1)
        if source.text[after : entry.end].strip():
            raise Misread("more follows the bracket that closes its table", after)
        return table
    tabbed = re.fullmatch(
        r"\s*TABBED[ _]ARRAY\s*\(([^()]*)\)\s*", source.text[begin : entry.end], re.IGNORECASE
    )
    if tabbed:
        return _tabbed(tabbed[1], begin)
    return Parser(VENSIM, source.text, begin, entry.end).whole()


def _tabbed(text: str, at: int) -> Any:
    import numpy as np

    try:
        return np.array([finite_number(word) for word in text.replace("\\t", " ").split()])
    except ValueError as failure:
        raise Misread(f"TABBED ARRAY takes numbers ({failure})", at) from None


def _role(left: re.Match[str], expression: Any) -> tuple[str, str | None]:
    """Return what kind of piece it is, and the rule of a data variable."""
    rule = re.sub(r"[ _]+", "_", left["rule"].lower()) if left["rule"] else None
    if left["sign"] in ("", ":="):
        return "data", rule
    if left["sign"] == "(" or isinstance(expression, syntax_tree.GetLookups):
        return "lookup", None
    return ("constant" if left["sign"] == "==" else "auxiliary"), rule


def _excepts(left: re.Match[str]) -> tuple[tuple[str, ...], ...]:
    groups = re.findall(r"\[([^\]]*)\]", left["excepts"] or "")
    return tuple(tuple(key_of(part) for part in group.split(",")) for group in groups)


def _units(
    source: _Source, key: str, at: int, text: str
) -> tuple[str, tuple[float | None, float | None]]:
    """Return units, and the least and largest value that they declare."""
    found = _UNITS.fullmatch(text.strip())
    if found is None:
        return text.strip(), (None, None)
    try:
        numbers = [
            None if part.strip().lstrip("+-").lower() in NO_LIMIT else finite_number(part)
            for part in found["limits"].split(",")
        ]
    except ValueError:
        shown = " ".join(found["limits"].split())
        raise source.refuse(key, at, f"its limits '[{shown}]' are not numbers or '?'") from None
    low, high = (*numbers, None, None)[:2]
    return found["units"].strip(), (low, high)
