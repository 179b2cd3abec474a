"""A message's body as JSON: parsed once, in one way, for every caller. A body is untrusted text of up to 1 MiB."""

from __future__ import annotations

import json
import re
from enum import IntEnum
from typing import Any

BOM = "\ufeff"
MAX_NESTING = 500
"""Levels of nesting that are read as JSON; what is deeper is text (Python's own reader ends at about 1,000)."""
OUTLINE_LEVELS, OUTLINE_TEXT_LIMIT = 8, 200
"""Levels of an outline, and characters of a text that is in it."""
_MAX_DIGITS = 18  # more do not fit SQLite's integers
# Strings are matched possessively, and to the body's end where theirs is missing: each character is read once.
# Searched for from each escape on, a text of a megabyte with a line break in each line would take an hour.
_NESTING = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
_STRING = re.compile(r'"[^"\\]*+((?:\\.[^"\\]*+)*+)"(\s*+:)?', re.DOTALL)
"""A JSON string: its part from the first escape on, and the colon that makes it a key."""


class BodyFormat(IntEnum):
    """How a body can be read. ``NON_PORTABLE_JSON``: JSON that SQLite reads otherwise than Python does (the same key
    twice, escapes in keys, NUL characters, numbers beyond 64 bits, lone surrogates, a byte order mark), so only Python
    reads it."""

    TEXT = 0
    JSON = 1
    NON_PORTABLE_JSON = 2


class _NonPortable(Exception):
    """What SQLite reads otherwise."""


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _NonPortable
    return found


def _portable_integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise _NonPortable
    return int(digits)


def _refuse_constant(constant: str) -> Any:
    raise ValueError(f"{constant} is not valid JSON")


# Made once: to make one takes as long as to read a short body.
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
_PORTABLE_DECODER = json.JSONDecoder(
    parse_constant=_refuse_constant, object_pairs_hook=_unique_keys, parse_int=_portable_integer
)


def parse_body(body: str) -> Any:
    """The JSON value, also behind a byte order mark; None when it is none (NaN and the like are none), or nested too
    deep to be read."""
    body = body.removeprefix(BOM)
    if not _may_be_json(body):
        return None
    try:
        return _DECODER.decode(body)
    except (ValueError, RecursionError):
        return None


def body_outline(value: Any) -> Any:
    """What is short in a JSON object: its numbers, words and objects, without arrays and long texts; None for another
    value. What is in it stands there as in the value; what is not in it may be in the value all the same."""
    return _outline(value, OUTLINE_LEVELS) if isinstance(value, dict) else None


def _outline(value: dict[str, Any], levels: int) -> dict[str, Any]:
    return {
        name: _outline(part, levels - 1) if isinstance(part, dict) else part
        for name, part in value.items()
        if not isinstance(part, list)
        and not (isinstance(part, str) and len(part) > OUTLINE_TEXT_LIMIT)
        and not (isinstance(part, dict) and not levels)
    }


def classify_body(body: str) -> tuple[Any, BodyFormat]:
    """The value as ``parse`` gives it, and its form."""
    if body.startswith(BOM):
        value = parse_body(body)
        return value, BodyFormat.TEXT if value is None else BodyFormat.NON_PORTABLE_JSON
    if not _may_be_json(body):
        return None, BodyFormat.TEXT
    try:
        value = _PORTABLE_DECODER.decode(body)
    except _NonPortable:
        value = parse_body(body)
        return value, BodyFormat.TEXT if value is None else BodyFormat.NON_PORTABLE_JSON
    except (ValueError, RecursionError):
        return None, BodyFormat.TEXT
    return value, BodyFormat.NON_PORTABLE_JSON if _reads_otherwise(body) else BodyFormat.JSON


def _may_be_json(body: str) -> bool:
    start = body.lstrip(" \t\r\n")[:1]
    return bool(start) and start in '{["-0123456789tfn' and not _too_deep(body)


def _reads_otherwise(body: str) -> bool:
    if "\\" in body and ("\\u0000" in body or "\\ud" in body.lower() or _has_escaped_key(body)):
        return True
    return has_surrogates(body)


def has_surrogates(text: str) -> bool:
    """Lone ones, which neither UTF-8 nor SQLite's text can hold."""
    return not text.isascii() and not text.isprintable() and any("\ud800" <= sign <= "\udfff" for sign in text)


def _has_escaped_key(body: str) -> bool:
    return any(found[1] and found[2] for found in _STRING.finditer(body))


def _too_deep(body: str) -> bool:
    if body.count("[") + body.count("{") <= MAX_NESTING:
        return False
    depth = 0
    for found in _NESTING.finditer(body):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(found[0], 0)
        if depth > MAX_NESTING:
            return True
    return False
