"""JSON that is changed in one place and stays as it was in all others: numbers, key order, spacing, escapes.

``json.loads`` and ``json.dumps`` lose 1.10, 1e5 and every digit after the seventeenth; a letter must not. Most bodies
were written by them or their like, though, and come out of them as they went in: those take the fast way.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any

_UNSENDABLE = re.compile("[\ud800-\udfff\ufffe\uffff]")
"""A lone surrogate cannot be encoded, and SQS refuses U+FFFE and U+FFFF (botocore 1.44.5 model, 2026-11)."""


INDENTED = 20
"""Levels whose lines are indented further: half a million numbers under hundreds of brackets would be a gigabyte."""


@dataclass(frozen=True)
class Style:
    """How a text is written: between items, between key and value, everything beyond ASCII escaped. ``exact``: by our
    own writer, which keeps numbers as they were."""

    items: str
    colon: str
    escaped: bool
    exact: bool = False


STYLES = (Style(", ", ": ", True), Style(",", ":", False), Style(", ", ": ", False), Style(",", ":", True))
"""As ``json.dumps``, ``JSON.stringify`` and most others write."""
_OTHER = Style(", ", ": ", False, exact=True)


class Number(float):
    """A number with a point or an exponent, and how it was written."""

    text: str

    def __new__(cls, text: str) -> Number:
        number = super().__new__(cls, text)
        number.text = text
        return number


def parse(text: str) -> tuple[Any, Style]:
    """The value of ``text``, and how it is written.

    Raises ValueError: no JSON, a key given twice in one object, or nested too deeply.
    """
    try:
        value = json.loads(text)
        for style in STYLES:
            if _plain(value, style) == text:
                return value, style
        value = _exact(text)
        for style in STYLES:
            if _Writer(style).text(value) == text:
                return value, replace(style, exact=True)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return value, _OTHER


def write(value: Any, style: Style) -> str:
    """``value`` in ``style``. Raises ValueError when it is nested too deeply."""
    try:
        text = _Writer(style).text(value) if style.exact else _plain(value, style)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not text.isascii() and _UNSENDABLE.search(text):
        return write(value, replace(style, escaped=True))
    return text


def pretty(text: str) -> str:
    """``text`` with a line an item. Raises ValueError as ``parse`` does."""
    try:
        return _Writer(_OTHER, indent=2).text(_exact(text))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _plain(value: Any, style: Style) -> str:
    return json.dumps(value, ensure_ascii=style.escaped, separators=(style.items, style.colon))


def _exact(text: str) -> Any:
    return json.loads(text, parse_float=Number, object_pairs_hook=_object)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {json.dumps(twice)} is there twice in one object")
    return found


class _Writer:
    def __init__(self, style: Style, indent: int | None = None) -> None:
        self._style, self._indent = style, indent

    def text(self, value: Any) -> str:
        out: list[str] = []
        self._add(value, 0, out)
        return "".join(out)

    def _add(self, value: Any, level: int, out: list[str]) -> None:
        if isinstance(value, Number):
            out.append(value.text)
        elif isinstance(value, dict):
            colon = self._style.colon
            self._group("{}", [(f"{self._string(key)}{colon}", item) for key, item in value.items()], level, out)
        elif isinstance(value, list):
            self._group("[]", [("", item) for item in value], level, out)
        else:
            out.append(self._string(value) if isinstance(value, str) else json.dumps(value))

    def _string(self, value: str) -> str:
        return json.dumps(value, ensure_ascii=self._style.escaped)

    def _group(self, brackets: str, members: list[tuple[str, Any]], level: int, out: list[str]) -> None:
        """Piece by piece: put together level by level, a long text would be copied at each of them."""
        first, between, end = "", self._style.items, ""
        if members and self._indent is not None:
            first = "\n" + " " * (self._indent * min(level + 1, INDENTED))
            between = f",{first}"
            end = "\n" + " " * (self._indent * min(level, INDENTED))
        out.append(brackets[0])
        for number, (name, item) in enumerate(members):
            out.append(f"{between if number else first}{name}")
            self._add(item, level + 1, out)
        out.append(end + brackets[1])
