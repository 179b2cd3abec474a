"""How bad a line is by its own word or number for it, read as the logger that wrote it means it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from ops.deadletters.causes.logs.log_shapes import (
    ERROR_WORDS,
    HARMLESS_WORDS,
    LEVEL_KEYS,
    LEVEL_SCALES,
    NUMBER_KEYS,
    OWN_LEVELS,
)
from ops.logged_errors import json_fields
from ops.logged_errors.terminal_colors import COLOUR

_MAX_CHARS = 24
"""Characters of a level's word, with what colours it."""


class Severity(Enum):
    BAD = "bad"
    FINE = "fine"
    UNSAID = "unsaid"


def of_head(word: str) -> Severity:
    """The severity of a word that is a level only in one logger's lines."""
    if word in OWN_LEVELS:
        return Severity.BAD if OWN_LEVELS[word] else Severity.FINE
    return of_word(word)


def of_word(word: str) -> Severity:
    bare = COLOUR.sub("", word[:_MAX_CHARS]).strip().upper()
    return Severity.BAD if bare in ERROR_WORDS else Severity.FINE if bare in HARMLESS_WORDS else Severity.UNSAID


def of_record(record: Mapping[str, Any]) -> tuple[Severity, str]:
    """The severity, and the word or number that states it. A word is preferred to a number: Monolog and logback write
    both."""
    stated = [(key, value) for key, value in json_fields.values(record, LEVEL_KEYS) if isinstance(value, str)]
    for _, word in stated:
        if (severity := of_word(word)) is not Severity.UNSAID:
            return severity, COLOUR.sub("", word).strip()
    for key, bad in NUMBER_KEYS.items():
        for _, value in json_fields.values(record, (key,)):
            if (number := _number(value)) is not None and (key != "severity" or number >= bad.start):
                return (Severity.BAD if number in bad else Severity.FINE), str(number)
    for _, value in json_fields.values(record, LEVEL_KEYS):
        if (number := _number(value)) is not None:
            return _by_scale(record, number), str(number)
    return Severity.UNSAID, ""


def _by_scale(record: Mapping[str, Any], number: int) -> Severity:
    for scale in LEVEL_SCALES:
        if number in scale.levels and not scale.fields.isdisjoint(record):
            return Severity.BAD if number in scale.bad else Severity.FINE
    return Severity.UNSAID


def _number(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 6 else None
