"""What a body looks like, as words: for grouping letters that nothing else tells about. Nothing in it is evaluated."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from ops.deadletters import bodies

PARSED, READ = 65_536, 4_096
"""Characters of a body that is parsed as JSON, and of one that is only read as text."""
MOST_WORDS = 60
DEEPEST = 4
_WORD = re.compile(r"[^\W\d_]{2,24}")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z _.-]{0,23}")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(?=://)|arn(?=:)")
_STAMP = re.compile(r"\d{4}-\d\d-\d\d")


def shape(body: str) -> str:
    """Words, separated by spaces: paths and kinds of values in JSON, words of a text."""
    start = body.lstrip()[:1]
    if not start:
        return "empty"
    if start in "{[" and len(body) <= PARSED:
        found = bodies.parse(body)
        if found is None:
            return " ".join(["not-json", *_words(body)])
        return " ".join(word for word, _ in zip(_flat(found, "", 0), range(MOST_WORDS), strict=False)) or "empty"
    return " ".join([{"{": "large-json", "[": "large-json", "<": "markup"}.get(start, "text"), *_words(body)])


def _words(body: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(body[:READ])[: MOST_WORDS - 1]] or ["no-words"]


def _flat(value: Any, path: str, depth: int) -> Iterator[str]:
    """``kind=score params.alpha=number data.columns.age=[number]``, in the order of the keys."""
    if isinstance(value, dict) and depth < DEEPEST:
        if not value:
            yield f"{path}={{}}"
        for key in sorted(value, key=str):
            yield from _flat(value[key], f"{path}.{_name(key)}" if path else _name(key), depth + 1)
    elif isinstance(value, list):
        inner = _kind_of(value[0]) if value else ""
        yield f"{path}=[{inner}]"
    else:
        yield f"{path}={_kind_of(value)}"


def _name(key: str) -> str:
    """A key as a word; keys that are data (ids, numbers) are all alike."""
    return key if _PLAIN.fullmatch(key) and " " not in key else "…"


def _kind_of(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, dict):
        return "object"
    if isinstance(value, list):
        return "list"
    if address := _ADDRESS.match(value):
        return address[0]
    if _STAMP.match(value):
        return "time"
    if not value:
        return "empty"
    return value.replace(" ", "-") if _PLAIN.fullmatch(value) else "text"
