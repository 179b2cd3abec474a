"""A letter's body as JSON: parsed once, in one way, whoever asks. A body is untrusted text of up to 1 MiB."""

from __future__ import annotations

import json
import re
from enum import IntEnum
from typing import Any

BOM = "\ufeff"
DEEPEST = 500
"""Levels of nesting that are read as JSON; what is deeper is text (Python's own reader ends at about 1,000)."""
OUTLINED, SHORT = 8, 200
"""Levels of an outline, and characters of a text that is in it."""
_DIGITS = 18  # more do not fit SQLite's integers
# Strings are matched possessively, and to the body's end where theirs is missing: each sign is read once. Searched for
# from each escape on, a text of a megabyte with a line break in each line would take an hour.
_NESTING = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
_STRING = re.compile(r'"[^"\\]*+((?:\\.[^"\\]*+)*+)"(\s*+:)?', re.DOTALL)
"""With what comes from its first escape on, and the colon that makes it a key."""


class Form(IntEnum):
    """How a body can be asked. ``ODD``: JSON that SQLite reads otherwise than Python does (the same key twice, escapes
    in keys, NUL characters, numbers beyond 64 bits, lone surrogates, a byte order mark), so only Python is asked."""

    TEXT = 0
    JSON = 1
    ODD = 2


class _Odd(Exception):
    """What SQLite reads otherwise."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Odd
    return found


def _small(digits: str) -> int:
    if len(digits) > _DIGITS:
        raise _Odd
    return int(digits)


def _no_json(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")


# Made once: to make one takes as long as to read a short body.
_PLAIN = json.JSONDecoder(parse_constant=_no_json)
_ALIKE = json.JSONDecoder(parse_constant=_no_json, object_pairs_hook=_unique, parse_int=_small)


def parse(body: str) -> Any:
    """The JSON value, also behind a byte order mark; None when it is none (NaN and the like are none), or nested too
    deep to be read."""
    body = body.removeprefix(BOM)
    if not _may_be_json(body):
        return None
    try:
        return _PLAIN.decode(body)
    except (ValueError, RecursionError):
        return None


def outline(value: Any) -> Any:
    """What is short in a JSON object: its numbers, words and objects, without arrays and long texts; None for another
    value. What is in it stands there as in the value; what is not in it may be in the value all the same."""
    return _outline(value, OUTLINED) if isinstance(value, dict) else None


def _outline(value: dict[str, Any], levels: int) -> dict[str, Any]:
    return {
        name: _outline(part, levels - 1) if isinstance(part, dict) else part
        for name, part in value.items()
        if not isinstance(part, list)
        and not (isinstance(part, str) and len(part) > SHORT)
        and not (isinstance(part, dict) and not levels)
    }


def read(body: str) -> tuple[Any, Form]:
    """The value as ``parse`` gives it, and its form."""
    if body.startswith(BOM):
        value = parse(body)
        return value, Form.TEXT if value is None else Form.ODD
    if not _may_be_json(body):
        return None, Form.TEXT
    try:
        value = _ALIKE.decode(body)
    except _Odd:
        value = parse(body)
        return value, Form.TEXT if value is None else Form.ODD
    except (ValueError, RecursionError):
        return None, Form.TEXT
    return value, Form.ODD if _reads_otherwise(body) else Form.JSON


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
    if body.count("[") + body.count("{") <= DEEPEST:
        return False
    depth = 0
    for found in _NESTING.finditer(body):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(found[0], 0)
        if depth > DEEPEST:
            return True
    return False
