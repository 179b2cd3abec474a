"""JSON text by positions: where each value is, so that one can be changed and every other character stays.

``json.loads`` and ``json.dumps`` lose spacing, ``\\/``, ``\\u003c``, 1.10 and every digit after the seventeenth; a
message that is sent again must not. Everything here takes time in proportion to the text: values are passed over by the
C scanner of ``json``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from ops.deadletters.messages.message_body import BOM

MAX_INDENT_LEVELS = 20
"""Levels whose lines are indented further: half a million numbers under hundreds of brackets would be a gigabyte."""
_SPACE = re.compile(r"[ \t\n\r]*+")
_PIECE = re.compile(r'"(?:[^"\\]++|\\.)*+"|[{}\[\],:]|[^\s"{}\[\],:]++', re.DOTALL)


class JsonValue(NamedTuple):
    """A value in a text, from ``start`` to ``end``. ``key``: its name in an object, written from ``begin`` on; an item
    of a list and the whole have none, and begin where the value starts."""

    value: Any
    begin: int
    start: int
    end: int
    key: str = ""


class Change(NamedTuple):
    """What stands from ``start`` to ``end`` becomes ``text``."""

    start: int
    end: int
    text: str


def parse_document(text: str) -> JsonValue:
    """The value that is all of ``text``, but for spaces around it and a byte order mark.

    Raises ValueError: not valid JSON (NaN and Infinity are taken, as Python writes them), or nested too deeply.
    """
    start = skip_whitespace(text, len(BOM) if text.startswith(BOM) else 0)
    value, end = _read(text, start)
    if skip_whitespace(text, end) != len(text):
        raise ValueError(f"more text follows at character {end + 1}")
    return JsonValue(value, start, start, end)


def parse_members(text: str, holder: JsonValue) -> list[JsonValue]:
    """The members or items of an object or list in ``text``, in their order; a key that is there twice, twice."""
    found: list[JsonValue] = []
    named = isinstance(holder.value, dict)
    at = skip_whitespace(text, holder.start + 1)
    while text[at] not in "}]":
        if text[at] == ",":
            at = skip_whitespace(text, at + 1)
        begin, key = at, ""
        if named:
            key, at = _read(text, at)
            at = skip_whitespace(text, skip_whitespace(text, at) + 1)
        value, end = _read(text, at)
        found.append(JsonValue(value, begin, at, end, key))
        at = skip_whitespace(text, end)
    return found


def member(text: str, key: str) -> str:
    """The text of a member of the object that ``text`` is. Raises ValueError as ``whole`` does and for another value,
    KeyError when it is not there."""
    holder = parse_document(text)
    if not isinstance(holder.value, dict):
        raise ValueError("it is not a JSON object")
    found = {part.key: part for part in parse_members(text, holder)}[key]
    return text[found.start : found.end]


def apply_changes(text: str, changes: Iterable[Change]) -> str:
    """``text`` with these changes, which may not overlap."""
    pieces: list[str] = []
    at = 0
    for change in sorted(changes):
        pieces += (text[at : change.start], change.text)
        at = change.end
    return "".join((*pieces, text[at:]))


def after_string(text: str, at: int) -> int:
    """The position after the string that starts at ``at``."""
    return _read(text, at)[1]


def skip_whitespace(text: str, at: int) -> int:
    """The position after the spaces that stand at ``at``."""
    return _SPACE.match(text, at).end()  # type: ignore[union-attr]  # it matches everywhere


def pretty(text: str, *, verbatim: bool = False) -> str:
    """``text`` with one item per line. ``verbatim``: escapes stay as they are written; else those that can be read are
    shown as what they mean. Raises ValueError as ``whole`` does."""
    parse_document(text)
    out: list[str] = []
    level, opened = 0, False
    for found in _PIECE.finditer(text.removeprefix(BOM)):
        piece = found[0]
        if piece in ("}", "]"):
            level -= 1
            out += (piece,) if opened else (_line(level), piece)
        else:
            out += (_line(level),) if opened else ()
            out.append(_LAID_OUT.get(piece, piece) if verbatim or "\\" not in piece else _readable(piece))
            level += piece in ("{", "[")
            out += (_line(level),) if piece == "," else ()
        opened = piece in ("{", "[")
    return "".join(out)


_LAID_OUT = {":": ": "}


def _line(level: int) -> str:
    return "\n" + "  " * min(level, MAX_INDENT_LEVELS)


def _readable(piece: str) -> str:
    return json.dumps(json.loads(piece, strict=False), ensure_ascii=False)


def _whole_number(digits: str) -> int | float:
    """Python refuses to read an integer of more than 4,300 digits; its place in the text is all that is needed."""
    try:
        return int(digits)
    except ValueError:
        return float(digits)


_DECODER = json.JSONDecoder(parse_int=_whole_number)


def _read(text: str, at: int) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text, at)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
