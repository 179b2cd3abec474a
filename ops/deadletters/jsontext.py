"""JSON that is changed in one place and stays as it was in all others: numbers, key order, spacing, escapes.

``json.loads`` and ``json.dumps`` lose 1.10, 1e5 and every digit after the seventeenth; a letter must not.
"""

from __future__ import annotations

import json
from typing import Any

STYLES = (
    (", ", ": ", False),
    (",", ":", False),
    (", ", ": ", True),
    (",", ":", True),
)
"""Between items, between key and value, everything beyond ASCII escaped: as ``json.dumps`` and most others write."""


class Number(float):
    """A number with a point or an exponent, and how it was written."""

    text: str

    def __new__(cls, text: str) -> Number:
        number = super().__new__(cls, text)
        number.text = text
        return number


def loads(text: str) -> Any:
    """The value of ``text``. Raises ValueError: no JSON, a key given twice in one object, or nested too deeply."""
    try:
        return json.loads(text, parse_float=Number, object_pairs_hook=_object)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def dumps(value: Any, like: str = "", indent: int | None = None) -> str:
    """``value`` as text, in the style in which ``like`` is written if that is one of ``STYLES``.

    Raises ValueError when it is nested too deeply.
    """
    items, colon, escaped = (", ", ": ", False) if indent is not None else _style(like)
    try:
        return _Writer(items, colon, escaped, indent).text(value, 0)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _style(like: str) -> tuple[str, str, bool]:
    if like:
        value = loads(like)
        for items, colon, escaped in STYLES:
            if _Writer(items, colon, escaped, None).text(value, 0) == like:
                return items, colon, escaped
    return STYLES[0]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {json.dumps(twice)} is there twice in one object")
    return found


class _Writer:
    def __init__(self, items: str, colon: str, escaped: bool, indent: int | None) -> None:
        self._items, self._colon, self._escaped, self._indent = items, colon, escaped, indent

    def text(self, value: Any, level: int) -> str:
        if isinstance(value, Number):
            return value.text
        if isinstance(value, str):
            return self._string(value)
        if isinstance(value, dict):
            return self._group(
                "{}",
                [f"{self._string(key)}{self._colon}{self.text(item, level + 1)}" for key, item in value.items()],
                level,
            )
        if isinstance(value, list | tuple):
            return self._group("[]", [self.text(item, level + 1) for item in value], level)
        return json.dumps(value)

    def _string(self, value: str) -> str:
        text = json.dumps(value, ensure_ascii=self._escaped)
        # A lone surrogate cannot be encoded, and SQS refuses U+FFFE and U+FFFF (botocore 1.44.5 model, 2026-11).
        if not self._escaped and any("\ud800" <= letter <= "\udfff" or letter in "\ufffe\uffff" for letter in text):
            return json.dumps(value)
        return text

    def _group(self, brackets: str, parts: list[str], level: int) -> str:
        if not parts or self._indent is None:
            return brackets[0] + self._items.join(parts) + brackets[1]
        inner = "\n" + " " * (self._indent * (level + 1))
        end = "\n" + " " * (self._indent * level)
        return brackets[0] + inner + f",{inner}".join(parts) + end + brackets[1]
