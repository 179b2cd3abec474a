"""What a body looks like, as words: for grouping letters that nothing else tells about. Nothing in it is evaluated."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

from ops.deadletters.causes.clustering.envelopes import decoded, envelope
from ops.deadletters.messages import message_body

PARSED, READ = 65_536, 4_096
"""Characters of a body that is parsed as JSON, and of one that is only read as text."""
MOST_WORDS = 60
DEEPEST = 4
DATA = "…"
_WORD = re.compile(r"[^\W\d_]{2,24}")
LONGEST_NAME = 24
_PLAIN = re.compile(rf"[A-Za-z][A-Za-z _.-]{{0,{LONGEST_NAME - 1}}}")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(?=://)|arn(?=:)")
_STAMP = re.compile(r"\d{4}-\d\d-\d\d")


def shape(body: str) -> str:
    """Words, separated by spaces: paths and kinds of values in JSON, words of a text, or what wrote the body."""
    return seen(body)[0]


def seen(body: str) -> tuple[str, bool]:
    """``shape``; and whether a service or a framework wrote the body, so that all of that shape are of one kind."""
    start = body.lstrip()[:1]
    if not start:
        return "empty", True
    if start in "{[" and len(body) <= PARSED:
        value = message_body.parse_body(body)
        if value is None:
            return " ".join(["not-json", *_words(body)]), False
        wrapped = envelope(body, value)
        return wrapped or _members(value), bool(wrapped)
    if wrapped := envelope(body, None):
        return wrapped, True
    held = decoded(body)
    if held is not None:
        return f"base64 {_members(message_body.parse_body(held.decode()))}", False
    return " ".join([{"{": "large-json", "[": "large-json", "<": "markup"}.get(start, "text"), *_words(body)]), False


def _members(value: Any) -> str:
    words: list[str] = []
    _flat(value, "", 0, words)
    return " ".join(words[:MOST_WORDS]) or "empty"


def _words(body: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(body[:READ])[: MOST_WORDS - 1]] or ["no-words"]


def _flat(value: Any, path: str, depth: int, words: list[str]) -> None:
    """``kind=score params.alpha=number data.columns.age=[number]``, in the order of the keys."""
    if isinstance(value, dict) and depth < DEEPEST:
        if not value:
            words.append(f"{path}={{}}")
        for key in sorted(value):
            if len(words) >= MOST_WORDS:
                return
            name = _name(key) if len(key) <= LONGEST_NAME else DATA
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
