"""What a body looks like, as words: for grouping messages without other evidence. Nothing in it is evaluated."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

from ops.deadletters.causes.clustering.envelopes import decoded, envelope_label
from ops.deadletters.messages import message_body

MAX_PARSED, MAX_READ = 65_536, 4_096
"""Characters of a body that is parsed as JSON, and of one that is only read as text."""
MAX_WORDS = 60
MAX_DEPTH = 4
DATA = "…"
_WORD = re.compile(r"[^\W\d_]{2,24}")
MAX_NAME_CHARACTERS = 24
_PLAIN = re.compile(rf"[A-Za-z][A-Za-z _.-]{{0,{MAX_NAME_CHARACTERS - 1}}}")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(?=://)|arn(?=:)")
_STAMP = re.compile(r"\d{4}-\d\d-\d\d")


def shape_and_wrapping(body: str) -> tuple[str, bool]:
    """Words, separated by spaces: paths and kinds of values in JSON, words of a text, or what wrote the body; and whether
    a service or a framework wrote it, so that all of that shape are of one kind."""
    start = body.lstrip()[:1]
    if not start:
        return "empty", True
    if start in "{[" and len(body) <= MAX_PARSED:
        value = message_body.parse_body(body)
        if value is None:
            return " ".join(["not-json", *_words(body)]), False
        wrapped = envelope_label(body, value)
        return wrapped or _members(value), bool(wrapped)
    if wrapped := envelope_label(body, None):
        return wrapped, True
    held = decoded(body)
    if held is not None:
        return f"base64 {_members(message_body.parse_body(held.decode()))}", False
    return " ".join([{"{": "large-json", "[": "large-json", "<": "markup"}.get(start, "text"), *_words(body)]), False


def _members(value: Any) -> str:
    words: list[str] = []
    _flat(value, "", 0, words)
    return " ".join(words[:MAX_WORDS]) or "empty"


def _words(body: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(body[:MAX_READ])[: MAX_WORDS - 1]] or ["no-words"]


def _flat(value: Any, path: str, depth: int, words: list[str]) -> None:
    """``kind=score params.alpha=number data.columns.age=[number]``, in the order of the keys."""
    if isinstance(value, dict) and depth < MAX_DEPTH:
        if not value:
            words.append(f"{path}={{}}")
        for key in sorted(value):
            if len(words) >= MAX_WORDS:
                return
            name = _name(key) if len(key) <= MAX_NAME_CHARACTERS else DATA
            _flat(value[key], f"{path}.{name}" if path else name, depth + 1, words)
    elif isinstance(value, list):
        words.append(f"{path}=[{_kind_of(value[0]) if value else ''}]")
    else:
        words.append(f"{path}={_kind_of(value)}")


@lru_cache(maxsize=4_096)
def _name(key: str) -> str:
    """A key as a word; keys that are data (ids, numbers) are all alike."""
    return key if _PLAIN.fullmatch(key) and " " not in key else DATA


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
