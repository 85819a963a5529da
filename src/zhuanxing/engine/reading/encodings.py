"""The bytes of a model file as text, in whatever encoding the modeller's computer wrote them."""

from __future__ import annotations

import codecs
import re

from zhuanxing.engine.running.failures import TranslationError

__all__ = ["decode"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Vensim names the encoding in braces on the first line, XML in its declaration.
_HEADER = re.compile(rb"\s*\{([A-Za-z0-9_ :.-]{2,30})\}")
_DECLARED = re.compile(rb"""\s*<\?xml[^>]*\bencoding\s*=\s*["']([^"']+)""")
# Of two bytes each, as GBK writes a Chinese character: such a share of the runs of high bytes.
MOSTLY = 0.8
# Two bytes of a character, and which of them are those of the common ones.
_PAIR = re.compile(rb"[\x81-\xfe][\x40-\xfe]")
_COMMON = {
    "gb18030": re.compile(rb"[\xb0-\xf7][\xa1-\xfe]"),
    "big5": re.compile(rb"[\xa4-\xc6][\x40-\x7e\xa1-\xfe]"),
}
# Chinese in three bytes a character: what is well-formed UTF-8 with one of it is no accident.
FIRST_OF_THREE = "\u0800"


def decode(content: bytes, origin: str) -> tuple[str, str | None]:
    """Return a file's text with plain line ends, and a note where its encoding was guessed.

    Raises TranslationError for bytes that are not what the file says they are.
    """
    text, note = _decoded(content, origin)
    if "\0" in text:
        raise TranslationError(f"{origin} holds zero bytes: it is not the text of a model.")
    return text.replace("\r\n", "\n").replace("\r", "\n"), note


def _decoded(content: bytes, origin: str) -> tuple[str, str | None]:
    for mark, codec in _MARKS:
        if content.startswith(mark):
            return _strict(content[len(mark) :], codec, origin), None
    for wide, place in (("utf-16-le", 1), ("utf-16-be", 0)):
        if len(content) > 3 and not any(content[place:16:2]):
            return _strict(content, wide, origin), None
    named = _HEADER.match(content) or _DECLARED.match(content)
    declared = _codec(named[1].decode("ascii", "replace")) if named else None
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        if declared not in (None, "utf-8"):
            return _strict(content, str(declared), origin), None
        return _guessed(content, origin)
    if declared in (None, "utf-8", "ascii") or text.isascii():
        return text, None
    if max(text) < FIRST_OF_THREE:
        return _strict(content, str(declared), origin), None
    return text, f"{origin} says that it is {str(declared).upper()}; it is read as UTF-8"


def _codec(name: str) -> str | None:
    """Return Python's name of an encoding, None for what is none; GBK's superset for its kin."""
    try:
        found = codecs.lookup(name.strip()).name
        "{}".encode(found)
    except (LookupError, UnicodeError):  # none, or none of text, as 'hex' is
        return None
    return "gb18030" if found in ("gb2312", "gbk") else found


def _strict(content: bytes, codec: str, origin: str) -> str:
    try:
        return content.decode(codec)
    except UnicodeError as failure:
        line = content.count(b"\n", 0, getattr(failure, "start", 0)) + 1
        raise TranslationError(
            f"{origin}:{line} is not {codec.upper()} although the file says so; save the model "
            "again as UTF-8."
        ) from None


def _guessed(content: bytes, origin: str) -> tuple[str, str]:
    """Return the text of a file without the name of its encoding: Chinese Windows' or Western."""
    runs = re.findall(rb"[\x80-\xff]+", content)
    paired = sum(len(run) % 2 == 0 for run in runs) >= MOSTLY * len(runs)
    pairs = _PAIR.findall(content)
    common = {codec: sum(map(bool, map(of.match, pairs))) for codec, of in _COMMON.items()}
    chinese = sorted(common, key=lambda codec: -common[codec])
    if paired or common["big5"] >= MOSTLY * max(len(pairs), 1):
        codecs_tried = (*chinese, "cp1252")
    else:
        codecs_tried = ("cp1252", *chinese)
    for codec in codecs_tried:
        try:
            text = content.decode(codec)
        except UnicodeDecodeError:
            continue
        return text, (
            f"{origin} is not UTF-8 and does not name its encoding; it is read as {codec.upper()}"
        )
    raise TranslationError(f"{origin} is in an encoding that is not known; save it as UTF-8.")
